"""Phases of a run: table, curves and figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sinterface.analysis.phases import PhaseClassifier, Phases, find_phases
from sinterface.analysis.still import open_structure
from sinterface.report.curves import OKABE_ITO, finish_axis
from sinterface.report.outcome import Curves, Drawing, Outcome
from sinterface.report.style import FAINT, freeze_layout, style
from sinterface.report.suite import Run

TITLE = "Phases told apart by the surroundings of atoms"
KNOWN = ("Li", "O", "Co", "Zr", "La")
ROOM_TEMPERATURE_K = 300.0
LEAST_SHARE = 0.002
"""Phases below that share everywhere are left out of figures."""


def reason(run: Run) -> str:
    """Return why phases can't be told apart; empty when they can."""
    with open_structure(run.replicas[0], run.selection) as frames:
        strange = sorted(set(frames.elements) - set(KNOWN))
    return f"no reference knows {', '.join(strange)}" if strange else ""


def compute(run: Run) -> Outcome:
    """Tell the phases of every replica apart."""
    return outcome(measure(run))


def measure(
    run: Run,
    *,
    temperature_K: float | None = None,
    own: Mapping[str, Path] | None = None,
    potential: str = "llzo-lco",
) -> tuple[Phases, ...]:
    """Tell the phases of every replica apart; see `analysis.phases`."""
    if temperature_K is None:
        with open_structure(run.replicas[0], run.selection) as frames:
            heat = frames.temperature_K[np.isfinite(frames.temperature_K)]
        temperature_K = float(heat.mean()) if len(heat) else ROOM_TEMPERATURE_K
    classifier = PhaseClassifier(
        potential, temperature_K=temperature_K, own=own, progress=run.progress
    )
    found = []
    for path in run.replicas:
        with open_structure(path, run.selection) as frames:
            found.append(find_phases(frames, classifier, progress=run.progress))
    return tuple(found)


def outcome(found: tuple[Phases, ...]) -> Outcome:
    """Return the outcome; the JSON of one replica is not nested."""
    first = found[0]
    data = {**first.to_dict(), "replicas": [one.to_dict() for one in found[1:]]}
    return Outcome(
        name="phases",
        title=TITLE,
        data=data,
        rows=tuple(_row(found, k) for k in range(len(first.names))),
        curves=tuple(c for number, one in enumerate(found, 1) for c in _curves(one, number)),
        drawings=_drawings(first),
        notes=_notes(found),
    )


def _row(found: tuple[Phases, ...], k: int) -> dict[str, str]:
    shares = np.array([one.share[k] for one in found])
    if len(found) > 2:
        std = float(shares.std(ddof=1) / np.sqrt(len(shares)))
    else:
        std = float(np.sqrt((np.array([one.share_std[k] for one in found]) ** 2).sum()))
        std /= len(found)
    error = f" ± {100 * std:.2g}" if np.isfinite(std) else ""
    row = {
        "phase": found[0].names[k],
        "share of the atoms (%)": f"{100 * shares.mean():.1f}{error}",
    }
    for element, of in found[0].share_of_element.items():
        row[f"of {element} (%)"] = f"{100 * of[k]:.1f}"
    return row


def _notes(found: tuple[Phases, ...]) -> tuple[str, ...]:
    first = found[0]
    right = float(np.diag(first.confusion).mean())
    confidence = (
        f"; mean probability of a phase that was given: {first.confidence:.3f}"
        if np.isfinite(first.confidence)
        else ""
    )
    return (
        f"references shaken at {first.temperature_K:.0f} K; of held-out atoms of them "
        f"{100 * right:.1f} % were told right{confidence}",
        "unknown: not likely enough, or beyond what the references show (amorphous, a phase that "
        "is not among them, heat that the random displacements don't mimic); ± is the standard "
        + ("error between replicas" if len(found) > 2 else "error between blocks of time"),
    )


