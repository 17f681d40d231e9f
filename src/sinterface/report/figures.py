"""The figures of a report: each function takes analysis records and returns a Figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sinterface.analysis.diffusion import MeanSquaredDisplacement
from sinterface.analysis.profiles import Profiles
from sinterface.analysis.rdf import PartialRDFs
from sinterface.analysis.results import InterfaceAnalysis
from sinterface.analysis.statistics import Measure
from sinterface.report.palette import SIDE_COLORS, SIDE_NAMES, element_color
from sinterface.report.snapshot import Snapshot
from sinterface.report.style import FAINT, INK, freeze_layout, style

FloatArray = NDArray[np.float64]

FULL_WIDTH_IN = 7.4
PHONE_WIDTH_IN = 3.7
PANEL_WIDTH_IN = 3.3

_LEFT_IN, _RIGHT_IN, _TOP_IN, _BOTTOM_IN = 0.52, 0.30, 0.20, 0.45

_ELEMENT_ORDER = ("Co", "La", "Zr", "Li", "O")
_MARKERS = {"li_deficient": "o", "li_sufficient": "s"}
_DASHES: dict[str, tuple[float, ...]] = {
    "Co": (),
    "La": (5, 1.5),
    "Zr": (1.2, 1.2),
    "Li": (7, 1.5, 1.2, 1.5),
    "O": (3, 1.2),
}


def interface_figure(
    pictures: Sequence[tuple[str, Snapshot]], profiles: Profiles, *, width_in: float = FULL_WIDTH_IN
) -> Figure:
    """Return pictures of the cell above the element profiles, all on one axis along the normal.

    Parameters
    ----------
    pictures
        Caption and picture from top to bottom, electrode at the middle of the period.
    profiles
        Element profiles by time window; the first is dashed, the last filled.
    width_in
        Width in inches; the height follows.
    """
    elements = _ordered(profiles.elements)
    edges = np.array([picture.extent_A[:2] for _, picture in pictures])
    span = (min(-1.5, float(edges.min())), max(profiles.length_A + 1.5, float(edges.max())))
    boundaries = (profiles.lower_A, profiles.upper_A)
    row = 0.62 if width_in > 5 else 0.55
    heights = [*_picture_heights(pictures, span, width_in), *[row] * len(elements)]
    gaps = [0.24] * len(pictures) + [0.30] + [0.09] * (len(elements) - 1)
    with style():
        figure, axes = _stack(heights, gaps, width_in)
        for axis, (caption, picture) in zip(axes, pictures, strict=False):
            _draw_picture(axis, caption, picture)
        for axis, element in zip(axes[len(pictures) :], elements, strict=True):
            _draw_profile(axis, profiles, element)
            axis.tick_params(labelbottom=axis is axes[-1])
        for axis in axes:
            axis.set_xlim(*span)
            _mark_boundaries(axis, boundaries)
        _name_sides(axes[0], boundaries)
        axes[-1].set_xlabel("position along the normal z (Å)")
        axes[len(pictures)].set_title(_windows_caption(profiles.windows_ps), fontsize=8, pad=4)
        _label_rows(figure, axes[len(pictures) :], "atoms per Å of normal")
    return figure


def picture_figure(
    pictures: Sequence[tuple[str, Snapshot]],
    boundaries_A: tuple[float, float],
    *,
    width_in: float = FULL_WIDTH_IN,
) -> Figure:
    """Return pictures of a cell one above the other, the two boundaries marked."""
    span = pictures[0][1].extent_A[:2]
    with style():
        heights = _picture_heights(pictures, span, width_in)
        figure, axes = _stack(heights, [0.24] * len(pictures), width_in)
        for axis, (caption, picture) in zip(axes, pictures, strict=True):
            _draw_picture(axis, caption, picture)
            axis.set_xlim(*span)
            _mark_boundaries(axis, boundaries_A)
        _name_sides(axes[0], boundaries_A)
        axes[-1].tick_params(bottom=True, labelbottom=True)
        axes[-1].set_xlabel("position along the normal z (Å)")
    return figure


def measure_figure(
    measures: dict[str, Measure],
    label: str,
    *,
    control: Measure | None = None,
    width_in: float = PANEL_WIDTH_IN,
) -> Figure:
    """Return one degradation figure of both sides against time.

    Error bars are standard errors between builds and appear only where there are three or more;
    thin lines are the builds themselves. What isn't resolved says so.

    Parameters
    ----------
    measures
        Side ("li_deficient", "li_sufficient") → its measure.
    label
        Name of the vertical axis, with its unit.
    control
        The same figure in the inside of the slab, drawn in grey.
    """
    with style():
        figure = Figure(figsize=(width_in, 0.78 * width_in), layout="constrained")
        axis = figure.subplots()
        axis.grid(True, axis="y")
        if control is not None and np.isfinite(control.mean).any():
            axis.plot(control.time_ps, control.mean, color=FAINT, linestyle=(0, (4, 2)), zorder=1)
        for side, measure in measures.items():
            _draw_measure(axis, side, measure)
        _label_measures(axis, measures, control)
        axis.set_xlabel("time (ps)")
        axis.set_ylabel(label)
        axis.set_xlim(left=0)
        axis.margins(y=0.12)
        values = np.nan_to_num([one.replicas for one in measures.values()])
        if values.min() >= 0:
            axis.set_ylim(bottom=0, top=1 if values.max() == 0 else None)
        if not all(measure.resolved for measure in measures.values()):
            axis.text(
                0.99, 0.98, "not resolved", color=FAINT, style="italic", ha="right", va="top",
                transform=axis.transAxes,
            )  # fmt: skip
        freeze_layout(figure)
    return figure


def rdf_figure(rdfs: PartialRDFs, *, width_in: float = FULL_WIDTH_IN, columns: int = 5) -> Figure:
    """Return one small panel for each pair of elements, the first peak named in Å."""
    rows = math.ceil(len(rdfs.pairs) / columns)
    height_in = 1.25 * rows + 0.45
    with style():
        figure = Figure(figsize=(width_in, height_in))
        grid = figure.subplots(rows, columns, sharex=True, squeeze=False)
        for index, axis in enumerate(grid.flat):
            if index >= len(rdfs.pairs):
                axis.set_visible(False)
                continue
            _draw_rdf(axis, rdfs, index)
            below = index + columns >= len(rdfs.pairs)
            axis.tick_params(labelbottom=below)
            if below:
                axis.set_xlabel("r (Å)")
        for row in grid:
            row[0].set_ylabel("g(r)")
        figure.subplots_adjust(
            left=0.45 / width_in, right=1 - 0.08 / width_in, bottom=0.42 / height_in,
            top=1 - 0.2 / height_in, wspace=0.3, hspace=0.36,
        )  # fmt: skip
    return figure


def msd_figure(msd: MeanSquaredDisplacement, *, width_in: float = PANEL_WIDTH_IN) -> Figure:
    """Return mean squared displacements against lag, both logarithmic, and a guide of slope 1."""
    with style():
        figure = Figure(figsize=(width_in, 0.86 * width_in), layout="constrained")
        axis = figure.subplots()
        axis.grid(True)
        use = msd.lag_ps > 0
        lag = msd.lag_ps[use]
        for element in _ordered(msd.elements):
            row = msd.elements.index(element)
            mean, std = msd.msd_A2[row][use], msd.msd_std_A2[row][use]
            color = element_color(element, line=True)
            line = (0, _DASHES.get(element, ())) if _DASHES.get(element) else "-"
            axis.plot(lag, mean, color=color, linestyle=line, label=element)
            low = np.maximum(mean - std, 0.02 * mean)
            axis.fill_between(lag, low, mean + std, color=color, alpha=0.18, linewidth=0)
        _make_logarithmic(axis)
        _draw_slope(axis, msd, lag)
        axis.set_xlabel("lag (ps)")
        axis.set_ylabel("mean squared displacement (Å²)")
        _legend_above(axis, ncols=5, handlelength=1.9)
        freeze_layout(figure)
    return figure


def _ordered(elements: Sequence[str]) -> list[str]:
    known = [element for element in _ELEMENT_ORDER if element in elements]
    return known + [element for element in elements if element not in _ELEMENT_ORDER]


def _picture_heights(
    pictures: Sequence[tuple[str, Snapshot]], span: tuple[float, float], width_in: float
) -> list[float]:
    """Return the heights in inches that give the pictures the scale of an axis over `span`."""
    inch_per_A = (width_in - _LEFT_IN - _RIGHT_IN) / (span[1] - span[0])
    return [inch_per_A * (picture.extent_A[3] - picture.extent_A[2]) for _, picture in pictures]


def _stack(
    heights: Sequence[float], gaps: Sequence[float], width_in: float
) -> tuple[Figure, list[Axes]]:
    """Return axes one below the other, each `gaps` (inches) below the last, all equally wide."""
    height_in = _TOP_IN + sum(heights) + sum(gaps) + _BOTTOM_IN
    figure = Figure(figsize=(width_in, height_in))
    axes = []
    top = height_in - _TOP_IN
    for height, gap in zip(heights, gaps, strict=True):
        top -= gap + height
        inner = (width_in - _LEFT_IN - _RIGHT_IN) / width_in
        place = (_LEFT_IN / width_in, top / height_in, inner, height / height_in)
        axes.append(figure.add_axes(place))
    return figure, axes


def _label_rows(figure: Figure, axes: Sequence[Axes], label: str) -> None:
    middle = (axes[0].get_position().y1 + axes[-1].get_position().y0) / 2
    figure.text(0.06 / figure.get_figwidth(), middle, label, rotation=90, va="center", fontsize=8)


def _draw_picture(axis: Axes, caption: str, picture: Snapshot) -> None:
    axis.imshow(picture.image, extent=picture.extent_A, interpolation="antialiased", aspect="auto")
    axis.set_title(caption, fontsize=8.5, pad=3)
    axis.spines[:].set_visible(False)
    axis.tick_params(left=False, labelleft=False, bottom=False, labelbottom=False)


def _draw_profile(axis: Axes, profiles: Profiles, element: str) -> None:
    row = profiles.elements.index(element)
    color = element_color(element, line=True)
    z, windows = profiles.z_A, profiles.per_A[:, row]
    for index in range(1, len(windows) - 1):
        strength = 0.25 + 0.45 * index / len(windows)
        axis.plot(z, windows[index], color=color, linewidth=0.7, alpha=strength)
    axis.fill_between(z, windows[-1], color=color, alpha=0.22, linewidth=0)
    axis.plot(z, windows[-1], color=color, linewidth=1.4)
    if len(windows) > 1:
        axis.plot(z, windows[0], color=INK, linewidth=0.9, linestyle=(0, (2, 1.2)))
    std = profiles.per_A_std[-1, row]
    if np.isfinite(std).any():
        low, high = windows[-1] - std, windows[-1] + std
        axis.fill_between(z, low, high, color=color, alpha=0.35, linewidth=0)
    top = float(np.nanmax(windows)) * 1.08
    axis.set_ylim(0, top if top > 0 else 1.0)
    axis.locator_params(axis="y", nbins=3)
    axis.text(
        1.012, 0.5, element, color=color, fontsize=10, fontweight="bold", va="center",
        transform=axis.transAxes,
    )  # fmt: skip
    axis.tick_params(labelsize=7)


def _mark_boundaries(axis: Axes, boundaries_A: tuple[float, float]) -> None:
    for place, color in zip(boundaries_A, SIDE_COLORS.values(), strict=True):
        axis.axvline(place, color=color, linewidth=1.1, linestyle=(0, (4, 2)))


def _name_sides(axis: Axes, boundaries_A: tuple[float, float]) -> None:
    for side, place in zip(SIDE_COLORS, boundaries_A, strict=True):
        axis.annotate(
            SIDE_NAMES[side], (place, 1.0), xycoords=("data", "axes fraction"),
            xytext=(0, 16), textcoords="offset points", color=SIDE_COLORS[side], fontsize=8,
            fontweight="bold", ha="center", va="bottom", annotation_clip=False,
        )  # fmt: skip


def _windows_caption(windows_ps: FloatArray) -> str:
    first, last = windows_ps[0], windows_ps[-1]
    if len(windows_ps) == 1:
        return f"average over {last[0]:g}–{last[1]:g} ps"
    return f"dashed: {first[0]:g}–{first[1]:g} ps · filled: {last[0]:g}–{last[1]:g} ps"


def _draw_measure(axis: Axes, side: str, measure: Measure) -> None:
    color = SIDE_COLORS[side]
    several = measure.replicas.shape[0] > 1
    if several:
        for replica in measure.replicas:
            axis.plot(measure.time_ps, replica, color=color, linewidth=0.6, alpha=0.4)
    bars = measure.std if measure.replicas.shape[0] >= 3 else None
    axis.errorbar(
        measure.time_ps, measure.mean, yerr=bars, color=color, marker=_MARKERS[side],
        markersize=4.2, markerfacecolor=color if measure.resolved else "none",
        capsize=2.2, elinewidth=1.0, linewidth=1.5,
    )  # fmt: skip


def _label_measures(axis: Axes, measures: dict[str, Measure], control: Measure | None) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=SIDE_COLORS[side], marker=_MARKERS[side], markersize=4.2,
               markerfacecolor=SIDE_COLORS[side] if measure.resolved else "none",
               label=SIDE_NAMES[side])
        for side, measure in measures.items()
    ]  # fmt: skip
    if control is not None and np.isfinite(control.mean).any():
        handles.append(Line2D([], [], color=FAINT, linestyle=(0, (4, 2)), label="inside"))
    _legend_above(axis, handles=handles, ncols=3, handlelength=1.6)


def _draw_rdf(axis: Axes, rdfs: PartialRDFs, index: int) -> None:
    color = "#0080c6"
    g, std = rdfs.g[index], rdfs.g_std[index]
    axis.plot(rdfs.r_A, g, color=color, linewidth=1.1)
    if np.isfinite(std).any():
        axis.fill_between(rdfs.r_A, g - std, g + std, color=color, alpha=0.3, linewidth=0)
    axis.axhline(1.0, color=FAINT, linewidth=0.6, linestyle=(0, (2, 2)))
    axis.set_title("–".join(rdfs.pairs[index]), fontsize=8.5, fontweight="bold", pad=2)
    axis.set_ylim(bottom=0)
    axis.tick_params(labelsize=7)
    axis.locator_params(axis="y", nbins=3)
    peak = float(rdfs.first_peak_A[index])
    if math.isfinite(peak):
        axis.set_title(f"{peak:.2f} Å", fontsize=7.5, color=FAINT, loc="right", pad=2)
        axis.plot([peak], [0], marker="^", color="#d55e00", markersize=4, clip_on=False, zorder=5)


def _legend_above(axis: Axes, **options: Any) -> None:
    """Put the legend above the axes, where it hides no curve."""
    axis.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), borderaxespad=0.1, columnspacing=1.1,
        handletextpad=0.5, **options,
    )  # fmt: skip


def _make_logarithmic(axis: Axes) -> None:
    """Make both axes logarithmic, their numbers written out."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_xscale("log")
    axis.set_yscale("log")
    for line in (axis.xaxis, axis.yaxis):
        low, high = sorted(line.get_view_interval())
        short = high < 100 * max(low, 1e-12)
        line.set_major_locator(LogLocator(subs=(1, 2, 5) if short else (1,)))
        line.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        line.set_minor_formatter(NullFormatter())


def _draw_slope(axis: Axes, msd: MeanSquaredDisplacement, lag: FloatArray) -> None:
    """Draw a short guide of slope 1 (diffusion) above the fastest element."""
    if len(lag) < 4:
        return
    fastest = float(np.nanmax(msd.msd_A2[:, -1]))
    if not fastest > 0:
        return
    start = lag[-1] / 4
    height = 3.0 * fastest
    axis.plot([start, lag[-1]], [height / 4, height], color=FAINT, linewidth=0.9)
    axis.annotate(
        "slope 1", (lag[-1] / 2, 0.5 * height), xytext=(-4, 3), textcoords="offset points",
        color=FAINT, fontsize=7.5, ha="right",
    )  # fmt: skip


def side_measures(analysis: InterfaceAnalysis, name: str) -> dict[str, Measure]:
    """Return side → measure for one attribute of `SideDegradation`, e.g. ``"width"``."""
    return {side.side: getattr(side, name) for side in analysis.sides}
