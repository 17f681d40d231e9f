"""``sinterface analyze density`` and ``sites``, to their files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import read, write
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.structures.crystals import cubic_llzo


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    start = cubic_llzo()
    rng = np.random.default_rng(0)
    frames: list[Atoms] = []
    for index in range(24):
        copy = start.copy()
        copy.positions += rng.normal(0.0, 0.1, (len(copy), 3))
        copy.wrap()
        copy.info["time_ps"] = 0.05 * index
        frames.append(copy)
    path = tmp_path_factory.mktemp("run") / "run.extxyz"
    write(path, frames)
    return path


def test_density_goes_to_cube_and_chgcar(run: Path, tmp_path: Path) -> None:
    command = ["analyze", "density", str(run), "--element", "Li", "--json", "-o", str(tmp_path)]
    result = CliRunner().invoke(app, [*command, "--spacing-A", "0.4"])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert data["grid"] == [33, 33, 33]
    assert data["pathway"]["resolved"] == [False, False, False]
    assert any("lower bound" in note for note in data["notes"])
    from ase.io.cube import read_cube
    from ase.units import Bohr
    from pymatgen.io.vasp.outputs import Chgcar

    with (tmp_path / "Li.cube").open() as handle:
        cube = read_cube(handle)
    voxel = cube["atoms"].get_volume() / Bohr**3 / cube["data"].size
    assert cube["data"].sum() * voxel == pytest.approx(56.0, rel=1e-3)
    chgcar = Chgcar.from_file(str(tmp_path / "Li.CHGCAR"))
    assert chgcar.data["total"].mean() == pytest.approx(56.0, rel=1e-3)
    assert len(read(tmp_path / "Li.cube")) == 136
    assert (tmp_path / "density-Li.png").stat().st_size > 10_000


def test_sites_without_a_jump_are_bounds(run: Path, tmp_path: Path) -> None:
    command = ["analyze", "sites", str(run), "--element", "Li", "--json", "-o", str(tmp_path)]
    result = CliRunner().invoke(app, [*command, "--recrossing-ps", "1"])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    kinds = {kind["kind"]: kind for kind in data["kinds"]}
    assert kinds["tetrahedral"]["n_sites"] == 24
    assert kinds["octahedral"]["n_sites"] == 48
    assert {"residence", "occupancy", "volume_A3"} <= set(kinds["tetrahedral"])
    assert (tmp_path / "sites-Li.csv").exists()
    assert (tmp_path / "site-volumes-Li.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["density", "--element", "Co"], "holds no Co"),
        (["density", "--level", "99"], "must lie between"),
        (["sites", "--from", "stars"], "'framework', 'density' or 'auto'"),
        (["sites", "--element", "Xx"], "holds no Xx"),
    ],
)
def test_mistakes_are_one_sentence(run: Path, arguments: list[str], said: str) -> None:
    command, *rest = arguments
    result = CliRunner().invoke(app, ["analyze", command, str(run), *rest])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
