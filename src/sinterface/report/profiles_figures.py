"""Figures and columns of element profiles and of Co beyond its side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.profiles import Profiles
from sinterface.analysis.statistics import standard_error
from sinterface.report.curves import Line, grid_figure, line_figure
from sinterface.report.outcome import Curves, Drawing
from sinterface.report.palette import SIDE_COLORS, SIDE_NAMES, element_color

FloatArray = NDArray[np.float64]

KEYS = {"lower": "li_deficient", "upper": "li_sufficient"}
"""Names in records of the sides."""


def profile_curves(profiles: Profiles) -> Curves:
    """Return densities of each element and window as columns."""
    columns: dict[str, Any] = {"z_A": profiles.z_A}
    for window, (start, end) in enumerate(profiles.windows_ps):
        for row, element in enumerate(profiles.elements):
            columns[f"{element}_per_A3_{start:g}-{end:g}ps"] = profiles.density_per_A3[window, row]
    return Curves("profiles", columns)


def count_curves(counts: dict[str, FloatArray], time_ps: FloatArray) -> Curves:
    """Return the counts of Co beyond each side: their mean and each build."""
    columns: dict[str, Any] = {"time_ps": time_ps}
    for side, values in counts.items():
        columns[f"{KEYS[side]}_mean"] = values.mean(axis=0)
        for index, row in enumerate(values):
            columns[f"{KEYS[side]}_{index + 1}"] = row
    return Curves("co_beyond", columns)


def profile_drawing(profiles: Profiles, boundaries: Sequence[float]) -> Drawing:
    """Draw first and last profile of each element, boundaries as vertical lines."""
    panels = []
    first_ps, last_ps = profiles.windows_ps[0], profiles.windows_ps[-1]
    for row, element in enumerate(profiles.elements):
        color = element_color(element, line=True)
        error = profiles.per_A_std[-1, row] / profiles.area_A2
        first = Line(
            profiles.z_A, profiles.density_per_A3[0, row], _range(first_ps), color="#1b2130",
            dashes=(2, 1.2), width=0.9,
        )  # fmt: skip
        last = Line(
            profiles.z_A, profiles.density_per_A3[-1, row], _range(last_ps), color=color, dashes=(),
            std=error if np.isfinite(error).any() else None,
        )  # fmt: skip
        panels.append((element, [last, first]))
    figure = grid_figure(panels, "z (Å)", "atoms/Å³", columns=1, row_in=1.1, from_zero=True)
    for place, color in zip(boundaries, SIDE_COLORS.values(), strict=False):
        for axis in figure.axes[: len(panels)]:
            axis.axvline(place, color=color, linewidth=1.1, linestyle=(0, (4, 2)))
    caption = (
        f"Number density along the normal, each slab's drift removed: {_range(last_ps)} (colour), "
        f"{_range(first_ps)} (dashed)."
    )
    if len(boundaries):
        caption += " Vertical: relaxed outermost Co planes, Li-deficient and Li-sufficient side."
    return Drawing("profiles", figure, caption)


def _range(times_ps: FloatArray) -> str:
    return f"{times_ps[0]:g}–{times_ps[1]:g} ps"


def count_drawing(counts: dict[str, FloatArray], time_ps: FloatArray) -> Drawing:
    """Draw Co beyond each side against time."""
    lines = []
    for side, values in counts.items():
        error = standard_error(values)
        key = KEYS[side]
        lines.append(
            Line(time_ps, values.mean(axis=0), SIDE_NAMES[key], color=SIDE_COLORS[key],
                 std=error if np.isfinite(error).any() else None, dashes=() if side == "lower"
                 else (4, 1.5))
        )  # fmt: skip
    figure = line_figure(lines, "time (ps)", "Co beyond the boundary", from_zero=True)
    caption = (
        "Co more than 4 Å beyond the relaxed outermost Co plane and detached from it (band: "
        "standard error between builds)."
    )
    return Drawing("co_beyond", figure, caption)
