"""Fits to element profiles: error functions, rate laws, excess at a boundary, rich layers."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import curve_fit, minimize
from scipy.special import erfc, log_ndtr
from scipy.stats import chi2

from sinterface.analysis.records import Record

FloatArray = NDArray[np.float64]

DEPTH_SHARE = 0.05
"""The depth is where the share of the intruder has fallen to this part of its plateau."""

EVIDENCE = 6.0
"""Difference in AIC from which one rate law is preferred (weights 20 to 1)."""

RICH = 1.25
"""A layer is rich in an element from this multiple of the bulk on."""

LAYER_A = 1.5
"""Standard deviation of the Gaussian under which layers are looked for."""


@dataclasses.dataclass(frozen=True)
class ErrorFunction(Record):
    """``low + (high − low) ½ erfc((d − centre)/(√2 width))``, d beyond the boundary, in Å.

    `depth_A` is where it has fallen to `DEPTH_SHARE`; errors from blocks of time (NaN for one).
    """

    centre_A: float
    centre_std_A: float
    width_A: float
    width_std_A: float
    depth_A: float
    depth_std_A: float


@dataclasses.dataclass(frozen=True)
class RateLaw(Record):
    """Which law a count follows.

    Attributes
    ----------
    law
        ``"t^1/2"``, ``"linear"`` or ``"not resolved"``.
    exponent, exponent_std
        Of a free power law t^n.
    aic_root, aic_linear
        Akaike information criterion of both laws.
    weight_root
        Akaike weight of t^½ against linear, 0 to 1.
    p_root, p_linear
        Likelihood ratio of each law against the free exponent (χ², one degree).
    reason
        In words.
    """

    law: str
    exponent: float
    exponent_std: float
    aic_root: float
    aic_linear: float
    weight_root: float
    p_root: float
    p_linear: float
    reason: str


def mixing_fit(depth_A: FloatArray, is_co: NDArray[np.bool_]) -> tuple[float, float]:
    """Return centre and width of the share of Co among cations, by maximum likelihood.

    Each cation is Co with probability ``½ erfc((d − centre)/(√2 width))`` (a probit model), so
    that no bins enter. NaN when one kind is missing.

    Parameters
    ----------
    depth_A
        Distance beyond the boundary, positive in the electrolyte, any shape.
    is_co
        Same shape.
    """
    depth, kind = depth_A.ravel(), is_co.ravel()
    if not 0 < np.count_nonzero(kind) < kind.size:
        return np.nan, np.nan

    def cost(values: FloatArray) -> float:
        score = (depth - values[0]) * np.exp(-values[1])
        return float(-(log_ndtr(-score[kind]).sum() + log_ndtr(score[~kind]).sum()))

    start = 0.5 * (np.quantile(depth[kind], 0.9) + np.quantile(depth[~kind], 0.1))
    best = minimize(cost, np.array([start, 0.5]), method="Nelder-Mead")
    return float(best.x[0]), float(np.exp(np.clip(best.x[1], -10.0, 10.0)))


def profile_fit(d_A: FloatArray, density: FloatArray, *, smoothing_A: float) -> tuple[float, float]:
    """Return centre and width of an error function through one element's profile.

    The profile is broadened by a Gaussian, so that crystal planes aren't seen, which is taken
    from the width in quadrature. NaN where no fit is found.

    Parameters
    ----------
    d_A, density
        Bin centres beyond the boundary (increasing, even) and density, shape (n,).
    smoothing_A
        Standard deviation of the Gaussian.
    """
    step = float(d_A[1] - d_A[0])
    smooth = gaussian_filter1d(density, smoothing_A / step, mode="nearest")

    def model(d: FloatArray, low: float, high: float, centre: float, width: float) -> FloatArray:
        return np.asarray(low + 0.5 * (high - low) * erfc((d - centre) / (np.sqrt(2.0) * width)))

    inner = slice(int(2 * smoothing_A / step), len(d_A) - int(2 * smoothing_A / step) or None)
    start = (smooth[-1], smooth[0], float(np.median(d_A)), max(smoothing_A, 1.0))
    bounds = ([-np.inf, -np.inf, d_A[0], 1e-3], [np.inf, np.inf, d_A[-1], np.ptp(d_A)])
    try:
        found, _ = curve_fit(model, d_A[inner], smooth[inner], start, bounds=bounds)
    except (RuntimeError, ValueError):
        return np.nan, np.nan
    return float(found[2]), float(np.sqrt(max(found[3] ** 2 - smoothing_A**2, 0.0)))


def with_blocks(whole: tuple[float, float], blocks: list[tuple[float, float]]) -> ErrorFunction:
    """Return a fit of a window with its errors between blocks of time."""
    from scipy.stats import norm

    reach = -float(norm.ppf(DEPTH_SHARE))
    parts = np.array([one for one in blocks if np.isfinite(one).all()]).reshape(-1, 2)
    errors = np.full(3, np.nan)
    if len(parts) > 1:
        each = np.column_stack([parts, parts @ (1.0, reach)])
        errors = each.std(axis=0, ddof=1) / np.sqrt(len(parts))
    centre, width = whole
    return ErrorFunction(
        centre, float(errors[0]), width, float(errors[1]), centre + reach * width, float(errors[2])
    )


def rate_law(time_ps: FloatArray, counts: FloatArray, std: FloatArray) -> RateLaw:
    """Tell whether a count grows with t^½ or t, or that it can't be told.

    Laws ``a + k t^n`` are compared by AIC, n = ½ against 1, and each by the likelihood ratio with
    a free n; errors Gaussian.

    Parameters
    ----------
    time_ps, counts, std
        Shape (n_windows,); errors of zero count as one atom's.
    """
    nothing = np.nan
    used = np.isfinite(counts) & (time_ps > 0.0)
    t, y = time_ps[used], counts[used]
    error = np.where(np.isfinite(std[used]) & (std[used] > 0.0), std[used], 1.0)
    rise = float(y.max() - y.min()) if len(y) else 0.0
    if len(t) < 5 or rise < 3.0 * float(np.median(error)):
        reason = "the count rises by less than three standard errors, or too few windows"
        blank = (nothing,) * 7
        return RateLaw("not resolved", *blank, reason)

    def misfit(n: float) -> float:
        design = np.stack([np.ones_like(t), t**n], axis=1) / error[:, None]
        found = np.linalg.lstsq(design, y / error, rcond=None)[0]
        return float(((y / error - design @ found) ** 2).sum())

    grid = np.linspace(0.1, 2.0, 191)
    square = np.array([misfit(float(n)) for n in grid])
    best = int(np.argmin(square))
    near = grid[square <= square[best] + 1.0]
    root, linear = misfit(0.5), misfit(1.0)
    weight = 1.0 / (1.0 + np.exp(np.clip(0.5 * (root - linear), -500.0, 500.0)))
    p_root, p_linear = (float(chi2.sf(one - square[best], 1)) for one in (root, linear))
    law = "not resolved"
    if abs(root - linear) > EVIDENCE:
        law = "t^1/2" if root < linear else "linear"
    reason = f"ΔAIC {abs(root - linear):.1f}; {EVIDENCE:g} or more are asked for"
    return RateLaw(
        law, float(grid[best]), float(0.5 * np.ptp(near)), root + 4.0, linear + 4.0,
        float(weight), p_root, p_linear, reason,
    )  # fmt: skip


def gibbs_excess(
    d_A: FloatArray, density: FloatArray, reach_A: tuple[float, float], inner: float = 0.5
) -> float:
    """Return the excess of an element at a boundary, atoms per Å², dividing surface at d = 0.

    ``Γ = ∫ (c(d) − c_bulk(d)) dd``, with c_bulk the mean of either side's farther part.

    Parameters
    ----------
    d_A, density
        Bin centres beyond the boundary and density in atoms/Å³, shape (n,).
    reach_A
        Middle of the electrode (negative) and of the electrolyte: limits of the integral.
    inner
        Share of either side, seen from its middle, that counts as bulk.
    """
    step = float(d_A[1] - d_A[0])
    low, high = reach_A
    inside = (d_A >= low) & (d_A <= high)
    left = density[inside & (d_A <= low * (1.0 - inner))]
    right = density[inside & (d_A >= high * (1.0 - inner))]
    if not (len(left) and len(right)):
        return np.nan
    bulk = np.where(d_A < 0.0, left.mean(), right.mean())
    return float((density - bulk)[inside].sum() * step)


def rich_layer(
    d_A: FloatArray, density: FloatArray, reach_A: tuple[float, float]
) -> tuple[float, float]:
    """Return place (Å beyond the boundary) and height over bulk of the densest layer near d = 0.

    The profile is broadened by `LAYER_A`; the bulk is the highest value in the inner half of the
    electrolyte, planes and all, so that a plane of the crystal is no rich layer.
    """
    step = float(d_A[1] - d_A[0])
    smooth = gaussian_filter1d(density, LAYER_A / step, mode="nearest")
    near = (d_A > -4.0) & (d_A < min(8.0, 0.45 * reach_A[1]))
    bulk = smooth[(d_A > 0.5 * reach_A[1]) & (d_A <= reach_A[1])]
    if not (near.any() and len(bulk) and bulk.max() > 0.0):
        return np.nan, np.nan
    top = int(np.argmax(np.where(near, smooth, -np.inf)))
    return float(d_A[top]), float(smooth[top] / bulk.max())
