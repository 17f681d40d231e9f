"""Where the electrode ends, and how wide the boundary has become."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LAYER_THICKNESS_A = 0.8
"""Co within this height of each other form one plane."""

BIN_WIDTH_A = 0.1
"""Bins of the share of Co across a boundary, far finer than its broadening."""


@dataclasses.dataclass(frozen=True)
class CoPlanes:
    """The relaxed outermost Co planes of the electrode slab.

    Attributes
    ----------
    lower_A, upper_A
        Their heights along the normal, in Å.
    lower, upper, inside
        Which Co belong to the lower plane, the upper one, and the middle third of the slab,
        shape (n_co,) each.
    """

    lower_A: float
    upper_A: float
    lower: BoolArray
    upper: BoolArray
    inside: BoolArray


def find_planes(heights_A: FloatArray) -> CoPlanes:
    """Find the outermost Co planes among the heights of the electrode's Co, shape (n_co,).

    A plane is the outermost stack of `LAYER_THICKNESS_A` that holds at least half as many Co
    as the fullest one, so that a single Co off its plane doesn't make one.

    Raises
    ------
    InputError
        When the electrode has too few Co, or one plane only.
    """
    if len(heights_A) < 4:
        message = (
            f"The electrode has {len(heights_A)} Co atoms; the degradation figures are defined "
            "for a LiCoO2 slab of two or more Co planes. Give such an electrode."
        )
        raise InputError(message)
    lower = _outermost(heights_A)
    upper = _outermost(-heights_A)
    low, high = float(heights_A[lower].mean()), float(heights_A[upper].mean())
    if high - low < LAYER_THICKNESS_A:
        message = (
            f"The electrode's Co lie within {np.ptp(heights_A):.1f} Å along the normal: one plane "
            "is no slab. Give a thicker electrode."
        )
        raise InputError(message)
    third = (high - low) / 6.0
    middle = 0.5 * (low + high)
    inside = (np.abs(heights_A - middle) <= third) & ~lower & ~upper
    return CoPlanes(low, high, lower, upper, inside)


def planes_inwards(heights_A: FloatArray, *, upper: bool) -> Iterator[BoolArray]:
    """Yield the members of each Co plane, shape (n_co,), from one end to the slab's middle.

    Parameters
    ----------
    heights_A
        Heights of the electrode's Co, shape (n_co,), in Å.
    upper
        Whether to begin at the upper end.
    """
    heights = -heights_A if upper else heights_A
    middle = 0.5 * (heights.min() + heights.max())
    left = np.ones(len(heights), dtype=bool)
    while left.any():
        members = np.zeros_like(left)
        members[left] = _outermost(heights[left])
        if not members.any() or heights[members].mean() > middle:
            return
        yield members
        left &= heights > heights[members].max()


def _outermost(heights: FloatArray) -> BoolArray:
    """Return the members of the lowest plane."""
    order = np.sort(heights)
    filled = np.searchsorted(order, order + LAYER_THICKNESS_A, side="right") - np.arange(len(order))
    start = order[int(np.argmax(filled >= 0.5 * filled.max()))]
    # A stray atom just below would start the window too low: close it up on its median.
    stack = (heights >= start) & (heights <= start + LAYER_THICKNESS_A)
    return np.asarray(np.abs(heights - np.median(heights[stack])) <= 0.75 * LAYER_THICKNESS_A)


def plane_spacing(heights_A: FloatArray) -> float:
    """Return the median distance between the Co planes of a slab, in Å.

    Parameters
    ----------
    heights_A
        Heights of the electrode's relaxed Co, shape (n_co,), in Å.
    """
    lower, upper = (
        [float(heights_A[plane].mean()) for plane in planes_inwards(heights_A, upper=upper)]
        for upper in (False, True)
    )
    heights = np.unique([*lower, *upper])
    gaps = np.diff(heights)
    return float(np.median(gaps[gaps > 0.5 * LAYER_THICKNESS_A]))


def edge_width(
    depth_A: FloatArray,
    is_co: BoolArray,
    *,
    spacing_A: float,
    range_A: tuple[float, float] = (-10.0, 10.0),
) -> float:
    """Return the width of a boundary from the share of Co among the cations about it, in Å.

    The counts are broadened by a Gaussian of the planes' spacing s, so that neither planes nor
    vibration are seen in the share c of Co. ``√π ∫ c (1 − c) dd`` is σ where c is
    ``½ erfc(d/(√2 σ))``. From its square that of the sharp boundary is taken away: the same
    atoms at the same heights with all Co on the electrode's side. So it is 0 as long as no Co
    lies beyond another cation, however the atoms vibrate. NaN when one kind is missing.

    Parameters
    ----------
    depth_A
        Distance beyond the relaxed outermost Co plane (negative inside the electrode) of each
        framework cation in each frame, any shape.
    is_co
        Which of them are Co, same shape.
    spacing_A
        Distance between the planes.
    range_A
        Depths that are used: from inside the electrode to inside the electrolyte.
    """
    low, high = range_A
    used = (depth_A >= low) & (depth_A <= high)
    order = np.argsort(depth_A[used], kind="stable")
    depth, co = depth_A[used][order], is_co[used][order]
    n_co = np.count_nonzero(co)
    if n_co in (0, len(co)):
        return float("nan")
    squares = [
        _overlap_width(depth, labels, spacing_A, range_A) ** 2
        for labels in (co, np.arange(len(co)) < n_co)
    ]
    return float(np.sqrt(max(squares[0] - squares[1], 0.0)))


def _overlap_width(
    depth_A: FloatArray, is_co: BoolArray, spacing_A: float, range_A: tuple[float, float]
) -> float:
    """Return ``√π ∫ c (1 − c) dd`` of the share c broadened by `spacing_A`."""
    edges = np.linspace(*range_A, max(round((range_A[1] - range_A[0]) / BIN_WIDTH_A), 4) + 1)
    middle = 0.5 * (edges[1:] + edges[:-1])
    kernel = np.exp(-0.5 * ((middle[:, None] - middle) / spacing_A) ** 2)
    total, _ = np.histogram(depth_A, edges)
    co, _ = np.histogram(depth_A[is_co], edges)
    held = np.maximum(kernel @ total, np.finfo(float).tiny)
    share = (kernel @ co) / held
    return float(np.sqrt(np.pi) * (share * (1.0 - share)).sum() * (edges[1] - edges[0]))
