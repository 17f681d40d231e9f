"""Per-atom virials of the LAMMPS plugin: they add up, and give the heat flux."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.data import atomic_masses
from scipy import constants

import sinterface
from sinterface.dynamics.lammps_library import start_lammps
from sinterface.potential import lammps_plugin_path

TYPES = ("Li", "O", "Co", "Zr", "La")
BAR_A3 = 1e5 * constants.angstrom**3 / constants.e  # in eV
EV_PS2 = constants.e / constants.atomic_mass * (constants.pico / constants.angstrom) ** 2
CENTROID = ("xx", "yy", "zz", "xy", "xz", "yz", "yx", "zx", "zy")


@pytest.fixture
def lammps() -> Iterator[Any]:
    instance = start_lammps()
    yield instance
    instance.close()


@pytest.fixture(scope="module")
def potential() -> sinterface.Potential:
    return sinterface.load_potential("llzo-lco")


def _load(lammps: Any, atoms: Atoms, directory: str, precision: str = "double") -> None:
    """Atoms with a cell are periodic, others stand free in a large box."""
    box = atoms.cell.lengths() if atoms.cell.rank == 3 else np.full(3, 100.0)
    lammps.commands_string(f"""
units metal
boundary {"p p p" if atoms.cell.rank == 3 else "f f f"}
atom_modify map array sort 0 0
plugin load {lammps_plugin_path()}
region box block 0 {box[0]} 0 {box[1]} 0 {box[2]}
create_box {len(TYPES)} box
""")
    kinds = [TYPES.index(symbol) + 1 for symbol in atoms.symbols]
    ids = list(range(1, len(atoms) + 1))
    velocities = atoms.arrays.get("velocities_A_ps", np.zeros_like(atoms.positions))
    lammps.create_atoms(len(atoms), ids, kinds, atoms.positions.ravel(), velocities.ravel())
    masses = "\n".join(
        f"mass {k + 1} {atomic_masses[Atoms(symbol).numbers[0]]}" for k, symbol in enumerate(TYPES)
    )
    lammps.commands_string(f"""{masses}
pair_style sinterface precision {precision}
pair_coeff * * {directory} {" ".join(TYPES)}
compute energy all pe/atom
compute kinetic all ke/atom
compute stress all stress/atom NULL virial
compute centroid all centroid/stress/atom NULL virial
compute flux all heat/flux kinetic energy centroid
fix keep all ave/atom 1 1 1 c_energy c_stress[*] c_centroid[*]
thermo_style custom step pe pxx pyy pzz pxy pxz pyz c_flux[1] c_flux[2] c_flux[3]
thermo_modify norm no
run 0
""")


def _per_atom(lammps: Any, name: str, n: int) -> np.ndarray:
    order = np.argsort(lammps.numpy.extract_atom("id")[:n])
    values: np.ndarray = lammps.numpy.extract_compute(name, 1, 1 if name == "energy" else 2)[:n]
    return values[order]


@pytest.mark.parametrize("precision", ["double", "mixed"])
def test_atoms_add_up_to_the_total(lammps, potential, precision):
    from sinterface.structures.crystals import cubic_llzo

    atoms = cubic_llzo(seed=1)
    atoms.rattle(0.1, seed=2)
    atoms.wrap()
    _load(lammps, atoms, str(potential.directory), precision)
    exact = 1 if precision == "double" else 1e5
    volume = atoms.cell.volume
    names = ("xx", "yy", "zz", "xy", "xz", "yz")
    pressure = np.array([lammps.get_thermo("p" + name) for name in names])
    stress = _per_atom(lammps, "stress", len(atoms))
    centroid = _per_atom(lammps, "centroid", len(atoms))
    tolerance = 1e-11 * exact * abs(stress).sum()
    np.testing.assert_allclose(-stress.sum(axis=0), pressure * volume, atol=tolerance)
    np.testing.assert_allclose(-centroid.sum(axis=0)[:6], pressure * volume, atol=tolerance)
    # the symmetric part of each atom's centroid virial is its virial, and no total torque stays
    columns = dict(zip(CENTROID, centroid.T, strict=True))
    for k, name in enumerate(names):
        np.testing.assert_allclose(
            0.5 * (columns[name] + columns[name[::-1]]), stress[:, k], atol=tolerance
        )
    for name in ("xy", "xz", "yz"):
        assert abs((columns[name] - columns[name[::-1]]).sum()) < tolerance


def test_heat_flux_moves_the_energy(lammps, potential):
    """In a free cluster the heat flux is the rate at which the energies' first moment moves."""
    from sinterface.structures.crystals import cubic_llzo

    crystal = cubic_llzo(seed=1)
    crystal.rattle(0.1, seed=2)
    center = crystal.cell.sum(axis=0) / 2
    near = np.linalg.norm(crystal.positions - center, axis=1) < 5.5
    atoms = Atoms(crystal.symbols[near], crystal.positions[near] - center + 50.0)
    rng = np.random.default_rng(3)
    velocities = rng.normal(scale=5.0, size=(len(atoms), 3))  # Å/ps
    atoms.arrays["velocities_A_ps"] = velocities
    _load(lammps, atoms, str(potential.directory))
    flux = lammps.numpy.extract_compute("flux", 0, 1)[:3]

    def moment(step_ps: float) -> np.ndarray:
        moved = Atoms(atoms.symbols, atoms.positions + step_ps * velocities)
        moved.calc = potential.calculator()
        places: np.ndarray = moved.positions - 50.0
        return moved.get_potential_energies() @ places

    h = 1e-5
    atoms.calc = potential.calculator()
    kinetic = 0.5 * atoms.get_masses() * (velocities**2).sum(axis=1) / EV_PS2
    power = (atoms.get_forces() * velocities).sum(axis=1)
    expected = (moment(h) - moment(-h)) / (2 * h) + kinetic @ velocities
    expected += power @ (atoms.positions - 50.0)
    np.testing.assert_allclose(flux, expected, rtol=1e-6)


def test_energies_of_atoms(lammps, potential):
    """What the heat flux sums: per-atom energies, the same as in ASE."""
    from sinterface.structures.crystals import layered_lco

    atoms = layered_lco() * (3, 3, 1)
    atoms = Atoms(atoms.symbols, atoms.positions - atoms.positions.mean(axis=0) + 50.0)
    _load(lammps, atoms, str(potential.directory))
    atoms.calc = potential.calculator()
    np.testing.assert_allclose(
        _per_atom(lammps, "energy", len(atoms)), atoms.get_potential_energies(), rtol=1e-12
    )
