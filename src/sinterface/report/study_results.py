"""The results of a study as typed values with units, from which any report can be made."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.analysis.records import Record
from sinterface.errors import InputError
from sinterface.files import write_text

if TYPE_CHECKING:
    from sinterface.report.published import Published

RESULTS_NAME = "results.json"
FORMAT = 1
UNITS = ("per_nm2", "K", "ps", "GPa", "A")
"""Endings of a condition's key that are its unit."""


@dataclasses.dataclass(frozen=True)
class Condition(Record):
    """What a value holds for: ``("temperature", 1000.0, "K")``, ``("volume", "fixed", "")``."""

    name: str
    value: Any
    unit: str = ""


@dataclasses.dataclass(frozen=True)
class Value(Record):
    """One result of a study.

    Attributes
    ----------
    key
        What it is, the same in every study: ``"activation_energy"``, ``"lattice_parameter"``, ...
    name
        In words, with its element where it has one: ``"activation energy of Li"``.
    value, std, ci95, unit
        The number, its standard error, its 95 % interval (of a bound: from 0 to the bound; empty
        where unknown) and its unit. A value that isn't resolved is NaN.
    resolved
        Whether there is a number.
    reason
        Why there is none, or how it was obtained.
    conditions
        What it holds for.
    published, published_source
        The published number for the same conditions, NaN where there is none, and where it stands.
    """

    key: str
    name: str
    value: float
    std: float
    ci95: tuple[float, ...]
    unit: str
    resolved: bool
    reason: str = ""
    conditions: tuple[Condition, ...] = ()
    published: float = math.nan
    published_source: str = ""


@dataclasses.dataclass(frozen=True)
class Figure(Record):
    """A figure: its files stand as ``<path>.svg``, ``.pdf`` and ``.png``."""

    path: str
    caption: str


@dataclasses.dataclass(frozen=True)
class Section(Record):
    """One part of the results.

    Attributes
    ----------
    name, title
        Short and unique; heading.
    rows
        A table: each row has the same keys.
    figures, files
        Paths relative to the folder of ``results.json``.
    notes
        What a reader must know before believing a figure.
    reason
        Why there is no result; empty where there is one.
    """

    name: str
    title: str
    rows: tuple[dict[str, Any], ...] = ()
    figures: tuple[Figure, ...] = ()
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class StructureFile(Record):
    """A structure of the study; its certificate and picture stand beside it."""

    name: str
    path: str


@dataclasses.dataclass(frozen=True)
class StudyResults(Record):
    """Everything that a study found.

    Attributes
    ----------
    study, kind, scale, title
        Which study.
    settings
        The settings that decide what the values mean.
    values
        Every number that the study was made for.
    sections
        Tables, figures and files, in the order of the report.
    structures
        The structures that were built.
    notes
        What holds for all of it.
    provenance
        Versions, host, git state, and hash, seed and times of each stage.
    format
        Raised when this layout changes.
    """

    study: str
    kind: str
    scale: str
    title: str
    settings: dict[str, Any]
    values: tuple[Value, ...]
    sections: tuple[Section, ...]
    structures: tuple[StructureFile, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: dict[str, Any] = dataclasses.field(default_factory=dict)
    format: int = FORMAT

    def write(self, directory: Path) -> Path:
        """Write ``results.json``, and the values as ``values.csv``."""
        from sinterface.report.outcome import Curves
        from sinterface.report.published import published_for

        path = directory / RESULTS_NAME
        published = [published_for(value, self) for value in self.values]
        columns = value_columns(self.values, published)
        write_text(directory / "values.csv", Curves("values", columns).text())
        write_text(path, json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n")
        return path

    @classmethod
    def read(cls, path: Path) -> StudyResults:
        """Read ``results.json``, or that of a folder.

        Raises
        ------
        InputError
            When it is missing or no such file.
        """
        file = path / RESULTS_NAME if path.is_dir() else path
        try:
            return cls.from_dict(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"'{file}' holds no results of a study ({error}).") from error


def value_columns(
    values: Sequence[Value], published: Sequence[Sequence[Published]]
) -> dict[str, list[Any]]:
    """Return values as the columns of a table, one for each condition too.

    Of what others published for a value the first is told: a calculation where there is one.
    """
    names = list(dict.fromkeys(heading(c) for value in values for c in value.conditions))
    columns: dict[str, list[Any]] = {"quantity": [v.key for v in values]}
    columns["name"] = [v.name for v in values]
    for name in names:
        columns[name] = [
            next((c.value for c in v.conditions if heading(c) == name), "") for v in values
        ]
    columns["value"] = [v.value for v in values]
    columns["std"] = [v.std for v in values]
    for index, end in enumerate(("ci95_low", "ci95_high")):
        columns[end] = [v.ci95[index] if len(v.ci95) == 2 else math.nan for v in values]
    columns["unit"] = [v.unit for v in values]
    columns["resolved"] = [v.resolved for v in values]
    columns["reason"] = [v.reason for v in values]
    first = [found[0] if found else None for found in published]
    columns["published_low"] = [one.low if one else math.nan for one in first]
    columns["published_high"] = [one.high if one else math.nan for one in first]
    columns["published_by"] = [f"{one.by}: {one.source}" if one else "" for one in first]
    return columns


def heading(condition: Condition) -> str:
    """Return the heading of a condition's column, such as ``"temperature_K"``."""
    return f"{condition.name}_{condition.unit}" if condition.unit else condition.name


def conditions(where: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Return conditions from keys that end with their unit, such as ``temperature_K``."""
    found = []
    for key, value in where.items():
        unit = next((one for one in UNITS if key.endswith(f"_{one}")), "")
        name = key.removesuffix(f"_{unit}") if unit else key
        found.append(Condition(name, value, unit))
    return tuple(found)


def bounded(
    key: str,
    name: str,
    estimate: Mapping[str, Any],
    unit: str,
    where: Mapping[str, Any],
    **published: Any,
) -> Value:
    """Return a value from an analysis' ``{"value", "std", "ci95", "reason"}``."""
    value = _number(estimate.get("value"))
    ci95 = estimate.get("ci95") or ()
    return Value(
        key=key,
        name=name,
        value=value,
        std=_number(estimate.get("std")),
        ci95=tuple(_number(end) for end in ci95),
        unit=unit,
        resolved=math.isfinite(value),
        reason=str(estimate.get("reason", "")),
        conditions=conditions(where),
        **published,
    )


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
