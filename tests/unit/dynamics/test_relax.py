from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.lj import LennardJones

from sinterface.dynamics.relax import relax
from sinterface.errors import InputError, RunError
from sinterface.progress import Progress


@pytest.fixture
def argon() -> Atoms:
    """A small crystal, compressed in the plane."""
    atoms = bulk("Ar", "fcc", a=5.3, cubic=True).repeat((1, 1, 2))
    atoms.set_cell(atoms.cell.array * [[0.97], [0.98], [1]], scale_atoms=True)
    atoms.set_array("region", np.arange(len(atoms)) % 2)
    return atoms


@pytest.fixture
def calculator() -> LennardJones:
    return LennardJones(epsilon=0.0104, sigma=3.4, rc=7.0, smooth=True)


def test_normal_only(argon: Atoms, calculator: LennardJones) -> None:
    """The normal reaches zero stress; in-plane vectors and the given atoms stay."""
    argon.rattle(0.1, seed=1)
    before = argon.copy()
    told: list[Progress] = []
    done = relax(
        argon,
        calculator,
        force_tolerance_eV_per_A=1e-3,
        stress_tolerance_GPa=1e-3,
        progress=told.append,
    )
    assert done.converged
    assert done.residual_force_eV_per_A <= 1e-3
    assert abs(done.stress_GPa[2]) <= 1e-3
    assert abs(done.stress_GPa[0]) > 0.01
    np.testing.assert_array_equal(done.atoms.cell.array[:2], argon.cell.array[:2])
    assert done.atoms.cell[2, 2] != argon.cell[2, 2]
    np.testing.assert_allclose(done.atoms.cell.array[2, :2], 0, atol=1e-12)
    assert argon == before
    assert told[-1].done == done.steps
    assert (done.atoms.arrays["region"] == argon.arrays["region"]).all()
    assert done.atoms.calc is None


def test_full_cell_known_lattice(calculator: LennardJones) -> None:
    """All stresses vanish, and the lattice is that of the lowest energy."""
    start = bulk("Ar", "fcc", a=5.5, cubic=True)
    start.set_cell(start.cell.array * [1, 1.03, 1], scale_atoms=True)
    done = relax(
        start, calculator, cell="full", force_tolerance_eV_per_A=1e-4, stress_tolerance_GPa=1e-4
    )
    assert done.converged
    assert np.abs(done.stress_GPa).max() <= 1e-4
    lengths = done.atoms.cell.lengths()
    np.testing.assert_allclose(lengths, lengths.mean(), rtol=1e-3)

    def energy(a: float) -> float:
        cube = bulk("Ar", "fcc", a=a, cubic=True)
        cube.calc = calculator
        return float(cube.get_potential_energy())

    a = float(lengths.mean())
    assert energy(a) < min(energy(a - 0.02), energy(a + 0.02))


def test_fixed_cell(argon: Atoms, calculator: LennardJones) -> None:
    argon.rattle(0.1, seed=1)
    done = relax(argon, calculator, cell="none", force_tolerance_eV_per_A=1e-2)
    assert done.converged
    np.testing.assert_array_equal(done.atoms.cell.array, argon.cell.array)


def test_too_few_steps_are_told(argon: Atoms, calculator: LennardJones) -> None:
    argon.rattle(0.3, seed=1)
    done = relax(argon, calculator, force_tolerance_eV_per_A=1e-6, max_steps=3)
    assert not done.converged
    assert done.steps == 3
    assert done.residual_force_eV_per_A > 1e-6


def test_bad_input(argon: Atoms, calculator: LennardJones) -> None:
    with pytest.raises(InputError, match="force_tolerance_eV_per_A must be greater"):
        relax(argon, calculator, force_tolerance_eV_per_A=0)
    with pytest.raises(InputError, match=r"one of none, .*, full, got 'half'"):
        relax(argon, calculator, cell="half")  # type: ignore[arg-type]
    turned = argon.copy()
    turned.rotate(30, "x", rotate_cell=True)
    with pytest.raises(InputError, match="xy plane"):
        relax(turned, calculator)
    with pytest.raises(InputError, match="periodic"):
        relax(Atoms("Ar"), calculator)


def test_broken_forces_stop_it(argon: Atoms) -> None:
    calculator = LennardJones(epsilon=float("nan"), sigma=3.4, rc=7.0)
    with pytest.raises(RunError, match="no longer numbers"):
        relax(argon, calculator)
