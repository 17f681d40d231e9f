"""The study file's template and manual page, made from its models."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sinterface.errors import InputError
from sinterface.files import write_text
from sinterface.study.config import Study, Table

HEADER = """\
# A study of sinterface. Check it with `sinterface check THIS_FILE`, run it with
# `sinterface run THIS_FILE`. Every key below but `name` has the value it would have
# if its line were missing.
"""


def study_template(name: str = "") -> str:
    """Return a commented study file that holds every key with its default.

    Parameters
    ----------
    name
        The study's name; empty: the example name of the model.
    """
    parts = [HEADER]
    for table_name, table in tables().items():
        parts.append(f"\n# {_first_line(table)}\n[{table_name}]\n")
        for key, field in table.model_fields.items():
            value = name if (name and (table_name, key) == ("study", "name")) else example(field)
            comment = textwrap.fill(
                describe(field), 88, initial_indent="# ", subsequent_indent="# "
            )
            parts.append(f"{comment}\n{key} = {toml_value(value)}\n")
    return "".join(parts)


def write_template(path: Path, *, overwrite: bool = False) -> None:
    """Write a template named after the file.

    Raises
    ------
    InputError
        When the file exists and `overwrite` is false, or its folder doesn't exist.
    """
    if path.exists() and not overwrite:
        raise InputError(f"'{path}' exists; choose another name, or overwrite it with --force.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder '{path.parent}'; make it first.")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")
    write_text(path, study_template(name[:80]))


def study_manual() -> str:
    """Return a plain-text list of every table and key: meaning, bounds and default."""
    lines: list[str] = []
    for table_name, table in tables().items():
        lines.append(f"[{table_name}]  {_first_line(table)}")
        for key, field in table.model_fields.items():
            default = "required" if field.is_required() else f"default {toml_value(field.default)}"
            lines.append(f"  {key} ({default}): {describe(field)}")
        lines.append("")
    return "\n".join(lines)


def tables() -> dict[str, type[Table]]:
    """Return the tables of the study file by name, in their order."""
    found: dict[str, type[Table]] = {}
    for name, field in Study.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Table):
            found[name] = field.annotation
    return found


def describe(field: FieldInfo) -> str:
    """Return a key's meaning with its bounds or its choices."""
    text = (field.description or "").rstrip(".")
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    bounds = [
        f"{sign} {getattr(rule, name):g}"
        for rule in field.metadata
        for name, sign in signs.items()
        if getattr(rule, name, None) is not None
    ]
    choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
    if bounds:
        text += f" ({', '.join(bounds)})"
    if choices:
        text += f"; one of: {', '.join(choices)}"
    return text + "."


def example(field: FieldInfo) -> Any:
    """Return a key's default, or its example where a value is required."""
    if field.default is not PydanticUndefined:
        return field.default
    return (field.examples or [""])[0]


def toml_value(value: Any) -> str:
    """Return a string, number, boolean or sequence of them as TOML."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _first_line(table: type[Table]) -> str:
    return (table.__doc__ or "").strip().splitlines()[0]
