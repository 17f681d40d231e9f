"""Figures of the sites: volumes, residence times, jump network."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from sinterface.analysis.sites import Sites
from sinterface.report.curves import OKABE_ITO, finish_axis
from sinterface.report.palette import element_color
from sinterface.report.style import FAINT, freeze_layout, style

N_BINS = 30

MOST_CONNECTIONS = 500
"""Connections that are drawn, the most used ones."""


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
        steps = sorted({int(n) for kind in one.kinds for n in kind.volume_convergence[:, 0]})
        right.set_xticks(steps, [str(step) for step in steps])
        right.xaxis.set_minor_locator(NullLocator())
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


def seen_along(one: Sites) -> int:
    """Return the cell vector along which the jumps are drawn: the last of the shortest ones."""
    lengths = np.linalg.norm(one.cell, axis=1)
    return int(np.flatnonzero(lengths < 1.05 * lengths.min()).max())


def network(one: Sites) -> Figure:
    """Draw the jumps between the sites of the first run, seen along a short cell vector."""
    along = seen_along(one)
    across = [k for k in range(3) if k != along]
    lengths = np.linalg.norm(one.cell, axis=1)[across]
    if lengths[0] < 0.7 * lengths[1]:
        across, lengths = across[::-1], lengths[::-1]
    with style():
        wide = float(lengths[0] / lengths[1])
        figure = Figure(figsize=(4.2, 3.9) if wide < 1.4 else (7.4, 0.9 + 6.6 / wide))
        figure.set_layout_engine("constrained")
        axis = figure.subplots()
        mine = one.replica == 1
        chosen = np.flatnonzero(mine[one.network.start])
        chosen = chosen[np.argsort(-one.network.count[chosen], kind="stable")][:MOST_CONNECTIONS]
        color = element_color(one.element, line=True)
        if len(chosen):
            start, end = one.fractional[one.network.start], one.fractional[one.network.end]
            end = end - np.rint(end - start)
            lines = np.stack([start, end], axis=1)[chosen][..., across] * lengths
            count = one.network.count[chosen]
            widths = 0.2 + 2.3 * count / count.max()
            axis.add_collection(
                LineCollection(list(lines), linewidths=widths, colors=color, alpha=0.5)
            )
            used = np.union1d(one.network.start[chosen], one.network.end[chosen])
            small = one.kind[used] == "tetrahedral"
            size = 4.0 + 36.0 * one.occupancy[used] / max(float(one.occupancy[used].max()), 1e-9)
            x, y = (one.fractional[used][:, across] * lengths).T
            axis.scatter(x[small], y[small], size[small], color=color, zorder=3)
            axis.scatter(
                x[~small], y[~small], size[~small], facecolor="white", edgecolor=color, zorder=3
            )
        else:
            axis.text(0.5, 0.5, "no jump seen", ha="center", transform=axis.transAxes)
        edge = 0.03 * lengths.max()
        axis.set(xlim=(-edge, lengths[0] + edge), ylim=(-edge, lengths[1] + edge), aspect="equal")
        finish_axis(axis, f"along {'abc'[across[0]]} (Å)", f"along {'abc'[across[1]]} (Å)")
        freeze_layout(figure)
    return figure
