"""One helper for the figures of the analyses: lines with bands in one style."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from sinterface.report.palette import element_color
from sinterface.report.style import freeze_layout, style

FloatArray = NDArray[np.float64]

PANEL_WIDTH_IN = 3.5
FEW_DECADES = 60.0
"""Range of a logarithmic axis, high over low, up to which 2 and 5 are labelled too."""

DASHES: dict[str, tuple[float, ...]] = {
    "Co": (),
    "La": (5, 1.5),
    "Zr": (1.2, 1.2),
    "Li": (7, 1.5, 1.2, 1.5),
    "O": (3, 1.2),
}
"""Each element also has its own dashes, for readers who can't tell the colours."""

OKABE_ITO = ("#0080c6", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8f98")
"""Colours for what is no element (Okabe and Ito 2008; blue lightened)."""


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of a figure.

    Attributes
    ----------
    x, y
        Shape (n,); gaps where not finite.
    label
        Name in the legend; an element's symbol gives its colour and dashes.
    std
        Standard error, drawn as a band; shape (n,) or None.
    color, dashes
        Instead of those of the label.
    marker
        Matplotlib marker; markers come without a line.
    bars
        Whether the error is drawn as bars.
    width
        Line width in points.
    """

    x: FloatArray
    y: FloatArray
    label: str = ""
    std: FloatArray | None = None
    color: str | None = None
    dashes: tuple[float, ...] | None = None
    marker: str | None = None
    bars: bool = False
    width: float = 1.4


def line_figure(
    lines: Sequence[Line],
    x_label: str,
    y_label: str,
    *,
    width_in: float = PANEL_WIDTH_IN,
    height_in: float | None = None,
    logarithmic: str = "",
    from_zero: bool = False,
    title: str = "",
    markers_A: Sequence[tuple[float, str]] = (),
) -> Figure:
    """Return a figure of lines with their error bands.

    Parameters
    ----------
    lines
        What is drawn.
    x_label, y_label
        Axes with their units.
    width_in, height_in
        Size in inches; the height follows the width if None.
    logarithmic
        ``""``, ``"x"``, ``"y"`` or ``"xy"``.
    from_zero
        Whether the vertical axis begins at 0.
    title
        Title above the axes.
    markers_A
        Vertical lines with their colour, at places of the horizontal axis.
    """
    with style():
        figure = Figure(figsize=(width_in, height_in or 0.8 * width_in), layout="constrained")
        axis = figure.subplots()
        draw_lines(axis, lines)
        for place, color in markers_A:
            axis.axvline(place, color=color, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
        finish_axis(axis, x_label, y_label, logarithmic=logarithmic, from_zero=from_zero)
        if title:
            figure.suptitle(title, fontsize=9.5, x=0.02, ha="left")
        freeze_layout(figure)
    return figure


def grid_figure(
    panels: Sequence[tuple[str, Sequence[Line]]],
    x_label: str,
    y_label: str,
    *,
    columns: int = 3,
    width_in: float = 7.4,
    row_in: float = 1.5,
    from_zero: bool = False,
    share_y: bool = False,
) -> Figure:
    """Return one small panel for each (title, lines)."""
    rows = -(-len(panels) // columns)
    room = 15 if any(line.label for line in panels[0][1]) else 2  # for the legend, below titles
    with style():
        figure = Figure(figsize=(width_in, row_in * rows + 0.5), layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=share_y, squeeze=False)
        for index, axis in enumerate(grid.flat):
            if index >= len(panels):
                axis.set_visible(False)
                continue
            title, lines = panels[index]
            draw_lines(axis, lines)
            pad = room if index < columns else 2
            axis.set_title(title, fontsize=8.5, fontweight="bold", pad=pad)
            axis.tick_params(labelsize=7, labelbottom=index + columns >= len(panels))
            axis.locator_params(axis="y", nbins=4)
            if from_zero:
                axis.set_ylim(bottom=0)
            if index + columns >= len(panels):
                axis.set_xlabel(x_label)
        for row in grid:
            row[0].set_ylabel(y_label)
        legend_above(grid[0][0])
        freeze_layout(figure)
    return figure


def draw_lines(axis: Axes, lines: Sequence[Line]) -> None:
    """Draw lines and their bands into axes."""
    spare = iter(OKABE_ITO * 10)
    for line in lines:
        color = line.color or _color(line.label) or next(spare)
        dashes = DASHES.get(line.label, ()) if line.dashes is None else line.dashes
        options: dict[str, Any] = {"color": color, "linewidth": line.width}
        if line.label:
            options["label"] = line.label
        if line.marker:
            options |= {"linestyle": "none", "marker": line.marker, "markersize": 4.2}
        elif dashes:
            options["linestyle"] = (0, dashes)
        if line.bars and line.std is not None:
            axis.errorbar(line.x, line.y, yerr=line.std, capsize=2.2, elinewidth=1.0, **options)
            continue
        axis.plot(line.x, line.y, **options)
        if line.std is not None and np.isfinite(line.std).any():
            low, high = line.y - line.std, line.y + line.std
            axis.fill_between(line.x, low, high, color=color, alpha=0.2, linewidth=0)


def _label_decades(axis: Axis) -> None:
    """Label 1, 2 and 5 of each decade where there are few, powers of ten where there are many."""
    low, high = axis.get_view_interval()
    if high < FEW_DECADES * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def finish_axis(
    axis: Axes, x_label: str, y_label: str, *, logarithmic: str = "", from_zero: bool = False
) -> None:
    """Label axes, make them logarithmic where wanted, put the legend above."""
    axis.grid(True)
    axis.set_xlabel(x_label)
    axis.set_ylabel(y_label)
    if "x" in logarithmic:
        axis.set_xscale("log")
        _label_decades(axis.xaxis)
    if "y" in logarithmic:
        axis.set_yscale("log")
        _label_decades(axis.yaxis)
    elif from_zero:
        axis.set_ylim(bottom=0)
    legend_above(axis)


def legend_above(axis: Axes, **options: Any) -> None:
    """Put the legend above the axes, where it hides no curve; nothing without labels."""
    handles, labels = axis.get_legend_handles_labels()
    if not labels:
        return
    columns = min(len(labels), 5 if max(map(len, labels)) <= 4 else 2)
    axis.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(-0.02, 1.0), borderaxespad=0.1,
        columnspacing=1.1, handletextpad=0.5, handlelength=2.2, ncols=columns, **options,
    )  # fmt: skip


def _color(label: str) -> str | None:
    symbol = label.split(" ")[0]
    return element_color(symbol, line=True) if symbol in DASHES else None
