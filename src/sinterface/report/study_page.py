"""The page of a study's results: values, figures inside, links to every file."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from sinterface.report.study_results import Section, StudyResults, heading, value_columns

FORMATS = ("svg", "pdf", "png")
HIDDEN = ("quantity", "ci95_low", "ci95_high", "std", "unit", "resolved", "published", "value")


def study_page(results: StudyResults, folder: Path, link: str = "") -> str:
    """Return the HTML page of a study's results.

    Parameters
    ----------
    results
        What it shows.
    folder
        Folder of ``results.json``, to which their paths are relative.
    link
        Path from the page's folder to `folder`, for its links.
    """
    import jinja2

    templates = files("sinterface.report") / "templates"
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((templates / "study.html.j2").read_text("utf-8"))
    return template.render(
        results=results,
        css=(templates / "report.css").read_text("utf-8"),
        values=_value_rows(results),
        sections=[_section(one, folder) for one in results.sections],
        link=link,
        formats=FORMATS,
    )


def _value_rows(results: StudyResults) -> list[dict[str, str]]:
    columns = value_columns(results.values)
    names = [name for name in columns if name not in HIDDEN]
    rows = []
    for value in results.values:
        told = {heading(c): c.value for c in value.conditions}
        row = {"quantity": value.name}
        row |= {name: _text(told.get(name, "")) for name in names if name != "name"}
        row["value"] = value.text()
        known = value.published == value.published
        row["published"] = f"{value.published:.4g} {value.unit}".rstrip() if known else ""
        row["how"] = value.reason
        rows.append(row)
    return rows


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _section(section: Section, folder: Path) -> Mapping[str, Any]:
    return {
        "section": section,
        "figures": [
            {"image": _image(folder / f"{one.path}.svg"), "caption": one.caption, "path": one.path}
            for one in section.figures
        ],
    }


def _image(path: Path) -> str:
    """Return a figure as a data address, so that the page needs no other file."""
    for kind, media in ((".svg", "image/svg+xml"), (".png", "image/png")):
        file = path.with_suffix(kind)
        if file.is_file():
            content = re.sub(rb"^<\?xml[^>]*>\s*", b"", file.read_bytes())
            return f"data:{media};base64,{base64.b64encode(content).decode()}"
    return ""
