"""A still picture of any structure, with its elements named and a scale."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.files import atomic_path
from sinterface.report.palette import element_color
from sinterface.report.snapshot import clearest_view, render

if TYPE_CHECKING:
    from ase import Atoms

LONGEST_PIXELS = 1000
READABLE_INCHES = 5.2
LEAST_EDGE_A = 10.0
GREYS = 12
SHADES = (0.25, 0.4, 0.52, 0.63, 0.74, 0.87, 1.0, 1.25, 1.55, 1.8)
SCALES_A = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


def draw_structure(atoms: Atoms, path: Path | str) -> None:
    """Draw a structure as a PNG picture: the third cell vector to the right, elements beneath.

    A cell with an edge below 10 Å is repeated in the picture; the dotted line is the cell.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(structure_png(atoms))


def structure_png(atoms: Atoms, widest: int | None = None) -> bytes:
    """Return the picture of `draw_structure` as PNG bytes, at most `widest` pixels wide.

    Its colours are shades of the elements' own and greys, so that a rare element keeps its colour
    in a small file.
    """
    from PIL import Image

    figure = _figure(atoms)
    whole, small = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", facecolor="white")
    whole.seek(0)
    picture = Image.open(whole).convert("RGB")
    if widest is not None and picture.width > widest:
        height = round(picture.height * widest / picture.width)
        picture = picture.resize((widest, height), Image.Resampling.LANCZOS)
    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette(sorted(set(atoms.get_chemical_symbols()))))
    picture = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    picture.save(small, format="PNG", optimize=True)
    return small.getvalue()


def _palette(symbols: list[str]) -> list[int]:
    """Return red, green, blue of each colour, 0 to 255: shades, lights and pale tints, greys."""
    colors = [[grey, grey, grey] for grey in np.linspace(0, 255, GREYS).astype(int).tolist()]
    for symbol in symbols[: (256 - GREYS) // len(SHADES)]:
        name = element_color(symbol)
        color = np.array([int(name[k : k + 2], 16) for k in (1, 3, 5)], dtype=float)
        for shade in SHADES:
            mixed = color * shade if shade <= 1 else color + (shade - 1) * (255 - color)
            colors.append(mixed.round().astype(int).tolist())
    return [value for color in colors for value in color]


def _figure(atoms: Atoms) -> Any:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    copies = [max(1, round(LEAST_EDGE_A / length)) for length in atoms.cell.lengths()]
    shown = atoms.repeat(copies)
    along = clearest_view(shown)
    shot = render(shown, along=along, pixels_per_A=_scale(shown))
    left, right, bottom, top = shot.extent_A
    width = min(LONGEST_PIXELS, shot.image.shape[1]) / 100
    height = width * (top - bottom) / (right - left)
    large = max(1.0, width / READABLE_INCHES)  # stays readable in a page half as wide
    legend = 0.34 * large
    figure = Figure(figsize=(width, height + legend), dpi=100)
    axes = figure.add_axes((0.0, legend / (height + legend), 1.0, height / (height + legend)))
    axes.imshow(shot.image, extent=shot.extent_A, interpolation="antialiased", aspect="equal")
    axes.set_axis_off()
    _outline(axes, atoms.cell.array, "xy".index(along))
    symbols = sorted(set(atoms.get_chemical_symbols()))
    dots = [
        Line2D(
            [],
            [],
            marker="o",
            ls="",
            ms=8 * large,
            mfc=element_color(s),
            mec="#555",
            mew=0.5,
            label=s,
        )
        for s in symbols
    ]
    length = next(s for s in reversed(SCALES_A) if s <= 0.35 * (right - left) or s == 1.0)
    bar = figure.add_axes((0.02, 0.0, length / (right - left), 0.5 * legend / (height + legend)))
    bar.set_axis_off()
    bar.plot([0, 1], [0, 0], color="#333", lw=2.5, solid_capstyle="butt")
    bar.set_xlim(0, 1)
    bar.text(0.5, 0.02, f"{length:g} Å", ha="center", va="bottom", fontsize=8 * large, color="#333")
    figure.legend(
        handles=dots, loc="lower right", ncols=len(dots), frameon=False, fontsize=9 * large,
        handletextpad=0.0, columnspacing=0.8, borderaxespad=0.05,
    )  # fmt: skip
    return figure


def _scale(atoms: Atoms) -> float:
    return float(min(30.0, LONGEST_PIXELS / max(atoms.cell.lengths())))


def _outline(axes: Any, cell: np.ndarray, along: int) -> None:
    """Draw the edges of the cell as seen along x (0) or y (1)."""
    up = 1 if along == 0 else 0
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) @ cell
    for first in range(8):
        for bit in (1, 2, 4):
            second = first | bit
            if second != first:
                ends = corners[[first, second]]
                axes.plot(ends[:, 2], ends[:, up], color="#333", lw=0.9, ls=(0, (3, 2)))
