"""How long ions stay, when the run cuts the long visits at both ends."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sinterface.analysis.records import Record
from sinterface.analysis.visits import Visits

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CURVE_POINTS = 200
MIN_IONS = 10
"""Ions from which the scatter between ions widens the interval."""

FEW_EXITS = 10


@dataclasses.dataclass(frozen=True)
class Residence(Record):
    """Residence time on one kind of site.

    Attributes
    ----------
    mean_ps
        Time spent on the sites divided by the number of departures: unbiased in a stationary
        run, however its ends cut the visits. NaN without a departure.
    std_ps
        Standard error of `mean_ps`.
    ci95_ps
        Its 95 % interval: counts of departures, widened by their scatter between ions where
        that is larger than Poisson's. Without a departure the lower end is a bound, the upper
        one infinite.
    n_visits, n_departures
        Visits, and those whose end was seen.
    cut_share
        Share of the visits that an end of the run cuts.
    occupied_ps
        Time spent on these sites, over all ions.
    kaplan_meier_mean_ps
        Area under the Kaplan–Meier curve, up to the longest visit.
    kaplan_meier_whole
        Whether that curve comes down to zero, so that its area is the mean; else it is less.
    median_ps
        Time at which the curve falls to one half; NaN where it doesn't.
    curve_ps, survival, survival_low, survival_high
        The Kaplan–Meier curve (visits that began during the run, cut ones as censored) and its
        95 % band (log–log Greenwood).
    reason
        What the figures rest on, in words; where there are too few departures, that.
    """

    mean_ps: float
    std_ps: float
    ci95_ps: tuple[float, float]
    n_visits: int
    n_departures: int
    cut_share: float
    occupied_ps: float
    kaplan_meier_mean_ps: float
    kaplan_meier_whole: bool
    median_ps: float
    curve_ps: NDArray[np.float64]
    survival: NDArray[np.float64]
    survival_low: NDArray[np.float64]
    survival_high: NDArray[np.float64]
    reason: str


def residence_time(visits: Visits, chosen: NDArray[np.bool_], interval_ps: float) -> Residence:
    """Estimate the residence time of some visits.

    Parameters
    ----------
    visits
        All visits of the run.
    chosen
        Which of them count, shape (n_visits,): those to one kind of site.
    interval_ps
        Time between frames.
    """
    length: FloatArray = (visits.n_frames[chosen] * interval_ps).astype(np.float64)
    cut_before, cut_after = visits.cut_before[chosen], visits.cut_after[chosen]
    left = ~cut_after
    mean, std, interval = departure_mean(visits.ion[chosen], length, left)
    began = ~cut_before
    curve = _kaplan_meier(length[began], left[began])
    n_left = int(np.count_nonzero(left))
    return Residence(
        mean_ps=mean,
        std_ps=std,
        ci95_ps=interval,
        n_visits=len(length),
        n_departures=n_left,
        cut_share=float((cut_before | cut_after).mean()) if len(length) else np.nan,
        occupied_ps=float(length.sum()),
        kaplan_meier_mean_ps=_area(curve[0], curve[1]),
        kaplan_meier_whole=bool(len(curve[0]) and curve[1][-1] < 1e-9),
        median_ps=_median(curve[0], curve[1]),
        curve_ps=curve[0],
        survival=curve[1],
        survival_low=curve[2],
        survival_high=curve[3],
        reason=_reason(n_left, interval),
    )


def departure_mean(
    ions: IntArray, length_ps: FloatArray, left: NDArray[np.bool_]
) -> tuple[float, float, tuple[float, float]]:
    """Return time spent over departures, its standard error and its 95 % interval.

    In a stationary run the rate of departures times the mean residence is the mean occupation,
    whatever the distribution. For n departures the interval of a Poisson count is exact for an
    exponential one; it is widened by the dispersion φ of departures between ions, φ ≥ 1.

    Parameters
    ----------
    ions
        Whose each visit is, shape (n_visits,).
    length_ps
        Length of each visit as seen.
    left
        Whether its end was seen.
    """
    total, n = float(length_ps.sum()), int(np.count_nonzero(left))
    if n == 0:
        bound = total / -np.log(0.05) if total > 0.0 else np.nan
        return np.nan, np.nan, (bound, np.inf)
    _, index = np.unique(ions, return_inverse=True)
    departures = np.bincount(index, weights=left.astype(np.float64))
    times = np.bincount(index, weights=length_ps)
    dispersion = 1.0
    if len(times) >= MIN_IONS:
        excess = departures - n / total * times
        dispersion = max(1.0, float((excess**2).sum() / n) * len(times) / (len(times) - 1))
    n_free = n / dispersion
    low = total / (0.5 * dispersion * stats.chi2.ppf(0.975, 2.0 * n_free + 2.0))
    high = total / (0.5 * dispersion * stats.chi2.ppf(0.025, 2.0 * n_free))
    return total / n, total / n / np.sqrt(n_free), (float(low), float(high))


def _kaplan_meier(
    length_ps: FloatArray, left: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return times, survival and its band; at most `CURVE_POINTS` points."""
    if not left.any():
        empty = np.zeros(0)
        return empty, empty, empty, empty
    sample = stats.CensoredData(uncensored=length_ps[left], right=length_ps[~left])
    found = stats.ecdf(sample).sf
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # undefined where all or none are left
        band = found.confidence_interval(method="log-log")
    times, values = found.quantiles, found.probabilities
    kept = np.unique(np.linspace(0, len(times) - 1, CURVE_POINTS).astype(int))
    low, high = band.low.probabilities, band.high.probabilities

    def line(start: float, rest: FloatArray) -> FloatArray:
        return np.asarray(np.r_[start, rest[kept]], dtype=np.float64)

    return line(0.0, times), line(1.0, values), line(1.0, low), line(1.0, high)


def _area(times: FloatArray, survival: FloatArray) -> float:
    if len(times) == 0:
        return np.nan
    return float((survival[:-1] * np.diff(times)).sum())


def _median(times: FloatArray, survival: FloatArray) -> float:
    below = np.flatnonzero(survival <= 0.5)
    return float(times[below[0]]) if len(below) else np.nan


def _reason(n_departures: int, interval: tuple[float, float]) -> str:
    if n_departures == 0:
        return f"no departure was seen: at least {interval[0]:.3g} ps (95 %)"
    if n_departures < FEW_EXITS:
        return f"only {n_departures} departure(s): {interval[0]:.3g} to {interval[1]:.3g} ps (95 %)"
    return f"{n_departures} departures"
