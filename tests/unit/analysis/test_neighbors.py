"""Neighbours against brute force over images."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sinterface.analysis.neighbors import find_neighbors

CELLS = {
    "orthogonal": np.diag([6.0, 7.0, 9.0]),
    "sheared": np.array([[6.0, 0.0, 0.0], [2.5, 7.0, 0.0], [-1.0, 2.0, 9.0]]),
    "left-handed": np.array([[0.3, 6.0, 0.1], [7.0, 0.2, 0.0], [0.5, 1.0, 9.0]]),
}


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("r_max", [2.5, 7.5])
def test_all_images_are_found(name: str, r_max: float) -> None:
    cell = CELLS[name]
    rng = np.random.default_rng(0)
    points, queries = rng.random((9, 3)) @ cell + 20.0, rng.random((4, 3)) @ cell
    shifts = np.array(list(product(range(-6, 7), repeat=3))) @ cell
    vectors = points[None, :, None] + shifts - queries[:, None, None]
    expected = np.sort(np.linalg.norm(vectors, axis=-1).ravel())
    found = find_neighbors(points, queries, cell, r_max)
    np.testing.assert_allclose(np.sort(found.distances), expected[expected <= r_max], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), found.distances, atol=1e-5)
    ends = queries[found.query] + found.vectors - points[found.point]
    fractional = ends @ np.linalg.inv(cell)
    np.testing.assert_allclose(fractional, np.rint(fractional), atol=1e-5)


def test_the_nearest_come_sorted_and_without_the_atom_itself() -> None:
    cell = CELLS["sheared"]
    points = np.random.default_rng(1).random((30, 3)) @ cell
    all_found = find_neighbors(points, points, cell, 5.0)
    found = find_neighbors(points, points, cell, 5.0, nearest=4)
    assert np.array_equal(found.query, np.repeat(np.arange(30), 4))
    for atom in range(30):
        near = np.sort(all_found.distances[all_found.query == atom])[:4]
        np.testing.assert_allclose(found.distances[found.query == atom], near, atol=1e-6)
