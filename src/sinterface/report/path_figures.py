"""Figures of a minimum-energy path: its curve with barriers, and a picture of the way."""

from __future__ import annotations

import csv
import io
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.files import write_text
from sinterface.paths.interpolation import cluster
from sinterface.paths.result import MinimumEnergyPath
from sinterface.report.palette import element_color
from sinterface.report.snapshot import render
from sinterface.report.style import FAINT, INK, freeze_layout, save, style

if TYPE_CHECKING:
    from ase import Atoms
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "pdf", "png")
CURVE_NAME, PICTURE_NAME = "path", "path-picture"
_LINE = "#0080c6"
_AROUND_A = 3.4
_PIXELS_PER_A = 60.0
_APART = 1.8
"""Places are drawn so many times as far apart, spheres as large as ever, so that the way shows."""
_TITLE_LETTERS = 58


def draw_path(path: MinimumEnergyPath, folder: Path | None = None) -> tuple[Path, ...]:
    """Write curve (SVG, PDF, PNG), its CSV and the picture; return their paths.

    They go beside the path's images if `folder` isn't given.
    """
    place = folder or path.directory
    place.mkdir(parents=True, exist_ok=True)
    files = save(curve_figure(path), place, CURVE_NAME, FORMATS)
    table = place / f"{CURVE_NAME}.csv"
    write_text(table, path_csv(path))
    picture = save(picture_figure(path), place, PICTURE_NAME, ("png",))
    return (*files, table, *picture)


def path_csv(path: MinimumEnergyPath) -> str:
    """Return images and curve as CSV: kind, number, way in Å, energy in eV."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["kind", "number", "distance_A", "energy_eV"])
    for kind, xs, ys in (
        ("image", path.distances_A, path.energies_eV),
        ("curve", path.curve_A, path.curve_eV),
    ):
        for number, (x, y) in enumerate(zip(xs, ys, strict=True)):
            writer.writerow([kind, number, f"{x:.6f}", f"{y:.6f}"])
    return buffer.getvalue()


def curve_figure(path: MinimumEnergyPath) -> Figure:
    """Return the energy along the path, its barriers and its bottleneck."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(4.4, 3.3), layout="constrained")
        axis = figure.subplots()
        draw_curve(axis, path)
        axis.set_title("\n".join(textwrap.wrap(path.title, _TITLE_LETTERS)), pad=8)
        freeze_layout(figure)
    return figure


def draw_curve(axis: Axes, path: MinimumEnergyPath) -> None:
    """Draw a path's energy into axes."""
    axis.plot(path.curve_A, path.curve_eV, color=_LINE)
    axis.plot(path.distances_A, path.energies_eV, "o", color=_LINE, ms=4.5, mec="white", mew=0.6)
    top = max(*path.energies_eV, *path.curve_eV)
    low = min(0.0, *path.energies_eV, *path.curve_eV)
    height = max(top - low, 1e-3)
    axis.set_ylim(low - 0.14 * height, top + 0.16 * height)
    _draw_barriers(axis, path)
    width = path.distances_A[-1]
    narrow = path.bottleneck.distance_A
    axis.axvline(narrow, color=FAINT, lw=0.8, ls=":")
    bond = f"{path.ion}–{_first(path.bottleneck.anions)} {path.bottleneck.opening_A:.2f} Å"
    axis.text(
        narrow, low - 0.12 * height, f" narrowest: {bond} ",
        fontsize=7.5, color=FAINT, ha="left" if narrow < 0.6 * width else "right", va="bottom",
    )  # fmt: skip
    axis.grid(True, axis="y")
    axis.set_xlabel("way along the path (Å)")
    axis.set_ylabel("energy (eV)")


