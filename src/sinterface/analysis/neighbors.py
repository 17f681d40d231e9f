"""Neighbours under periodic boundaries, in any cell and to any distance."""

from __future__ import annotations

import dataclasses

import numpy as np
import vesin
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Neighbors:
    """Neighbours of query points, sorted by query point, then by distance.

    Attributes
    ----------
    query, point
        Indices into the query points and the points, shape (n_pairs,).
    vectors
        From query point to point, shape (n_pairs, 3), in Å.
    distances
        Their lengths, shape (n_pairs,), in Å.
    """

    query: IntArray
    point: IntArray
    vectors: FloatArray
    distances: FloatArray


def find_pairs(
    positions: FloatArray, cell: FloatArray, r_max: float
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return all pairs within a distance, images included, each met from one end only.

    Parameters
    ----------
    positions
        Shape (n_atoms, 3), in Å, wrapped or not.
    cell
        Rows are vectors, shape (3, 3), in Å; any angles, any size compared with `r_max`.
    r_max
        Longest distance, in Å.

    Returns
    -------
    i, j, distances
        Shape (n_pairs,) each.
    """
    search = vesin.NeighborList(cutoff=r_max, full_list=False, n_threads=1)
    i, j, distances = search.compute(positions, cell, True, quantities="ijd")
    return i.astype(np.int64), j.astype(np.int64), distances


def find_neighbors(
    points: FloatArray, queries: FloatArray, cell: FloatArray, r_max: float
) -> Neighbors:
    """Return the points about each query point within a distance, images included.

    Parameters
    ----------
    points, queries
        Positions of two different sets of atoms, shapes (n_points, 3) and (n_queries, 3), in Å.
    cell, r_max
        As in `find_pairs`.
    """
    both = np.concatenate([queries, points])
    search = vesin.NeighborList(cutoff=r_max, full_list=True, n_threads=1)
    i, j, distances, vectors = search.compute(both, cell, True, quantities="ijdD")
    across = np.flatnonzero((i < len(queries)) & (j >= len(queries)))
    order = across[np.lexsort((distances[across], i[across]))]
    return Neighbors(
        query=i[order].astype(np.int64),
        point=j[order].astype(np.int64) - len(queries),
        vectors=vectors[order],
        distances=distances[order],
    )
