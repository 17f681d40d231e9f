"""Every ideal against values that the authors' own program gives."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sinterface.analysis.shapes import IDEALS, distinct_orders, shape_measure

BY_CODE = {ideal.code: ideal for ideal in IDEALS}

# SHAPE 2.1's `cshm` as packed in cosymlib 0.12.1, centre included, for the polyhedra below.
SHAPE_VALUES = {
    "T-4": 3.0653851,
    "SP-4": 3.1895215,
    "OC-6": 3.1448150,
    "TPR-6": 5.6818238,
    "CU-8": 4.7102261,
    "SAPR-8": 5.3893647,
    "TDD-8": 9.2239776,
}


def distorted(code: str) -> np.ndarray:
    """Return an ideal of mean radius 1 whose vertices are moved by known numbers."""
    ideal = BY_CODE[code].vertices
    n = len(ideal)
    moves = 0.25 * np.sin(1.7 * np.arange(3 * n).reshape(n, 3) ** 1.5)
    return ideal / np.linalg.norm(ideal, axis=1).mean() + moves


@pytest.mark.parametrize("code", sorted(SHAPE_VALUES))
def test_distorted_polyhedra_have_the_values_of_shape(code: str) -> None:
    measured = float(shape_measure(distorted(code), BY_CODE[code]))
    assert measured == pytest.approx(SHAPE_VALUES[code], abs=2e-6)


@pytest.mark.parametrize(
    ("code", "other", "published"),
    [
        # Alvarez et al., Coord. Chem. Rev. 249, 1693 (2005), and SHAPE's manual.
        ("SP-4", "T-4", 33.333),
        ("T-4", "SP-4", 33.333),
        ("TPR-6", "OC-6", 16.737),
        ("CU-8", "SAPR-8", 10.989),
        ("SAPR-8", "CU-8", 10.989),
        ("TDD-8", "SAPR-8", 2.848),
        ("TDD-8", "CU-8", 7.952),
    ],
)
def test_ideals_against_each_other(code: str, other: str, published: float) -> None:
    measured = float(shape_measure(BY_CODE[code].vertices, BY_CODE[other]))
    assert measured == pytest.approx(published, abs=3e-3)


@pytest.mark.parametrize("ideal", IDEALS, ids=lambda ideal: ideal.code)
def test_an_ideal_is_undistorted_however_turned_scaled_ordered_or_mirrored(ideal) -> None:
    rng = np.random.default_rng(1)
    order = rng.permutation(ideal.coordination)
    turned = 2.3 * Rotation.random(rng=rng).apply(ideal.vertices)[order]
    assert float(shape_measure(turned, ideal)) == pytest.approx(0.0, abs=1e-9)
    assert float(shape_measure(-turned, ideal)) == pytest.approx(0.0, abs=1e-9)
    assert np.abs(ideal.vertices.sum(axis=0)).max() < 1e-12


def test_orders_are_tried_once_for_each_class_of_symmetry() -> None:
    # n! over the order of the point group: Td 24, D4h (8 on the plane), Oh 48, D3h 12, D4d, D2d.
    numbers = {ideal.code: len(distinct_orders(ideal.code)) for ideal in IDEALS}
    assert numbers == {
        "T-4": 1, "SP-4": 3, "OC-6": 15, "TPR-6": 60, "CU-8": 840, "SAPR-8": 2520, "TDD-8": 5040,
    }  # fmt: skip


def test_values_equal_chemenv() -> None:
    from pymatgen.analysis.chemenv.coordination_environments.coordination_geometries import (
        AllCoordinationGeometries,
    )
    from pymatgen.analysis.chemenv.coordination_environments.coordination_geometry_finder import (
        symmetry_measure,
    )

    geometries = AllCoordinationGeometries()
    names = {"T-4": "T:4", "SP-4": "S:4", "OC-6": "O:6", "TPR-6": "T:6"}
    for code, symbol in names.items():
        ligands = distorted(code)
        oracle = geometries.get_geometry_from_mp_symbol(symbol)
        best = np.inf
        for permutation in permutations(range(len(ligands))):
            points = np.vstack([np.zeros(3), ligands[list(permutation)]])
            points -= points.mean(axis=0)
            perfect = np.vstack([np.zeros(3), np.array(oracle.points)])
            perfect -= perfect.mean(axis=0)
            best = min(best, symmetry_measure(points, perfect)["symmetry_measure"])
        assert float(shape_measure(ligands, BY_CODE[code])) == pytest.approx(best, abs=1e-8)
