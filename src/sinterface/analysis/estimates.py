"""A transport figure with its uncertainty, or with a bound and the reason for it."""

from __future__ import annotations

import dataclasses

import numpy as np

from sinterface.analysis.records import Record
from sinterface.analysis.slopes import Slope
from sinterface.units import A2_PER_PS_IN_CM2_PER_S

MAX_RELATIVE_STD = 1.0 / 3.0
"""Standard error over value beyond which there is a bound but no diffusivity."""


@dataclasses.dataclass(frozen=True)
class Estimate(Record):
    """A number with its uncertainty, or a bound where there is no number.

    Attributes
    ----------
    value, std
        NaN when not resolved.
    ci95
        Interval that holds the true value with 95 % probability; from 0 to the bound when the
        value isn't resolved.
    upper_bound
        What the true value lies below with 95 % probability; NaN where the value is resolved.
    reason
        Why there is no value, or how it was obtained.
    """

    value: float
    std: float
    ci95: tuple[float, float]
    upper_bound: float
    reason: str

    @property
    def resolved(self) -> bool:
        """Whether there is a value."""
        return bool(np.isfinite(self.value))


def diffusivity(
    slope: Slope, n_components: int, interval_ps: float, why_not: str = "", *, scale: float = 1.0
) -> Estimate:
    """Return a diffusivity in cm²/s from a slope in Å² a frame."""
    unit = scale * A2_PER_PS_IN_CM2_PER_S / (2.0 * n_components * interval_ps)
    if not why_not and (slope.value <= 0.0 or slope.std > MAX_RELATIVE_STD * slope.value):
        why_not = "the slope is within three standard errors of zero: the run is too short"
    if why_not:
        bound = unit * slope.upper_bound(0.95)
        return Estimate(np.nan, np.nan, (0.0, bound), bound, why_not)
    low, high = slope.interval()
    how = f"lags {slope.first * interval_ps:.3g}–{slope.last * interval_ps:.3g} ps"
    return Estimate(unit * slope.value, unit * slope.std, (unit * low, unit * high), np.nan, how)


def scaled(estimate: Estimate, factor: float) -> Estimate:
    """Return an estimate times an exact factor."""
    return Estimate(
        value=estimate.value * factor,
        std=estimate.std * factor,
        ci95=(estimate.ci95[0] * factor, estimate.ci95[1] * factor),
        upper_bound=estimate.upper_bound * factor,
        reason=estimate.reason if np.isfinite(factor) else "no temperature, or no charge",
    )


def ratio(above: Estimate, below: Estimate) -> Estimate:
    """Return the ratio of two estimates, their errors taken as independent, ln-normal."""
    if not (above.resolved and below.resolved):
        why = above.reason if not above.resolved else below.reason
        return Estimate(np.nan, np.nan, (np.nan, np.nan), np.nan, f"not resolved: {why}")
    value = above.value / below.value
    relative = float(np.hypot(above.std / above.value, below.std / below.value))
    spread = float(np.exp(1.96 * relative))
    reason = "tracer over collective diffusivity"
    return Estimate(value, value * relative, (value / spread, value * spread), np.nan, reason)
