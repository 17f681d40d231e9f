"""``sinterface build interface``: files, certificate, and what is refused."""

from __future__ import annotations

import json

import pytest
from ase.io import read
from typer.testing import CliRunner

from sinterface.cli.app import app

RUNNER = CliRunner()
GEOMETRY = ("--size", "tiny", "--potential", "none")


def run(*arguments: str):
    return RUNNER.invoke(app, ["build", "interface", *arguments])


def test_structure_certificate_and_picture_stand_side_by_side(tmp_path):
    output = tmp_path / "cell.extxyz"
    result = run("llzo", "lco", *GEOMETRY, "--strain-share", "0.5", "-o", str(output), "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures == json.loads((tmp_path / "cell.certificate.json").read_text()) | {
        "files": figures["files"]
    }
    assert (tmp_path / "cell.png").stat().st_size > 1000
    assert figures["n_atoms"] == len(read(output)) == 432
    assert set(read(output).arrays["side"]) == {0, 1}
    strained = figures["strain_percent"]
    assert strained["electrolyte"][0] == pytest.approx(-strained["electrode"][0], abs=0.1)


def test_labels_that_a_format_loses_are_said(tmp_path):
    result = run("llzo", "lco", *GEOMETRY, "-o", str(tmp_path / "cell.vasp"))
    assert result.exit_code == 0, result.output
    assert "region" in result.stderr
    assert "side" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("llzo", "lco", "--max-strain", "0.001"), "the best common cell"),
        (("llzo", "lco", "--electrode-plane", "0", "0", "0"), "doesn't exist"),
        (("llzo", "lco", "--terminations", "9", "1"), "different terminations"),
        (("llzo", "lco", "--electrode-thickness", "5"), "too little for a cutoff"),
        (("llzo", "lco", "--strain-share", "2"), "0 to 1"),
        (("llzo", "lcoo"), "lco"),
        (("zro2", "coo", "--li-excess-difference", "3"), "Neither crystal holds Li"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, arguments, message):
    result = run(*arguments, *GEOMETRY, "-o", str(tmp_path / "cell.extxyz"))
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not (tmp_path / "cell.extxyz").exists()
