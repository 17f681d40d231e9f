"""A commented study file of any kind, made from its models."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from sinterface.errors import InputError, nearest_name
from sinterface.files import write_text
from sinterface.study.kinds import PLAIN, find_kind, kind_names
from sinterface.study.manual import describe, example, toml_value, write_template
from sinterface.study.scales import tables_of

HEADER = """\
# A study of sinterface, kind "{kind}". Check it with `sinterface check THIS_FILE`, run it with
# `sinterface run THIS_FILE`. A key whose line is missing has the value shown here. Tables such as
# [scale.laptop.{table}] hold the values of a smaller size: see docs/studies.md.
"""

LAST = ("dynamics", "analysis", "relax", "resources")
"""Tables that stand behind those of the kind itself."""


def write_kind_template(path: Path, kind: str, *, overwrite: bool = False) -> None:
    """Write a template of a kind of study, named after the file.

    Raises
    ------
    InputError
        When there is no such kind, the file exists and `overwrite` is false, or its folder
        doesn't exist.
    """
    if kind == PLAIN:
        write_template(path, overwrite=overwrite)
        return
    if kind not in kind_names():
        hint = nearest_name(kind, kind_names())
        raise InputError(
            f"There is no kind of study '{kind}'; there are {', '.join(kind_names())}.{hint}"
        )
    if path.exists() and not overwrite:
        raise InputError(f"'{path}' exists; choose another name, or overwrite it with --force.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder '{path.parent}'; make it first.")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")[:80]
    write_text(path, kind_template(kind, name))


def kind_template(kind: str, name: str) -> str:
    """Return a commented study file that holds every key of a kind with its default."""
    model = find_kind(kind).model
    known = tables_of(model)
    tables = dict(sorted(known.items(), key=lambda item: item[0] in LAST))
    own = next((one for one in tables if one not in ("study", "potential")), "study")
    given = {("study", "name"): name, ("study", "kind"): kind}
    parts = [HEADER.format(kind=kind, table=own)]
    for table_name, table in tables.items():
        first = (table.__doc__ or "").strip().splitlines()[0]
        parts.append(f"\n# {first}\n[{table_name}]\n")
        for key, field in table.model_fields.items():
            comment = textwrap.fill(
                describe(field), 88, initial_indent="# ", subsequent_indent="# "
            )
            default = getattr(model.model_fields[table_name].default, key, example(field))
            value = given.get((table_name, key), default)
            parts.append(f"{comment}\n{key} = {toml_value(value)}\n")
    return "".join(parts)
