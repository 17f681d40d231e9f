"""Rows of the power spectrum (`spectrum` lines of extension.nn)."""

from __future__ import annotations

import numpy as np
import pytest
from kernels.potentials import spectrum_rows, write_random
from kernels.test_against_twin import STRUCTURES, _check_slope, _check_twin, _evaluate

import sinterface
from sinterface.errors import InputError
from sinterface.kernels import _core
from sinterface.kernels.neighbors import neighbor_list
from sinterface.kernels.symmetry import Descriptor
from sinterface.potential.export import export_potential

PLAIN = ["2 Li 0.1 0.4 4.0", "9 Li O 0.05 1 2 3.5", "9 O O 0.9 1 4 4.0 1.5"]


def _write(folder, seed, rows, spectrum=None, **options):
    spectrum = tuple(spectrum_rows() if spectrum is None else spectrum)
    rng = np.random.default_rng(seed)
    return write_random(folder, rng, rows, spectrum=spectrum, nodes=(4, 3), **options)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("rows", [PLAIN, []], ids=["beside n2p2's", "alone"])
def test_equals_twin_and_forces_are_slopes(kernel, tmp_path, name, rows):
    engine = _core.Engine(str(_write(tmp_path, 1, rows)))
    _check_twin(engine, *STRUCTURES[name])
    _check_slope(engine, *STRUCTURES[name])


def test_products_with_the_jacobian(kernel, tmp_path):
    """The vector-Jacobian and Jacobian-vector products are each other's transpose."""
    descriptor = Descriptor(_core.Engine(str(_write(tmp_path, 2, PLAIN)), False))
    positions, kinds, cell, pbc = STRUCTURES["triclinic"]
    species = np.array(kinds, np.int32)
    nl = neighbor_list(positions, cell, pbc, descriptor.cutoff)
    rng = np.random.default_rng(3)
    shape = descriptor.values(positions, species, nl).shape
    weights, along = rng.normal(size=shape), rng.normal(size=positions.shape)
    strain = rng.normal(size=(3, 3))
    forces, virial = descriptor.vjp(positions, species, nl, weights)
    change = descriptor.jvp(positions, species, nl, along, strain)
    expected = -np.sum(forces * along) - np.sum(virial * strain)
    np.testing.assert_allclose(np.sum(change * weights), expected, rtol=1e-10)


def test_of_two_neighbours_by_hand(tmp_path):
    """Two oxygens at a right angle: P_2 of it is −1/2, of each with itself 1."""
    folder = _write(tmp_path, 4, [], ["O O 2 0.5 0.0 0.5 0.0 4.0", "O O 0 0.5 0.0 0.2 1.0 4.0"],
                    cutoff_type="0 0.0")  # fmt: skip
    positions = np.array([[0.0, 0, 0], [2.0, 0, 0], [0, 3.0, 0]])
    nl = neighbor_list(positions, np.zeros((3, 3)), False, 4.0)
    descriptor = Descriptor.from_potential(folder)
    values = descriptor.values(positions, np.array([0, 1, 1], np.int32), nl)[0]
    g, h = np.exp(-0.5 * np.array([4.0, 9.0])), np.exp(-0.2 * np.array([1.0, 4.0]))
    np.testing.assert_allclose(values, [g @ g - g[0] * g[1], g.sum() * h.sum()], rtol=1e-13)


def test_mixed_precision(kernel, tmp_path):
    engine = _core.Engine(str(_write(tmp_path, 5, PLAIN)))
    _, double, _ = _evaluate(engine, *STRUCTURES["triclinic"])
    _, mixed, _ = _evaluate(engine, *STRUCTURES["triclinic"], precision="mixed")
    # random weights saturate the networks, which leaves small forces of large sums
    assert np.sqrt(np.mean((mixed - double) ** 2)) < 5e-6 * np.abs(double).max()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("spectrum Li O O 9 0.1 0.0 0.1 0.0 4.0", "from 0 to 8"),
        ("spectrum Li O 2 0.1 0.0 0.1 0.0 4.0", "is not in the 'elements' line"),
        ("spectrum Li O O 2 0.1 0.0 0.1 0.0", "needs at least"),
        ("spectrum Li O O 2 -0.1 0.0 0.1 0.0 4.0", "eta must lie"),
        ("spectrum Li O O 2 0.1 0.0 0.1 0.0 -4.0", "cutoff radius"),
    ],
)
def test_damaged_line(tmp_path, line, said):
    folder = _write(tmp_path, 7, PLAIN)
    path = folder / "extension.nn"
    path.write_text(line + "\n" + path.read_text())
    with pytest.raises(InputError, match=said) as caught:
        sinterface.load_potential(folder)
    assert "extension.nn, line 1" in str(caught.value)


def test_n2p2_cannot_hold_it(tmp_path):
    potential = sinterface.load_potential(_write(tmp_path / "from", 8, PLAIN))
    with pytest.raises(InputError, match="power spectrum"):
        export_potential(potential, tmp_path / "to")
    assert not (tmp_path / "to").exists()
