"""How far coordination polyhedra are from ideal ones: the continuous shape measure."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

OCTAHEDRON = np.array(
    [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], dtype=np.float64
)


def octahedral_shape_measure(ligands: FloatArray) -> FloatArray:
    """Return the continuous shape measure of six ligands and their centre, shape (...,).

    With Q the seven points about their centroid, P the octahedron and its centre,
    ``S = 100 min_π [1 − (σ1 + σ2 + σ3)² / (|Q|² |P|²)]``, σ the singular values of Qᵀ P_π:
    the least squared distance over rotations, scalings and orders of the vertices
    (M. Pinsky and D. Avnir, Inorg. Chem. 37, 5575 (1998)). Of the 720 orders only 15 differ,
    since the octahedron has 48 symmetries. 0 is undistorted.

    Parameters
    ----------
    ligands
        Vectors from the centre to its ligands, shape (..., 6, 3).
    """
    shape = ligands.shape[:-2]
    vertices = ligands.reshape(-1, 6, 3)
    # The centre sits at the origin; with it the centroid is the ligands' sum over seven.
    centroid = vertices.sum(axis=1, keepdims=True) / 7.0
    square = ((vertices - centroid) ** 2).sum(axis=(1, 2)) + (centroid**2).sum(axis=(1, 2))
    # The ideal polyhedron's own sum is zero, so the centroid drops out of Qᵀ P.
    orders = OCTAHEDRON[_distinct_orders()]
    products = np.einsum("nka,pkb->npab", vertices, orders)
    sums = _sum_of_singular_values(products).max(axis=1)
    measure = 100.0 * (1.0 - sums**2 / (square * (OCTAHEDRON**2).sum()))
    return np.asarray(np.clip(measure, 0.0, 100.0).reshape(shape))


def _distinct_orders() -> NDArray[np.int64]:
    """Return one order of the vertices for each way to pair six ligands as opposites, (15, 6)."""
    seen: dict[frozenset[frozenset[int]], list[int]] = {}
    for order in permutations(range(6)):
        opposites = frozenset(
            frozenset((order.index(2 * axis), order.index(2 * axis + 1))) for axis in range(3)
        )
        seen.setdefault(opposites, list(order))
    return np.array(list(seen.values()), dtype=np.int64)


def _sum_of_singular_values(matrices: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.svd(matrices, compute_uv=False).sum(axis=-1))
