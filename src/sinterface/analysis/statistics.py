"""Figures with an uncertainty, and when an uncertainty may be called one."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from sinterface.analysis.records import Record

MIN_REPLICAS = 3
"""Independent builds below which no uncertainty of a degradation figure is claimed."""


def student_interval(mean: float, std: float, n: int) -> tuple[float, ...]:
    """Return the 95 % interval of the mean of `n` independent values, by Student's t.

    Parameters
    ----------
    mean, std
        The mean and its standard error.
    n
        How many values; of fewer than two there is no interval.

    Returns
    -------
    tuple
        Its two ends; empty where there is none.
    """
    if n < 2 or not math.isfinite(std):
        return ()
    half = float(student_t.ppf(0.975, n - 1)) * std
    return mean - half, mean + half


@dataclasses.dataclass(frozen=True)
class Measure(Record):
    """One figure of a boundary against time, with its uncertainty.

    Attributes
    ----------
    name, unit
        For axes and tables, e.g. ``"interdiffusion width"`` and ``"Å"`` (empty if a pure number).
    time_ps
        Middle of each time window, shape (n_windows,).
    mean
        Mean over replicas in each window, shape (n_windows,); NaN where undefined.
    std
        Standard error of `mean`, shape (n_windows,): between replicas when there are at least
        three (for counts at least Poisson's), else from blocks of time inside the window, which
        is no error of the figure.
    replicas
        Each replica's own values, shape (n_replicas, n_windows).
    initial, initial_std, final, final_std
        First and last window.
    change, change_std
        final − initial of the same replica, mean and standard error over replicas.
    changed
        Whether `change` differs from zero at 95 % (Student's t between replicas); False when
        not `resolved`.
    resolved
        Whether the uncertainty may be called one (three or more independent builds, with bulk
        controls that stayed crystals); where False a report prints "not resolved" and `reason`.
    reason
        Why it isn't resolved, or what the error is made from when it is.
    relaxed
        The figure of the relaxed structures that the runs started from (mean over replicas),
        without thermal motion; NaN when they weren't given.
    resolution
        Least value that can be told from zero, which stands for all below it; NaN without one.
    """

    name: str
    unit: str
    time_ps: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    replicas: NDArray[np.float64]
    initial: float
    initial_std: float
    final: float
    final_std: float
    change: float
    change_std: float
    changed: bool
    resolved: bool
    reason: str
    relaxed: float = np.nan
    resolution: float = np.nan

    def below(self, value: float) -> bool:
        """Return whether `value` stands for anything from zero to the resolution."""
        return bool(value <= self.resolution)

    @property
    def lower_bound(self) -> bool:
        """Whether a change began or ended below the resolution, so that it may be larger."""
        return self.changed and self.below(self.initial) != self.below(self.final)


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What stands behind a set of runs.

    Attributes
    ----------
    n_independent
        Builds that differ in their starting positions.
    missing_controls
        Bulk controls that were not given, e.g. ``("electrolyte", "electrode")``.
    moved_controls, unsure_controls
        Bulk controls that did not stay crystals, and those of which that can't be said.
    """

    n_independent: int
    missing_controls: tuple[str, ...]
    moved_controls: tuple[str, ...] = ()
    unsure_controls: tuple[str, ...] = ()

    @property
    def resolved(self) -> bool:
        """Whether a degradation figure may carry an uncertainty."""
        wanting = self.missing_controls or self.moved_controls or self.unsure_controls
        return self.n_independent >= MIN_REPLICAS and not wanting

    @property
    def reason(self) -> str:
        """Why not, or what the uncertainty is."""
        wanting = []
        if self.n_independent < MIN_REPLICAS:
            wanting.append(
                f"{self.n_independent} independent build(s), {MIN_REPLICAS} are needed for an "
                "uncertainty of a run that has not come to rest"
            )
        if self.missing_controls:
            slabs = " and ".join(self.missing_controls)
            wanting.append(f"no bulk control of the {slabs} at the same temperature and strain")
        wanting += [
            f"the bulk control of the {slab} did not stay a crystal" for slab in self.moved_controls
        ]
        wanting += [
            f"whether the bulk control of the {slab} stayed a crystal can't be said"
            for slab in self.unsure_controls
        ]
        if wanting:
            return "not resolved: " + "; ".join(wanting)
        return f"standard error between {self.n_independent} independent builds"


def standard_error(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard error of the mean over the first axis; NaN below three replicas."""
    if len(values) < MIN_REPLICAS:
        return np.full(values.shape[1:], np.nan)
    return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(len(values)))


def _poisson(values: NDArray[np.float64], quantum: float) -> NDArray[np.float64]:
    """Return the least error of the mean over the first axis of counted atoms, each `quantum`."""
    if quantum <= 0.0:
        return np.zeros(values.shape[1:])
    total = np.abs(values.sum(axis=0)) / quantum
    return np.asarray(quantum * np.sqrt(np.maximum(total, 1.0)) / len(values))


def combine(
    name: str,
    unit: str,
    time_ps: NDArray[np.float64],
    values: NDArray[np.float64],
    errors: NDArray[np.float64],
    evidence: Evidence,
    *,
    relaxed: float = np.nan,
    resolution: float = np.nan,
    quantum: float = 0.0,
) -> Measure:
    """Combine the replicas' own series into one figure.

    Values below the resolution become the resolution.

    Parameters
    ----------
    name, unit, time_ps
        See `Measure`.
    values, errors
        Each replica's window means and their block errors, shape (n_replicas, n_windows).
    evidence
        What the runs are.
    relaxed
        The figure of the relaxed structures.
    resolution
        Least value that can be told from zero.
    quantum
        Value of one atom where the figure counts atoms: between builds the error of a sum of N
        is then at least Poisson's, √max(N, 1) atoms.
    """
    if np.isfinite(resolution):
        values, relaxed = np.maximum(values, resolution), float(np.maximum(relaxed, resolution))
    mean = values.mean(axis=0)
    changes = values[:, -1] - values[:, 0]
    if len(values) >= MIN_REPLICAS:
        std = np.maximum(standard_error(values), _poisson(values, quantum))
        change_std = float(np.maximum(standard_error(changes), _poisson(changes, quantum)))
    else:
        std = np.sqrt((errors**2).sum(axis=0)) / len(values)
        change_std = float(np.hypot(std[0], std[-1]))
    change = float(changes.mean())
    reason = evidence.reason
    if evidence.resolved and not np.isfinite(mean).all():
        reason = "not resolved: undefined in some replica"
    elif evidence.resolved and max(mean[0], mean[-1]) <= resolution:
        reason = "not resolved: below the resolution set by the planes' spacing"
    known = reason == evidence.reason and evidence.resolved
    limit = student_t.ppf(0.975, len(values) - 1) * change_std if known else np.inf
    return Measure(
        name=name,
        unit=unit,
        time_ps=time_ps,
        mean=mean,
        std=std,
        replicas=values,
        initial=float(mean[0]),
        initial_std=float(std[0]),
        final=float(mean[-1]),
        final_std=float(std[-1]),
        change=change,
        change_std=change_std,
        changed=bool(known and change_std > 0.0 and abs(change) > limit),
        resolved=known,
        reason=reason,
        relaxed=relaxed,
        resolution=resolution,
    )


def window_means(
    series: NDArray[np.float64], window: NDArray[np.int64], n_windows: int, *, n_blocks: int = 4
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and block error of a frame-by-frame series in each window of time.

    Parameters
    ----------
    series
        One number a frame, shape (n_frames,); NaN frames are left out.
    window
        Window of each frame.
    n_windows
        Number of windows.
    n_blocks
        Blocks of consecutive frames in a window.
    """
    means, errors = np.full(n_windows, np.nan), np.full(n_windows, np.nan)
    for index in range(n_windows):
        inside = series[(window == index) & np.isfinite(series)]
        if len(inside) == 0:
            continue
        means[index] = inside.mean()
        blocks = [block.mean() for block in np.array_split(inside, min(n_blocks, len(inside)))]
        if len(blocks) > 1:
            errors[index] = np.std(blocks, ddof=1) / np.sqrt(len(blocks))
    return means, errors
