"""The voids between anions: where ions can sit, found from the framework alone."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from sinterface.analysis.records import Record
from sinterface.analysis.shapes import ideals_of, shape_measure

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MARGIN_A = 7.0
"""How far images of the anions reach beyond the cell: wider than any void."""

MERGE_A = 0.9
"""Neighbouring Delaunay tetrahedra whose circumcentres are nearer than that are one void."""

BLOCKED_A = 2.4
"""A void whose centre is nearer to a framework cation has no room for an ion."""

FLAT_A3 = 1e-3
"""Tetrahedra of less volume have no sure circumcentre; they lie inside a void."""

KINDS = {"tetrahedron": "tetrahedral", "octahedron": "octahedral"}
BLOCKED = "blocked"


@dataclasses.dataclass(frozen=True)
class Voids(Record):
    """Voids between anions; together they fill the cell.

    Attributes
    ----------
    fractional
        Centres, shape (n_voids, 3), in [0, 1).
    square_A2
        Mean squared distance from the centre to the anions about it, shape (n_voids,).
    kind
        ``"tetrahedral"``, ``"octahedral"``, another polyhedron's name or ``"7-fold"``;
        ``"blocked"`` where a framework cation sits in it or too near.
    volume_A3
        Of the polyhedron of anions, shape (n_voids,).
    """

    fractional: NDArray[np.float64]
    square_A2: NDArray[np.float64]
    kind: NDArray[np.str_]
    volume_A3: NDArray[np.float64]


def find_voids(anions: FloatArray, cations: FloatArray, cell: FloatArray) -> Voids:
    """Find the voids of a periodic arrangement of anions.

    The Delaunay tetrahedra of the anions are joined where two of them that share a face have
    nearly the same circumcentre: an octahedron's four tetrahedra become one void.

    Parameters
    ----------
    anions, cations
        Positions of the framework's anions and cations, shapes (n, 3), in Å.
    cell
        Rows are vectors, shape (3, 3), in Å.
    """
    points, _ = with_images(anions, cell, MARGIN_A)
    mesh = Delaunay(points)
    corners = points[mesh.simplices]
    centers, volumes = _circumcenters(corners)
    label = _joined(mesh, centers, volumes)
    members = np.argsort(label, kind="stable")
    starts = np.unique(label[members], return_index=True)[1][1:]
    tree = cKDTree(with_images(cations, cell, MARGIN_A)[0]) if len(cations) else None
    rows = []
    inverse = np.linalg.inv(cell)
    for group in np.split(members, starts):
        vertices = points[np.unique(mesh.simplices[group])]
        center = vertices.mean(axis=0)
        fractional = center @ inverse
        # Each void once: that of its images whose centre lies in the cell.
        if ((fractional < -1e-7) | (fractional >= 1.0 - 1e-7)).any():
            continue
        near = np.inf if tree is None else float(tree.query(center)[0])
        kind = BLOCKED if near < BLOCKED_A else _kind(vertices - center)
        square = float(((vertices - center) ** 2).sum(axis=1).mean())
        rows.append((fractional, square, kind, float(volumes[group].sum())))
    return Voids(
        np.array([row[0] for row in rows]).reshape(-1, 3),
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows], dtype=np.str_),
        np.array([row[3] for row in rows]),
    )


def with_images(
    positions: FloatArray, cell: FloatArray, margin_A: float
) -> tuple[FloatArray, IntArray]:
    """Return wrapped points with their images up to a distance beyond the cell, and whose.

    Parameters
    ----------
    positions
        Shape (n, 3), in Å.
    cell
        Rows are vectors, shape (3, 3), in Å; any angles.
    margin_A
        How far beyond the cell's faces images are wanted.
    """
    inverse = np.linalg.inv(cell)
    fractional = positions @ inverse
    fractional = fractional - np.floor(fractional)
    margin = margin_A * np.linalg.norm(inverse, axis=0)
    reach = [np.arange(-n, n + 1) for n in np.ceil(margin).astype(int)]
    shifts = np.stack(np.meshgrid(*reach, indexing="ij"), axis=-1).reshape(-1, 3)
    found, whose = [], []
    for shift in shifts:
        moved = fractional + shift
        kept = np.flatnonzero(((moved > -margin) & (moved < 1.0 + margin)).all(axis=1))
        found.append(moved[kept])
        whose.append(kept)
    return np.asarray(np.concatenate(found) @ cell), np.concatenate(whose)


def _circumcenters(corners: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return circumcentres (NaN where flat) and volumes of tetrahedra, (n, 4, 3)."""
    edges = corners[:, 1:] - corners[:, :1]
    volumes = np.abs(np.linalg.det(edges)) / 6.0
    firm = volumes > FLAT_A3
    centers = np.full((len(corners), 3), np.nan)
    right = 0.5 * (edges[firm] ** 2).sum(axis=2)
    centers[firm] = corners[firm, 0] + np.linalg.solve(edges[firm], right[..., None])[..., 0]
    return centers, volumes


def _joined(mesh: Delaunay, centers: FloatArray, volumes: FloatArray) -> IntArray:
    """Return the void of each tetrahedron."""
    one = np.repeat(np.arange(len(centers)), 4)
    other = mesh.neighbors.ravel()
    inner = other >= 0
    one, other = one[inner], other[inner]
    with np.errstate(invalid="ignore"):
        apart = np.linalg.norm(centers[one] - centers[other], axis=1)
    same = apart < MERGE_A
    pairs = np.column_stack([one[same], other[same]])
    bridges = [_about_flat(int(k), mesh.neighbors[k], centers) for k in _flat(volumes)]
    i, j = np.concatenate([pairs, *bridges]).T
    graph = coo_array((np.ones(len(i)), (i, j)), shape=(len(centers),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _flat(volumes: FloatArray) -> IntArray:
    return np.flatnonzero(volumes <= FLAT_A3)


def _about_flat(flat: int, about: NDArray[np.int32], centers: FloatArray) -> IntArray:
    """Return the pairs that hang together across a flat tetrahedron, and its own."""
    near = [int(k) for k in about if k >= 0 and np.isfinite(centers[k, 0])]
    pairs = [(flat, near[0])] if near else [(flat, flat)]
    for place, one in enumerate(near):
        for other in near[:place]:
            if np.linalg.norm(centers[one] - centers[other]) < MERGE_A:
                pairs.append((one, other))
    return np.array(pairs, dtype=np.int64)


def _kind(vertices: FloatArray) -> str:
    ideals = ideals_of(len(vertices))
    if not ideals:
        return f"{len(vertices)}-fold"
    measures = [float(shape_measure(vertices, ideal)) for ideal in ideals]
    name = ideals[int(np.argmin(measures))].name
    return KINDS.get(name, name)
