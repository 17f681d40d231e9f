"""How far coordination polyhedra are from ideal ones: the continuous shape measure."""

from __future__ import annotations

from functools import cache
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
    ideal = OCTAHEDRON[_distinct_orders()]
    products = np.tensordot(vertices, ideal, axes=(1, 1)).transpose(0, 2, 1, 3)
    best = products[np.arange(len(vertices)), _sum_of_singular_values(products).argmax(axis=1)]
    sums = np.linalg.svd(best, compute_uv=False).sum(axis=1)
    measure = 100.0 * (1.0 - sums**2 / (square * (OCTAHEDRON**2).sum()))
    return np.asarray(np.clip(measure, 0.0, 100.0).reshape(shape))


@cache
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
    """Return σ1 + σ2 + σ3 of 3 × 3 matrices in closed form, to about eight digits.

    The squares σ² are the eigenvalues of MᵀM, ``q + 2 p cos(φ + 2πk/3)`` by the trigonometric
    solution of their cubic. Only the best order is chosen by it, since an SVD costs ten times more.
    """
    gram = matrices.swapaxes(-1, -2) @ matrices
    mean = np.trace(gram, axis1=-2, axis2=-1) / 3.0
    shifted = gram - mean[..., None, None] * np.eye(3)
    spread = np.sqrt((shifted**2).sum(axis=(-2, -1)) / 6.0)
    cubed = np.maximum(2.0 * spread**3, np.finfo(np.float64).tiny)
    angle = np.arccos(np.clip(np.linalg.det(shifted) / cubed, -1.0, 1.0)) / 3.0
    turns = angle[..., None] + 2.0 * np.pi / 3.0 * np.arange(3)
    squares = mean[..., None] + 2.0 * spread[..., None] * np.cos(turns)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)).sum(axis=-1))
