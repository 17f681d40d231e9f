"""Errors of a potential against labels of the same structures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sinterface.errors import InputError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """How predicted values follow true ones.

    Attributes
    ----------
    rmse, rmse_shifted
        Root mean square error, raw and after taking out the mean error.
    shift
        Mean error, predicted − true.
    r2_pearson
        Squared Pearson correlation: blind to a shift and to a slope.
    r2_determination
        1 − SSE/SST: 0 for a potential that only knows the mean, negative for worse.
    slope
        Of predicted over true values; 1 for neither too soft nor too hard.
    n
        Values.
    """

    rmse: float
    rmse_shifted: float
    shift: float
    r2_pearson: float
    r2_determination: float
    slope: float
    n: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return asdict(self)


def compare(true: ArrayLike, predicted: ArrayLike) -> Fit:
    """Return how `predicted` follows `true`, arrays of one shape in one unit.

    Raises
    ------
    InputError
        For different shapes, no value, or values that are not numbers.
    """
    expected = np.asarray(true, dtype=float).ravel()
    found = np.asarray(predicted, dtype=float).ravel()
    if expected.shape != found.shape or not len(found):
        raise InputError(
            f"{len(found)} predictions can't be compared with {len(expected)} labels; "
            "give one each."
        )
    if not (np.isfinite(expected).all() and np.isfinite(found).all()):
        raise InputError("Labels or predictions are not numbers; remove those structures.")
    error = found - expected
    shift = float(error.mean())
    spread, own = expected - expected.mean(), found - found.mean()
    sst, own_sst = float(spread @ spread), float(own @ own)
    joint = float(spread @ own)
    return Fit(
        rmse=float(np.sqrt((error**2).mean())),
        rmse_shifted=float(np.sqrt(((error - shift) ** 2).mean())),
        shift=shift,
        r2_pearson=joint**2 / (sst * own_sst) if sst * own_sst > 0 else np.nan,
        r2_determination=1.0 - float(error @ error) / sst if sst > 0 else np.nan,
        slope=joint / sst if sst > 0 else np.nan,
        n=len(error),
    )


@dataclass(frozen=True)
class Calibration:
    """A committee's deviation against the actual error.

    Attributes
    ----------
    ratio
        Root mean square of actual over root mean square of predicted errors: 1 is calibrated,
        above 1 the committee is too sure of itself.
    correlation
        Spearman's rank correlation of predicted and actual errors.
    predicted, actual
        Root mean squares in ten classes of equal number, by rising predicted error.
    """

    ratio: float
    correlation: float
    predicted: tuple[float, ...]
    actual: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return asdict(self)


def calibrate(deviations: ArrayLike, errors: ArrayLike, n_classes: int = 10) -> Calibration:
    """Compare a committee's deviations with the errors that it makes, both of shape (n,)."""
    from scipy.stats import spearmanr

    predicted = np.asarray(deviations, dtype=float).ravel()
    actual = np.abs(np.asarray(errors, dtype=float).ravel())
    order = np.argsort(predicted, kind="stable")
    classes = [part for part in np.array_split(order, n_classes) if len(part)]
    return Calibration(
        ratio=_rms(actual) / max(_rms(predicted), 1e-300),
        correlation=float(spearmanr(predicted, actual).statistic) if len(order) > 2 else np.nan,
        predicted=tuple(_rms(predicted[part]) for part in classes),
        actual=tuple(_rms(actual[part]) for part in classes),
    )


def _rms(values: FloatArray) -> float:
    return float(np.sqrt((values**2).mean()))


def thin(values: FloatArray, most: int) -> FloatArray:
    """Return at most `most` rows, evenly spread, in their order."""
    if len(values) <= most:
        return values
    kept: Sequence[int] = np.linspace(0, len(values) - 1, most).astype(int).tolist()
    thinned: FloatArray = values[kept]
    return thinned
