"""``sinterface analyze polyhedra`` and ``clusters``: the names that stay fixed, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase.io import write
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.structures.crystals import cubic_llzo
from sinterface.structures.doping import dope


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    doped = dope(cubic_llzo(), "Zr", 4, seed=1)
    rng = np.random.default_rng(0)
    run = []
    for _ in range(3):
        copy = doped.copy()
        copy.positions += rng.normal(0.0, 0.1, (len(copy), 3))
        copy.wrap()
        run.append(copy)
    path = tmp_path_factory.mktemp("frames") / "run.extxyz"
    write(path, run)
    return path


def test_polyhedra_print_the_fixed_names(frames: Path, tmp_path: Path) -> None:
    command = ["analyze", "polyhedra", str(frames), "--center", "Zr", "--json"]
    result = CliRunner().invoke(app, [*command, "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert set(data["csm"]) == {"mean", "std", "n"}
    assert data["csm"]["n"] == 36
    assert data["ideal"] == "octahedron"
    assert (tmp_path / "polyhedra.png").stat().st_size > 10_000
    assert (tmp_path / "polyhedra.json").exists()


def test_clusters_print_the_fixed_names(frames: Path) -> None:
    command = ["analyze", "clusters", str(frames), "--element", "Co", "--cutoff-A", "3.5"]
    result = CliRunner().invoke(app, [*command, "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["sizes"] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["polyhedra", "FILE", "--center", "Ni"], "holds no Ni"),
        (["polyhedra", "FILE", "--center", "Zr", "--coordination", "5"], "no ideal polyhedron"),
        (["clusters", "FILE", "--element", "W"], "holds no W"),
        (["clusters", "missing.cif"], "There is no"),
    ],
)
def test_mistakes_are_one_sentence(frames: Path, arguments: list[str], said: str) -> None:
    filled = [str(frames) if one == "FILE" else one for one in arguments]
    result = CliRunner().invoke(app, ["analyze", *filled])
    assert result.exit_code == 2
    assert said in result.output
