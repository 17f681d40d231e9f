"""Every figure of a report: drawn, captioned, saved, and made ready to stand in the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ase import Atoms

from sinterface.analysis.results import InterfaceAnalysis
from sinterface.report import figures, words
from sinterface.report.snapshot import Snapshot, clearest_view, render
from sinterface.report.style import VECTOR, inline_svg, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PICTURE_PIXELS = 1300.0
"""Length of the normal in a picture of atoms, in pixels."""

_MEASURES = {
    "width": "interdiffusion width (Å)",
    "interdiffused_per_nm2": "Co beyond the boundary (nm⁻²)",
    "layer_csm": "CoO₆ shape measure",
}


@dataclass(frozen=True)
class Picture:
    """A figure as the page shows it.

    Attributes
    ----------
    name
        Stem of its files and start of its identifiers.
    title, caption
        Words above and below.
    svg
        SVG element for wide pages.
    phone_svg
        SVG element for narrow pages; the same as `svg` where one serves both.
    formats
        Formats of its files.
    table
        Name of the CSV file that holds its curves, or empty.
    """

    name: str
    title: str
    caption: str
    svg: str
    phone_svg: str
    formats: tuple[str, ...]
    table: str


def draw_all(
    folder: Path, analysis: InterfaceAnalysis, builds: Sequence[tuple[Atoms, Atoms]]
) -> dict[str, Picture]:
    """Draw every figure, save it into `folder`, and return what the page needs, by name.

    `builds` holds the cell before and after of each replica, drift removed.
    """
    pictures = [_interface(folder, analysis, builds[0])]
    pictures += [_measure(folder, analysis, name) for name in _MEASURES]
    pictures += [_rdf(folder, analysis), _msd(folder, analysis)]
    pictures += [
        _build(folder, analysis, builds[index], index + 1) for index in range(1, len(builds))
    ]
    return {picture.name: picture for picture in pictures}


def _captions(analysis: InterfaceAnalysis) -> tuple[str, str]:
    span = words.duration(analysis.duration_ps)
    return "before: built and relaxed", f"after {span} at {analysis.temperature_K:.0f} K"


def _renders(build: tuple[Atoms, Atoms], analysis: InterfaceAnalysis) -> list[tuple[str, Snapshot]]:
    axis = clearest_view(build[0])
    scale = min(_PICTURE_PIXELS / build[0].cell[2, 2], 26.0)
    return [
        (caption, render(atoms, along=axis, pixels_per_A=scale))
        for caption, atoms in zip(_captions(analysis), build, strict=True)
    ]


def _interface(folder: Path, analysis: InterfaceAnalysis, build: tuple[Atoms, Atoms]) -> Picture:
    shown = _renders(build, analysis)

    def draw(width_in: float) -> Figure:
        return figures.interface_figure(shown, analysis.profiles, width_in=width_in)

    caption = (
        "Cell of build 1 seen along an in-plane axis, Co yellow, La green, Zr magenta, Li blue, "
        "O red; broken lines: the relaxed outermost Co planes. Below: atoms per Å of normal, mean "
        f"over {_count(analysis.n_replicas)}, first window of time dashed, last window filled, "
        "those between thin; the drift of each slab's own framework is removed."
    )
    title = "The interface before and after"
    return _wide(folder, "interface", title, caption, draw, "profiles", picture=True)


def _build(
    folder: Path, analysis: InterfaceAnalysis, build: tuple[Atoms, Atoms], count: int
) -> Picture:
    shown = _renders(build, analysis)
    boundaries = (analysis.profiles.lower_A, analysis.profiles.upper_A)

    def draw(width_in: float) -> Figure:
        return figures.picture_figure(shown, boundaries, width_in=width_in)

    caption = f"Build {count}: the same settings, another seed."
    return _wide(folder, f"build-{count}", f"Build {count}", caption, draw, "", picture=True)


def _measure(folder: Path, analysis: InterfaceAnalysis, name: str) -> Picture:
    measures = figures.side_measures(analysis, name)
    control = analysis.inside_csm if name == "layer_csm" else None
    figure = figures.measure_figure(measures, _MEASURES[name], control=control)
    if all(measure.resolved for measure in measures.values()):
        caption = f"Bars: {words.reason(analysis.sides[0].reason)}; thin lines: the builds."
    elif analysis.n_replicas >= 3:
        caption = "Not resolved; bars: spread between builds (standard error); thin lines: builds."
    else:
        caption = "Not resolved: too few builds for an error bar."
    title = {"width": "Interdiffusion width", "layer_csm": "Disorder of the CoO₆ layer"}
    heading = title.get(name, "Co beyond the boundary")
    return _narrow(folder, name.replace("_", "-"), heading, caption, figure, "degradation")


def _rdf(folder: Path, analysis: InterfaceAnalysis) -> Picture:
    def draw(width_in: float) -> Figure:
        columns = 2 if width_in < figures.FULL_WIDTH_IN else 5
        return figures.rdf_figure(analysis.rdfs, width_in=width_in, columns=columns)

    caption = (
        f"Partial radial distribution functions of the whole cell over {analysis.rdfs.n_frames} "
        "frames; the triangle marks the first peak, its place in Å at the upper right. Both "
        "materials and the boundaries between them contribute."
    )
    return _wide(folder, "rdf", "Pair distributions", caption, draw, "rdf")


def _msd(folder: Path, analysis: InterfaceAnalysis) -> Picture:
    figure = figures.msd_figure(analysis.msd)
    bands = "between builds" if analysis.n_replicas >= 3 else "between atoms"
    caption = f"All time origins, slab drift removed; bands: standard error {bands}."
    return _narrow(folder, "msd", "Mean squared displacement", caption, figure, "msd")


def _wide(
    folder: Path,
    name: str,
    title: str,
    caption: str,
    draw: Callable[[float], Figure],
    table: str,
    *,
    picture: bool = False,
) -> Picture:
    """Save a figure and return it in a version for wide and one for narrow pages."""
    figure = draw(figures.FULL_WIDTH_IN)
    formats = (*VECTOR, "png") if picture else VECTOR
    save(figure, folder, name, formats)
    dpi = 150.0 if table else 100.0
    svg = inline_svg(figure, name, title, dpi=dpi)
    phone = inline_svg(draw(figures.PHONE_WIDTH_IN), f"{name}-phone", title, dpi=dpi)
    return Picture(name, title, caption, svg, phone, formats, _csv(table))


def _narrow(
    folder: Path, name: str, title: str, caption: str, figure: Figure, table: str
) -> Picture:
    save(figure, folder, name)
    svg = inline_svg(figure, name, title)
    return Picture(name, title, caption, svg, svg, VECTOR, _csv(table))


def _csv(table: str) -> str:
    return f"{table}.csv" if table else ""


def _count(n: int) -> str:
    return "one build" if n == 1 else f"{n} builds"
