"""Neighbours against brute force over images."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sinterface.analysis.neighbors import find_neighbors, find_pairs

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
    np.testing.assert_allclose(np.sort(found.distances), expected[expected <= r_max], atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), found.distances, atol=1e-9)
    ends = queries[found.query] + found.vectors - points[found.point]
    fractional = ends @ np.linalg.inv(cell)
    np.testing.assert_allclose(fractional, np.rint(fractional), atol=1e-9)


def test_neighbors_come_sorted() -> None:
    rng = np.random.default_rng(1)
    cell = CELLS["sheared"]
    found = find_neighbors(rng.random((30, 3)) @ cell, rng.random((20, 3)) @ cell, cell, 5.0)
    order = np.lexsort((found.distances, found.query))
    assert np.array_equal(order, np.arange(len(found.query)))


@pytest.mark.parametrize("name", CELLS)
def test_each_pair_is_met_once_images_of_itself_included(name: str) -> None:
    cell = CELLS[name]
    points = np.random.default_rng(2).random((5, 3)) @ cell
    shifts = np.array(list(product(range(-6, 7), repeat=3))) @ cell
    distances = np.linalg.norm(points[None, :, None] + shifts - points[:, None, None], axis=-1)
    inside = (distances > 1e-6) & (distances <= 8.0)
    _, _, found = find_pairs(points, cell, 8.0)
    np.testing.assert_allclose(np.repeat(np.sort(found), 2), np.sort(distances[inside]), atol=1e-9)
