"""Farthest-point selection: few frames that stand for many."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sinterface.errors import InputError


def farthest_points(
    points: ArrayLike, number: int, known: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Return the indices of `number` points, each the farthest from those before it.

    Starts from the `known` points, or without them from the point farthest from the mean. The
    order is that of choosing, so the first n of a longer selection are the selection of n.

    Parameters
    ----------
    points
        Shape (n_points, n_features); distances are Euclidean.
    number
        How many to choose; of equal distances the first index wins.
    known
        Points chosen before, shape (n_known, n_features); they are not in the result.

    Raises
    ------
    InputError
        When there are fewer points than asked for, or one is not a number.

    Notes
    -----
    Source: Gonzalez, Theoretical Computer Science 38, 293 (1985).
    """
    given = np.asarray(points, dtype=np.float64)
    if not 0 <= number <= len(given):
        raise InputError(f"{number} of {len(given)} points were asked for; ask for fewer.")
    if not np.isfinite(given).all():
        raise InputError("A point to select from is not a number; leave that frame out.")
    earlier = np.zeros((0, 1)) if known is None else np.asarray(known, dtype=np.float64)
    if len(earlier):
        nearest = np.min([_squares(given, point) for point in earlier], axis=0)
    else:
        nearest = _squares(given, given.mean(axis=0)) if len(given) else np.zeros(0)
    chosen: list[int] = []
    for count in range(number):
        index = int(np.argmax(nearest))
        chosen.append(index)
        fresh = _squares(given, given[index])
        nearest = fresh if count == 0 and not len(earlier) else np.minimum(nearest, fresh)
        nearest[chosen] = -1.0
    return np.array(chosen, dtype=np.int64)


def _squares(points: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    difference = points - point
    return np.asarray(np.einsum("ij,ij->i", difference, difference))
