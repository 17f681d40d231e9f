"""Neighbours under periodic boundaries, in any cell and to any distance, through freud."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Neighbors:
    """Neighbours of query points, sorted by query point, then by distance if `nearest` was asked.

    Attributes
    ----------
    query, point
        Indices into the query points and the points, shape (n_pairs,).
    vectors
        From query point to point, shape (n_pairs, 3), in Å (single precision inside freud).
    distances
        Their lengths, shape (n_pairs,), in Å.
    """

    query: NDArray[np.int64]
    point: NDArray[np.int64]
    vectors: FloatArray
    distances: FloatArray


def find_neighbors(
    points: FloatArray,
    queries: FloatArray,
    cell: FloatArray,
    r_max: float,
    *,
    nearest: int | None = None,
) -> Neighbors:
    """Return the points about each query point, images included, self pairs left out.

    Parameters
    ----------
    points, queries
        Positions, shapes (n_points, 3) and (n_queries, 3), in Å, wrapped or not.
    cell
        Rows are vectors, shape (3, 3), in Å; any handedness, any angles.
    r_max
        Longest distance, in Å; the cell is replicated where it is shorter than 2 r_max.
    nearest
        Only this many nearest points of each query point.
    """
    import freud

    repeat = _repeats(cell, r_max)
    images = np.array(list(product(*(range(n) for n in repeat))), dtype=np.float64) @ cell
    many = (images[:, None] + points).reshape(-1, 3)
    large = np.asarray(repeat)[:, None] * cell
    rotation, upper = _standard_form(large)
    system = (freud.box.Box.from_matrix(upper), _centred(many, large) @ rotation)
    options: dict[str, object] = {"r_max": r_max, "exclude_ii": False}
    options |= {"mode": "ball"} if nearest is None else {"num_neighbors": nearest + 1}
    found = freud.locality.AABBQuery(*system).query(_centred(queries, large) @ rotation, options)
    pairs = found.toNeighborList(sort_by_distance=nearest is not None)
    kept = pairs.distances > 1e-4
    return Neighbors(
        query=np.asarray(pairs.query_point_indices)[kept].astype(np.int64),
        point=np.asarray(pairs.point_indices)[kept].astype(np.int64) % len(points),
        vectors=np.asarray(pairs.vectors)[kept].astype(np.float64) @ rotation.T,
        distances=np.asarray(pairs.distances)[kept].astype(np.float64),
    )


def _repeats(cell: FloatArray, r_max: float) -> tuple[int, int, int]:
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    a, b, c = np.floor(2.0 * r_max * 1.001 / heights).astype(int) + 1
    return int(a), int(b), int(c)


def _standard_form(cell: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the rotation Q and the upper triangular R of cellᵀ = Q R, positive diagonal."""
    rotation, upper = np.linalg.qr(cell.T)
    signs = np.sign(np.diag(upper))
    return rotation * signs, upper * signs[:, None]


def _centred(positions: FloatArray, cell: FloatArray) -> FloatArray:
    fractional = positions @ np.linalg.inv(cell)
    return np.asarray((fractional - np.rint(fractional)) @ cell)
