"""Where the electrode ends, and how wide the boundary has become."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit, least_squares
from scipy.special import erfc

from sinterface.errors import InputError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LAYER_THICKNESS_A = 0.8
"""Co within this height of each other form one plane."""

LAYERING = 0.05
"""How far a share in layered crystals strays from a smooth curve, noise apart."""

LOG_WIDTHS = (np.log(0.05), np.log(1e3))
"""Range of ln σ, σ in Å, in which the fit moves."""


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


@dataclasses.dataclass(frozen=True)
class EdgeFit:
    """An error function fitted to the share of Co across a boundary.

    Attributes
    ----------
    center_A
        Where the share is one half, in Å beyond the relaxed outermost Co plane.
    width_A, width_std_A
        σ of ``½ erfc((d − center)/(√2 σ))`` and its error: binomial noise of independent counts,
        or the scatter about the fit where that is larger.
    """

    center_A: float
    width_A: float
    width_std_A: float


def fit_edge(
    depth_A: FloatArray,
    is_co: BoolArray,
    *,
    range_A: tuple[float, float] = (-10.0, 10.0),
    bin_width_A: float = 0.5,
) -> EdgeFit:
    """Fit an error function to the share of Co among the cations about a boundary.

    The share is binned along the depth, weighted by binomial noise and `LAYERING`. The least
    width is half a bin. NaN when fewer than four bins hold cations, or one kind is missing.

    Parameters
    ----------
    depth_A
        Distance beyond the relaxed outermost Co plane (negative inside the electrode) of each
        framework cation in each frame, any shape.
    is_co
        Which of them are Co, same shape.
    range_A
        Depths that are used: from inside the electrode to inside the electrolyte.
    bin_width_A
        Width of a bin.
    """
    low, high = range_A
    n_bins = max(round((high - low) / bin_width_A), 4)
    edges = np.linspace(low, high, n_bins + 1)
    total, _ = np.histogram(depth_A, edges)
    co, _ = np.histogram(depth_A[is_co], edges)
    held = total > 0
    none = EdgeFit(np.nan, np.nan, np.nan)
    if np.count_nonzero(held) < 4 or co.sum() in (0, total.sum()):
        return none
    depth, n = 0.5 * (edges[1:] + edges[:-1]), total[held]
    # Empty bins, as between two planes, take the straight line between their neighbours.
    bridge = np.stack([np.interp(depth, depth[held], row) for row in np.eye(len(n))], axis=1)
    share = bridge @ (co[held] / n)
    expected = (co[held] + 0.5) / (n + 1.0)
    noise = (bridge * (expected * (1.0 - expected) / n)) @ bridge.T
    sigma = np.sqrt(np.diag(noise) + LAYERING**2)
    guess = np.array([low + float(share.mean()) * (high - low), np.log(1.5)])
    limits = np.array([[low, np.log(0.5 * bin_width_A)], [high, np.log(high - low)]])
    found = _fit_once(depth, share, sigma, guess, limits)
    slopes = _logarithmic_slopes(depth, *found) / sigma[:, None]
    solver = np.linalg.pinv(slopes)
    residual = (share - _logarithmic_profile(depth, *found)) / sigma
    counted = (solver @ (noise / np.outer(sigma, sigma)) @ solver.T)[1, 1]
    misfit = (solver @ solver.T)[1, 1] * (residual**2).sum() / (len(depth) - 2)
    width = float(np.exp(found[1]))
    return EdgeFit(float(found[0]), width, width * float(np.sqrt(max(counted, misfit))))


def _fit_once(
    depth: FloatArray, share: FloatArray, sigma: FloatArray, guess: FloatArray, limits: FloatArray
) -> FloatArray:
    """Fit centre and ln σ, within `limits` where a free fit fails or leaves them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)  # its covariance isn't used
        try:
            found, _ = curve_fit(
                _logarithmic_profile,
                depth,
                share,
                p0=guess,
                sigma=sigma,
                jac=_logarithmic_slopes,
                maxfev=60,
            )
        except RuntimeError:
            found = limits[1] + 1.0
    if np.all(found > limits[0]) and np.all(found < limits[1]):
        return np.asarray(found)
    inside = least_squares(
        lambda x: (_logarithmic_profile(depth, *x) - share) / sigma,
        np.clip(guess, limits[0] + 1e-3, limits[1] - 1e-3),
        jac=lambda x: _logarithmic_slopes(depth, *x) / sigma[:, None],
        bounds=limits,
        max_nfev=30,
    )
    return np.asarray(inside.x)


def _logarithmic_profile(depth: FloatArray, center: float, log_width: float) -> FloatArray:
    return error_profile(depth, center, float(np.exp(np.clip(log_width, *LOG_WIDTHS))))


def _logarithmic_slopes(depth: FloatArray, center: float, log_width: float) -> FloatArray:
    """Return the derivatives by centre and ln σ, shape (n_bins, 2)."""
    width = float(np.exp(np.clip(log_width, *LOG_WIDTHS)))
    scaled = (depth - center) / width
    bell = np.exp(-0.5 * scaled**2) / np.sqrt(2.0 * np.pi)
    return np.stack([bell / width, bell * scaled], axis=1)


def error_profile(depth_A: FloatArray, center_A: float, width_A: float) -> FloatArray:
    """Return ``½ erfc((d − center)/(√2 σ))``: 1 deep in the electrode, 0 in the electrolyte."""
    return np.asarray(0.5 * erfc((depth_A - center_A) / (np.sqrt(2.0) * width_A)))
