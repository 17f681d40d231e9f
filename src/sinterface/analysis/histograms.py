"""Means, spreads and histograms of numbers that come frame by frame."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.records import Record

FloatArray = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Spread(Record):
    """Mean and standard deviation of a population of n values (no error of the mean).

    Attributes
    ----------
    mean, std
        NaN without a value.
    n
        Number of values.
    """

    mean: float
    std: float
    n: int


class Tally:
    """Running sums and a histogram.

    Parameters
    ----------
    low, high, width
        Range of the histogram and width of its bins; values beyond go into the outer bins.
    """

    def __init__(self, low: float, high: float, width: float) -> None:
        self.edges = np.linspace(low, high, max(round((high - low) / width), 1) + 1)
        self.counts = np.zeros(len(self.edges) - 1)
        self._n, self._mean, self._square = 0, 0.0, 0.0

    def add(self, values: FloatArray) -> None:
        """Take in values of any shape (Chan's parallel update, so that no digits are lost)."""
        flat = np.asarray(values, dtype=np.float64).ravel()
        if len(flat) == 0:
            return
        index = ((flat - self.edges[0]) / (self.edges[1] - self.edges[0])).astype(np.int64)
        self.counts += np.bincount(
            np.clip(index, 0, len(self.counts) - 1), minlength=len(self.counts)
        )
        total = self._n + len(flat)
        difference = float(flat.mean()) - self._mean
        self._square += float(flat.var()) * len(flat)
        self._square += difference**2 * self._n * len(flat) / total
        self._mean += difference * len(flat) / total
        self._n = total

    def spread(self) -> Spread:
        """Return mean, standard deviation and number so far."""
        if self._n == 0:
            return Spread(np.nan, np.nan, 0)
        return Spread(self._mean, float(np.sqrt(self._square / self._n)), self._n)

    def histogram(self) -> FloatArray:
        """Return the middle of each bin and its share, shape (n_bins, 2), empty ends cut off."""
        middle = 0.5 * (self.edges[1:] + self.edges[:-1])
        filled = np.flatnonzero(self.counts)
        if len(filled) == 0:
            return np.empty((0, 2))
        inside = slice(filled[0], filled[-1] + 1)
        return np.column_stack([middle, self.counts / self.counts.sum()])[inside]