def _draw_barriers(axis: Axes, path: MinimumEnergyPath) -> None:
    """Draw both barriers as arrows beside the end points, with their heights."""
    width, peak = path.distances_A[-1], path.energies_eV[path.saddle]
    axis.set_xlim(-0.09 * width, 1.09 * width)
    axis.hlines(peak, -0.06 * width, 1.06 * width, color=FAINT, lw=0.7, ls=(0, (3, 2)))
    for x, foot, barrier, place in (
        (-0.05, path.energies_eV[0], path.forward_eV, "left"),
        (1.05, path.energies_eV[-1], path.reverse_eV, "right"),
    ):
        axis.annotate(
            "", xy=(x * width, peak), xytext=(x * width, foot),
            arrowprops={"arrowstyle": "<->", "color": INK, "lw": 0.8, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        axis.annotate(
            f"{barrier:.2f} eV", (x * width, peak), xytext=(0, 3), textcoords="offset points",
            ha=place, va="bottom", fontsize=8.5, color=INK,
        )  # fmt: skip


def _first(anions: tuple[str, ...]) -> str:
    return anions[0] if anions else "O"


def picture_figure(path: MinimumEnergyPath) -> Figure:
    """Return the surroundings of the way with the ion at every image, saddle ringed."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    images = path.images()
    scene, ways = _scene(images, np.array(path.moving[:1], dtype=np.int64), path.saddle)
    shot = render(scene, along="y", pixels_per_A=_PIXELS_PER_A / _APART)
    with style():
        left, right, bottom, top = shot.extent_A
        width = 4.4
        figure = Figure(figsize=(width, width * (top - bottom) / (right - left) + 0.75))
        share = 0.75 / figure.get_figheight()
        axis = figure.add_axes((0.0, 0.45 * share, 1.0, 1.0 - share))
        axis.imshow(shot.image, extent=shot.extent_A, aspect="equal", interpolation="antialiased")
        axis.set_axis_off()
        axis.plot(ways[:, 2], ways[:, 0], color="white", lw=1.6, alpha=0.9)
        axis.plot(ways[:, 2], ways[:, 0], "o", color="white", ms=4, mec=INK, mew=0.8)
        high = ways[path.saddle]
        axis.plot(high[2], high[0], "o", ms=13, mfc="none", mec=INK, mew=1.4)
        title = "\n".join(textwrap.wrap(path.title, _TITLE_LETTERS + 6))
        figure.text(0.02, 0.995, title, ha="left", va="top", fontsize=9.5)
        symbols = sorted(set(scene.get_chemical_symbols()))
        handles: list[Any] = [_dot(Line2D, symbol) for symbol in symbols]
        handles.append(
            Line2D([], [], marker="o", ls="", mfc="none", mec=INK, ms=9, label="highest image")
        )
        figure.legend(
            handles=handles, loc="lower left", ncols=len(handles), handletextpad=0.1,
            columnspacing=0.9, borderaxespad=0.2,
        )  # fmt: skip
    return figure


def _dot(line: type, symbol: str) -> Any:
    return line(
        [], [], marker="o", ls="", ms=8, mfc=element_color(symbol), mec="#555", mew=0.5,
        label=symbol,
    )  # fmt: skip


def _scene(
    images: list[Atoms], ion: NDArray[np.int64], saddle: int
) -> tuple[Atoms, NDArray[np.float64]]:
    """Return the surroundings of the way, turned so that it runs to the right and bends upwards.

    The ion stands there once for every image; its places come back too, shape (n_images, 3).
    """
    from ase import Atoms

    members, shifts, _ = cluster(images, ion, _AROUND_A)
    keep = members != int(ion[0])
    shift = shifts[~keep][0]
    around = images[saddle].positions[members[keep]] + shifts[keep]
    ways = np.array([image.positions[int(ion[0])] + shift for image in images])
    turn = _turned(ways, around)
    points = np.concatenate([around, ways]) @ turn
    low = points.min(axis=0) - 1.0
    numbers = np.concatenate(
        [images[0].numbers[members[keep]], np.full(len(ways), images[0].numbers[int(ion[0])])]
    )
    size = points.max(axis=0) + 1.0 - low
    scene = Atoms(numbers, points - low, cell=np.diag(size), pbc=True)
    scene.set_cell(_APART * scene.cell, scale_atoms=True)
    return scene, _APART * (ways @ turn - low)


def _turned(ways: NDArray[np.float64], around: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation whose columns are up, towards the eye, right."""
    right = ways[-1] - ways[0]
    right /= np.linalg.norm(right)
    off = ways - ways[0]
    off -= np.outer(off @ right, right)
    bend = off[int(np.linalg.norm(off, axis=1).argmax())]
    if np.linalg.norm(bend) < 0.15:  # straight: the flattest side of the surroundings
        rest = around - around.mean(axis=0)
        rest = rest - np.outer(rest @ right, right)
        bend = np.linalg.svd(rest, full_matrices=False)[2][0]
        bend = bend - (bend @ right) * right
    up = bend / np.linalg.norm(bend)
    eye = np.cross(right, up)
    return np.column_stack([up, eye, right])
