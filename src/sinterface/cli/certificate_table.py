"""A structure's certificate as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

BUILT_KEYS = ("kind", "contacts", "oxidation_states")
"""Keys that tell a built structure's certificate from other JSON."""


def certificate_table(figures: Mapping[str, Any]) -> RenderableType:
    """Return the certificate of a built structure: facts, contacts, polyhedra, its own figures."""
    from sinterface.cli.tables import facts_table

    if not all(key in figures for key in BUILT_KEYS):
        return facts_table(dict(figures))
    parts: list[RenderableType] = [_facts(figures)]
    parts += ["", Text("shortest distances (limit)", style="bold"), _contacts(figures["contacts"])]
    if figures.get("coordination"):
        parts += ["", Text("anions around", style="bold"), _coordination(figures["coordination"])]
    for parent in figures.get("parents", ()):
        parts += ["", Text(f"{parent['name']}: {parent['space_group']}"), Text(parent["source"])]
    for name in ("details", "source"):
        if figures.get(name):
            parts += ["", Text(name, style="bold"), facts_table(_plain(figures[name]))]
    if figures.get("command"):
        parts += ["", Text("made by", style="bold"), Text(f"  {figures['command']}")]
    return Group(*parts)


def certificate_facts(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the main figures of a certificate as words."""
    states = ", ".join(f"{k} {_signed(v)}" for k, v in figures["oxidation_states"].items())
    a, b, c = figures["edges_A"]
    alpha, beta, gamma = figures["angles_degrees"]
    close = [pair for pair, contact in figures["contacts"].items() if not contact["good"]]
    yield "formula", f"{figures['formula']} ({figures['n_atoms']:,} atoms)"
    yield "formal charge", f"{figures['charge_e']:+g} e".replace("+0 e", "0") + f" ({states})"
    yield "density", f"{figures['density_g_per_cm3']:.3f} g/cm³"
    yield "edges", f"{a:.3f} × {b:.3f} × {c:.3f} Å"
    yield "angles", f"{alpha:.2f}, {beta:.2f}, {gamma:.2f}°"
    yield "distances", f"too short: {', '.join(close)}" if close else "all above their limits"
    regions = figures["n_atoms_by_region"]
    if list(regions) != ["all"]:
        for name, elements in regions.items():
            yield name, " ".join(f"{k}{v}" for k, v in elements.items())
    for name, strain in figures.get("strain_percent", {}).items():
        yield f"strain of {name}", ", ".join(f"{value:+.2f} %" for value in strain)
    if figures.get("seed") is not None:
        yield "seed", str(figures["seed"])
    for warning in figures.get("warnings", ()):
        yield "warning", warning


def histogram(counts: Mapping[str, int]) -> str:
    """Return a histogram in words: "6-fold 16"."""
    return ", ".join(f"{number}-fold {count}" for number, count in counts.items())


def _facts(figures: Mapping[str, Any]) -> Table:
    verdict = "good" if figures.get("good") else "NOT GOOD"
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row(Text(verdict, style="bold"), Text(str(figures["kind"])))
    for key, value in certificate_facts(figures):
        table.add_row(Text(key, style="bold"), Text(value))
    return table


def _contacts(contacts: Mapping[str, Any], columns: int = 3) -> Table:
    table = Table.grid(padding=(0, 2))
    cells = [
        Text(
            f"{pair:<6}{contact['shortest_A']:6.3f} ({contact['limit_A']:.1f}) Å",
            style="" if contact["good"] else "bold red",
        )
        for pair, contact in contacts.items()
    ]
    for first in range(0, len(cells), columns):
        table.add_row(*cells[first : first + columns])
    return table


def _coordination(coordination: Mapping[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    for element, places in coordination.items():
        for place, counts in places.items():
            where = "" if place == "all" else place
            table.add_row(Text(element), Text(where), Text(histogram(counts)))
    return table


def _signed(value: float) -> str:
    number = f"{abs(value):.3g}"
    return f"{number}{'+' if value > 0 else '−'}" if value else "0"


def _plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return figures without what is empty, tuples as lists."""
    kept: dict[str, Any] = {}
    for key, value in figures.items():
        if isinstance(value, Mapping):
            inner = _plain(value)
            if inner:
                kept[key] = inner
        elif value is None:
            continue
        elif isinstance(value, Sequence) and not isinstance(value, str):
            kept[key] = list(value)
        else:
            kept[key] = value
    return kept
