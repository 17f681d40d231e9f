"""Straight lines through a mean squared displacement, by generalised least squares."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from sinterface.analysis.slope_covariance import MotionModel, msd_covariance

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

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


def late_line(
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
