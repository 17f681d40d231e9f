"""A row from dynamics to errors, with a reference whose errors are known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones
from unit.validation.counted_reference import FORCE_ERROR_eV_PER_A, PlantedReference

from sinterface.potential.model import load_potential
from sinterface.reference.calculators import open_reference
from sinterface.structures.crystals import layered_lco
from sinterface.validation.floor import force_floor
from sinterface.validation.systems import Figures, chosen
from sinterface.validation.table import verdict

HERE = Path(__file__).parents[2]
REFERENCE = "ase:unit.validation.counted_reference.PlantedReference"
SCRIPT = f"""
import sys
from pathlib import Path
from sinterface.potential.model import load_potential
from sinterface.validation.snapshots import Lengths
from sinterface.validation.systems import chosen
from sinterface.validation.validate import ValidationSettings, validate
lengths = Lengths(duration_ps=0.04, snapshots=4, equilibration_ps=0.01, melt_ps=0.01, small=True)
settings = ValidationSettings(quick=True, reference="{REFERENCE}", lengths=lengths, workers=1)
validate(load_potential("llzo-lco"), Path(sys.argv[1]), settings, systems=chosen(("lco-layered",)))
"""


def _run(directory: Path, log: Path, die_after: int) -> int:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path]),
        "OMP_NUM_THREADS": "1",
        "LABEL_LOG": str(log),
        "DIE_AFTER": str(die_after),
    }
    command = [sys.executable, "-c", SCRIPT, str(directory)]
    return subprocess.run(command, env=environment, check=False, timeout=120).returncode


def test_planted_errors_come_back_and_a_kill_loses_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert _run(tmp_path / "out", log, die_after=2) == 9
    moved = next((tmp_path / "out" / "steps").glob("dynamics-*/result.json"))
    before = moved.stat().st_mtime_ns
    assert _run(tmp_path / "out", log, die_after=1000) == 0
    assert log.read_text().count("\n") == 10  # two before the kill, two after it, six for the floor
    assert moved.stat().st_mtime_ns == before
    assert _run(tmp_path / "out", log, die_after=10) == 0  # everything is there: no label at all
    found = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert found["steps"] == {"done": 0, "skipped": 3}
    (row,) = found["rows"]
    assert row["energy"]["shift"] == pytest.approx(0.005, abs=1e-6)  # labels have five decimals
    assert row["energy"]["rmse"] == pytest.approx(0.005, abs=1e-6)
    assert row["energy"]["rmse_shifted"] < 1e-6
    assert row["force"]["rmse"] == pytest.approx(FORCE_ERROR_eV_PER_A, abs=1e-4)
    assert row["paper"]["energy_meV_per_atom"] == 8.0
    assert row["met"] is False
    assert row["reasons"] == ["energy 5.0 > 4 meV/atom", "force 0.300 > 0.1 eV/Å"]


def test_a_force_near_the_floor_is_met() -> None:
    (system,) = chosen(("lco-layered",))
    assert system.goal == Figures(4.0, 0.10)
    errors = {"energy": {"rmse": 0.003}, "force": {"rmse": 0.12}, "failed_labels": 0}
    assert verdict(system, errors, 0.10)["met"] is True
    assert verdict(system, errors, 0.09)["met"] is False
    assert verdict(system, errors, None)["met"] is False
    assert verdict(system, errors, 0.10, "atoms were lost")["reasons"] == [
        "the run stopped: atoms were lost"
    ]


def test_a_short_ranged_reference_has_no_floor() -> None:
    atoms = layered_lco() * (5, 5, 1)
    pairs = LennardJones(sigma=2.0, epsilon=0.1, rc=6.0)
    found = force_floor(atoms, pairs, 6.0, n_atoms=2, n_moves=2)
    assert found["floor_atoms"] == 2
    assert found["floor_eV_per_A"] < 1e-10
    shorter = force_floor(atoms, pairs, 3.0, n_atoms=2, n_moves=2)
    assert shorter["floor_eV_per_A"] > 1e-4


def test_the_planted_reference_is_what_it_says() -> None:
    reference = open_reference(REFERENCE)
    assert isinstance(reference.calculator, PlantedReference)
    atoms: Atoms = layered_lco() * (3, 3, 1)
    atoms.calc = reference.calculator
    planted = atoms.get_forces()
    atoms.calc = load_potential("llzo-lco").calculator()
    assert np.allclose(np.abs(planted - atoms.get_forces()), FORCE_ERROR_eV_PER_A)
