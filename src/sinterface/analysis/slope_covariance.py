"""Covariance of the points of a mean squared displacement, for Gaussian motion."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


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
