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
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2
from scipy.stats import t as student_t

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LAG_RATIO = 1.35
"""Lags are spaced by this factor."""

MARGIN = 2
"""The fit begins at this multiple of the shortest lag from which the MSD passes for a line."""

LINE_P_VALUE = 0.01
"""An MSD passes for a line from a lag on when χ² of the fit is no less probable than this."""

BEND_P_VALUE = 0.05
"""And when a term ∝ √lag beside the line is no less probable than this."""

FIT_SPAN = 100.0
"""Longest lag of the fit over its first: longer ones hold no further information."""

MIN_LAGS = 5
"""Fewest lags of a fit."""

TELLING = 0.4
"""Relative standard error up to which a slope is asked whether it belongs to a line."""

ITERATIONS = 3
"""Rounds in which the line gives the covariance and the covariance the line."""

PRIOR_FREEDOM = 3.0
"""Weight, in degrees of freedom, of the assumption that scatter is Gaussian."""


@dataclasses.dataclass(frozen=True)
class Scatter:
    """Measured scatter over the Gaussian one, with its degrees of freedom."""

    ratio: float
    freedom: float

    @property
    def excess(self) -> float:
        """The ratio drawn towards 1 by `PRIOR_FREEDOM`, what exceeds 1 widened as Student's t."""
        freedom = PRIOR_FREEDOM + self.freedom
        drawn = (PRIOR_FREEDOM + self.freedom * self.ratio) / freedom
        widening = float(student_t.ppf(0.975, freedom) / student_t.ppf(0.975, np.inf)) ** 2
        return drawn if drawn < 1.0 else 1.0 + (drawn - 1.0) * widening


class Spread(Protocol):
    """Measured scatter of whatever an MSD is averaged over."""

    def excess(self, model: MotionModel, line: Line, n_components: int) -> float:
        """By how much the variance of the slope exceeds that of Gaussian independent paths."""


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
        Probability of a χ² as large as that of the fit.
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


@dataclasses.dataclass(frozen=True)
class MotionModel:
    """MSD of one component against lag: as measured up to some lag, then a straight line.

    Attributes
    ----------
    lags, msd
        Measured short-time part, beginning with 0, 0.
    offset, slope
        Of the line behind it.
    """

    lags: FloatArray
    msd: FloatArray
    offset: float
    slope: float

    def __call__(self, lags: FloatArray) -> FloatArray:
        """Return the MSD of one component at lags ≥ 0."""
        line = self.offset + self.slope * lags
        short = np.interp(lags, self.lags, self.msd)
        return np.asarray(np.where(lags < self.lags[-1], short, line))


