"""Slope of a mean squared displacement by regression that knows how its points are correlated.

A mean squared displacement (MSD) over all origins has strongly correlated points of very unequal
variance. For Gaussian motion with stationary increments their covariance follows from the MSD
itself (Isserlis' theorem), so that generalised least squares gives the slope and its variance
(Bullerjahn, von Bülow, Hummer, J. Chem. Phys. 153, 024116, 2020; McCluskey, Coles, Morgan,
J. Chem. Theory Comput. 21, 79, 2025, the method of kinisi). Hops are not Gaussian and ions push
each other: how far the scatter between atoms and between blocks of time exceeds the Gaussian one
is measured and widens the interval.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from sinterface.analysis.slope_covariance import MotionModel
from sinterface.analysis.slope_lines import Line, late_line
from sinterface.analysis.slope_scatter import Spread

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LAG_RATIO = 1.35
"""Lags are spaced by this factor."""


@dataclasses.dataclass(frozen=True)
class Slope:
    """Slope of an MSD per frame.

    Attributes
    ----------
    value, std
        Slope and standard error, in Å² a frame (all components together).
    offset
        What the line has at lag 0: vibration (positive) or ballistic motion (negative), in Å².
    first, last
        Shortest and longest lag of the fit, in frames.
    p_value
        Probability of a χ² as large as that of the fit, for the measured scatter.
    linear
        Whether some lag was found from which the MSD passes for a line.
    inflation
        Variance over that of Gaussian, independent atoms.
    freedom
        Degrees of freedom ν of the interval: the slope is taken as χ²(ν)-distributed.
    """

    value: float
    std: float
    offset: float
    first: int
    last: int
    p_value: float
    linear: bool
    inflation: float

    @property
    def freedom(self) -> float:
        """Degrees of freedom of a χ² with this mean and variance."""
        return 2.0 * (self.value / self.std) ** 2 if self.std > 0.0 else np.inf

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the interval that holds the true slope with this probability."""
        if self.value <= 0.0:
            return 0.0, self.upper_bound(0.5 + 0.5 * level)
        tail = 0.5 * (1.0 - level)
        nu = self.freedom
        if nu < 8.0:
            # so wide that the χ² form would shut out zero by its form alone
            return 0.0, self.upper_bound(1.0 - tail)
        low = nu / chi2.ppf(1.0 - tail, nu)
        high = nu / chi2.ppf(tail, nu)
        return float(self.value * low), float(self.value * high)

    def upper_bound(self, level: float = 0.95) -> float:
        """Return what the true slope lies below with this probability."""
        from scipy.stats import norm

        return float(max(self.value, 0.0) + norm.ppf(level) * self.std)


def fit_lags(n_frames: int) -> IntArray:
    """Return the lags, in frames, at which an MSD is kept for the fit: geometric, to half the run.

    Parameters
    ----------
    n_frames
        Frames of the longest uninterrupted path.
    """
    longest = max((n_frames - 1) // 2, 1)
    count = int(np.ceil(np.log(longest) / np.log(LAG_RATIO))) + 1
    return np.unique(np.rint(np.geomspace(1, longest, max(count, 2)))).astype(np.int64)


def fit_slope(
    lags: IntArray,
    msd: FloatArray,
    *,
    lengths: IntArray,
    numbers: FloatArray,
    n_components: int,
    scatters: Spread | None = None,
) -> Slope:
    """Return the slope of an MSD at long lags.

    Parameters
    ----------
    lags
        As of `fit_lags`, shape (n_lags,), in frames.
    msd
        Mean over paths and origins, all components together, shape (n_lags,), in Å².
    lengths, numbers
        Lengths of the paths in frames and how many paths have each.
    n_components
        Components in the MSD (3, or 1 for one axis).
    scatters
        Measured scatter; without it motion is taken as Gaussian and paths as independent.
    """
    one = msd / n_components

    def measured(model: MotionModel, line: Line) -> float:
        return scatters.excess(model, line, n_components) if scatters is not None else 1.0

    line, model, linear = late_line(
        lags, one, lengths, numbers, n_components, measured if scatters is not None else None
    )
    excess = measured(model, line)
    return Slope(
        value=line.slope * n_components,
        std=float(np.sqrt(line.variance * excess)) * n_components,
        offset=line.offset * n_components,
        first=int(line.lags[0]),
        last=int(line.lags[-1]),
        p_value=line.p_value(excess),
        linear=linear,
        inflation=excess,
    )
