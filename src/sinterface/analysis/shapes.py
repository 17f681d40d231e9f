"""The continuous shape measure: how far coordination polyhedra are from ideal ones."""

from __future__ import annotations

import dataclasses
from functools import cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BLOCK = 2_000_000
"""Matrices held in memory at once."""


@dataclasses.dataclass(frozen=True)
class Ideal:
    """An ideal polyhedron.

    Attributes
    ----------
    name, code
        In words, and as in SHAPE (``"OC-6"``).
    vertices
        About the centre, shape (n_vertices, 3); their sum is zero.
    """

    name: str
    code: str
    vertices: FloatArray

    @property
    def coordination(self) -> int:
        """Number of vertices."""
        return len(self.vertices)


def _prism(n: int, turn: float, radius: float, height: float) -> FloatArray:
    """Return two n-gons at ± `height`, the upper one turned by `turn`."""
    angles = 2.0 * np.pi / n * np.arange(n)
    rings = [
        np.column_stack([radius * np.cos(ring), radius * np.sin(ring), np.full(n, z)])
        for ring, z in ((angles, -height), (angles + turn, height))
    ]
    return np.concatenate(rings)


def _dodecahedron() -> FloatArray:
    """Return Hoard's triangular dodecahedron (θ_A = 36.85°, θ_B = 69.46°), digits as in SHAPE."""
    (x, high), (y, low) = (0.636106245, 0.848768388), (0.993210924, 0.372146720)
    upper = np.array([[x, 0, high], [-x, 0, high], [0, y, low], [0, -y, low]])
    return np.concatenate([upper, upper[:, [1, 0, 2]] * [1, 1, -1]])


_ANTIPRISM = 0.5 / np.sin(np.pi / 4.0), 0.5 * 2.0**-0.25  # radius, half height, all edges 1

IDEALS = (
    Ideal("tetrahedron", "T-4", np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1.0]])),
    Ideal("square plane", "SP-4", np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0.0]])),
    Ideal(
        "octahedron",
        "OC-6",
        np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1.0]]),
    ),
    Ideal("trigonal prism", "TPR-6", _prism(3, 0.0, 1.0 / np.sqrt(3.0), 0.5)),
    Ideal("cube", "CU-8", _prism(4, 0.0, np.sqrt(0.5), 0.5)),
    Ideal("square antiprism", "SAPR-8", _prism(4, np.pi / 4.0, *_ANTIPRISM)),
    Ideal("triangular dodecahedron", "TDD-8", _dodecahedron()),
)
"""The ideals, as SHAPE 2.1 has them (Llunell et al., University of Barcelona, 2013)."""

COORDINATIONS = tuple(sorted({ideal.coordination for ideal in IDEALS}))


def ideals_of(coordination: int) -> tuple[Ideal, ...]:
    """Return the ideals with a number of vertices."""
    return tuple(ideal for ideal in IDEALS if ideal.coordination == coordination)


def shape_measure(ligands: FloatArray, ideal: Ideal) -> FloatArray:
    """Return the continuous shape measure of polyhedra with their centres, shape (...,).

    With Q the n + 1 points about their centroid, P the ideal and its centre,
    ``S = 100 min_π [1 − (σ1 + σ2 + σ3)² / (|Q|² |P|²)]``, σ the singular values of Qᵀ P_π:
    the least squared distance over rotations, scalings and orders of the vertices
    (M. Pinsky and D. Avnir, Inorg. Chem. 37, 5575 (1998)). Orders that a symmetry of the ideal
    turns into each other are tried once: 15 of the octahedron's 720. 0 is undistorted.

    Parameters
    ----------
    ligands
        Vectors from the centre to its ligands, shape (..., n_vertices, 3).
    ideal
        The polyhedron to compare with.
    """
    n = ideal.coordination
    vertices = np.asarray(ligands, dtype=np.float64).reshape(-1, n, 3)
    orders = distinct_orders(ideal.code)
    step = max(1, BLOCK // len(orders))
    parts = [
        _measure(vertices[i : i + step], ideal.vertices, orders)
        for i in range(0, len(vertices), step)
    ]
    found = np.concatenate(parts) if parts else np.empty(0)
    return np.asarray(found.reshape(ligands.shape[:-2]))


def _measure(vertices: FloatArray, ideal: FloatArray, orders: IntArray) -> FloatArray:
    # The centre sits at the origin; with it the centroid is the ligands' sum over n + 1.
    centroid = vertices.sum(axis=1, keepdims=True) / (vertices.shape[1] + 1.0)
    square = ((vertices - centroid) ** 2).sum(axis=(1, 2)) + (centroid**2).sum(axis=(1, 2))
    # The ideal polyhedron's own sum is zero, so the centroid drops out of Qᵀ P.
    products = np.tensordot(vertices, ideal[orders], axes=(1, 1)).transpose(0, 2, 1, 3)
    best = products[np.arange(len(vertices)), _sum_of_singular_values(products).argmax(axis=1)]
    sums = np.linalg.svd(best, compute_uv=False).sum(axis=1)
    return np.asarray(np.clip(100.0 * (1.0 - sums**2 / (square * (ideal**2).sum())), 0.0, 100.0))


@cache
def distinct_orders(code: str) -> IntArray:
    """Return one order of the vertices for each class under the ideal's symmetries.

    A symmetry (rotation or reflection) is an order that keeps all distances between vertices.
    """
    ideal = next(one for one in IDEALS if one.code == code)
    n = ideal.coordination
    orders = np.array(list(permutations(range(n))), dtype=np.int64)
    apart = np.linalg.norm(ideal.vertices[:, None] - ideal.vertices, axis=2)
    kept = np.ones(len(orders), dtype=bool)
    for i in range(n):
        for j in range(i):
            kept &= np.abs(apart[orders[:, i], orders[:, j]] - apart[i, j]) < 1e-6
    digits = n ** np.arange(n)
    names = np.min([symmetry[orders] @ digits for symmetry in orders[kept]], axis=0)
    _, first = np.unique(names, return_index=True)
    return orders[first]


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
