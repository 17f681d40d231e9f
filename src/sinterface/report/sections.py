"""Sections of results as pages show them: tables, figures inside, files beside, or why not."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.files import write_text
from sinterface.report.study_results import Figure, Section
from sinterface.report.style import page_svg

if TYPE_CHECKING:
    from sinterface.report.outcome import Outcome

SECTIONS_NAME = "sections.json"
FORMATS = ("svg", "pdf", "png")

MANY_ROWS = 24
"""Longer tables are folded away."""

WIDE_PT = 360.0
"""Figures wider than half a page, 5 in, take the whole of it."""


def section_of(outcome: Outcome, title: str, folder: str) -> Section:
    """Return the section of an analysis whose files stand in `folder`, relative to the results'."""
    files = [f"{curves.name}.csv" for curves in outcome.curves]
    files += [*outcome.extras, f"{outcome.name}.json"]
    return Section(
        name=outcome.name,
        title=title,
        rows=tuple(dict(row) for row in outcome.rows),
        figures=tuple(Figure(f"{folder}/{one.name}", one.caption) for one in outcome.drawings),
        files=tuple(f"{folder}/{name}" for name in files),
        notes=tuple(outcome.notes),
    )


def write_sections(sections: Sequence[Section], folder: Path) -> None:
    """Write ``sections.json``, from which a page can be made again."""
    content = {"sections": [one.to_dict() for one in sections]}
    write_text(folder / SECTIONS_NAME, json.dumps(content, indent=1, allow_nan=False) + "\n")


def read_sections(folder: Path) -> tuple[Section, ...]:
    """Return the sections that a folder of results holds; none where there are no results."""
    path = folder / SECTIONS_NAME
    if not path.is_file():
        return ()
    content = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Section.from_dict(one) for one in content["sections"])


def way_between(page: Path, folder: Path) -> str:
    """Return the way from a page's folder to another, ending with a slash; empty for the same."""
    way = Path(os.path.relpath(folder.resolve(), page.resolve()))
    return "" if way == Path() else f"{way.as_posix()}/"


def shown_section(section: Section, folder: Path, link: str, prefix: str = "") -> dict[str, Any]:
    """Return what the template's macro shows.

    Parameters
    ----------
    section
        The section.
    folder
        Folder to which its paths are relative.
    link
        Way from the page's folder to it, ending with a slash, or empty.
    prefix
        Before its identifier, where a page has several of one name.
    """
    name = f"{prefix}{section.name}"
    return {
        "id": name,
        "section": section,
        "figures": [
            _shown_figure(figure, folder, f"{name}-{count}")
            for count, figure in enumerate(section.figures)
        ],
        "files": [file for file in section.files if file.rsplit(".", 1)[-1] not in FORMATS],
        "folded": len(section.rows) > MANY_ROWS,
        "link": link,
    }


def _shown_figure(figure: Figure, folder: Path, name: str) -> Mapping[str, Any]:
    path = folder / f"{figure.path}.svg"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    size = re.search(r'<svg[^>]*\bwidth="([\d.]+)pt"', text[:2000])
    identifier = re.sub(r"[^\w-]", "-", name)
    return {
        "svg": page_svg(text, identifier, figure.caption) if text else "",
        "wide": size is not None and float(size.group(1)) > WIDE_PT,
        "caption": figure.caption,
        "path": figure.path,
        "formats": [k for k in FORMATS if (folder / f"{figure.path}.{k}").is_file()],
    }
