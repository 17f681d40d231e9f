"""Volumes of sites by the positions that ions took in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

KEPT_SHARE = 0.95
"""Share of the positions inside the hull: those nearest to their mean."""

MOST_POSITIONS = 1600
"""Positions kept of each site, a fair sample of all."""

STEPS = (25, 50, 100, 200, 400, 800, 1600)
"""Numbers of positions at which the convergence is shown."""

WAITING = 500
"""Positions of a site that are collected before its hull is drawn anew."""

REACHED_SHARE = 0.75
"""Share of the visited sites that must have as many positions as the volume is made from."""


class Positions:
    """A fair sample of the positions in each site, of bounded size (reservoir sampling)."""

    def __init__(self, n_sites: int, seed: int = 0) -> None:
        self.kept = np.zeros((n_sites, MOST_POSITIONS, 3), dtype=np.float32)
        self.seen = np.zeros(n_sites, dtype=np.int64)
        self._rng = np.random.default_rng(seed)

    def add(self, sites: IntArray, offsets: FloatArray) -> None:
        """Take in positions relative to the sites' centres, shapes (n,) and (n, 3)."""
        order = np.argsort(sites, kind="stable")
        sites, offsets = sites[order], offsets[order]
        begin = np.searchsorted(sites, sites)
        rank = np.arange(len(sites)) - begin
        for turn in range(int(rank.max()) + 1 if len(rank) else 0):
            now = rank == turn
            self._add_once(sites[now], offsets[now])

    def _add_once(self, sites: IntArray, offsets: FloatArray) -> None:
        seen = self.seen[sites]
        place = np.where(
            seen < MOST_POSITIONS, seen, self._rng.integers(0, np.maximum(seen + 1, 1))
        )
        kept = place < MOST_POSITIONS
        self.kept[sites[kept], place[kept]] = offsets[kept]
        self.seen[sites] += 1

    def of(self, site: int) -> FloatArray:
        """Return the positions kept of one site in a random order, shape (n, 3)."""
        n = min(int(self.seen[site]), MOST_POSITIONS)
        found = self.kept[site, :n].astype(np.float64)
        return np.asarray(found[np.random.default_rng(site).permutation(n)])


class AccessibleHulls:
    """Convex hull of every position in each site, in bounded memory: inner points are dropped."""

    def __init__(self, n_sites: int) -> None:
        self.seen = np.zeros(n_sites, dtype=np.int64)
        self._points: list[list[FloatArray]] = [[] for _ in range(n_sites)]
        self._waiting = np.zeros(n_sites, dtype=np.int64)

    def add(self, sites: IntArray, offsets: FloatArray) -> None:
        """Take in positions relative to the sites' centres, shapes (n,) and (n, 3)."""
        order = np.argsort(sites, kind="stable")
        names, begin = np.unique(sites[order], return_index=True)
        for site, points in zip(names, np.split(offsets[order], begin[1:]), strict=True):
            self._points[site].append(points)
            self.seen[site] += len(points)
            self._waiting[site] += len(points)
            if self._waiting[site] > WAITING:
                self._reduce(int(site))

    def volumes(self) -> FloatArray:
        """Return each site's volume in Å³; NaN with fewer than 5 positions."""
        found = np.full(len(self.seen), np.nan)
        for site in np.flatnonzero(self.seen >= 5):
            try:
                found[site] = ConvexHull(np.concatenate(self._points[site])).volume
            except (QhullError, ValueError):  # all positions on a plane
                found[site] = 0.0
        return found

    def _reduce(self, site: int) -> None:
        points = np.concatenate(self._points[site])
        try:
            points = points[ConvexHull(points).vertices]
        except (QhullError, ValueError):
            return
        self._points[site] = [points]
        self._waiting[site] = 0


def hull_volume(positions: FloatArray, share: float = KEPT_SHARE) -> float:
    """Return the volume of the convex hull of the inner share of positions, in Å³.

    Inner by the Mahalanobis distance from their mean, so that the shape of the cloud is kept.

    Parameters
    ----------
    positions
        Shape (n, 3), in Å.
    share
        Share of the positions that are kept.
    """
    if len(positions) < 5:
        return np.nan
    moved = positions - positions.mean(axis=0)
    inverse = np.linalg.pinv(moved.T @ moved / len(moved))
    distance = np.einsum("ni,ij,nj->n", moved, inverse, moved)
    inner = moved[distance <= np.quantile(distance, share)]
    try:
        return float(ConvexHull(inner).volume)
    except (QhullError, ValueError):  # all positions on a plane
        return 0.0


def common_number(positions: Positions, groups: list[NDArray[np.bool_]]) -> int:
    """Return the largest of `STEPS` that most sites of every group reach; 0 if none.

    A group of sites that hardly anything visits doesn't count.

    Parameters
    ----------
    positions
        Of all sites.
    groups
        The visited sites of each kind.
    """
    found = []
    for group in groups:
        seen = positions.seen[group]
        reached = [step for step in STEPS if len(seen) and (seen >= step).mean() >= REACHED_SHARE]
        found += [max(reached)] if reached else []
    return min(found, default=0)


def site_volumes(
    positions: Positions, n_positions: int, *, share: float = KEPT_SHARE
) -> FloatArray:
    """Return the volume of each site from the same number of positions; NaN with fewer."""
    volumes = np.full(len(positions.seen), np.nan)
    for site in np.flatnonzero(positions.seen >= n_positions) if n_positions else ():
        volumes[site] = hull_volume(positions.of(int(site))[:n_positions], share)
    return volumes


def convergence(positions: Positions, sites: IntArray, most_sites: int = 60) -> FloatArray:
    """Return how the mean volume grows with the number of positions.

    Parameters
    ----------
    positions
        Of all sites.
    sites
        Sites of one kind; those with the most positions stand for them.
    most_sites
        Sites at most.

    Returns
    -------
    rows
        Number of positions, mean volume and its standard deviation over sites, (n_steps, 3); only
        steps that half of the sites reach.
    """
    rich = sites[np.argsort(-positions.seen[sites], kind="stable")][:most_sites]
    rows = []
    for step in STEPS:
        enough = rich[positions.seen[rich] >= step]
        if len(enough) < max(1, len(rich) // 2):
            break
        found = [hull_volume(positions.of(int(site))[:step]) for site in enough]
        rows.append((step, float(np.mean(found)), float(np.std(found))))
    return np.array(rows, dtype=np.float64).reshape(-1, 3)
