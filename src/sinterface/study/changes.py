"""Values of a study file replaced for one run: ``--set transport.replicas=2``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from sinterface.errors import InputError


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested tables with the values of another one in place of theirs."""
    found = dict(below)
    for key, value in above.items():
        own = found.get(key)
        both = isinstance(value, dict) and isinstance(own, dict)
        found[key] = laid_over(own or {}, value) if both else value
    return found


def changed(content: Mapping[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """Return what a study file holds with some values replaced.

    Parameters
    ----------
    content
        Its tables.
    changes
        Lines ``table.key=value``, the value as in TOML; a word without quotes is a string.

    Raises
    ------
    InputError
        When a line is no such line.
    """
    found = dict(content)
    for line in changes:
        found = laid_over(found, _table(line))
    return found


def _table(line: str) -> dict[str, Any]:
    name, equals, text = line.partition("=")
    table, _, key = name.strip().rpartition(".")
    if not (equals and table and key and text.strip()):
        raise InputError(
            f"--set '{line}' isn't of the form table.key=value, such as 'transport.replicas=2'."
        )
    value: Any = {key: _value(text.strip())}
    for part in reversed(table.split(".")):
        value = {part: value}
    return dict(value)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def noted(text: str, changes: Sequence[str]) -> str:
    """Return a study file's text under a comment for each value that was replaced."""
    return "".join(f"# run with --set '{line}'\n" for line in changes) + text
