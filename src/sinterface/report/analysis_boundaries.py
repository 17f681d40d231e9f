"""Grain boundaries of a set of runs: table, curves and figure."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sinterface.analysis.grain_boundaries import FRAMEWORK, GrainBoundaries, follow_boundaries
from sinterface.analysis.statistics import Measure
from sinterface.analysis.stored import is_stored
from sinterface.analysis.stream import Frames, open_frames
from sinterface.report.curves import OKABE_ITO, finish_axis
from sinterface.report.outcome import Curves, Drawing, Outcome
from sinterface.report.palette import element_color
from sinterface.report.style import FAINT, freeze_layout, style
from sinterface.report.suite import Run

TITLE = "Grain boundaries"
GRAIN_REGIONS = 3
"""A bicrystal tells grain 1, grain 2 and boundary."""


def reason(run: Run) -> str:
    """Return why there are no grain boundaries to follow; empty when there are."""
    with open_frames(run.replicas[0], run.selection) as frames:
        if len(np.unique(frames.region)) != GRAIN_REGIONS:
            return "the atoms are not labelled as two grains and a boundary"
        if not set(FRAMEWORK) & set(frames.elements):
            return "there is neither La nor Zr"
    return ""


def compute(run: Run) -> Outcome:
    """Follow the boundaries of all replicas, against the bulk controls of the run."""
    return outcome(measure(run, tuple(run.controls.values())))


def measure(
    run: Run, bulk: Sequence[Path], *, element: str = "Co", half_width_A: float = 5.0
) -> GrainBoundaries:
    """Follow the boundaries; see `analysis.grain_boundaries`."""
    with ExitStack() as stack:

        def opened(paths: Sequence[Path]) -> list[Frames]:
            return [stack.enter_context(open_frames(path, run.selection)) for path in paths]

        runs, controls = opened(run.replicas), opened(bulk)
        energies = None
        if all(is_stored(path) for path in (*run.replicas, *bulk)):
            energies = _energies(run, run.replicas), _energies(run, bulk)
        return follow_boundaries(
            runs,
            controls,
            element=element,
            energies_eV=energies,
            half_width_A=half_width_A,
            progress=run.progress,
        )


def _energies(run: Run, paths: Sequence[Path]) -> list[np.ndarray]:
    from sinterface.dynamics.trajectory import open_trajectory

    found = []
    for path in paths:
        with open_trajectory(path) as trajectory:
            chosen = slice(run.selection.skip, None, run.selection.stride)
            found.append(np.asarray(trajectory.potential_energy_eV)[chosen])
    return found


def outcome(found: GrainBoundaries) -> Outcome:
    """Return the outcome."""
    return Outcome(
        name="boundaries",
        title=TITLE,
        data=found.to_dict(),
        rows=tuple(_row(one) for one in _measures(found)),
        curves=_curves(found),
        drawings=(Drawing("boundaries", _figure(found), _caption(found)),),
        notes=_notes(found),
    )


def _measures(found: GrainBoundaries) -> list[Measure]:
    several = (found.energy, found.excess_volume, found.disorder, found.segregation)
    return [one for one in several if one is not None]


def _row(one: Measure) -> dict[str, str]:
    unit = f" ({one.unit})" if one.unit else ""

    def value(number: float, std: float) -> str:
        return f"{number:.3g} ± {std:.2g}" if np.isfinite(std) else f"{number:.3g}"

    return {
        "figure": f"{one.name}{unit}",
        "at first": value(one.initial, one.initial_std),
        "at last": value(one.final, one.final_std),
        "changed": ("yes" if one.changed else "no") if one.resolved else "not resolved",
    }


def _notes(found: GrainBoundaries) -> tuple[str, ...]:
    notes = [found.disorder.reason]
    if found.element:
        notes.append(f"free energy of segregation: {found.free_energy_reason}")
    if found.energy is None:
        notes.append(
            "no boundary energy: it wants dynamics runs of bicrystal and bulk (--bulk) of the same "
            "composition"
        )
    notes.append(
        f"boundaries at 0 and ½ of the third cell vector, {found.half_width_A:g} Å to both sides"
    )
    return tuple(notes)


def _caption(found: GrainBoundaries) -> str:
    what = f"{found.element} over La and Zr" if found.element else "nothing segregates"
    return (
        f"Left: {what} by distance from the nearest boundary in the first and the last window of "
        "time. Middle: Gibbs excess in time. Right: free energy of segregation where it came to "
        "rest. Bars: standard errors between builds."
    )


def _curves(found: GrainBoundaries) -> tuple[Curves, ...]:
    in_time: dict[str, np.ndarray] = {"time_ps": found.disorder.time_ps}
    for one in _measures(found):
        name = one.name.replace(" ", "_").replace(",", "")
        in_time |= {name: one.mean, f"{name}_std": one.std}
    n_windows, n_bins = found.share.shape
    profile = {
        "start_ps": np.repeat(found.windows_ps[:, 0], n_bins),
        "end_ps": np.repeat(found.windows_ps[:, 1], n_bins),
        "distance_A": np.tile(found.distance_A, n_windows),
        "share": found.share.ravel(),
        "share_std": found.share_std.ravel(),
    }
    energy = {
        "distance_A": found.distance_A,
        "free_energy_eV": found.free_energy_eV,
        "free_energy_std_eV": found.free_energy_std_eV,
    }
    return (
        Curves("boundaries-in-time", in_time),
        Curves("boundaries-profile", profile),
        Curves("boundaries-free-energy", energy),
    )


def _figure(found: GrainBoundaries) -> Figure:
    color = element_color(found.element, line=True) if found.element else FAINT
    with style():
        figure = Figure(figsize=(7.4, 2.5), layout="constrained")
        left, middle, right = figure.subplots(1, 3)
        last = len(found.windows_ps) - 1
        for window, line in ((0, FAINT), (last, color)):
            start, end = found.windows_ps[window]
            left.plot(
                found.distance_A, found.share[window], color=line, label=f"{start:.3g}–{end:.3g} ps"
            )
            low = found.share[window] - found.share_std[window]
            high = found.share[window] + found.share_std[window]
            left.fill_between(found.distance_A, low, high, color=line, alpha=0.2, lw=0)
        finish_axis(left, "distance from a boundary (Å)", "share", from_zero=True)
        _in_time(middle, found, color)
        _free_energy(right, found, color)
        freeze_layout(figure)
    return figure


def _in_time(axis: Axes, found: GrainBoundaries, color: str) -> None:
    one = found.segregation or found.disorder
    for replica in one.replicas:
        axis.plot(one.time_ps, replica, color=FAINT, lw=0.6, alpha=0.7)
    axis.errorbar(one.time_ps, one.mean, yerr=one.std, color=color, capsize=2.0, lw=1.2)
    unit = f" ({one.unit})" if one.unit else ""
    finish_axis(axis, "time (ps)", f"{one.name}{unit}")


def _free_energy(axis: Axes, found: GrainBoundaries, color: str) -> None:
    if np.isfinite(found.free_energy_eV).any():
        axis.errorbar(
            found.distance_A, found.free_energy_eV, yerr=found.free_energy_std_eV,
            color=color or OKABE_ITO[0], capsize=2.0, fmt="o-", ms=3, lw=1.0,
        )  # fmt: skip
        axis.axhline(0.0, color=FAINT, lw=0.7)
    else:
        axis.text(0.5, 0.5, "not resolved", ha="center", transform=axis.transAxes)
    finish_axis(axis, "distance from a boundary (Å)", "free energy (eV)")
