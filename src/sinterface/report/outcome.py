"""What one analysis hands on: numbers as JSON, every curve as CSV, figures, and a few words."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table as RichTable

from sinterface.files import atomic_path, write_text
from sinterface.report.style import save

FORMATS = ("svg", "pdf", "png")
"""Formats of every figure that an analysis writes."""


@dataclasses.dataclass(frozen=True)
class Curves:
    """Columns of equal length that become one CSV file.

    Attributes
    ----------
    name
        Stem of the file, such as ``"msd"``.
    columns
        Heading with its unit, such as ``"lag_ps"``, and values.
    """

    name: str
    columns: Mapping[str, Iterable[Any]]

    def text(self) -> str:
        """Return the CSV text; undefined numbers are left empty."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.columns)
        for row in zip(*self.columns.values(), strict=True):
            writer.writerow([_cell(value) for value in row])
        return buffer.getvalue()


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A figure with its caption.

    Attributes
    ----------
    name
        Stem of its files, such as ``"msd"``.
    figure
        The figure.
    caption
        One or two sentences: what is drawn, what the bars are.
    """

    name: str
    figure: Figure
    caption: str


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The result of one analysis, ready to be printed, written or put into a report.

    Attributes
    ----------
    name
        Of the command, such as ``"diffusion"``.
    title
        Heading for a person.
    data
        The JSON content: plain lists, numbers, strings, None.
    rows
        What the terminal and the report's table show; each row has the same keys.
    curves, drawings
        CSV files and figures.
    notes
        What a reader must know before believing a figure.
    extras
        Further files: their names, and what writes each to a path.
    """

    name: str
    title: str
    data: Mapping[str, Any]
    rows: tuple[Mapping[str, str], ...] = ()
    curves: tuple[Curves, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    notes: tuple[str, ...] = ()
    extras: Mapping[str, Callable[[Path], None]] = dataclasses.field(default_factory=dict)

    def table(self) -> RichTable:
        """Return the rows as a table for a terminal, notes below."""
        table = RichTable(title=self.title, title_justify="left", caption_justify="left")
        table.caption = "\n".join(self.notes) or None
        for heading in self.rows[0] if self.rows else ():
            table.add_column(heading)
        for row in self.rows:
            table.add_row(*row.values())
        return table

    def write(self, directory: Path) -> tuple[Path, ...]:
        """Write ``<name>.json``, the CSV files and the figures (SVG, PDF, PNG); JSON last."""
        directory.mkdir(parents=True, exist_ok=True)
        paths: list[Path] = []
        for curves in self.curves:
            path = directory / f"{curves.name}.csv"
            write_text(path, curves.text())
            paths.append(path)
        for drawing in self.drawings:
            paths += save(drawing.figure, directory, drawing.name, FORMATS)
        for name, write in self.extras.items():
            with atomic_path(directory / name) as temporary:
                write(temporary)
            paths.append(directory / name)
        path = directory / f"{self.name}.json"
        captions = {drawing.name: drawing.caption for drawing in self.drawings}
        content = {**self.data, "notes": list(self.notes), "figures": captions}
        write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")
        return (*paths, path)


def _cell(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{value:.8g}" if np.isfinite(value) else ""
    return str(value)
