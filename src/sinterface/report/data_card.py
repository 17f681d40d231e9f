"""The data card as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sinterface.dataset.card import DataCard
from sinterface.dataset.survey import shortest_plausible
from sinterface.errors import InputError
from sinterface.files import atomic_path
from sinterface.report.palette import ELEMENT_COLORS, element_color
from sinterface.report.style import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BAR = "#3d5a80"
_SUFFIXES = (".svg", ".png", ".pdf")


def draw_card(card: DataCard, path: Path) -> None:
    """Write the figure: frames by system and temperature, atoms, forces, nearest distances.

    Raises
    ------
    InputError
        When `path` ends in something else than .svg, .png or .pdf.
    """
    if path.suffix not in _SUFFIXES:
        raise InputError(f"'{path}': a figure's name must end in {', '.join(_SUFFIXES)}.")
    from matplotlib.figure import Figure

    height = 3.4 + 0.17 * max(len(card.systems), len(card.nearest))
    with style():
        figure = Figure(figsize=(10.0, height), layout="constrained")
        axes = figure.subplots(2, 3, height_ratios=[len(card.systems) + 4, 14])
        figure.suptitle(_title(card), x=0.01, ha="left", fontsize=9.5)
        _bars(axes[0, 0], card.systems, "frames by system")
        _bars(axes[0, 1], _rounded(card.residual_meV_per_atom),
              "spread of the energy (meV/atom)")  # fmt: skip
        _nearest(axes[0, 2], card)
        _columns(axes[1, 0], card.temperatures_K, "frames by temperature (K)")
        _columns(axes[1, 1], card.elements, "atoms by element")
        _forces(axes[1, 2], card)
        with atomic_path(path) as temporary:
            metadata = {"Date": None} if path.suffix == ".svg" else None
            figure.savefig(
                temporary, format=path.suffix[1:], dpi=150, facecolor="white", metadata=metadata
            )


def _title(card: DataCard) -> str:
    return (
        f"{card.n_frames:,} frames, {card.n_atoms:,} atoms, {card.n_trajectories} trajectories in "
        f"{card.n_families} families; {len(card.faults.duplicates)} duplicates, "
        f"{len(card.faults.outliers)} outliers; labels by {', '.join(card.references)}"
    )


def _rounded(values: Mapping[str, float]) -> dict[str, int]:
    return {name: round(value) for name, value in values.items()}


def _bars(axes: Axes, counts: Mapping[str, int], title: str) -> None:
    names = list(counts)[::-1]
    bars = axes.barh(names, [counts[name] for name in names], color=_BAR)
    axes.bar_label(bars, fmt="{:,.0f}", padding=2, fontsize=7.5)
    axes.margins(x=0.16)
    axes.set_title(title)


def _columns(axes: Axes, counts: Mapping[str, int], title: str) -> None:
    colours = [ELEMENT_COLORS.get(name, _BAR) for name in counts]
    bars = axes.bar(list(counts), list(counts.values()), color=colours)
    axes.bar_label(bars, fmt="{:,.0f}", padding=1, fontsize=7)
    axes.tick_params(axis="x", rotation=45 if len(counts) > 6 else 0)
    axes.margins(y=0.12)
    axes.set_title(title)


def _forces(axes: Axes, card: DataCard) -> None:
    edges = np.array(card.force_edges)
    for name, counts in card.force_counts.items():
        density = np.array(counts) / np.diff(edges) / max(sum(counts), 1)
        shown = np.where(density > 0, density, np.nan)
        axes.stairs(shown, edges, label=name, color=element_color(name, line=True), linewidth=1.2)
    axes.set_yscale("log")
    axes.set_xlabel("eV/Å (the last class is open)")
    axes.set_title("force on an atom, share per eV/Å")
    axes.legend(frameon=False, ncols=2, fontsize=7.5)


def _nearest(axes: Axes, card: DataCard) -> None:
    names = list(card.nearest)[::-1]
    distances = [float(card.nearest[name]["distance_A"]) for name in names]
    limits = []
    for name in names:
        one, two = name.split("-")
        limits.append(shortest_plausible((one, two)))
    colours = ["#c63b34" if d < low else _BAR for d, low in zip(distances, limits, strict=True)]
    axes.scatter(distances, names, color=colours, zorder=3, s=18)
    axes.scatter(limits, names, marker="|", color="#8a8f98", s=60)
    axes.set_xlabel("grey: nearer is implausible")
    axes.set_xlim(left=0)
    axes.grid(axis="x", alpha=0.25)
    axes.set_title("nearest distance (Å)")
