"""Study files of every kind: read, one of their scales chosen, checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sinterface.errors import InputError, nearest_name
from sinterface.study.changes import changed, laid_over
from sinterface.study.config import Table
from sinterface.study.kinds import PLAIN, Kind, find_kind, kind_names
from sinterface.study.kinds.site import Site
from sinterface.study.manual import describe

SCALES: Final = ("laptop", "overnight", "paper")


def read_content(path: Path) -> dict[str, Any]:
    """Return what a study file holds.

    Raises
    ------
    InputError
        When it is missing or isn't TOML.
    """
    if path.is_dir():
        raise InputError(f"'{path}' is a folder; give the study file (.toml) itself.")
    if not path.is_file():
        raise InputError(
            f"There is no study file '{path}'. Write one with 'sinterface init {path}'."
        )
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' isn't valid TOML: {error}. Correct that line.") from error


def kind_of(path: Path) -> str:
    """Return the kind of a study file; that of one interface where it names none.

    Raises
    ------
    InputError
        When the file can't be read, or names a kind that doesn't exist.
    """
    head = read_content(path).get("study", {})
    name = head.get("kind", PLAIN) if isinstance(head, dict) else PLAIN
    if name not in kind_names():
        known = ", ".join(kind_names())
        hint = nearest_name(str(name), kind_names())
        raise InputError(f"[study] kind = '{name}' in '{path}' is none of {known}.{hint}")
    return str(name)


def is_plain(path: Path, scale: str | None = None) -> bool:
    """Return whether a study file is of the plain kind, which has one size.

    Raises
    ------
    InputError
        When it can't be read, names an unknown kind, or is plain and a scale is asked for.
    """
    plain = kind_of(path) == PLAIN
    if plain and scale is not None:
        raise InputError(
            f"'{path}' names no [study] kind: a study of one interface, which has one size only. "
            "Leave out --scale, or name a kind."
        )
    return plain


def scales_of(path: Path) -> tuple[str, ...]:
    """Return the scales that a study file has, in the order of their size."""
    tables = read_content(path).get("scale", {})
    found = set(tables) if isinstance(tables, dict) else set()
    unknown = sorted(found - set(SCALES))
    if unknown:
        raise InputError(
            f"[scale.{unknown[0]}] in '{path}': the scales are {', '.join(SCALES)}."
            f"{nearest_name(unknown[0], list(SCALES))}"
        )
    return tuple(scale for scale in SCALES if scale in found)


def read_site(path: Path | str, scale: str | None = None, changes: Sequence[str] = ()) -> Site:
    """Read and check a study file at one of its scales.

    Parameters
    ----------
    path
        The file.
    scale
        Which of its tables ``[scale.<name>]`` is laid over it; must be given where it has any.
    changes
        Values replaced after that, as `sinterface.study.changes.changed` takes them.

    Raises
    ------
    InputError
        When the file, a key or a value is wrong, or the scale is missing or unknown.
    """
    file = Path(path)
    kind = find_kind(kind_of(file))
    scales = scales_of(file)
    if scales and scale is None:
        raise InputError(
            f"'{file}' has {len(scales)} sizes; choose one with --scale {'|'.join(scales)}."
        )
    if scale is not None and scale not in scales:
        known = f"it has {', '.join(scales)}" if scales else "it has no [scale.…] table"
        hint = nearest_name(scale, list(scales))
        raise InputError(f"'{file}' has no scale '{scale}'; {known}.{hint}")
    content = read_content(file)
    sizes = content.pop("scale", {})
    if scale is not None:
        content = laid_over(content, sizes[scale])
    content = changed(content, changes)
    try:
        settings = kind.model.model_validate(content)
    except ValidationError as error:
        raise InputError(_complaint(error.errors(), file, kind, scale)) from error
    return Site(file.resolve(), kind.name, scale or "", settings, tuple(changes))


def _complaint(errors: list[ErrorDetails], file: Path, kind: Kind, scale: str | None) -> str:
    """Return a sentence about the first error, unknown keys first, and how many more there are."""
    error = min(errors, key=lambda one: one["type"] != "extra_forbidden")
    place = [str(part) for part in error["loc"]]
    where = f"'{file}'" + (f" at the scale '{scale}'" if scale else "")
    more = f" ({len(errors) - 1} more after that.)" if len(errors) > 1 else ""
    tables = tables_of(kind.model)
    if error["type"] == "extra_forbidden":
        table = tables.get(place[0]) if len(place) > 1 else None
        known = list(table.model_fields) if table else list(tables)
        what = f"key '{place[-1]}' in [{place[0]}]" if len(place) > 1 else f"table [{place[0]}]"
        hint = nearest_name(place[-1], known) or f" Known: {', '.join(known)}."
        return f"Unknown {what} of {where}.{hint}{more}"
    label = f"[{place[0]}] {'.'.join(place[1:])}".strip()
    if error["type"] == "missing":
        return f"{label} is missing in {where}; add it.{_meaning(tables, place)}{more}"
    problem = error["msg"].removeprefix("Value error, ")
    problem = problem[0].lower() + problem[1:]
    got = repr(error["input"])
    return f"{label} in {where}: {problem}, but got {got}.{_meaning(tables, place)}{more}"


def tables_of(model: type[Table]) -> dict[str, type[Table]]:
    """Return the tables of a kind of study file by name, in their order."""
    return {
        name: field.annotation
        for name, field in model.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Table)
    }


def _meaning(tables: Mapping[str, type[Table]], place: list[str]) -> str:
    table = tables.get(place[0])
    field = table.model_fields.get(place[1]) if table is not None and len(place) > 1 else None
    return f" Meaning: {describe(field)}" if field is not None else ""
