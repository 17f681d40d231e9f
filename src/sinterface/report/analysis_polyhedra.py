"""Polyhedra of a run: table, curves and figures."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from sinterface.analysis.polyhedra import Polyhedra, measure_polyhedra
from sinterface.analysis.still import open_structure
from sinterface.errors import InputError
from sinterface.report.curves import Line as CurveLine
from sinterface.report.curves import finish_axis, grid_figure
from sinterface.report.outcome import Curves, Drawing, Outcome
from sinterface.report.palette import element_color
from sinterface.report.style import freeze_layout, style
from sinterface.report.suite import Run, thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Coordination polyhedra"
CENTERS = ("Zr", "Co", "La")
UNITS = {
    "csm": "shape measure",
    "bond_length_A": "bond length (Å)",
    "angle_deg": "angle (°)",
}


CO_SITES = 6
"""Coordination of Co in LCO and on Zr's places, measured beside the one that is found."""

FEW_VALUES = 20
"""Bins of histograms hold so many values on average, or are joined."""

MAX_FRAMES = 100
"""Frames of each run that `compute` reads: polyhedra of neighbouring frames tell the same."""


def reason(run: Run) -> str:
    """Return why polyhedra can't be measured; empty when they can."""
    with open_structure(run.replicas[0], run.selection) as frames:
        if "O" not in frames.elements:
            return "there is no O"
        found = [center for center in CENTERS if center in frames.elements]
    return "" if found else f"none of {', '.join(CENTERS)} is there"


def compute(run: Run, *, max_frames: int = MAX_FRAMES) -> Outcome:
    """Measure the polyhedra of every framework cation, in some frames of every run."""
    run = thinned(run, max_frames)
    with open_structure(run.replicas[0], run.selection) as frames:
        centers = [center for center in CENTERS if center in frames.elements]
    found = {center: measure(run, center) for center in centers}
    if "Co" in found and found["Co"].coordination != CO_SITES:
        # in the hosts Co sits in octahedra: how far it is from one tells how disordered it is
        found["CoO6"] = measure(run, "Co", coordination=CO_SITES)
    return outcome(found)


def measure(
    run: Run,
    center: str,
    *,
    ligand: str = "O",
    coordination: int | None = None,
    ideal: str | None = None,
    cutoff_A: float | None = None,
) -> Polyhedra:
    """Measure one element's polyhedra over all replicas; see `analysis.polyhedra`."""
    with ExitStack() as stack:
        runs = [stack.enter_context(open_structure(path, run.selection)) for path in run.replicas]
        return measure_polyhedra(
            runs,
            center,
            ligand=ligand,
            coordination=coordination,
            ideal=ideal,
            cutoff_A=cutoff_A,
            progress=run.progress,
        )


def outcome(found: Mapping[str, Polyhedra]) -> Outcome:
    """Return the outcome of one or more elements; the JSON of one is not nested."""
    if not found:
        raise InputError("There is no polyhedron to measure; give an element of the structure.")
    kinds = list(found.values())
    data = {name: one.to_dict() for name, one in found.items()}
    return Outcome(
        name="polyhedra",
        title=TITLE,
        data=next(iter(data.values())) if len(data) == 1 else data,
        rows=tuple(_row(one) for one in kinds),
        curves=tuple(curves for one in kinds for curves in _curves(one)),
        drawings=tuple(_drawings(kinds)),
        notes=tuple(note for one in kinds for note in _notes(one)),
    )


def _name(one: Polyhedra) -> str:
    return f"{one.center}{one.ligand}{one.coordination}"


def _row(one: Polyhedra) -> dict[str, str]:
    shares = sorted(one.coordination_shares.items(), key=lambda item: -item[1])[:3]
    return {
        "polyhedron": _name(one),
        "ideal": f"{one.ideal} ({one.ideal_code})",
        "shape measure, mean ± spread": f"{one.csm.mean:.3f} ± {one.csm.std:.3f}",
        "polyhedra": str(one.csm.n),
        "bond length (Å)": f"{one.bond_length_A.mean:.3f} ± {one.bond_length_A.std:.3f}",
        "coordination": ", ".join(f"{number}: {100.0 * share:.0f} %" for number, share in shares)
        + f" (within {one.cutoff_A:.2f} Å)",
    }


