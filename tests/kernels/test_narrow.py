"""Narrow functions of whole zeta: packed triplets against the twin and against the plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from kernels.potentials import ELEMENTS, NUMBERS, write_random

from sinterface.kernels import _core
from sinterface.kernels.neighbors import neighbor_list
from sinterface.kernels.reference import Reference

RNG = np.random.default_rng(3)
OPEN = (np.zeros((3, 3)), (False,) * 3)
SHIFTED = 1e-300  # a row with a shift, however small, goes through the plain loop over triplets


def _engine(folder, rows, **options):
    return _core.Engine(str(write_random(folder, RNG, rows, **options)), False)


def _arguments(engine, positions, species):
    nl = neighbor_list(positions, *OPEN, engine.cutoff)
    return (
        positions,
        np.array(species, np.int32),
        nl.first,
        nl.neighbors,
        nl.images,
        nl.translations,
    )


def _check_twin(engine, positions, species):
    found = engine.symmetry_functions(*_arguments(engine, positions, species))
    twin = Reference(engine, list(NUMBERS.values())).values(positions, species, *OPEN)
    np.testing.assert_allclose(found, twin, rtol=1e-12, atol=1e-13)


def _ball(n: int, radius: float) -> np.ndarray:
    directions = RNG.normal(size=(n, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions * radius * RNG.random((n, 1)) ** (1 / 3)


def _rows(shift: str) -> list[str]:
    pairs = [(a, b) for k, a in enumerate(ELEMENTS) for b in ELEMENTS[k:]]
    terms = ("0.01 -1 1", "0.01 1 1", "0.01 -1 4", "0.2 0.4 3", "0.05 1 8")
    return [f"3 {a} {b} {term} 4.0{shift}" for a, b in pairs for term in terms]


@pytest.mark.parametrize("zeta", [1, 2, 3, 4, 5, 6, 7, 8, 9, 2.5])
def test_every_zeta(kernel, tmp_path, zeta):
    rows = [f"3 Li O {eta} {lam} {zeta} 4.0" for eta in (0.01, 0.3) for lam in (-1, -0.3, 0.5, 1)]
    rows += [f"3 O O 0.1 1 {zeta} 3.0", f"13 0.02 0.0 -1 {zeta} 3.5"]
    _check_twin(_engine(tmp_path, rows), _ball(9, 3.0), [0, 1, 2, 1, 2, 1, 2, 2, 0])


@pytest.mark.parametrize("cutoff_type", ["0 0.0", "1 0.0", "1 0.4", "2 0.0", "4 0.2", "8 0.0"])
def test_neighbours_exactly_at_the_cutoff(kernel, tmp_path, cutoff_type):
    """On a grid of 2 Å many sides are 4 Å, the cutoff, to the last bit."""
    grid = 2.0 * np.indices((3, 3, 2)).reshape(3, -1).T
    engine = _engine(tmp_path, _rows(""), cutoff_type=cutoff_type)
    _check_twin(engine, grid, [k % 3 for k in range(len(grid))])


@pytest.mark.parametrize("n", [2, 3, 4, 6, 9, 10, 17, 18])
def test_no_triplet_and_every_number_of_lanes(kernel, tmp_path, n):
    """One atom amid n - 1 of one element; with the two at the ends alone no triplet is near."""
    engine = _engine(tmp_path, ["3 Li Li 0.02 1 2 4.0", "3 O O 0.02 1 2 4.0"])
    positions = _ball(n, 1.9)
    positions[:2] = [[0, 0, -2.1], [0, 0, 2.1]]
    _check_twin(engine, positions, [0, *[1] * (n - 1)])


def test_opposite_neighbours_make_no_triplet(kernel, tmp_path):
    engine = _engine(tmp_path, ["3 Li Li 0.02 1 2 4.0"])
    positions = np.array([[0, 0, 0], [0, 0, -3.0], [0, 0, 3.0]])
    values = engine.symmetry_functions(*_arguments(engine, positions, [1, 1, 1]))
    np.testing.assert_array_equal(values, 0)


@pytest.mark.parametrize("n", [5, 30, 81, 150])
def test_crowds_equal_the_plain_loop(kernel, tmp_path, n):
    """More triplets than there is room for, in a pair of elements and in all of them together."""
    fast = _engine(tmp_path / "fast", _rows(""))
    plain = _engine(tmp_path / "plain", _rows(f" {SHIFTED}"))
    args = _arguments(fast, _ball(n, 1.95), [k % 3 for k in range(n)])
    values = plain.symmetry_functions(*args)
    np.testing.assert_allclose(fast.symmetry_functions(*args), values, rtol=1e-12)
    gradients = RNG.normal(size=values.shape) / np.abs(values).max()
    for one, other in zip(fast.vjp(*args, gradients), plain.vjp(*args, gradients), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-11 * np.abs(other).max())


@pytest.mark.parametrize("n", [30, 81, 150])
def test_forces_of_crowds(kernel, tmp_path, n):
    """Kept triplets (forces) and triplets found once more (products) give the same."""
    folder = write_random(tmp_path, RNG, _rows(""), scaling=())
    engine = _core.Engine(str(folder))
    args = _arguments(engine, _ball(n, 1.95) * (1 + n / 150), [k % 3 for k in range(n)])
    found = engine.evaluate(*args)
    forces, virial = found["forces"], found["virial"]
    step = 1e-5 * RNG.normal(size=forces.shape)
    sides = [engine.evaluate(args[0] + s * step, *args[1:])["energies"].sum() for s in (1, -1)]
    assert sides[0] - sides[1] == pytest.approx(-2 * np.sum(forces * step), rel=1e-5)
    np.testing.assert_allclose(forces.sum(axis=0), 0, atol=1e-10 * np.abs(forces).max())
    np.testing.assert_allclose(virial, virial.T, atol=1e-10 * np.abs(virial).max())
    mixed = engine.evaluate(*args, precision="mixed")["forces"]
    assert np.sqrt(np.mean((mixed - forces) ** 2)) < 2e-6 * np.abs(forces).max()
