"""Whether a density connects through the periodic cell, and at which level."""

from __future__ import annotations

import dataclasses
from collections import deque

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sinterface.analysis.records import Record
from sinterface.units import BOLTZMANN_EV_PER_K

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ALIKE = 0.8
"""Directions whose levels are this near to the highest connect together."""

FEW_COUNTS = 3.0
"""A bottleneck below so many counts is not resolved."""


@dataclasses.dataclass(frozen=True)
class Pathway(Record):
    """The pathway through a periodic density.

    Attributes
    ----------
    threshold_per_A3
        Highest density whose region winds through the cell along each cell vector, shape (3,);
        0 where only the region of all density does.
    threshold_std_per_A3
        Standard error between blocks of time, shape (3,).
    barrier_eV
        kT ln(ρ_max/ρ*): the free energy from the most visited point to the bottleneck along each
        vector; NaN without a temperature or a pathway.
    barrier_std_eV
        Standard error between blocks of time.
    resolved
        Whether each bottleneck was visited often enough (three counts); where False the
        threshold is an upper bound and the barrier a lower one.
    dimensions
        Number of independent directions that connect at 0.8 of the highest threshold.
    highest_per_A3
        Largest density, ρ_max.
    least_per_A3
        The density that a single count makes.
    """

    threshold_per_A3: NDArray[np.float64]
    threshold_std_per_A3: NDArray[np.float64]
    barrier_eV: NDArray[np.float64]
    barrier_std_eV: NDArray[np.float64]
    resolved: tuple[bool, bool, bool]
    dimensions: int
    highest_per_A3: float
    least_per_A3: float


def find_pathway(
    density: FloatArray, blocks: list[FloatArray], temperature_K: float, least: float
) -> Pathway:
    """Return the pathway of a density, with errors from the densities of blocks of time.

    Parameters
    ----------
    density
        On a periodic grid, shape (n_a, n_b, n_c), in atoms per Å³.
    blocks
        The same of equal parts of the run.
    temperature_K
        For the barrier; NaN where unknown.
    least
        Density that a single count makes.
    """
    levels = percolation_levels(density)
    several = np.array([percolation_levels(block) for block in blocks])
    highest = np.array([block.max() for block in blocks])
    heat = BOLTZMANN_EV_PER_K * temperature_K
    n = max(len(blocks), 1)
    barriers = _barrier(several, highest[:, None], heat)
    first = float(levels.max())
    found = levels >= FEW_COUNTS * least
    return Pathway(
        threshold_per_A3=levels,
        threshold_std_per_A3=several.std(axis=0, ddof=1) / np.sqrt(n),
        barrier_eV=_barrier(np.maximum(levels, least), np.array(density.max()), heat),
        barrier_std_eV=barriers.std(axis=0, ddof=1) / np.sqrt(n),
        resolved=(bool(found[0]), bool(found[1]), bool(found[2])),
        dimensions=_dimensions(density >= ALIKE * first) if first > 0.0 else 0,
        highest_per_A3=float(density.max()),
        least_per_A3=least,
    )


def _barrier(levels: FloatArray, highest: FloatArray, heat_eV: float) -> FloatArray:
    ratio = np.divide(highest, levels, out=np.full(levels.shape, np.nan), where=levels > 0.0)
    return np.asarray(heat_eV * np.log(ratio))


def percolation_levels(density: FloatArray) -> FloatArray:
    """Return the highest level whose region winds along each cell vector, shape (3,)."""
    levels = np.unique(density)
    # First to 1/4096 of the points, then exactly between two of them.
    coarse = levels[:: max(1, len(levels) // 4096)]
    found = np.zeros(3)
    for axis in range(3):
        at = _last_level(density, coarse, axis)
        if at is None:
            continue
        high = coarse[at + 1] if at + 1 < len(coarse) else np.inf
        fine = levels[(levels >= coarse[at]) & (levels < high)]
        best = _last_level(density, fine, axis)
        found[axis] = fine[0 if best is None else best]
    return found


def _last_level(density: FloatArray, levels: FloatArray, axis: int) -> int | None:
    """Return the index of the highest of some rising levels that winds along an axis."""
    low, high = -1, len(levels)
    while high - low > 1:
        middle = (low + high) // 2
        if levels[middle] > 0.0 and not windings(density >= levels[middle])[:, axis].any():
            high = middle
        else:
            low = middle
    return low if low >= 0 and levels[low] > 0.0 else None


def windings(region: NDArray[np.bool_]) -> IntArray:
    """Return how often closed paths inside a periodic region wind along each cell vector.

    Parameters
    ----------
    region
        Which grid points belong to it, shape (n_a, n_b, n_c); neighbours share a face.

    Returns
    -------
    windings
        One row a closed path that leaves the cell, shape (n_paths, 3): none where the region
        never connects to an image of itself.
    """
    paths = [np.zeros((0, 3), dtype=np.int64), *loops(_crossings(region))]
    return np.concatenate(paths)


def _dimensions(region: NDArray[np.bool_]) -> int:
    ranks = [int(np.linalg.matrix_rank(paths)) for paths in loops(_crossings(region))]
    return max(ranks, default=0)


Edges = list[list[tuple[int, tuple[int, int, int]]]]


def _crossings(region: NDArray[np.bool_]) -> Edges:
    """Return how the parts of a region inside the cell connect through its faces."""
    label, n_labels = ndimage.label(region)
    edges: Edges = [[] for _ in range(n_labels + 1)]
    for axis in range(3):
        last, first = np.take(label, -1, axis=axis), np.take(label, 0, axis=axis)
        both = (last > 0) & (first > 0)
        step = (int(axis == 0), int(axis == 1), int(axis == 2))
        back = (-step[0], -step[1], -step[2])
        for one, other in np.unique(np.stack([last[both], first[both]], axis=1), axis=0):
            edges[int(one)].append((int(other), step))
            edges[int(other)].append((int(one), back))
    return edges


def loops(edges: Edges) -> list[IntArray]:
    """Return the lattice vectors by which closed paths of a periodic graph come back.

    One array, shape (n_paths, 3), for each part of the graph that has such paths.

    Parameters
    ----------
    edges
        For each node the nodes next to it, with the cell vectors crossed on the way.
    """
    place: dict[int, tuple[int, int, int]] = {}
    parts = []
    for root in range(len(edges)):
        if root in place or not edges[root]:
            continue
        place[root] = (0, 0, 0)
        queue = deque([root])
        found: set[tuple[int, int, int]] = set()
        while queue:
            node = queue.popleft()
            x, y, z = place[node]
            for other, (a, b, c) in edges[node]:
                there = (x + a, y + b, z + c)
                if other not in place:
                    place[other] = there
                    queue.append(other)
                elif place[other] != there:
                    p, q, r = place[other]
                    found.add((there[0] - p, there[1] - q, there[2] - r))
        if found:
            parts.append(np.array(sorted(found), dtype=np.int64))
    return parts