def _curves(one: Polyhedra) -> list[Curves]:
    curves = [
        Curves(
            f"{_name(one)}-in-time",
            {
                "time_ps": one.time_ps,
                "csm": one.csm_in_time,
                "coordination": one.coordination_in_time,
            },
        ),
        Curves(
            f"{_name(one)}-centers",
            {"center": range(len(one.csm_of_centers)), "mean_csm": one.csm_of_centers},
        ),
    ]
    for name, rows in one.histograms.items():
        columns = {name: rows[:, 0], "share": rows[:, 1]}
        curves.append(Curves(f"{_name(one)}-histogram-{name}", columns))
    return curves


def _notes(one: Polyhedra) -> list[str]:
    others = ", ".join(
        f"{name} {spread.mean:.2f}"
        for name, spread in one.csm_of_each_ideal.items()
        if name != one.ideal
    )
    notes = [
        f"{_name(one)}: measured with its centre against the {one.ideal}"
        + (f", the nearest ideal (against the others: {others})" if others else "")
        + "; ± is the spread over polyhedra, no error of the mean"
    ]
    if one.n_incomplete:
        notes.append(
            f"{_name(one)}: {one.n_incomplete} times a centre had fewer than {one.coordination} "
            f"{one.ligand} within reach and was left out"
        )
    return notes


def _drawings(kinds: list[Polyhedra]) -> list[Drawing]:
    drawings = [
        Drawing(
            "polyhedra",
            _histograms(kinds),
            "Distributions over polyhedra and frames: continuous shape measure (0 is undistorted), "
            "bond lengths, and angles at the centre. Dotted: mean.",
        )
    ]
    if len(kinds[0].time_ps) > 2:
        panels = [
            ("shape measure", [_line(one, one.csm_in_time, kinds) for one in kinds]),
            (
                "ligands within the longest bond",
                [_line(one, one.coordination_in_time, kinds) for one in kinds],
            ),
        ]
        figure = grid_figure(panels, "time (ps)", "mean over centres", columns=2, row_in=2.0)
        caption = "Mean over centres in each frame of the first replica."
        drawings.append(Drawing("polyhedra-in-time", figure, caption))
    return drawings


def _line(one: Polyhedra, values: np.ndarray, kinds: list[Polyhedra]) -> CurveLine:
    color, dashes = _look(one, kinds)
    return CurveLine(one.time_ps, values, _name(one), color=color, width=0.9, dashes=dashes)


def _look(one: Polyhedra, kinds: list[Polyhedra]) -> tuple[str, tuple[float, ...]]:
    """Return colour and dashes; a second polyhedron of an element is dashed."""
    first = next(other for other in kinds if other.center == one.center)
    return element_color(one.center, line=True), () if first is one else (4.0, 1.5)


def _histograms(kinds: list[Polyhedra]) -> Figure:
    with style():
        figure = Figure(figsize=(7.4, 2.5), layout="constrained")
        axes = figure.subplots(1, 3)
        for axis, (name, label) in zip(axes, UNITS.items(), strict=True):
            for one in kinds:
                _histogram(axis, one, name, kinds)
            finish_axis(axis, label, "share per unit", from_zero=True)
        axes[0].set_xlim(left=0.0)
        handles, labels = axes[0].get_legend_handles_labels()
        for axis in axes:
            axis.get_legend().remove()
        figure.legend(handles, labels, loc="outside upper left", ncols=len(labels))
        freeze_layout(figure)
    return figure


def _merged(rows: np.ndarray, n_values: int) -> np.ndarray:
    """Return a histogram whose neighbouring bins are joined where there are few values in each."""
    step = int(np.ceil(FEW_VALUES * len(rows) / max(n_values, 1)))
    step = min(step, len(rows) // 4)
    if step < 2:
        return rows
    kept = rows[: len(rows) // step * step].reshape(-1, step, 2)
    return np.column_stack([kept[..., 0].mean(axis=1), kept[..., 1].sum(axis=1)])


def _histogram(axis: Axes, one: Polyhedra, name: str, kinds: list[Polyhedra]) -> None:
    rows = _merged(one.histograms[name], getattr(one, name).n)
    color, dashes = _look(one, kinds)
    if len(rows) < 2:
        axis.axvline(rows[0, 0], color=color, label=_name(one))
        return
    width = rows[1, 0] - rows[0, 0]
    if not dashes:
        axis.fill_between(rows[:, 0], rows[:, 1] / width, step="mid", color=color, alpha=0.25, lw=0)
    axis.step(
        rows[:, 0], rows[:, 1] / width, where="mid", color=color, lw=1.2, label=_name(one),
        ls=(0, dashes) if dashes else "-",
    )  # fmt: skip
    axis.axvline(getattr(one, name).mean, color=color, lw=0.9, ls=(0, (1, 2)))
