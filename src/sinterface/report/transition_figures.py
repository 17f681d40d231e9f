"""Figures of a phase transition: lattice parameters and tetragonality against temperature."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.analysis.lattice_steps import Branch
from sinterface.analysis.lattice_transition import PhaseTransition, TransitionFit
from sinterface.files import write_text
from sinterface.report.style import FAINT, INK, freeze_layout, save, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "pdf", "png")
NAME = "phase-transition"
COLORS: dict[str, str] = {"heating": "#d55e00", "cooling": "#0080c6"}
BRANCHES: tuple[Branch, ...] = ("heating", "cooling")

EXPERIMENT_A = (
    (443.0, 13.145, 12.706),
    (899.0, 13.185, 12.902),
    (899.0, 13.105, 13.105),
    (1100.0, 13.151, 13.151),
)
"""Temperature in K, measured a and c of LLZO on heating."""
EXPERIMENT_K = (898.0, 918.0)
"""Where measurements put the transition of LLZO on heating (G. Larraz, A. Orera and M. L. Sanjuán,
J. Mater. Chem. A 1, 11419 (2013) and others)."""


def draw_transition(found: PhaseTransition, folder: Path) -> tuple[Path, ...]:
    """Write the figure (SVG, PDF, PNG) and its CSV into `folder`; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / f"{NAME}.csv"
    write_text(table, transition_csv(found))
    return (*save(transition_figure(found), folder, NAME, FORMATS), table)


def transition_csv(found: PhaseTransition) -> str:
    """Return the rungs as CSV, in the order of time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    edges = [f"{name}_A" for name in "abc"]
    writer.writerow(
        ["branch", "temperature_K", "measured_K", *edges, *(f"{e[:-2]}_std_A" for e in edges),
         "volume_A3", "order", "order_std", "n_frames"]
    )  # fmt: skip
    for step in found.steps:
        numbers = [*step.edges_A, *step.edges_std_A, step.volume_A3, step.order, step.order_std]
        writer.writerow(
            [step.branch, f"{step.temperature_K:g}", f"{step.measured_K:.1f}",
             *(f"{value:.6f}" for value in numbers), step.n_frames]
        )  # fmt: skip
    return buffer.getvalue()


def transition_figure(found: PhaseTransition) -> Figure:
    """Return lattice parameters (left) and 1 − c/a with its fits (right), experiment in grey."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(7.4, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw_edges(left, found)
        _draw_order(right, found)
        freeze_layout(figure)
    return figure


def is_llzo(found: PhaseTransition) -> bool:
    """Return whether the measured values of LLZO may stand beside: La3Zr2O12 with some Li."""
    from ase.formula import Formula

    counts = Formula(found.formula).count() if found.formula else {}
    la, zr, o = (counts.get(symbol, 0) for symbol in ("La", "Zr", "O"))
    return la > 0 and 2 * la == 3 * zr and o == 4 * la and set(counts) == {"Li", "La", "Zr", "O"}


def _draw_edges(axis: Axes, found: PhaseTransition) -> None:
    if is_llzo(found):
        t, a, c = (np.array(column) for column in zip(*EXPERIMENT_A, strict=True))
        axis.plot(t, a, "D", ms=5, mfc="none", mec=FAINT, label="experiment")
        axis.plot(t, c, "D", ms=5, mfc="none", mec=FAINT)
    for branch in BRANCHES:
        steps = found.branch(branch)
        if not steps:
            continue
        t = np.array([step.temperature_K for step in steps])
        edges = np.array([step.edges_A for step in steps])
        stds = np.array([step.edges_std_A for step in steps])
        rows, c = np.arange(len(steps)), np.array([step.unique_axis for step in steps])
        mean = (edges.sum(axis=1) - edges[rows, c]) / 2
        std = np.sqrt(np.square(stds).sum(axis=1) - np.square(stds[rows, c])) / 2
        marker = "o" if branch == "heating" else "s"
        common: dict[str, Any] = {"color": COLORS[branch], "ms": 4, "capsize": 1.8, "lw": 0.9}
        axis.errorbar(t, mean, yerr=std, fmt=f"{marker}-", label=f"a, {branch}", **common)
        axis.errorbar(
            t, edges[rows, c], yerr=stds[rows, c], fmt=f"{marker}--", mfc="white",
            label=f"c, {branch}", **common,
        )  # fmt: skip
    axis.grid(True)
    axis.set_xlabel("temperature (K)")
    axis.set_ylabel("lattice parameter (Å)")
    axis.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3, columnspacing=1.0)


def _draw_order(axis: Axes, found: PhaseTransition) -> None:
    if is_llzo(found):
        axis.axvspan(*EXPERIMENT_K, color=FAINT, alpha=0.3, lw=0, label="experiment")
    for branch in BRANCHES:
        steps = found.branch(branch)
        if not steps:
            continue
        t = np.array([step.temperature_K for step in steps])
        order = np.array([step.order for step in steps])
        std = np.array([step.order_std for step in steps])
        fit: TransitionFit | None = getattr(found, branch)
        color = COLORS[branch]
        label: str = branch
        if fit is not None and not fit.reason:
            fine = np.linspace(t.min(), t.max(), 300)
            axis.plot(fine, fit.order(fine), color=color, lw=1.1)
            axis.axvline(fit.temperature_K, color=color, lw=0.9, ls=(0, (4, 2)))
            label = f"{branch}: {fit.temperature_K:.0f} ± {fit.std_K:.0f} K"
        marker = "o" if branch == "heating" else "s"
        axis.errorbar(
            t, order, yerr=std, fmt=marker, color=color, ms=4, capsize=1.8, lw=0.9, label=label
        )
    axis.axhline(0, color=INK, lw=0.6)
    axis.grid(True)
    axis.set_xlabel("temperature (K)")
    axis.set_ylabel("1 − c/a")
    axis.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, columnspacing=1.0)
