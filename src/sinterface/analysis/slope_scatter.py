"""How far the scatter of real paths exceeds that of Gaussian, independent ones."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from sinterface.analysis.slope_covariance import MotionModel, msd_covariance
from sinterface.analysis.slope_lines import Line

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PRIOR_FREEDOM = 3.0
"""Weight, in degrees of freedom, of the assumption that scatter is Gaussian."""


@dataclasses.dataclass(frozen=True)
class Scatter:
    """Measured scatter over the Gaussian one, with its degrees of freedom."""

    ratio: float
    freedom: float

    def drawn(self, towards: float = 1.0) -> float:
        """Return the ratio drawn towards a value by `PRIOR_FREEDOM`."""
        freedom = PRIOR_FREEDOM + self.freedom
        return (PRIOR_FREEDOM * towards + self.freedom * self.ratio) / freedom

    def widened(self, towards: float = 1.0) -> float:
        """Return the drawn ratio, at least 1, what exceeds 1 widened as Student's t."""
        excess = max(self.drawn(towards) - 1.0, 0.0)
        freedom = PRIOR_FREEDOM + self.freedom
        widening = float(student_t.ppf(0.975, freedom) / student_t.ppf(0.975, np.inf)) ** 2
        return 1.0 + excess * widening


NOTHING = Scatter(1.0, 0.0)
"""No measurement."""


def excess_variance(paths: Scatter, blocks: Scatter, together: Scatter) -> float:
    """Return by how much a slope varies more than that of Gaussian, independent paths.

    The scatter of the slope itself between paths tells how far their motion is from Gaussian.
    Where there are few paths it is drawn towards that of blocks of time at one short lag, which
    is larger for rare hops. That paths push each other multiplies it.

    Parameters
    ----------
    paths
        Slope between paths.
    blocks
        Squared displacements between blocks of single paths, at one lag.
    together
        Those of all paths together, over those of single ones.
    """
    return paths.widened(max(blocks.drawn(), 1.0)) * together.widened()


class Spread(Protocol):
    """Measured scatter of whatever an MSD is averaged over."""

    def excess(self, model: MotionModel, line: Line, n_components: int) -> float:
        """By how much the variance of the slope exceeds that of Gaussian independent paths."""


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
        index = int(np.searchsorted(self._references, 2 * line.lags[0], side="right")) - 1
        blocks = self._between_blocks(model, max(index, 0), n_components)
        paths = self._between_paths(line, n_components)
        return excess_variance(paths, *blocks)

    def _between_paths(self, line: Line, n_components: int) -> Scatter:
        each = np.concatenate(self._each)
        if len(each) < 2:
            return Scatter(1.0, 0.0)
        slopes = each[:, line.chosen] @ line.weights / n_components
        expected = line.variance * len(each)
        return Scatter(float(slopes.var(ddof=1)) / max(expected, 1e-300), len(each) - 1.0)

    def _between_blocks(
        self, model: MotionModel, index: int, n_components: int
    ) -> tuple[Scatter, Scatter]:
        """Return scatter of blocks of single paths over the Gaussian one, and of all over it."""
        lag = int(self._references[index])
        size = round(float(np.diff(self._blocks[index]).mean())) + lag
        lengths, numbers = np.array([size]), np.array([1.0])
        gaussian = msd_covariance(model, np.array([lag]), lengths, numbers)[0, 0] * n_components
        sums = np.concatenate([one[index] for one in self._sums])
        n_values = self._paths * (len(self._blocks[index]) - 1)
        if n_values < 3 or gaussian <= 0.0:
            return NOTHING, NOTHING
        mean = float(sum(one[index].sum() for one in self._sums)) / n_values
        # square means are of all values; blocks of one replica average over its paths only
        pooled = (self._squares[index] / n_values - mean**2) * n_values / (n_values - 1.0)
        single = Scatter(max(pooled, 0.0) / gaussian, n_values - 1.0)
        paths = self._paths / len(self._sums)
        if len(sums) < 3 or paths <= 1.0 or pooled <= 0.0:
            return single, NOTHING
        together = float((sums / paths).var(ddof=1)) * paths
        return single, Scatter(together / pooled, len(sums) - 1.0)