def msd_covariance(
    model: MotionModel, lags: IntArray, lengths: IntArray, numbers: FloatArray
) -> FloatArray:
    """Return the covariance of an MSD at given lags, one component, Gaussian motion.

    ``Cov(k, l) = 2 Σ_ij c_ij² / (n_k n_l)`` over origins i, j of the same path, with c_ij the
    covariance of the displacements over k frames from i and over l frames from j.

    Parameters
    ----------
    model
        MSD of one component.
    lags
        Shape (n_lags,), in frames.
    lengths, numbers
        Different lengths of the paths, in frames, and how many paths have each.
    """
    reach = int(min(3 * lags[-1], lengths.max() - 1))
    # origins every `step` frames: no fewer than eight in the shortest lag, which loses nothing
    step = max(int(lags[0]) // 8, 1)
    shift = step * np.arange(-(reach // step), reach // step + 1)
    table = model(np.arange(reach + 2 * lags[-1] + 1, dtype=np.float64))
    at_shift = table[np.abs(shift)]
    behind = np.stack([table[np.abs(k - shift)] for k in lags])
    origins = np.array([(numbers * np.maximum(lengths - lag, 0.0)).sum() for lag in lags])
    covariance = np.empty((len(lags), len(lags)))
    for row, k in enumerate(lags):
        later = lags[row:, None]
        joint = behind[row] + table[np.abs(shift + later)] - at_shift
        joint -= table[np.abs(k - shift - later)]
        pairs = _pairs(shift, lengths, numbers, int(k), later)
        values = 0.5 * step * np.einsum("nm,nm->n", pairs, joint**2)
        values /= np.maximum(origins[row] * origins[row:], 1.0)
        covariance[row, row:] = covariance[row:, row] = values
    return covariance


def _pairs(
    shift: IntArray, lengths: IntArray, numbers: FloatArray, k: int, later: IntArray
) -> FloatArray:
    """Return how many pairs of origins of two lags are `shift` frames apart, (n_later, n_shift)."""
    total = np.zeros((len(later), len(shift)))
    low = np.maximum(0, -shift)
    for length, number in zip(lengths, numbers, strict=True):
        high = np.minimum(length - k, length - later - shift)
        total += number * np.maximum(high - low, 0)
    return total


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
    line, model, linear = _late_line(lags, one, lengths, numbers, n_components)
    excess = 1.0
    if scatters is not None:
        excess = scatters.excess(model, line, n_components)
    return Slope(
        value=line.slope * n_components,
        std=float(np.sqrt(line.variance * excess)) * n_components,
        offset=line.offset * n_components,
        first=int(line.lags[0]),
        last=int(line.lags[-1]),
        p_value=line.p_value,
        linear=linear,
        inflation=excess,
    )


@dataclasses.dataclass(frozen=True)
class Line:
    """A straight line through the MSD of one component from some lag on."""

    lags: IntArray
    chosen: IntArray
    weights: FloatArray
    slope: float
    offset: float
    variance: float
    p_value: float
    bend_p_value: float

    @property
    def straight(self) -> bool:
        """Whether neither χ² nor a term ∝ √lag speaks against a line."""
        return self.p_value >= LINE_P_VALUE and self.bend_p_value >= BEND_P_VALUE


def _starts(lags: IntArray) -> IntArray:
    """Return the lags at which a fit may begin: enough lags and a factor of 4 above it."""
    allowed = [
        lag
        for index, lag in enumerate(lags)
        if len(lags) - index >= MIN_LAGS and 4 * lag <= lags[-1]
    ]
    return np.array(allowed or lags[:1], dtype=np.int64)


def _line(
    lags: IntArray,
    one: FloatArray,
    lengths: IntArray,
    numbers: FloatArray,
    n_components: int,
    start: int,
) -> tuple[Line, MotionModel]:
    """Fit a line from a lag on, its covariance from the line itself, to self-consistency."""
    chosen = np.flatnonzero((lags >= start) & (lags <= FIT_SPAN * start))
    used = lags[chosen].astype(np.float64)
    slope, offset = np.polyfit(used, one[chosen], 1, w=1.0 / used)
    least = 1e-3 * float(one[chosen].max()) / used[-1] + 1e-300
    before = lags < start
    for _ in range(ITERATIONS):
        rise = max(float(slope), least)
        offset = float(offset) if slope > least else float(one[chosen].mean())
        edge = max(offset + rise * start, 1e-3 * rise * start)
        model = MotionModel(
            np.concatenate([[0.0], lags[before], [start]]),
            np.concatenate([[0.0], one[before], [edge]]),
            edge - rise * start,
            rise,
        )
        covariance = msd_covariance(model, lags[chosen], lengths, numbers) / n_components
        line = _least_squares(lags[chosen], chosen, one[chosen], covariance)
        slope, offset = line.slope, line.offset
    return line, model


def _least_squares(
    used: IntArray, chosen: IntArray, values: FloatArray, covariance: FloatArray
) -> Line:
    design = np.stack([np.ones(len(used)), used.astype(np.float64)], axis=1)
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    eigenvalues, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    kept = np.maximum(eigenvalues, 1e-8 * eigenvalues[-1])
    whiten = vectors / np.sqrt(kept)
    white_design = whiten.T @ (design / scale[:, None])
    white_values = whiten.T @ (values / scale)
    inverse = np.linalg.inv(white_design.T @ white_design)
    estimator = inverse @ white_design.T
    offset, slope = estimator @ white_values
    residual = white_values - white_design @ (offset, slope)
    freedom = max(len(used) - 2, 1)
    return Line(
        lags=used,
        chosen=chosen,
        weights=np.asarray(estimator[1] @ whiten.T / scale),
        slope=float(slope),
        offset=float(offset),
        variance=float(inverse[1, 1]),
        p_value=float(chi2.sf(residual @ residual, freedom)),
        bend_p_value=_bend(white_design, whiten.T @ (np.sqrt(used) / scale), residual),
    )


def _bend(design: FloatArray, bent: FloatArray, residual: FloatArray) -> float:
    """Return the probability of so large a term ∝ √lag beside a straight line, whitened."""
    apart = bent - design @ np.linalg.lstsq(design, bent, rcond=None)[0]
    norm = float(apart @ apart)
    if norm <= 0.0:
        return 1.0
    return float(chi2.sf((apart @ residual) ** 2 / norm, 1))


def _late_line(
    lags: IntArray, one: FloatArray, lengths: IntArray, numbers: FloatArray, n_components: int
) -> tuple[Line, MotionModel, bool]:
    """Return the fit from `MARGIN` times the lag from which an MSD passes for a line.

    Only beginnings that still tell a slope are asked: moving on to ever noisier ones until one
    passes would choose by chance. The last item tells whether any passed.
    """
    starts = _starts(lags)

    def fit(index: int) -> tuple[Line, MotionModel]:
        return _line(lags, one, lengths, numbers, n_components, int(starts[index]))

    last, linear = 0, False
    for index in range(len(starts)):
        line, _ = fit(index)
        if index and line.variance > (TELLING * line.slope) ** 2:
            break
        last, linear = index, line.straight
        if linear:
            break
    later = np.flatnonzero(starts >= MARGIN * starts[last])
    line, model = fit(int(later[0]) if len(later) else len(starts) - 1)
    return line, model, linear


class Scatters:
    """Collects how much paths and blocks of time differ, for `fit_slope`.

    Parameters
    ----------
    n_frames
        Frames of every path (blocks are of equal length in all).
    """

    def __init__(self, n_frames: int) -> None:
        self._n_frames = n_frames
        self._each: list[FloatArray] = []
        top = max((n_frames - 1) // 8, 1)
        self._references = 2 ** np.arange(int(np.log2(top)) + 1)
        self._blocks = [self._edges(int(lag)) for lag in self._references]
        self._sums: list[list[FloatArray]] = []
        self._squares = np.zeros(len(self._references))
        self._paths = 0

    def _edges(self, lag: int) -> IntArray:
        origins = self._n_frames - lag
        count = int(np.clip(origins // (4 * lag), 1, 32))
        return np.linspace(0, origins, count + 1).astype(np.int64)

    def begin_replica(self) -> None:
        """Begin with another run, whose blocks of time have nothing to do with the last one's."""
        self._sums.append([np.zeros(len(edges) - 1) for edges in self._blocks])

    def add(self, positions: FloatArray, msd: FloatArray) -> None:
        """Add some paths.

        Parameters
        ----------
        positions
            Shape (n_frames, n_paths, n_components).
        msd
            Each path's MSD at the lags, shape (n_paths, n_lags).
        """
        if not self._sums:
            self.begin_replica()
        self._each.append(msd)
        self._paths += len(msd)
        for index, (lag, edges) in enumerate(zip(self._references, self._blocks, strict=True)):
            square = ((positions[lag:] - positions[:-lag]) ** 2).sum(axis=-1)
            sizes = np.diff(edges)[:, None]
            means = np.add.reduceat(square, edges[:-1], axis=0)[: len(sizes)] / sizes
            self._sums[-1][index] += means.sum(axis=1)
            self._squares[index] += float((means**2).sum())

    def excess(
        self,
        model: MotionModel,
        line: Line,
        n_components: int,
    ) -> float:
        """Return by how much the variance of a slope exceeds that of Gaussian independent paths."""
        index = int(np.searchsorted(self._references, line.lags[0], side="right")) - 1
        found = [self._between_paths(line, n_components)]
        found += self._between_blocks(model, max(index, 0), n_components)
        return max(1.0, *(one.excess for one in found))

    def _between_paths(self, line: Line, n_components: int) -> Scatter:
        each = np.concatenate(self._each)
        if len(each) < 2:
            return Scatter(1.0, 0.0)
        slopes = each[:, line.chosen] @ line.weights / n_components
        expected = line.variance * len(each)
        return Scatter(float(slopes.var(ddof=1)) / max(expected, 1e-300), len(each) - 1.0)

    def _between_blocks(self, model: MotionModel, index: int, n_components: int) -> list[Scatter]:
        lag = int(self._references[index])
        size = round(float(np.diff(self._blocks[index]).mean())) + lag
        lengths, numbers = np.array([size]), np.array([1.0])
        single = msd_covariance(model, np.array([lag]), lengths, numbers)[0, 0] * n_components
        sums = np.concatenate([one[index] for one in self._sums])
        n_blocks = len(self._blocks[index]) - 1
        n_values = self._paths * n_blocks
        if n_values < 3 or single <= 0.0:
            return []
        mean = float(sum(one[index].sum() for one in self._sums)) / n_values
        # square means are of all values; blocks of one replica average over its paths only
        pooled = (self._squares[index] / n_values - mean**2) * n_values / (n_values - 1.0)
        scatters = [Scatter(max(pooled, 0.0) / single, n_values - 1.0)]
        if len(sums) > 2:
            paths = self._paths / len(self._sums)
            together = float((sums / paths).var(ddof=1)) * paths
            scatters.append(Scatter(together / single, len(sums) - 1.0))
        return scatters
