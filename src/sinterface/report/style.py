"""One style for every figure, and the ways a figure leaves the program."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from sinterface.files import atomic_path

INK = "#1b2130"
"""Text and axes; in the report it becomes the colour of the page's text, light or dark."""

FAINT = "#8a8f98"
"""Grid, guides and controls: legible on white and on black."""

VECTOR = ("svg", "pdf")
"""Formats of every figure."""

_RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.5,
    "grid.color": FAINT,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "sinterface",
    "pdf.fonttype": 42,
    "mathtext.default": "regular",
}


@contextmanager
def style() -> Iterator[None]:
    """Draw inside this context to get the figures' common look."""
    with rc_context(_RC):
        yield


def freeze_layout(figure: Figure) -> None:
    """Lay a figure out once, so that drawing it in several formats doesn't repeat the work."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def save(
    figure: Figure, directory: Path, stem: str, formats: tuple[str, ...] = VECTOR
) -> tuple[Path, ...]:
    """Write a figure into `directory`, once a format (svg, pdf, png); return the paths.

    The files carry no date, so that equal figures are equal files.
    """
    paths = tuple(directory / f"{stem}.{kind}" for kind in formats)
    with style():
        for path, kind in zip(paths, formats, strict=True):
            with atomic_path(path) as temporary:
                figure.savefig(
                    temporary,
                    format=kind,
                    dpi=200,
                    metadata=_metadata(kind),
                    facecolor="white" if kind == "png" else "none",
                )
    return paths


def inline_svg(figure: Figure, name: str, description: str, *, dpi: float = 150.0) -> str:
    """Return a figure as an SVG element to stand inside a page.

    It takes the page's font and text colour, fills the width it is given, and its identifiers
    start with `name`, so that several figures live on one page. Pictures inside it have the
    resolution `dpi`.
    """
    buffer = io.StringIO()
    with style():
        figure.savefig(buffer, format="svg", dpi=dpi, metadata=_metadata("svg"))
    return page_svg(buffer.getvalue(), name, description)


def page_svg(text: str, name: str, description: str) -> str:
    """Return the text of an SVG file of ours as an element to stand inside a page.

    See `inline_svg`.
    """
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', text)
    text = text.replace('xlink:href="data:', 'href="data:')
    text = re.sub(r"font: (bold |italic )?([\d.]+px) [^;\"]+", _page_font, text)
    text = text.replace(INK, "currentColor")
    view_box = re.search(r'viewBox="([^"]+)"', text)
    opening = (
        f'<svg class="figure" viewBox="{view_box.group(1) if view_box else "0 0 1 1"}" '
        f'role="img" aria-label="{_escaped(description)}">'
    )
    return opening + text[text.index(">") + 1 :]


def _page_font(match: re.Match[str]) -> str:
    weight = "font-weight: 650; " if match.group(1) == "bold " else ""
    return f"{weight}font-size: {match.group(2)}; font-family: inherit"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _metadata(kind: str) -> dict[str, Any]:
    if kind == "svg":
        return {"Date": None, "Creator": "sinterface"}
    if kind == "pdf":
        return {"CreationDate": None, "Creator": "sinterface"}
    return {"Software": "sinterface"}
