"""A structure's certificate as tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

CONTACT_COLUMNS = 3


def certificate_table(figures: Mapping[str, Any]) -> RenderableType:
    """Return the certificate of a built structure: facts, distances, polyhedra, its own figures."""
    from sinterface.cli.tables import facts_table
    from sinterface.report import certificate_words as words

    if not words.is_structure(figures):
        return facts_table(dict(figures))
    parts: list[RenderableType] = [_head(figures), _table(list(words.facts(figures)))]
    parts += ["", Text("shortest distances (limit)", style="bold"), _contacts(figures)]
    polyhedra = words.polyhedron_rows(figures)
    if polyhedra:
        parts += ["", Text("anions around", style="bold"), _table(polyhedra)]
    parts += ["", *(Text(line) for line in words.parents(figures))]
    own = words.own_figures(figures)
    if own:
        parts += ["", Text("details", style="bold"), _table(list(own.items()))]
    if figures.get("relaxation"):
        parts += ["", Text("relaxation", style="bold"), facts_table(dict(figures["relaxation"]))]
    if figures.get("command"):
        parts += ["", Text("made by", style="bold"), Text(f"  {figures['command']}")]
    return Group(*parts)


def _head(figures: Mapping[str, Any]) -> Text:
    kind = str(figures.get("kind", "structure"))
    verdicts = {True: ": good", False: ": NOT GOOD"}
    return Text(kind + verdicts.get(figures.get("good", ""), ""), style="bold")


def _table(rows: list[Any]) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    for first, *rest in rows:
        table.add_row(Text(first, style="bold"), *(Text(cell) for cell in rest))
    return table


def _contacts(figures: Mapping[str, Any]) -> Table:
    from sinterface.report.certificate_words import contact_rows

    table = Table.grid(padding=(0, 2))
    cells = [
        Text(f"{pair:<6}{shortest:6.3f} ({limit:.1f}) Å", style="" if good else "bold red")
        for pair, shortest, limit, good in contact_rows(figures)
    ]
    for first in range(0, len(cells), CONTACT_COLUMNS):
        table.add_row(*cells[first : first + CONTACT_COLUMNS])
    return table
