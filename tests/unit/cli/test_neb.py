"""``sinterface neb``: a small band from the command line, what it leaves, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.paths.lco import lco_hop

runner = CliRunner()


def call(*words: object) -> tuple[int, str]:
    done = runner.invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """End points of a hop in LCO, the second with its atoms in another order."""
    folder = tmp_path_factory.mktemp("pair")
    hop = lco_hop("divacancy", repeat=(3, 3, 1))
    hop.initial.write(folder / "a.extxyz")
    hop.final[::-1].write(folder / "b.extxyz")
    return folder / "a.extxyz", folder / "b.extxyz"


def test_a_pair_of_structures(pair: tuple[Path, Path], tmp_path: Path) -> None:
    words = ("neb", "pair", *pair, "-o", tmp_path / "hop", "--images", 1, "--max-steps", 2)
    code, text = call(*words, "--json")
    assert code == 0, text
    result = json.loads(text)
    assert result["n_atoms"] == 106
    assert not result["converged"]
    assert "2 of 27 Co being 4+" in result["charge"]
    assert result["forward_eV"] > 0
    for file in result["files"]:
        assert Path(file).stat().st_size > 100
    assert {Path(file).suffix for file in result["files"]} == {".svg", ".pdf", ".png", ".csv"}
    shown = json.loads(call("show", tmp_path / "hop", "--json")[1])
    assert shown["kind"] == "path"
    assert shown["content"]["forward_eV"] == result["forward_eV"]
    code, text = call(*words)  # again: nothing to do, a table
    assert code == 0
    assert "barrier forward" in text
    band = tmp_path / "hop" / "band.extxyz"
    band.write_text(band.read_text()[:3000])
    code, text = call(*words[:-1], 3)
    assert code == 2
    assert "band.extxyz' is damaged" in " ".join(text.split())
    code, text = call(*words[:-4], "--images", 3)
    assert code == 2
    assert "n_images = 1, now 3 is asked" in " ".join(text.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("lco", "double"), "single or divacancy, got 'double'"),
        (("lco", "single", "--repeat", 1, 1, 1), "at least 3 × 3 × 1"),
        (("llzo", "--cobalt", "O"), "Co sits on Li, La or Zr"),
        (("llzo", "--to-cobalt", "beside"), "near or far, got 'beside'"),
        (("lco", "single", "--force-tolerance-eV-per-A", -1), "greater than 0"),
        (("lco", "single", "--free-within-A", -1), "greater than 0"),
        (("interface", "."), "No trajectory"),
        (("pair", "none.cif", "other.cif"), "There is no file 'none.cif'"),
        (("lco", "single", "-p", "lzo-lco"), "Did you mean 'llzo-lco'?"),
    ],
)
def test_mistakes_end_with_one_sentence(
    tmp_path: Path, words: tuple[object, ...], message: str
) -> None:
    code, text = call("neb", *words, "-o", tmp_path / "paths" / "run")
    assert code == 2
    assert not (tmp_path / "paths").exists(), "a refused command left something behind"
    assert message in " ".join(text.split())
    assert "Traceback" not in text


def test_a_structure_without_an_electrode_is_refused(pair: tuple[Path, Path]) -> None:
    code, text = call("neb", "interface", pair[0])
    assert code == 2
    assert "array 'region'" in " ".join(text.split())


def test_phase_transition_mistakes(pair: tuple[Path, Path], tmp_path: Path) -> None:
    for words, message in (
        (("--step-K", 70), "12.8571 steps of 70 K"),
        (("--cell", "isotropic"), "cell must be axes or full"),
        (("--hold-ps", 0, "--ramp-ps", 0), "must be above 0"),
    ):
        code, text = call("phase-transition", pair[0], *words, "-o", tmp_path / "run")
        assert code == 2
        assert message in " ".join(text.split())
