"""The shape measure against values that others published."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sinterface.analysis.polyhedra import OCTAHEDRON, octahedral_shape_measure


def trigonal_prism() -> np.ndarray:
    """Return the prism whose nine edges are equal, about its centre."""
    angles = 2.0 * np.pi / 3.0 * np.arange(3)
    triangle = np.stack([np.cos(angles), np.sin(angles)], axis=1) / np.sqrt(3.0)
    return np.array([[*corner, height] for height in (-0.5, 0.5) for corner in triangle])


def test_an_octahedron_is_undistorted_however_turned_scaled_and_ordered() -> None:
    rng = np.random.default_rng(1)
    turned = 1.93 * Rotation.random(rng=rng).apply(OCTAHEDRON)[rng.permutation(6)]
    assert octahedral_shape_measure(turned) == pytest.approx(0.0, abs=1e-10)
    assert octahedral_shape_measure(-turned) == pytest.approx(0.0, abs=1e-10)


def test_the_trigonal_prism_has_the_value_of_shape() -> None:
    # SHAPE 2.1 (Llunell et al.), TPR-6 against OC-6, centre included: 16.737.
    assert octahedral_shape_measure(trigonal_prism()) == pytest.approx(16.737, abs=5e-4)


def test_fifteen_orders_suffice() -> None:
    from itertools import permutations

    rng = np.random.default_rng(2)
    ligands = OCTAHEDRON + rng.normal(0.0, 0.5, (6, 3))
    points = np.vstack([ligands, np.zeros(3)])
    points -= points.mean(axis=0)
    sums = []
    for order in permutations(range(6)):
        ideal = np.vstack([OCTAHEDRON[list(order)], np.zeros(3)])
        sums.append(np.linalg.svd(points.T @ ideal, compute_uv=False).sum())
    direct = 100.0 * (1.0 - max(sums) ** 2 / ((points**2).sum() * 6.0))
    assert octahedral_shape_measure(ligands) == pytest.approx(direct, rel=1e-10)


def test_many_polyhedra_at_once_equal_one_by_one() -> None:
    rng = np.random.default_rng(3)
    many = 2.0 * OCTAHEDRON + rng.normal(0.0, 0.2, (4, 5, 6, 3))
    together = octahedral_shape_measure(many)
    assert together.shape == (4, 5)
    assert together[2, 3] == pytest.approx(float(octahedral_shape_measure(many[2, 3])))
