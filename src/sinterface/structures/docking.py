"""How two slabs lie on each other: lateral shift and gap from the distances of their atoms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sinterface.structures.contacts import comfortable

Floats = NDArray[np.float64]

SKIN_A = 4.0


@dataclass(frozen=True)
class Face:
    """Atoms of a slab near one of its faces: in-plane positions, depth below the face in Å."""

    plane: Floats
    depth: Floats
    symbols: tuple[str, ...]


@dataclass(frozen=True)
class Docking:
    """Lateral shift of the electrode and both gaps between outermost atoms, in Å."""

    shift: tuple[float, float]
    lower_gap_A: float
    upper_gap_A: float


def face(positions: Floats, symbols: list[str], *, top: bool) -> Face:
    """Return the atoms within 4 Å of the outermost one, at the top or at the bottom."""
    depth = positions[:, 2].max() - positions[:, 2] if top else positions[:, 2]
    depth = depth - depth.min()
    near = depth < SKIN_A
    kinds = tuple(s for s, keep in zip(symbols, near, strict=True) if keep)
    return Face(positions[near, :2], depth[near], kinds)


def needed_gap(below: Face, above: Face, plane_cell: Floats, shift: Floats) -> float:
    """Return the smallest gap in Å at which every pair of atoms across it is comfortable."""
    first, below_kind = np.unique(below.symbols, return_inverse=True)
    second, above_kind = np.unique(above.symbols, return_inverse=True)
    limits = np.array([[comfortable(str(a), str(b)) for b in second] for a in first])
    reach = float(limits.max())
    images, origin = _plane_images(above.plane + shift, plane_cell, reach)
    inside = below.plane @ np.linalg.inv(plane_cell)
    tree = cKDTree((inside - np.floor(inside)) @ plane_cell)
    near = tree.sparse_distance_matrix(cKDTree(images), reach, output_type="ndarray")
    i, j = near["i"], origin[near["j"]]
    limit = limits[below_kind[i], above_kind[j]]
    needed = np.sqrt(np.clip(limit**2 - near["v"] ** 2, 0.0, None))
    touching = near["v"] < limit
    gaps = (needed - below.depth[i] - above.depth[j])[touching]
    return float(gaps.max(initial=0.0))


def _plane_images(points: Floats, cell: Floats, reach: float) -> tuple[Floats, NDArray[np.int64]]:
    inverse = np.linalg.inv(cell)
    margin = reach * np.linalg.norm(inverse, axis=0)
    images = points @ inverse
    images -= np.floor(images)
    origin = np.arange(len(points))
    for axis in range(2):
        step = np.eye(2)[axis]
        images = np.concatenate([images - step, images, images + step])
        origin = np.tile(origin, 3)
        keep = (images[:, axis] > -margin[axis]) & (images[:, axis] < 1.0 + margin[axis])
        images, origin = images[keep], origin[keep]
    return images @ cell, origin


def dockings(
    electrolyte: tuple[Face, Face],
    electrode: tuple[Face, Face],
    plane_cell: Floats,
    repeat_cell: Floats,
    *,
    n_grid: int = 6,
) -> list[Docking]:
    """Return shifts on a grid over `repeat_cell` by the total gap they need, smallest first.

    Parameters
    ----------
    electrolyte, electrode
        Bottom and top face of each slab.
    plane_cell
        Common cell, rows in Å, shape (2, 2).
    repeat_cell
        The electrode's own surface cell as strained, rows in Å, shape (2, 2); shifts beyond it
        repeat.
    """
    found = []
    for a in range(n_grid):
        for b in range(n_grid):
            shift = np.array([a, b]) / n_grid @ repeat_cell
            lower = needed_gap(electrolyte[1], electrode[0], plane_cell, shift)
            upper = needed_gap(electrode[1], electrolyte[0], plane_cell, -shift)
            found.append(Docking((float(shift[0]), float(shift[1])), lower, upper))
    return sorted(found, key=lambda docking: docking.lower_gap_A + docking.upper_gap_A)
