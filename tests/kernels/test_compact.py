"""Compact symmetry functions (types 20 to 25) and n2p2's order of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from kernels.potentials import NUMBERS, compact_rows, write_random
from kernels.test_against_twin import STRUCTURES, _check_slope, _check_twin

from sinterface.errors import InputError
from sinterface.kernels import _core
from sinterface.kernels.neighbors import neighbor_list
from sinterface.kernels.reference import Reference
from sinterface.kernels.symmetry import Descriptor

SUBTYPES = ("p1", "p2", "p3", "p4", "p1a", "p2a", "p3a", "p4a", "e")


def _values(engine, positions):
    nl = neighbor_list(positions, np.zeros((3, 3)), False, engine.cutoff)
    species = np.ones(len(positions), np.int32)
    return engine.symmetry_functions(
        positions, species, nl.first, nl.neighbors, nl.images, nl.translations
    )


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_every_subtype(kernel, tmp_path, subtype):
    rng = np.random.default_rng(4)
    rows = [row for kind in (20, 21, 25) for row in compact_rows(kind, (subtype,))]
    engine = _core.Engine(str(write_random(tmp_path, rng, rows)))
    _check_twin(engine, *STRUCTURES["triclinic"])
    _check_slope(engine, *STRUCTURES["triclinic"], rough=1e-6)


def test_polynomial_at_a_known_distance(tmp_path):
    rows = ["20 O 1.0 3.0 p2", "20 O 1.0 3.0 p2a", "20 O 1.0 3.0 e", "20 O -3.0 3.0 p1"]
    engine = _core.Engine(str(write_random(tmp_path, np.random.default_rng(1), rows)))
    values = _values(engine, np.array([[0.0, 0, 0], [2.5, 0, 0]]))[0]
    y, x = 2.5 / 3, 0.75  # (2 - 1/2) / 2
    expected = {
        "e": np.exp(1 - 1 / (1 - 0.25)),
        "p1": 1 - 3 * y**2 + 2 * y**3,
        "p2": 0.5,
        "p2a": 1 - 10 * x**3 + 15 * x**4 - 6 * x**5,
    }
    np.testing.assert_allclose(values, list(expected.values()), rtol=1e-14)


@pytest.mark.parametrize("shape", ["straight", "folded"])
def test_atoms_on_one_line(kernel, tmp_path, shape):
    """Windows around 0 and 180 degrees are smooth there: full weight, forces along the line."""
    rows = ["22 O O -4.0 4.0 100 260 p2", "22 O O -4.0 4.0 -90 90 p1"]
    engine = _core.Engine(str(write_random(tmp_path, np.random.default_rng(2), rows)))
    x = [0.0, 1.5, -1.8 if shape == "straight" else 3.2]
    positions = np.array([[v, 0.0, 0.0] for v in x])
    values = _values(engine, positions)[0]
    folded, straight = values  # in n2p2's order
    assert (folded > 0, straight > 0) == (shape == "folded", shape == "straight")
    nl = neighbor_list(positions, np.zeros((3, 3)), False, engine.cutoff)
    for precision in ("double", "mixed"):
        forces = engine.evaluate(
            positions,
            np.ones(3, np.int32),
            nl.first,
            nl.neighbors,
            nl.images,
            nl.translations,
            precision=precision,
        )["forces"]
        assert np.isfinite(forces).all()
        np.testing.assert_allclose(forces[:, 1:], 0, atol=1e-5)


def test_gaussian_and_compact_together_with_two_cutoffs(kernel, tmp_path):
    rows = [
        "2 Li 0.1 0.4 4.0",
        "20 Li 0.0 3.0 p2",
        "9 Li O 0.05 1 2 3.5",
        "21 O O 0.0 4.0 20 160 p3",
    ]
    folder = write_random(tmp_path, np.random.default_rng(3), rows, cutoff_type="1 0.2")
    _check_twin(_core.Engine(str(folder)), *STRUCTURES["triclinic"])


def test_rows_stand_in_the_order_of_n2p2(tmp_path):
    rows = [
        "22 O Co 0.0 4.0 30 90 p2", "22 Li O 0.0 4.0 30 90 p2", "22 Li O 0.0 4.0 30 80 p2",
        "22 Li O 0.0 3.0 30 90 p2", "22 Co Co 0.0 4.0 30 90 e", "20 O 1.0 4.0 p2",
        "20 O -4.0 4.0 p2", "20 Li 0.0 4.0 p2", "20 O 0.0 3.0 p1a", "3 O Li 0.1 1 2 4.0",
        "3 Li Li 0.1 1 2 4.0", "3 Co Co 0.1 -1 2 4.0", "3 Co Co 0.1 1 1 4.0",
        "3 Co Co 0.1 1 1 4.0 0.2", "2 O 0.2 0.0 4.0", "2 Li 0.2 0.0 4.0", "2 Co 0.1 1.0 4.0",
        "2 Co 0.1 0.0 4.0", "2 O 0.9 0.0 3.0",
    ]  # fmt: skip
    rng = np.random.default_rng(5)
    orders = []
    for k in range(3):
        folder = write_random(tmp_path / str(k), rng, [str(row) for row in rng.permutation(rows)])
        orders.append(Descriptor.from_potential(folder).rows(0))
    assert orders[0] == orders[1] == orders[2]
    found = [(r.type, r.first, r.second, r.cutoff, r.subtype) for r in orders[0]]
    assert found[:5] == [
        (2, 1, -1, 3, ""),
        (2, 2, -1, 4, ""),
        (2, 2, -1, 4, ""),
        (2, 0, -1, 4, ""),
        (2, 1, -1, 4, ""),
    ]
    angular = [(r.first, r.second, r.shift, r.zeta, r.lambda_) for r in orders[0][5:10]]
    assert angular == [
        (2, 2, 0, 1, 1),
        (2, 2, 0, 2, -1),
        (0, 0, 0, 2, 1),
        (0, 1, 0, 2, 1),
        (2, 2, 0.2, 1, 1),
    ]
    compact = [
        (r.type, r.subtype, r.first, r.second, r.cutoff, r.left, r.angle_right)
        for r in orders[0][10:]
    ]
    assert compact == [
        (20, "p1a", 1, -1, 3, 0, 0), (20, "p2", 0, -1, 4, 0, 0), (20, "p2", 1, -1, 4, -4, 0),
        (20, "p2", 1, -1, 4, 1, 0), (22, "e", 2, 2, 4, 0, 90), (22, "p2", 0, 1, 3, 0, 90),
        (22, "p2", 0, 1, 4, 0, 80), (22, "p2", 0, 1, 4, 0, 90), (22, "p2", 1, 2, 4, 0, 90),
    ]  # fmt: skip


def test_rows_that_tie_give_the_same_value(tmp_path):
    rows = ["2 O 0.2 0.0 4.0", "2 O 0.2 0.0 4.0", "20 O 0.0 4.0 p2", "20 O 0.0 4.0 p2"]
    engine = _core.Engine(str(write_random(tmp_path, np.random.default_rng(6), rows)))
    _check_twin(engine, *STRUCTURES["triclinic"])
    positions, species, cell, pbc = STRUCTURES["triclinic"]
    twin = Reference(engine, list(NUMBERS.values())).values(positions, species, cell, pbc)[0]
    assert twin[0] == twin[1]
    assert twin[2] == twin[3]


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("20 O 0.0 4.0 p5", "subtype 'p5'"),
        ("20 O 0.0 4.0 p2b", "subtype 'p2b'"),
        ("20 O 4.0 4.0 p2", "inner radius"),
        ("20 O 0.0 4.0", "values"),
        ("22 O O 0.0 4.0 90 30 p2", "first angle"),
        ("22 O O 0.0 4.0 -10 90 p2", "between 0 and 180"),
        ("22 O O 0.0 4.0 90 200 p2", "between 0 and 180"),
        ("25 0.0 4.0 -190 190 p2", "between 0 and 180"),
        ("26 O 0.0 4.0 p2", "type 26"),
    ],
)
def test_impossible_rows_are_explained(tmp_path, row, wanted):
    folder = write_random(tmp_path, np.random.default_rng(7), [row])
    with pytest.raises(InputError, match=wanted):
        Descriptor.from_potential(folder)
