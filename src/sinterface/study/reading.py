"""Read a study file; say what is wrong with it in one sentence."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sinterface.errors import InputError, nearest_name
from sinterface.study.changes import changed
from sinterface.study.config import Study
from sinterface.study.manual import describe, tables


@dataclass(frozen=True)
class StudyFile:
    """A study and the file it was read from.

    Attributes
    ----------
    path
        Absolute path of the file; names in it are relative to its folder.
    study
        The checked settings.
    changes
        Values that were replaced by ``--set``.
    """

    path: Path
    study: Study
    changes: tuple[str, ...] = ()

    def resolve(self, name: str) -> Path:
        """Return the path that a name in the file stands for."""
        return self.path.parent / Path(name).expanduser()


def read_study(path: Path | str, changes: Sequence[str] = ()) -> StudyFile:
    """Read and check a study file, some of its values replaced by `changes`.

    Raises
    ------
    InputError
        When the file is missing, is no TOML, or has a key or value that isn't allowed.
    """
    file = Path(path)
    if file.is_dir():
        raise InputError(f"'{file}' is a folder; give the study file (.toml) itself.")
    if not file.is_file():
        raise InputError(
            f"There is no study file '{file}'. Write one with 'sinterface init {file}'."
        )
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"'{file}' isn't valid TOML: {error}. Correct that line.") from error
    try:
        study = Study.model_validate(changed(content, changes))
        return StudyFile(file.resolve(), study, tuple(changes))
    except ValidationError as error:
        raise InputError(complaint(error.errors(), file)) from error


def complaint(errors: list[ErrorDetails], file: Path) -> str:
    """Return one sentence about the first error of a study file, and how many more there are."""
    ordered = sorted(errors, key=lambda error: error["type"] != "extra_forbidden")
    more = f" ({len(errors) - 1} more after that.)" if len(errors) > 1 else ""
    return _sentence(ordered[0], file) + more


def _sentence(error: ErrorDetails, file: Path) -> str:
    place = [str(part) for part in error["loc"]]
    if error["type"] == "extra_forbidden":
        return _unknown(place, file)
    if error["type"] == "missing" and len(place) < 3:
        what = f"The key '{place[1]}' is" if len(place) > 1 else f"The table [{place[0]}] is"
        return f"{what} missing in '{file}'; add it.{_hint(place)}"
    if error["type"] == "value_error" and len(place) == 1:
        return f"[{place[0]}] in '{file}': {error['ctx']['error']}"
    if len(place) == 1:
        return f"'{place[0]}' in '{file}' must be a table: write a line [{place[0]}]."
    problem = error["msg"].removeprefix("Value error, ")
    problem = problem[0].lower() + problem[1:]
    got = repr(error["input"])
    return f"[{place[0]}] {place[1]} in '{file}': {problem}, but got {got}.{_hint(place)}"


def _unknown(place: list[str], file: Path) -> str:
    known = {name: list(table.model_fields) for name, table in tables().items()}
    if len(place) == 1:
        near = nearest_name(place[0], list(known)) or _belongs(place[0], known)
        tables_known = ", ".join(f"[{name}]" for name in known)
        return f"Unknown table or key '{place[0]}' in '{file}'.{near or f' Known: {tables_known}.'}"
    table, key = place[0], place[1]
    near = nearest_name(key, known[table]) or _belongs(key, known)
    hint = near or f" Known keys: {', '.join(known[table])}."
    return f"Unknown key '{key}' in table [{table}] of '{file}'.{hint}"


def _belongs(key: str, known: dict[str, list[str]]) -> str:
    homes = [name for name, keys in known.items() if key in keys]
    return f" It belongs into table [{homes[0]}]." if homes else ""


def _hint(place: list[str]) -> str:
    table: Any = tables().get(place[0])
    field = table.model_fields.get(place[1]) if table is not None and len(place) > 1 else None
    return f" Meaning: {describe(field)}" if field is not None else ""