def _curves(one: Phases, number: int) -> list[Curves]:
    in_time = {"time_ps": one.time_ps}
    in_time |= {name: one.share_in_time[:, k] for k, name in enumerate(one.names)}
    n_windows, n_bins, _ = one.share_by_depth.shape
    depth = {
        "start_ps": np.repeat(one.windows_ps[:, 0], n_bins),
        "end_ps": np.repeat(one.windows_ps[:, 1], n_bins),
        "depth_A": np.tile(one.depth_A, n_windows),
    }
    depth |= {name: one.share_by_depth[:, :, k].ravel() for k, name in enumerate(one.names)}
    confusion: dict[str, object] = {"reference": one.names[:-1]}
    confusion |= {name: one.confusion[:, k] for k, name in enumerate(one.names)}
    return [
        Curves(f"phases-in-time-{number}", in_time),
        Curves(f"phases-by-depth-{number}", depth),
        Curves("phases-confusion", confusion),  # type: ignore[arg-type]
    ]


def _drawings(one: Phases) -> tuple[Drawing, ...]:
    caption = (
        "Share of the atoms of each phase by depth along the normal, in the first and the last "
        "window of time; grey: unknown."
    )
    drawings = [Drawing("phases-by-depth", _depth(one), caption)]
    matrix = "Held-out shaken atoms of each reference (rows) and the phase they were called."
    drawings.append(Drawing("phases-confusion", _confusion(one), matrix))
    return tuple(drawings)


def _shown(one: Phases) -> list[int]:
    most = np.nanmax(one.share_by_depth, axis=(0, 1))
    return [k for k in range(len(one.names)) if most[k] > LEAST_SHARE]


def _depth(one: Phases) -> Figure:
    windows = sorted({0, len(one.windows_ps) - 1})
    with style():
        figure = Figure(figsize=(7.4, 1.2 + 1.6 * len(windows)), layout="constrained")
        axes = figure.subplots(len(windows), 1, squeeze=False, sharex=True)[:, 0]
        for axis, window in zip(axes, windows, strict=True):
            _stack(axis, one, window)
            start, end = one.windows_ps[window]
            axis.set_title(f"{start:.4g} to {end:.4g} ps", fontsize=8.5, loc="right")
        for axis in axes:
            finish_axis(axis, "", "share of the atoms")
            axis.set_ylim(0.0, 1.0)
            axis.set_xlim(0.0, float(one.depth_A[-1] + one.depth_A[0]))
            if axis is not axes[0] and axis.get_legend():
                axis.get_legend().remove()
        axes[-1].set_xlabel("depth (Å)")
        freeze_layout(figure)
    return figure


def _stack(axis: Axes, one: Phases, window: int) -> None:
    width = 2.0 * float(one.depth_A[0])
    bottom = np.zeros(len(one.depth_A))
    for k in _shown(one):
        last = k == len(one.names) - 1
        color = FAINT if last else OKABE_ITO[k % (len(OKABE_ITO) - 1)]
        hatch = "//" if k >= len(OKABE_ITO) - 1 and not last else None
        values = np.nan_to_num(one.share_by_depth[window, :, k])
        axis.bar(one.depth_A, values, width, bottom, color=color, hatch=hatch, label=one.names[k])
        bottom += values


def _confusion(one: Phases) -> Figure:
    with style():
        figure = Figure(figsize=(4.6, 3.9), layout="constrained")
        axis = figure.subplots()
        axis.imshow(one.confusion, cmap="cividis", vmin=0.0, vmax=1.0, aspect="auto")
        axis.set_xticks(range(len(one.names)), one.names, rotation=45, ha="right")
        axis.set_yticks(range(len(one.names) - 1), one.names[:-1])
        for row, values in enumerate(one.confusion):
            for column, value in enumerate(values):
                if value > 0.0005:
                    color = "black" if value > 0.5 else "white"
                    axis.text(
                        column, row, f"{100 * value:.3g}", ha="center", va="center", color=color,
                        fontsize=7,
                    )  # fmt: skip
        axis.set_xlabel("called (%)")
        axis.set_ylabel("reference")
        freeze_layout(figure)
    return figure
