"""Figures with an uncertainty, and when an uncertainty may be called one."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.records import Record

MIN_REPLICAS = 3
"""Independent builds below which no uncertainty of a degradation figure is claimed."""


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
        three, else from blocks of time inside the window, which is no error of the figure.
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
        controls); where False a report prints "not resolved" and `reason`.
    reason
        Why it isn't resolved, or what the error is made from when it is.
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
