"""Straight lines through a mean squared displacement, by generalised least squares."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from sinterface.analysis.slope_covariance import MotionModel, msd_covariance

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Excess = Callable[["MotionModel", "Line"], float]
"""By how much the variance of a line's slope exceeds that of Gaussian, independent paths."""

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


@dataclasses.dataclass(frozen=True)
class Line:
    """A straight line through the MSD of one component from some lag on."""

    lags: IntArray
    chosen: IntArray
    weights: FloatArray
    slope: float
    offset: float
    variance: float
    chi_square: float
    bend_square: float

    def p_value(self, excess: float = 1.0) -> float:
        """Return the probability of so large a χ² when the scatter is `excess` × Gaussian."""
        return float(chi2.sf(self.chi_square / excess, max(len(self.lags) - 2, 1)))

    def straight(self, excess: float = 1.0) -> bool:
        """Return whether neither χ² nor a term ∝ √lag speaks against a line."""
        bend = float(chi2.sf(self.bend_square / excess, 1))
        return self.p_value(excess) >= LINE_P_VALUE and bend >= BEND_P_VALUE


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
    return Line(
        lags=used,
        chosen=chosen,
        weights=np.asarray(estimator[1] @ whiten.T / scale),
        slope=float(slope),
        offset=float(offset),
        variance=float(inverse[1, 1]),
        chi_square=float(residual @ residual),
        bend_square=_bend(white_design, whiten.T @ (np.sqrt(used) / scale), residual),
    )


def _bend(design: FloatArray, bent: FloatArray, residual: FloatArray) -> float:
    """Return the square of a term ∝ √lag beside a straight line, over its variance; whitened."""
    apart = bent - design @ np.linalg.lstsq(design, bent, rcond=None)[0]
    norm = float(apart @ apart)
    return float((apart @ residual) ** 2 / norm) if norm > 0.0 else 0.0


def late_line(
    lags: IntArray,
    one: FloatArray,
    lengths: IntArray,
    numbers: FloatArray,
    n_components: int,
    excess: Excess | None = None,
) -> tuple[Line, MotionModel, bool]:
    """Return the fit from `MARGIN` times the lag from which an MSD passes for a line.

    Only beginnings that still tell a slope are asked: moving on to ever noisier ones until one
    passes would choose by chance. Where none passes as the MSD of Gaussian, independent paths,
    they are asked again with the scatter that was measured (`excess`): ions that push each other
    scatter more. The last item tells whether any passed.
    """
    starts = _starts(lags)

    def fit(index: int) -> tuple[Line, MotionModel]:
        return _line(lags, one, lengths, numbers, n_components, int(starts[index]))

    asked: list[tuple[Line, MotionModel]] = []
    for index in range(len(starts)):
        line, model = fit(index)
        if index and line.variance > (TELLING * line.slope) ** 2:
            break
        asked.append((line, model))
        if line.straight():
            break
    chosen, linear = len(asked) - 1, asked[-1][0].straight()
    if not linear and excess is not None:
        passing = (i for i, (line, model) in enumerate(asked) if line.straight(excess(model, line)))
        found = next(passing, None)
        if found is not None:
            chosen, linear = found, True
    later = np.flatnonzero(starts >= MARGIN * starts[chosen])
    line, model = fit(int(later[0]) if len(later) else len(starts) - 1)
    return line, model, linear
