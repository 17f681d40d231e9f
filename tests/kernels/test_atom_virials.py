"""Per-atom virials and stresses: their sum, and the flow of energy that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError
from kernels.potentials import ELEMENTS, rows_of_type, write_random
from kernels.test_against_twin import KINDS, STRUCTURES

import sinterface
from sinterface.structures.crystals import cubic_llzo


def _atoms(name: str) -> Atoms:
    positions, species, cell, pbc = STRUCTURES[name]
    return Atoms([ELEMENTS[s] for s in species], positions=positions, cell=cell, pbc=pbc)


def _evaluate(potential, atoms, positions, **options):
    neighbors = potential.neighbors(positions, atoms.cell.array, atoms.pbc)
    return potential.evaluate(atoms.numbers, positions, neighbors, **options)


def _check_flow(potential, atoms, step):
    """Energy that atoms hand to each other moves by Σ W v: d/dt Σ r_i U_i without its convection.

    The work F·v is what an atom's kinetic energy gains, so both together only travel.
    """
    rng = np.random.default_rng(5)
    velocities = rng.normal(size=(len(atoms), 3))
    found = _evaluate(potential, atoms, atoms.positions, atom_virials=True)
    ends = [
        _evaluate(potential, atoms, atoms.positions + k * step * velocities).energies
        for k in (-2, -1, 1, 2)
    ]
    power = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * step)
    gain = power + np.sum(found.forces * velocities, axis=1)
    flow = np.einsum("nab,nb->a", found.atom_virials, velocities)
    scale = np.abs(found.atom_virials).max()
    np.testing.assert_allclose(gain.sum(), 0, atol=1e-6 * scale)
    np.testing.assert_allclose(gain @ atoms.positions, flow, atol=1e-5 * scale)


@pytest.mark.parametrize("kind", KINDS)
def test_they_carry_the_energy_between_atoms(kernel, tmp_path, kind):
    folder = write_random(tmp_path, np.random.default_rng(8), rows_of_type(kind))
    _check_flow(sinterface.load_potential(folder), _atoms("isolated cluster"), 1e-4)


def test_they_carry_the_energy_of_the_repulsion_too(kernel):
    atoms = Atoms("LiOCoZrLa", [[0, 0, 0], [1.1, 0, 0.2], [0, 1.5, 0], [0, 0, 1.8], [1.4, 1.4, 1]])
    _check_flow(sinterface.load_potential("llzo-lco"), atoms, 1e-5)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("precision", ["double", "mixed"])
def test_they_sum_to_the_virial(kernel, precision, threads):
    atoms = cubic_llzo(seed=1)
    atoms.rattle(0.1, seed=1)
    found = _evaluate(
        sinterface.load_potential("llzo-lco"),
        atoms,
        atoms.positions,
        precision=precision,
        threads=threads,
        atom_virials=True,
    )
    tolerance = 1e-10 if precision == "double" else 1e-6
    scale = np.abs(found.atom_virials).sum(axis=0).max()
    np.testing.assert_allclose(found.atom_virials.sum(axis=0), found.virial, atol=tolerance * scale)


def test_ase_stresses_sum_to_the_stress(tmp_path):
    folder = write_random(tmp_path, np.random.default_rng(8), rows_of_type(9))
    atoms = _atoms("triclinic")
    atoms.calc = sinterface.load_potential(folder).calculator()
    stress = atoms.get_stress()
    assert "stresses" not in atoms.calc.results  # only when asked for
    stresses = atoms.get_stresses()
    assert stresses.shape == (len(atoms), 6)
    np.testing.assert_allclose(stresses.sum(axis=0), stress, atol=1e-12)
    virials = atoms.calc.results["virials"]
    np.testing.assert_allclose(-virials[:, 0, 0] / atoms.cell.volume, stresses[:, 0])
    shear = -0.5 * (virials[:, 1, 2] + virials[:, 2, 1]) / atoms.cell.volume
    np.testing.assert_allclose(stresses[:, 3], shear)
    np.testing.assert_allclose(atoms.get_stress(), stress)
    assert atoms.get_potential_energies().sum() == pytest.approx(atoms.get_potential_energy())


def test_a_cluster_has_no_stresses(tmp_path):
    folder = write_random(tmp_path, np.random.default_rng(8), rows_of_type(2))
    atoms = _atoms("isolated cluster")
    atoms.calc = sinterface.load_potential(folder).calculator()
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_stresses()
