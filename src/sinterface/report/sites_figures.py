"""Figures of the sites: volumes, residence times, jump network."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sinterface.analysis.sites import Sites
from sinterface.report.curves import OKABE_ITO, finish_axis
from sinterface.report.palette import element_color
from sinterface.report.style import FAINT, freeze_layout, style

N_BINS = 30


def volumes(one: Sites) -> Figure:
    """Draw the histogram of the volumes, coloured by residence time, and their convergence."""
    with style():
        figure = Figure(figsize=(7.4, 2.7), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.6, 1.0))
        known = np.isfinite(one.volume_A3)
        if known.any():
            _histogram(figure, left, one, known)
        else:
            left.text(0.5, 0.5, "too few positions", ha="center", transform=left.transAxes)
        finish_axis(left, "volume of the positions visited (Å³)", "sites")
        for color, kind in zip(OKABE_ITO, one.kinds, strict=False):
            rows = kind.volume_convergence
            if len(rows):
                right.plot(rows[:, 0], rows[:, 1], "o-", color=color, ms=3, label=kind.kind)
                low, high = rows[:, 1] - rows[:, 2], rows[:, 1] + rows[:, 2]
                right.fill_between(rows[:, 0], low, high, color=color, alpha=0.2, lw=0)
        finish_axis(right, "positions", "volume (Å³)", logarithmic="x", from_zero=True)
        freeze_layout(figure)
    return figure


def _histogram(figure: Figure, axis: Axes, one: Sites, known: NDArray[np.bool_]) -> None:
    values = one.volume_A3[known]
    edges = np.linspace(0.0, 1.05 * max(float(values.max()), 1e-6), N_BINS + 1)
    place = np.clip(np.digitize(values, edges) - 1, 0, N_BINS - 1)
    counts = np.bincount(place, minlength=N_BINS)
    departures = one.departures[known].astype(np.float64)
    stays = np.where(departures > 0, one.residence_ps[known] * departures, 0.0)
    total = np.bincount(place, stays, N_BINS)
    number = np.bincount(place, departures, N_BINS)
    mean = np.divide(total, number, out=np.full(N_BINS, np.nan), where=number > 0)
    inside = np.isfinite(mean)
    middle, width = 0.5 * (edges[1:] + edges[:-1]), float(edges[1] - edges[0])
    axis.bar(middle, counts, width, color=FAINT, alpha=0.5)
    if not inside.any():
        return
    low, high = float(mean[inside].min()), float(mean[inside].max())
    scale = LogNorm(low, high if high > low else 1.01 * low)
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable

    cmap = colormaps["viridis"]
    colors = cmap(scale(mean[inside]))
    axis.bar(middle[inside], counts[inside], width, color=colors)
    bar: Any = figure.colorbar(ScalarMappable(scale, cmap), ax=axis, pad=0.02)
    bar.set_label("residence time (ps)")
    bar.ax.yaxis.set_major_formatter("{x:g}")
    bar.ax.yaxis.set_minor_formatter("{x:g}" if high < 10.0 * low else "")
    axis.set_xlim(left=0.0)


def residence(one: Sites) -> Figure:
    """Draw the survival of the visits."""
    with style():
        figure = Figure(figsize=(3.9, 2.9), layout="constrained")
        axis = figure.subplots()
        for color, kind in zip(OKABE_ITO, one.kinds, strict=False):
            stay = kind.residence
            if len(stay.curve_ps) < 2:
                continue
            axis.step(
                stay.curve_ps, stay.survival, where="post", color=color, lw=1.3, label=kind.kind
            )
            axis.fill_between(
                stay.curve_ps, stay.survival_low, stay.survival_high, step="post", color=color,
                alpha=0.25, lw=0,
            )  # fmt: skip
            times = np.linspace(0.0, float(stay.curve_ps[-1]), 200)
            axis.plot(times, np.exp(-times / stay.mean_ps), color=color, lw=0.9, ls=(0, (1, 2)))
        axis.set_ylim(1e-3, 1.1)
        finish_axis(axis, "time since arrival (ps)", "still there", logarithmic="y")
        if not axis.lines:
            axis.text(0.5, 0.5, "no departure seen", ha="center", transform=axis.transAxes)
        freeze_layout(figure)
    return figure


def network(one: Sites) -> Figure:
    """Draw the jumps between sites, seen along the third cell vector."""
    with style():
        figure = Figure(figsize=(4.2, 3.9), layout="constrained")
        axis = figure.subplots()
        used = np.unique(np.concatenate([one.network.start, one.network.end]))
        color = element_color(one.element, line=True)
        if len(used):
            start, end = one.fractional[one.network.start], one.fractional[one.network.end]
            end = end - np.rint(end - start)
            lines = np.stack([start[:, :2], end[:, :2]], axis=1)
            widths = 0.2 + 2.3 * one.network.count / one.network.count.max()
            axis.add_collection(
                LineCollection(list(lines), linewidths=widths, colors=color, alpha=0.5)
            )
            small = one.kind[used] == "tetrahedral"
            size = 6.0 + 40.0 * one.occupancy[used] / max(float(one.occupancy.max()), 1e-9)
            place = one.fractional[used]
            axis.scatter(place[small, 0], place[small, 1], size[small], color=color, zorder=3)
            axis.scatter(
                place[~small, 0], place[~small, 1], size[~small], facecolor="white",
                edgecolor=color, zorder=3,
            )  # fmt: skip
        else:
            axis.text(0.5, 0.5, "no jump seen", ha="center", transform=axis.transAxes)
        axis.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05), aspect="equal")
        finish_axis(axis, "fractional a", "fractional b")
        freeze_layout(figure)
    return figure
