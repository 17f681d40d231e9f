"""The LAMMPS plugin gives what the core gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

import sinterface
from sinterface.dynamics.lammps_library import start_lammps
from sinterface.potential import lammps_plugin_path

CASE = Path(__file__).parents[2] / "reference" / "n2p2" / "wide"
TYPES = ("Li", "La", "Zr", "Co", "O")


@pytest.fixture
def lammps() -> Iterator[Any]:
    instance = start_lammps()
    yield instance
    instance.close()


def _structure() -> Atoms:
    from sinterface.structures.crystals import layered_lco

    atoms = layered_lco() * (3, 3, 1)
    atoms.rattle(0.1, seed=5)
    return atoms


def _load(lammps: Any, atoms: Atoms, style: str, folder: Path = CASE) -> None:
    a, b, c = atoms.cell.array
    lammps.commands_string(f"""
units metal
atom_modify map array sort 0 0
box tilt large
plugin load {lammps_plugin_path()}
region box prism 0 {a[0]} 0 {b[1]} 0 {c[2]} {b[0]} {c[0]} {c[1]}
create_box 5 box
""")
    kinds = [TYPES.index(symbol) + 1 for symbol in atoms.symbols]
    lammps.create_atoms(len(atoms), list(range(1, len(atoms) + 1)), kinds, atoms.positions.ravel())
    lammps.commands_string(f"""
mass * 10
pair_style sinterface {style}
pair_coeff * * {folder} {" ".join(TYPES)}
compute atom all pe/atom
compute sum all reduce sum c_atom
compute virial all stress/atom NULL virial
compute pressure all reduce sum c_virial[1]
thermo_style custom step pe etotal temp pxx pyy pzz pxy pxz pyz c_sum c_pressure
run 0
""")


@pytest.mark.parametrize("threads", [1, 2])
def test_energy_forces_and_virial(lammps, threads):
    atoms = _structure()
    atoms.calc = sinterface.load_potential(CASE).calculator()
    _load(lammps, atoms, f"precision double threads {threads}")
    order = np.argsort(lammps.numpy.extract_atom("id")[: len(atoms)])
    forces = lammps.numpy.extract_atom("f")[: len(atoms)][order]
    np.testing.assert_allclose(forces, atoms.get_forces(), atol=1e-10)
    assert lammps.get_thermo("pe") == pytest.approx(atoms.get_potential_energy(), rel=1e-12)
    assert lammps.extract_compute("sum", 0, 0) == pytest.approx(
        atoms.get_potential_energy(), rel=1e-12
    )
    bar = 1.602176634e6  # of 1 eV/Å³
    names = ("pxx", "pyy", "pzz", "pyz", "pxz", "pxy")
    pressure = np.array([lammps.get_thermo(name) for name in names]) / bar
    np.testing.assert_allclose(pressure, -atoms.get_stress(), rtol=1e-6, atol=1e-9)
    # per-atom virial adds up to the total
    total = lammps.extract_compute("pressure", 0, 0) / bar / atoms.cell.volume
    assert total == pytest.approx(atoms.get_stress()[0], rel=1e-6)


def test_bad_commands_are_explained(lammps, tmp_path):
    with pytest.raises(Exception, match="precision double"):
        _load(lammps, _structure(), "precision quadruple")
    lammps.command("clear")
    with pytest.raises(Exception, match=r"input\.nn"):
        _load(lammps, _structure(), "", tmp_path)


def test_nve_keeps_the_energy(lammps):
    atoms = _structure()
    _load(lammps, atoms, "precision double")
    lammps.commands_string("velocity all create 300 7\nfix nve all nve\ntimestep 0.0005\nrun 0")
    before = lammps.get_thermo("etotal")
    lammps.command("run 200")
    assert abs(lammps.get_thermo("etotal") - before) / len(atoms) < 1e-5
