"""SINTERFACE_KERNEL forces an instruction set behind every door, and runs record it."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

import sinterface
from sinterface.dynamics.interaction import potential_interaction
from sinterface.dynamics.lammps_library import start_lammps
from sinterface.errors import InputError
from sinterface.kernels import _core
from sinterface.structures.crystals import layered_lco


@pytest.fixture
def atoms() -> Atoms:
    atoms = layered_lco() * (3, 3, 1)
    atoms.rattle(0.1, seed=5)
    return atoms


def _lammps_forces(atoms: Atoms) -> np.ndarray:
    interaction = potential_interaction(
        sinterface.load_potential("llzo-lco"), precision="double", threads=2
    )
    types = ("Li", "O", "Co")
    a, b, c = atoms.cell.array
    lammps = start_lammps()
    try:
        lammps.commands_list([*interaction.load, "units metal", "atom_modify map array sort 0 0"])
        lammps.commands_string(f"""
box tilt large
region box prism 0 {a[0]} 0 {b[1]} 0 {c[2]} {b[0]} {c[0]} {c[1]}
create_box {len(types)} box
mass * 10
""")
        kinds = [types.index(symbol) + 1 for symbol in atoms.symbols]
        numbers = list(range(1, len(atoms) + 1))
        lammps.create_atoms(len(atoms), numbers, kinds, atoms.positions.ravel())
        lammps.commands_list(interaction.commands_for(types))
        lammps.command("run 0")
        return np.array(lammps.gather_atoms("f", 1, 3)).reshape(-1, 3)
    finally:
        lammps.close()


@pytest.mark.parametrize("name", _core.available_kernels())
def test_every_path_behind_both_doors(monkeypatch, atoms, name):
    atoms.calc = sinterface.load_potential("llzo-lco").calculator()
    expected = atoms.get_forces()  # by the best one
    monkeypatch.setenv("SINTERFACE_KERNEL", name)
    potential = sinterface.load_potential("llzo-lco")
    assert potential.kernel == name
    assert potential_interaction(potential).kernel == name  # what a run writes down
    atoms.calc = potential.calculator()
    np.testing.assert_allclose(atoms.get_forces(), expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(_lammps_forces(atoms), expected, rtol=0, atol=1e-10)


def test_an_unknown_path_is_explained(monkeypatch):
    monkeypatch.setenv("SINTERFACE_KERNEL", "abacus")
    with pytest.raises(InputError, match=r"SINTERFACE_KERNEL='abacus' is not .* are portable"):
        sinterface.load_potential("llzo-lco")
