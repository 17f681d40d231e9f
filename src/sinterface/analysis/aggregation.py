"""How the atoms of an element gather: cluster sizes in time, against chance, and how they last."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.clusters import cluster_labels, cluster_sizes
from sinterface.analysis.neighbors import find_pairs
from sinterface.analysis.records import Record
from sinterface.analysis.stream import Frames
from sinterface.errors import InputError
from sinterface.progress import Progress, ProgressCallback

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

N_DRAWS = 200
"""Random placements."""

N_BLOCKS = 8
"""Blocks of time for the growth law and its error."""

PERSISTENCE_FRAMES = 400
"""Frames, at a regular stride, of the survival of bonds."""


@dataclasses.dataclass(frozen=True)
class Growth(Record):
    """Power law of the size that an atom's cluster has on average, s(t) − s(0) = a tⁿ.

    Attributes
    ----------
    exponent, exponent_std
        n and its standard error between blocks of time; NaN unless `resolved`.
    change, change_std
        Of the size, last block less first, and its error from the scatter inside the blocks.
    resolved
        Whether the size grew by more than its scatter explains (three standard errors).
    reason
        The verdict in words.
    """

    exponent: float
    exponent_std: float
    change: float
    change_std: float
    resolved: bool
    reason: str


@dataclasses.dataclass(frozen=True)
class Clusters(Record):
    """Clusters of one element.

    Attributes
    ----------
    element, cutoff_A
        What is counted, and the longest distance inside a cluster.
    n_atoms
        Atoms of the element.
    sizes
        Of all clusters of the last frame, largest first, single atoms included.
    time_ps
        Times of the frames, shape (n_frames,).
    n_clusters, largest, mean_size
        In each frame: clusters, atoms of the largest one, and the mean over atoms of the size of
        the cluster that they are in.
    hosts
        Elements over whose places the atoms are spread for comparison.
    random_largest, random_mean_size
        The same for atoms placed at random on those places: mean, and 2.5 and 97.5 %.
    random_sizes
        Mean number of clusters of each size 1, 2, ... when placed at random, shape (n_sizes,).
    p_value
        Share of the random placements whose mean size is no smaller than that of the last frame.
    growth
        See `Growth`.
    lag_ps, persistence
        Share of the bonded pairs that are bonded again a time later; NaN where never bonded.
    """

    element: str
    cutoff_A: float
    n_atoms: int
    sizes: tuple[int, ...]
    time_ps: NDArray[np.float64]
    n_clusters: NDArray[np.int64]
    largest: NDArray[np.int64]
    mean_size: NDArray[np.float64]
    hosts: tuple[str, ...]
    random_largest: tuple[float, float, float]
    random_mean_size: tuple[float, float, float]
    random_sizes: NDArray[np.float64]
    p_value: float
    growth: Growth
    lag_ps: NDArray[np.float64]
    persistence: NDArray[np.float64]


def follow_clusters(
    run: Frames,
    element: str,
    cutoff_A: float,
    *,
    hosts: Sequence[str] = (),
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> Clusters:
    """Follow the clusters of an element.

    Parameters
    ----------
    run
        The run; a structure is a run of one frame.
    element, cutoff_A
        What is counted, and the longest distance between two atoms of a cluster.
    hosts
        Elements on whose places, and its own, the random comparison puts the atoms; by default
        all cations.
    seed
        Of the random placements.
    progress
        Told after every frame.

    Raises
    ------
    InputError
        For an absent element or a cutoff that isn't positive.
    """
    if not cutoff_A > 0:
        raise InputError(f"The cutoff must be positive, got {cutoff_A:g} Å.")
    atoms = run.atoms_of(element)
    places, names = _places(run, element, hosts)
    rows, sizes = [], np.zeros(0, dtype=np.int64)
    bonds = _Bonds(len(atoms), run.n_frames)
    for index in range(run.n_frames):
        positions, cell = run.positions(index), run.cell[index]
        i, j, _ = find_pairs(positions[atoms], cell, cutoff_A)
        sizes = np.sort(np.bincount(cluster_labels(len(atoms), i, j)))[::-1]
        rows.append((len(sizes), sizes[0], mean_size(sizes)))
        bonds.add(index, i, j)
        if progress is not None:
            progress(Progress(index + 1, run.n_frames, f"clusters of {element}"))
    drawn = _at_random(positions[places], cell, cutoff_A, len(atoms), seed)
    time = run.time_ps
    columns = np.array(rows, dtype=np.float64).T
    step_ps = float(time[1] - time[0]) if len(time) > 1 else 0.0
    lags, kept = bonds.persistence()
    means = np.array([mean_size(one) for one in drawn])
    return Clusters(
        element=element,
        cutoff_A=cutoff_A,
        n_atoms=len(atoms),
        sizes=tuple(int(size) for size in sizes),
        time_ps=time,
        n_clusters=columns[0].astype(np.int64),
        largest=columns[1].astype(np.int64),
        mean_size=columns[2],
        hosts=names,
        random_largest=_band(np.array([float(one[0]) for one in drawn])),
        random_mean_size=_band(means),
        random_sizes=_mean_counts(drawn),
        p_value=float((1 + np.count_nonzero(means >= columns[2, -1])) / (1 + len(means))),
        growth=fit_growth(time, columns[2]),
        lag_ps=np.asarray(lags * bonds.stride * step_ps, dtype=np.float64),
        persistence=kept,
    )


def mean_size(sizes: IntArray) -> float:
    """Return the mean over atoms of the size of their cluster, Σ s² / Σ s."""
    return float((sizes.astype(np.float64) ** 2).sum() / sizes.sum())


ANIONS = ("N", "O", "F", "S", "Cl", "Br", "I")


def _places(run: Frames, element: str, hosts: Sequence[str]) -> tuple[IntArray, tuple[str, ...]]:
    if hosts:
        names = sorted({*hosts, element})
        for name in names:
            run.atoms_of(name)
    else:
        names = sorted({element, *(name for name in run.elements if name not in ANIONS)})
    return np.flatnonzero(np.isin(run.symbols, names)), tuple(names)


def _at_random(
    places: FloatArray, cell: FloatArray, cutoff_A: float, n_atoms: int, seed: int
) -> list[IntArray]:
    rng = np.random.default_rng(seed)
    if len(places) == n_atoms:  # nothing to choose from
        return [cluster_sizes(places, cell, cutoff_A)]
    i, j, _ = find_pairs(places, cell, cutoff_A)
    drawn = []
    for _ in range(N_DRAWS):
        number = np.full(len(places), -1, dtype=np.int64)
        number[rng.choice(len(places), n_atoms, replace=False)] = np.arange(n_atoms)
        both = (number[i] >= 0) & (number[j] >= 0)
        label = cluster_labels(n_atoms, number[i[both]], number[j[both]])
        drawn.append(np.sort(np.bincount(label))[::-1])
    return drawn


def _band(values: FloatArray) -> tuple[float, float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def _mean_counts(drawn: list[IntArray]) -> FloatArray:
    longest = max(int(one[0]) for one in drawn)
    total = sum(np.bincount(one, minlength=longest + 1) for one in drawn)
    return np.asarray(total, dtype=np.float64)[1:] / len(drawn)


def fit_growth(time_ps: FloatArray, sizes: FloatArray) -> Growth:
    """Fit s(t) − s(0) = a tⁿ to block means, or say why not."""
    if len(time_ps) < 4 * N_BLOCKS:
        reason = f"{len(time_ps)} frame(s): too few for a growth law"
        return Growth(np.nan, np.nan, np.nan, np.nan, False, reason)
    blocks = np.array_split(np.asarray(sizes), N_BLOCKS)
    times = np.array([part.mean() for part in np.array_split(time_ps - time_ps[0], N_BLOCKS)])
    means = np.array([block.mean() for block in blocks])
    # Frames next to each other are alike: the scatter of each block comes from its quarters.
    errors = np.array(
        [np.std([q.mean() for q in np.array_split(block, 4)], ddof=1) / 2.0 for block in blocks]
    )
    change, change_std = float(means[-1] - means[0]), float(np.hypot(errors[0], errors[-1]))
    said = f"mean size {means[0]:.3g} -> {means[-1]:.3g} (change {change:+.2g} ± {change_std:.2g})"
    if not change > 3.0 * max(change_std, 1e-9):
        return Growth(np.nan, np.nan, change, change_std, False, f"no growth resolved: {said}")
    above = means - float(sizes[0])
    used = above > 0
    if np.count_nonzero(used) < 3:
        return Growth(
            np.nan, np.nan, change, change_std, False, f"grew, but too few points for a law: {said}"
        )
    x, y = np.log(times[used]), np.log(above[used])
    line = np.polyfit(x, y, 1)
    residual = y - np.polyval(line, x)
    squares = (residual**2).sum() / max(len(x) - 2, 1)
    std = float(np.sqrt(squares / ((x - x.mean()) ** 2).sum()))
    reason = f"{said}; one run: its error is between blocks of time"
    return Growth(float(line[0]), std, change, change_std, True, reason)


class _Bonds:
    """Which pairs are bonded in each of some frames."""

    def __init__(self, n_atoms: int, n_frames: int) -> None:
        self.n_atoms = n_atoms
        self.stride = max(1, -(-n_frames // PERSISTENCE_FRAMES))
        self.kept: list[IntArray] = []

    def add(self, number: int, i: IntArray, j: IntArray) -> None:
        if number % self.stride == 0:
            apart = i != j
            low, high = np.minimum(i, j)[apart], np.maximum(i, j)[apart]
            self.kept.append(np.unique(low * self.n_atoms + high))

    def persistence(self) -> tuple[IntArray, FloatArray]:
        """Return lags in strides, and the share of the pairs that are bonded again."""
        n = len(self.kept)
        if n < 4:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        lags = np.unique(np.geomspace(1, n // 2, 30).astype(np.int64))
        shares = []
        for lag in lags:
            # Origins half a lag apart tell nearly all that there is to know.
            starts = range(0, n - lag, max(1, lag // 2))
            again = sum(
                len(np.intersect1d(self.kept[k], self.kept[k + lag], assume_unique=True))
                for k in starts
            )
            bonded = sum(len(self.kept[k]) for k in starts)
            shares.append(again / bonded if bonded else np.nan)
        return np.concatenate([[0], lags]), np.array([1.0 if bonded else np.nan, *shares])
