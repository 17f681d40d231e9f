"""Figures of a validation and of a certificate: small multiples of two energy surfaces."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sinterface.report.palette import element_color
from sinterface.report.style import FAINT, INK, freeze_layout, style

ACCENT = "#0b6e6e"
UNSEEN = "#b84e00"
WIDTH_IN = 7.6
COLUMNS = 5

FloatArray = NDArray[np.float64]


def parity_figure(rows: Sequence[Mapping[str, Any]], steps: Path, quantity: str) -> Figure | None:
    """Return predicted against reference values, a panel a row; None where nothing is labelled.

    Parameters
    ----------
    rows
        Of ``validation.json``.
    steps
        Folder that the rows' `folder` is relative to.
    quantity
        ``"force"`` (components, eV/Å) or ``"energy"`` (meV/atom about the reference's mean).
    """
    panels = [(row, _parity(steps / row["folder"] / "parity.npz", quantity)) for row in rows]
    shown = [(row, pairs) for row, pairs in panels if pairs is not None]
    if not shown:
        return None
    with style():
        figure, axes = _grid(len(shown))
        for axis, (row, pairs) in zip(axes, shown, strict=False):
            _parity_panel(axis, row, pairs, quantity)
        unit = "eV/Å" if quantity == "force" else "meV/atom, about the reference's mean"
        figure.supxlabel(f"reference's {quantity} ({unit})", fontsize=8.5)
        figure.supylabel(f"potential's {quantity}", fontsize=8.5)
        freeze_layout(figure)
    return figure


def _parity(path: Path, quantity: str) -> FloatArray | None:
    if not path.exists():
        return None
    with np.load(path) as kept:
        pairs: FloatArray = np.asarray(kept[quantity], dtype=float)
    if quantity == "energy":
        pairs = 1000 * (pairs - pairs[:, 0].mean())
    return pairs


def dft_figure(rows: Sequence[Mapping[str, Any]], steps: Path, reference: str) -> Figure | None:
    """Return forces of the reference and of the potential over DFT's, a panel a family."""
    if not rows:
        return None
    with style():
        figure, axes = _grid(len(rows), height_in=2.5)
        for axis, row in zip(axes, rows, strict=False):
            with np.load(steps / row["folder"] / "parity.npz") as kept:
                pairs = {name: np.asarray(kept[name], dtype=float) for name in kept.files}
            limit = 1.05 * max(float(np.abs(found).max()) for found in pairs.values())
            axis.plot([-limit, limit], [-limit, limit], color=FAINT, lw=0.8, zorder=0)
            for name, color, marker in (("reference", UNSEEN, "x"), ("potential", ACCENT, ".")):
                if name in pairs:
                    label = reference if name == "reference" else "potential"
                    axis.plot(*pairs[name].T, marker, ms=2.5, mew=0.6, color=color, label=label,
                              rasterized=True)  # fmt: skip
            axis.set(xlim=(-limit, limit), ylim=(-limit, limit))
            axis.set_box_aspect(1)
            axis.locator_params(nbins=5)
            axis.set_title(row["title"], fontsize=7.5)
        axes[0].legend(frameon=False, fontsize=7, markerscale=1.5, loc="upper left")
        figure.supxlabel("force by DFT (eV/Å)", fontsize=8.5)
        figure.supylabel("force by either", fontsize=8.5)
        freeze_layout(figure)
    return figure


def _grid(count: int, columns: int = COLUMNS, height_in: float = 1.62) -> tuple[Figure, list[Axes]]:
    columns = min(columns, max(count, 3))
    n_rows = math.ceil(count / columns)
    figure = Figure(figsize=(WIDTH_IN, height_in * n_rows + 0.3), layout="constrained")
    axes = np.atleast_1d(figure.subplots(n_rows, columns, squeeze=False)).ravel().tolist()
    for axis in axes[count:]:
        axis.remove()
    return figure, axes[:count]


def _parity_panel(axis: Axes, row: Mapping[str, Any], pairs: FloatArray, quantity: str) -> None:
    color = ACCENT if row["trained"] else UNSEEN
    low, high = _limits(pairs, quantity)
    axis.plot([low, high], [low, high], color=FAINT, linewidth=0.8, zorder=1)
    size, alpha = (2.0, 0.15) if quantity == "force" else (7.0, 0.7)
    axis.scatter(
        pairs[:, 0], pairs[:, 1], s=size, alpha=alpha, color=color, linewidths=0, rasterized=True
    )
    axis.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axis.locator_params(nbins=3)
    axis.set_title(short_title(row), fontsize=7.5)
    errors = row[quantity]
    scale = 1.0 if quantity == "force" else 1000.0
    text = f"{scale * errors['rmse']:.3g}"
    if quantity == "energy":
        text += f" ({scale * errors['rmse_shifted']:.2g})"
    axis.text(0.05, 0.93, text, transform=axis.transAxes, fontsize=7, va="top", color=INK)


def _limits(pairs: FloatArray, quantity: str) -> tuple[float, float]:
    """Return common limits; of forces without the rarest, so that the bulk is seen."""
    if quantity == "force":
        reach = 1.15 * float(np.quantile(np.abs(pairs), 0.9995))
        return -reach, reach
    low, high = float(pairs.min()), float(pairs.max())
    margin = 0.1 * max(high - low, 1.0)
    return low - margin, high + margin


def short_title(row: Mapping[str, Any]) -> str:
    """Return a title of few letters: "mixture 1", "unseen 3", "(104)", ..."""
    name = str(row["name"])
    if name.startswith("interface-"):
        return f"interface ({name.removeprefix('interface-')})"
    if name.startswith("doped-"):
        return f"6 Co on {name.removeprefix('doped-').capitalize()}"
    return name.replace("-", " ").replace("llzo", "LLZO").replace("lco", "LCO")


def calibration_figure(rows: Sequence[Mapping[str, Any]]) -> Figure | None:
    """Return actual against predicted force errors of a committee, a line a row; None without."""
    shown = [row for row in rows if row.get("calibration")]
    if not shown:
        return None
    with style():
        figure = Figure(figsize=(3.6, 3.2), layout="constrained")
        axis = figure.subplots()
        for row in shown:
            classes = row["calibration"]
            color = ACCENT if row["trained"] else UNSEEN
            axis.plot(classes["predicted"], classes["actual"], color=color, alpha=0.7, marker=".")
        top = max(max(row["calibration"]["actual"]) for row in shown) * 1.1
        axis.plot([0, top], [0, top], color=FAINT, linewidth=0.8)
        axis.set(xlabel="committee's deviation (eV/Å)", ylabel="actual error (eV/Å)")
        axis.set(xlim=(0, None), ylim=(0, top))
        freeze_layout(figure)
    return figure


def rdf_figure(own_dynamics: Mapping[str, Any]) -> Figure | None:
    """Return the partial RDFs with oxygen of both, a panel a system; None where there are none."""
    if not own_dynamics:
        return None
    with style():
        figure, axes = _grid(len(own_dynamics), columns=3, height_in=2.0)
        for axis, (name, entry) in zip(axes, own_dynamics.items(), strict=False):
            curves = entry["curves"]
            pairs = [row["pair"] for row in entry["pairs"] if "O" in row["pair"].split("–")]
            for pair in pairs:
                index = curves["pairs"].index(pair)
                partner = [symbol for symbol in pair.split("–") if symbol != "O"] or ["O"]
                color = element_color(partner[0])
                axis.plot(curves["r_A"], curves["potential"][index], color=color, label=pair)
                axis.plot(curves["r_A"], curves["reference"][index], color=color, ls=":", lw=1.2)
            axis.set_title(short_title({"name": name}))
            axis.set(xlim=(1, 6), ylim=(0, None), xlabel="r (Å)", ylabel="g(r)")
            axis.legend()
        freeze_layout(figure)
    return figure


def spectra_figure(own_dynamics: Mapping[str, Any]) -> Figure | None:
    """Return the densities of states of both, a panel a system; None where there are none."""
    if not own_dynamics:
        return None
    with style():
        figure, axes = _grid(len(own_dynamics), columns=3, height_in=2.0)
        for axis, (name, entry) in zip(axes, own_dynamics.items(), strict=False):
            for who, line in (("potential", "-"), ("reference", ":")):
                spectra = entry["spectra"][who]
                for element, density in spectra["density"].items():
                    if element != "total":
                        axis.plot(spectra["cm1"], density, line, lw=1.0 if line == "-" else 1.3,
                                  color=element_color(element),
                                  label=element if line == "-" else None)  # fmt: skip
            axis.set_title(short_title({"name": name}))
            axis.set(xlim=(0, 1000), ylim=(0, None), xlabel="wavenumber (cm⁻¹)", yticks=[])
            axis.legend()
        freeze_layout(figure)
    return figure


def dimer_figure(dimers: Mapping[str, Any]) -> Figure:
    """Return the energy of each pair alone, its wall marked, a panel a pair."""
    curves = dimers["curves"]
    with style():
        figure, axes = _grid(len(curves))
        for axis, curve in zip(axes, curves, strict=True):
            r, energy = np.array(curve["r_A"]), np.array(curve["energy_eV"])
            color = ACCENT if not curve["faults"] else UNSEEN
            axis.axvspan(r[0], curve["wall_A"], color=FAINT, alpha=0.15, linewidth=0)
            axis.axhline(0, color=FAINT, linewidth=0.6)
            axis.plot(r, np.arcsinh(energy), color=color)
            ticks = [-10, -1, 0, 1, 10, 100, 1000]
            axis.set_yticks(np.arcsinh(ticks), [str(tick) for tick in ticks])
            axis.set_title(curve["pair"], fontsize=8)
            axis.set(xlim=(r[0], r[-1]))
        figure.supxlabel("distance (Å)", fontsize=8.5)
        figure.supylabel("energy less that of the atoms apart (eV, arsinh)", fontsize=8.5)
        freeze_layout(figure)
    return figure


def equation_figure(equations: Mapping[str, Any]) -> Figure | None:
    """Return energy over volume by the potential and by the reference; None where there is none."""
    shown = {name: entry for name, entry in equations.items() if entry.get("volumes")}
    if not shown:
        return None
    with style():
        figure, axes = _grid(len(shown), columns=2, height_in=2.4)
        for axis, (name, entry) in zip(axes, shown.items(), strict=True):
            volume = np.array(entry["volumes"])
            axis.plot(
                volume, entry["reference_meV"], color=INK, marker="o", ms=3, label="reference"
            )
            axis.plot(volume, entry["potential_meV"], color=ACCENT, marker="s", ms=3, ls="--",
                      label="potential")  # fmt: skip
            axis.set_title(short_title({"name": name}))
            axis.set(xlabel="volume / reference's volume", ylabel="energy (meV/atom)")
            axis.legend()
        freeze_layout(figure)
    return figure
