"""Where an element's sites are, and which of them a position is in."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sinterface.analysis.framework import Framework
from sinterface.analysis.maxima import density_maxima
from sinterface.analysis.stream import Frames
from sinterface.analysis.voids import BLOCKED, find_voids, with_images
from sinterface.errors import InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FRAMEWORK_FRAMES = 200
MOLTEN_A = 0.9
"""Root mean square distance from its mean place, from which an atom is no framework."""

ANIONS = ("N", "O", "F", "S", "Cl", "Br", "I")
NEAREST = 8
REACH_A = 4.0


@dataclasses.dataclass(frozen=True)
class SiteMap:
    """Centres of sites in the mean cell, and what tells them apart.

    An ion is in the site of least power distance |x − c|² − r²: with r the distance to the
    anions about a void, the border of two voids is the face that they share.
    """

    fractional: FloatArray
    square_A2: FloatArray
    kind: NDArray[np.str_]
    polyhedron_A3: FloatArray
    cell: FloatArray
    found_from: str

    def searcher(self) -> Searcher:
        """Return what finds the site of a position."""
        return Searcher(self)


class Searcher:
    """Finds the site of each position."""

    def __init__(self, sites: SiteMap) -> None:
        self.cell, self.kind = sites.cell, sites.kind
        points, self.whose = with_images(sites.fractional @ sites.cell, sites.cell, REACH_A)
        self.points, self.square = points, sites.square_A2[self.whose]
        self.tree = cKDTree(points)
        self.blocked = sites.kind == BLOCKED

    def find(self, fractional: FloatArray) -> tuple[IntArray, FloatArray]:
        """Return the site of each position (−1: none) and the offset from its centre."""
        positions = (fractional - np.floor(fractional)) @ self.cell
        near = min(NEAREST, len(self.points))
        distance, index = self.tree.query(positions, k=near, distance_upper_bound=REACH_A)
        distance, index = distance.reshape(len(positions), -1), index.reshape(len(positions), -1)
        missing = index == len(self.points)
        index = np.where(missing, 0, index)
        power = np.where(missing, np.inf, distance**2 - self.square[index])
        best = index[np.arange(len(index)), power.argmin(axis=1)]
        sites = np.where(missing.all(axis=1), -1, self.whose[best])
        sites = np.where((sites >= 0) & self.blocked[sites], -1, sites)
        return sites.astype(np.int64), positions - self.points[best]


def site_maps(runs: Sequence[Frames], element: str, found_from: str = "auto") -> list[SiteMap]:
    """Return the sites of an element in each replica, found in the same way in all."""
    maps = [site_map(run, element, found_from) for run in runs]
    if len({one.found_from for one in maps}) > 1:
        return [site_map(run, element, "density") for run in runs]
    return maps


def site_map(run: Frames, element: str, found_from: str = "auto") -> SiteMap:
    """Return the sites of an element, from the framework or from where its ions are."""
    if found_from not in ("auto", "framework", "density"):
        raise InputError(
            f"Sites are found from 'framework', 'density' or 'auto', not '{found_from}'."
        )
    framework, spread = _spread(run, element)
    symbols, fractional = framework.mean()
    anion = np.isin(symbols, ANIONS)
    stands = bool(anion.any()) and float(np.sqrt((spread[anion] ** 2).mean())) < MOLTEN_A
    if found_from == "density" or (found_from == "auto" and not stands):
        return _from_density(run, element)
    if not anion.any():
        raise InputError(
            f"'{run.name}' has no anions that could make sites; find them from the density."
        )
    cartesian = fractional @ run.mean_cell
    # A cation that travels is no framework, and blocks no site.
    staying = ~anion & (spread < MOLTEN_A)
    voids = find_voids(cartesian[anion], cartesian[staying], run.mean_cell)
    return SiteMap(
        voids.fractional, voids.square_A2, voids.kind, voids.volume_A3, run.mean_cell, "framework"
    )


def _spread(run: Frames, element: str) -> tuple[Framework, FloatArray]:
    """Return the framework with its mean, and each atom's root mean square distance from it."""
    framework = Framework(run, element)
    frames = range(0, run.n_frames, max(1, run.n_frames // FRAMEWORK_FRAMES))
    start = framework.without_drift(0)[framework.atoms]
    squares = np.zeros(len(framework.atoms))
    for index in frames:
        moved = framework.add(index)[framework.atoms] - start
        squares += ((moved @ run.mean_cell) ** 2).sum(axis=1)
    shift = (framework.mean()[1] - start) @ run.mean_cell
    variance = squares / len(frames) - (shift**2).sum(axis=1)
    return framework, np.sqrt(np.maximum(variance, 0.0))


def _from_density(run: Frames, element: str) -> SiteMap:
    found = density_maxima(run, element)
    n = len(found)
    return SiteMap(
        found, np.zeros(n), np.full(n, "site"), np.full(n, np.nan), run.mean_cell, "density"
    )
