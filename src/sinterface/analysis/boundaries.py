"""Where the electrode ends, and how wide the boundary has become."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit
from scipy.special import erfc

from sinterface.errors import InputError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LAYER_THICKNESS_A = 0.8
"""Co within this height of each other form one plane."""


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


def _outermost(heights: FloatArray) -> BoolArray:
    """Return the members of the lowest plane."""
    order = np.sort(heights)
    filled = np.searchsorted(order, order + LAYER_THICKNESS_A, side="right") - np.arange(len(order))
    start = order[int(np.argmax(filled >= 0.5 * filled.max()))]
    # A stray atom just below would start the window too low: close it up on its median.
    stack = (heights >= start) & (heights <= start + LAYER_THICKNESS_A)
    return np.asarray(np.abs(heights - np.median(heights[stack])) <= 0.75 * LAYER_THICKNESS_A)


@dataclasses.dataclass(frozen=True)
class EdgeFit:
    """An error function fitted to the share of Co across a boundary.

    Attributes
    ----------
    center_A
        Where the share is one half, in Å beyond the relaxed outermost Co plane.
    width_A, width_std_A
        σ of ``½ erfc((d − center)/(√2 σ))`` and its error from the scatter about the fit.
    """

    center_A: float
    width_A: float
    width_std_A: float


def fit_edge(
    depth_A: FloatArray, is_co: BoolArray, *, reach_A: float = 10.0, bin_width_A: float = 0.5
) -> EdgeFit:
    """Fit an error function to the share of Co among the cations about a boundary.

    The share is binned along the depth; a bin of n cations weighs as a binomial share does. NaN
    when fewer than four bins hold cations, or one of the two kinds is missing.

    Parameters
    ----------
    depth_A
        Distance beyond the relaxed outermost Co plane (negative inside the electrode) of each
        framework cation in each frame, any shape.
    is_co
        Which of them are Co, same shape.
    reach_A
        Range on each side of the plane.
    bin_width_A
        Width of a bin.
    """
    n_bins = max(round(2.0 * reach_A / bin_width_A), 4)
    edges = np.linspace(-reach_A, reach_A, n_bins + 1)
    total, _ = np.histogram(depth_A, edges)
    co, _ = np.histogram(depth_A[is_co], edges)
    held = total > 0
    none = EdgeFit(np.nan, np.nan, np.nan)
    if np.count_nonzero(held) < 4 or co.sum() in (0, total.sum()):
        return none
    depth = 0.5 * (edges[1:] + edges[:-1])[held]
    n, k = total[held], co[held]
    expected = (k + 0.5) / (n + 1.0)
    noise = np.sqrt(expected * (1.0 - expected) / n)
    everywhere = np.interp(0.5 * (edges[1:] + edges[:-1]), depth, k / n)
    guess = -reach_A + float(everywhere.mean()) * 2.0 * reach_A
    bounds = ([-reach_A, 0.05], [reach_A, 2.0 * reach_A])
    try:
        found, covariance = curve_fit(
            error_profile, depth, k / n, p0=(0.9 * guess, 1.5), sigma=noise, bounds=bounds
        )
    except RuntimeError:
        return none
    std = float(np.sqrt(covariance[1, 1]))
    return EdgeFit(float(found[0]), float(found[1]), std if np.isfinite(std) else np.nan)


def error_profile(depth_A: FloatArray, center_A: float, width_A: float) -> FloatArray:
    """Return ``½ erfc((d − center)/(√2 σ))``: 1 deep in the electrode, 0 in the electrolyte."""
    return np.asarray(0.5 * erfc((depth_A - center_A) / (np.sqrt(2.0) * width_A)))
