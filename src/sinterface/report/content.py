"""Tables of a report: labels with units out of keys, rows out of nested settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ase.data import chemical_symbols
from ase.formula import Formula

from sinterface.report.words import NBSP, formula, number

UNITS: dict[str, str] = {
    "g_per_cm3": "g/cm³",
    "meV_per_atom": "meV/atom",
    "eV_per_atom": "eV/atom",
    "A2_per_ps": "Å²/ps",
    "cm2_per_s": "cm²/s",
    "eV_per_A": "eV/Å",
    "eV_per_A3": "eV/Å³",
    "per_nm2": "nm⁻²",
    "per_A": "Å⁻¹",
    "nm2": "nm²",
    "A2": "Å²",
    "A3": "Å³",
    "GPa": "GPa",
    "ps": "ps",
    "fs": "fs",
    "ns": "ns",
    "eV": "eV",
    "MB": "MB",
    "degrees": "°",
    "percent": "%",
    "nm": "nm",
    "K": "K",
    "A": "Å",
    "e": "e",
    "s": "s",
}
"""Unit suffix of a key → unit as printed, longest first."""

_WORDS = {
    "sha256": "SHA-256", "li": "Li", "rmse": "RMSE", "mae": "MAE", "cpu": "processor",
    "llzo": "LLZO", "lco": "LCO", "csm": "shape measure", "r2": "R²", "n": "number of",
    "git": "study folder", "std": "standard deviation", "zbl": "ZBL",
}  # fmt: skip

_SOURCES = ("dividing", "source")
"""Keys of a certificate that say from what a cell was built, not what it is."""

_LEAST_A: dict[frozenset[str], float] = {
    frozenset("O"): 2.0,
    frozenset(("Li", "O")): 1.5,
    frozenset(("Co", "O")): 1.6,
    frozenset(("Zr", "O")): 1.6,
    frozenset(("La", "O")): 2.0,
}
"""Shortest distances allowed as built, in Å; two cations: 2.0."""


_LABELS = {
    "shortest_A": "shortest distances as built, least allowed in brackets (Å)",
    "relaxed_shortest_A": "shortest distances, relaxed (Å)",
    "coordination": "oxygen neighbours as built (Co on a stoichiometric (104) surface has five)",
    "n_atoms_by_region": "atoms of each slab",
    "mismatch_percent": "strain of each edge (%)",
    "li_deficient": "Li-deficient boundary",
    "li_sufficient": "Li-sufficient boundary",
    "dividing": "planes and ratios against which the Li excess is counted",
}
"""Keys whose words say too little."""


@dataclass(frozen=True)
class Row:
    """A line of a table: a label and one text a column; `group` marks a heading."""

    label: str
    values: tuple[str, ...]
    group: bool = False


def label(key: str) -> str:
    """Return a key as a person reads it: ``force_tolerance_eV_per_A`` → force tolerance (eV/Å)."""
    if key in _LABELS:
        return _LABELS[key]
    for suffix, unit in UNITS.items():
        if key.endswith("_" + suffix):
            return f"{_spoken(key[: -len(suffix) - 1])} ({unit})"
    return _spoken(key)


def text(value: Any) -> str:
    """Return a setting as text: numbers as they are, lists joined, None as a dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _decimal(value)
    if isinstance(value, Mapping):
        if value and all(str(key).isdigit() for key in value):
            return ", ".join(f"{count} × {key}-fold" for key, count in value.items())
        return "; ".join(f"{_pair(str(key))}: {text(item)}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_item(item) for item in value) or "–"
    return str(value).replace("-", "−") if isinstance(value, int) else str(value)


def rows(columns: Sequence[Mapping[str, Any]], *, skip: Iterable[str] = ()) -> list[Row]:
    """Return the lines of a table that sets mappings side by side.

    A mapping inside becomes a heading with its own lines beneath; keys come in the order in
    which they are first met.

    Parameters
    ----------
    columns
        One mapping a column (the settings of a run; the certificate of each build).
    skip
        Keys to leave out.
    """
    left_out = set(skip)
    keys = list(dict.fromkeys(key for column in columns for key in column if key not in left_out))
    plain, nested = [], []
    for key in keys:
        items = [column.get(key) for column in columns]
        if any(isinstance(item, Mapping) and item for item in items):
            parts = [item if isinstance(item, Mapping) else {} for item in items]
            nested.append(Row(label(key), (), group=True))
            nested += _inner_rows(parts)
        else:
            plain.append(Row(label(key), tuple(text(item) for item in items)))
    return plain + nested


def _inner_rows(columns: Sequence[Mapping[str, Any]]) -> list[Row]:
    keys = list(dict.fromkeys(key for column in columns for key in column))
    return [
        Row(_pair(str(key)), tuple(text(column.get(key)) for column in columns)) for key in keys
    ]


def certificate_rows(certificates: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return the lines of the certificates, one column a build, in a reader's order.

    Beside each shortest distance stands the least that is allowed as built.
    """
    shown = [
        {"formula": formula(Formula(str(one.get("formula", ""))).count())}
        | {key: item for key, item in one.items() if key not in (*_SOURCES, "formula")}
        for one in certificates
    ]
    return [_with_limit(row) if "–" in row.label else row for row in rows(shown)]


def source_rows(certificates: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return the lines of a certificate that say from what a cell was built."""
    return rows([{key: one[key] for key in _SOURCES if key in one} for one in certificates])


def _with_limit(row: Row) -> Row:
    first, _, second = row.label.partition("–")
    if first not in chemical_symbols or second not in chemical_symbols:
        return row
    anions = sorted({first, second} & {"O"})
    limit = _LEAST_A.get(frozenset((first, second)), None if anions else 2.0)
    return row if limit is None else Row(f"{row.label} (≥{NBSP}{limit:.1f})", row.values)


def error_table(card: Mapping[str, Any]) -> tuple[str, tuple[str, ...], list[Row]]:
    """Return key, header and lines of a card's held-out errors by system; empty if there are none.

    Understood are a list of tables with a ``system`` each, and a table of tables by system,
    under any key, also inside ``validation``.
    """
    for key, value in _candidates(card):
        found = _by_system(value)
        if found:
            columns = list(dict.fromkeys(name for entry in found.values() for name in entry))
            header = ("system", *(label(name) for name in columns))
            lines = [
                Row(system, tuple(_cell(entry.get(name)) for name in columns))
                for system, entry in found.items()
            ]
            return key, header, lines
    return "", (), []


def find(card: Mapping[str, Any], *names: str) -> Any:
    """Return the first value under any of `names`, searched through nested tables, or None."""
    for name in names:
        if name in card:
            return card[name]
    for value in card.values():
        if isinstance(value, Mapping):
            found = find(value, *names)
            if found is not None:
                return found
    return None


def _candidates(card: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    names = ("errors_by_system", "held_out", "errors", "test", "validation")
    for name in names:
        if name in card:
            yield name, card[name]
    for name, value in card.items():
        if isinstance(value, Mapping):
            for inner in names:
                if inner in value:
                    yield name, value[inner]


def _by_system(value: Any) -> dict[str, Mapping[str, Any]]:
    if isinstance(value, Mapping):
        inner = {str(key): item for key, item in value.items() if isinstance(item, Mapping)}
        return inner if inner and all(_has_numbers(item) for item in inner.values()) else {}
    if isinstance(value, Sequence) and not isinstance(value, str):
        entries = [item for item in value if isinstance(item, Mapping) and "system" in item]
        return {
            str(item["system"]): {key: cell for key, cell in item.items() if key != "system"}
            for item in entries
        }
    return {}


def _has_numbers(entry: Mapping[str, Any]) -> bool:
    return any(isinstance(value, (int, float)) for value in entry.values())


def _item(value: Any) -> str:
    nested = isinstance(value, Sequence) and not isinstance(value, str)
    return f"({text(value)})" if nested else text(value)


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, float) else text(value)


def _decimal(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:.4g}".replace("-", "−") if abs(value) >= 1e-4 or value == 0 else number(value)


def _spoken(key: str) -> str:
    return " ".join(_WORDS.get(word, word) for word in key.split("_"))


def _pair(key: str) -> str:
    """Return "Co–O" for "Co-O" and spoken words for other keys."""
    left, dash, right = key.partition("-")
    if dash and left.isalpha() and right.isalpha() and max(len(left), len(right)) <= 2:
        return f"{left}–{right}"
    return label(key)
