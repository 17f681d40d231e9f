"""Neither the order of the atoms nor the number of threads changes what comes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

import sinterface
from sinterface.structures.crystals import cubic_llzo

CASE = Path(__file__).parents[1] / "reference" / "n2p2" / "wide"


@pytest.fixture(scope="module")
def crystal() -> Atoms:
    """More atoms than are left in the caller's order, with an empty corner."""
    atoms = cubic_llzo(seed=1, repeat=(3, 2, 2))
    atoms.rattle(0.1, seed=1)
    return atoms[np.linalg.norm(atoms.positions, axis=1) > 6.0]


def _evaluate(atoms: Atoms, threads: int, precision: str = "double") -> sinterface.Evaluation:
    potential = sinterface.load_potential(CASE)
    neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
    return potential.evaluate(
        atoms.numbers, atoms.positions, neighbors, precision=precision, threads=threads
    )


def _check(found: sinterface.Evaluation, expected: sinterface.Evaluation, order: object) -> None:
    np.testing.assert_allclose(found.energies, expected.energies[order], rtol=1e-12)
    np.testing.assert_allclose(found.forces, expected.forces[order], rtol=0, atol=1e-11)
    np.testing.assert_allclose(found.virial, expected.virial, rtol=0, atol=1e-8)


def test_order_of_the_atoms(kernel, crystal):
    shuffled = np.random.default_rng(2).permutation(len(crystal))
    expected = _evaluate(crystal, 1)
    _check(_evaluate(crystal[shuffled], 1), expected, shuffled)
    _check(_evaluate(crystal[shuffled], 2), expected, shuffled)


@pytest.mark.parametrize("precision", ["double", "mixed"])
def test_threads(crystal, precision):
    one = _evaluate(crystal, 1, precision)
    for threads in (2, 3, 16):
        found = _evaluate(crystal, threads, precision)
        if precision == "double":
            _check(found, one, slice(None))
        again = _evaluate(crystal, threads, precision)
        np.testing.assert_array_equal(found.energies, one.energies)
        np.testing.assert_array_equal(found.forces, again.forces)  # bit by bit
        np.testing.assert_array_equal(found.virial, again.virial)


def test_atoms_that_share_no_space():
    """Positions far apart, in one plane, or the same number of them in one place."""
    potential = sinterface.load_potential(CASE)
    n = 2100
    for spread in ((1e6, 1.0, 0.0), (0.0, 0.0, 0.0)):
        positions = np.random.default_rng(3).random((n, 3)) * spread
        neighbors = potential.neighbors(np.arange(3 * n).reshape(n, 3) * 50.0, np.eye(3), False)
        assert len(neighbors.neighbors) == 0
        found = potential.evaluate(np.full(n, 8), positions, neighbors, threads=2)
        assert np.ptp(found.energies) == 0
        assert np.isfinite(found.energies[0])
        assert not found.forces.any()
