"""Pages made from the code when the documentation is built: command line, study files, Python.

A hook of MkDocs (`hooks` in mkdocs.yml); `python docs/generated.py` prints the pages.
"""

from __future__ import annotations

import importlib
import inspect
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

PYTHON = {
    "Potentials": ["sinterface.potential.model", "sinterface.potential.export"],
    "Structures": [
        "sinterface.structures.crystals",
        "sinterface.structures.interface",
        "sinterface.structures.bicrystal",
        "sinterface.structures.doping",
        "sinterface.structures.mixture",
        "sinterface.structures.structure_certificate",
    ],
    "Dynamics": [
        "sinterface.dynamics.simulation",
        "sinterface.dynamics.relax",
        "sinterface.dynamics.trajectory",
        "sinterface.paths.hop",
    ],
    "Analysis": [
        "sinterface.analysis.transport",
        "sinterface.analysis.arrhenius",
        "sinterface.analysis.profiles",
        "sinterface.analysis.degradation",
        "sinterface.analysis.pair_functions",
        "sinterface.analysis.vibrations",
        "sinterface.analysis.sites",
        "sinterface.analysis.clusters",
        "sinterface.analysis.phases",
    ],
    "Labels and training": [
        "sinterface.reference.calculators",
        "sinterface.reference.settings",
    ],
    "Studies and reports": [
        "sinterface.study.scales",
        "sinterface.study.general",
        "sinterface.study.graph",
        "sinterface.study.scheduler",
        "sinterface.report.study_results",
        "sinterface.report.study_report",
        "sinterface.report.suite",
        "sinterface.report.outcome",
    ],
}
"""Modules of the Python page, by heading."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to those of the folder."""
    from mkdocs.structure.files import File

    for name, content in pages().items():
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    return files


def pages() -> dict[str, str]:
    """Return the pages by name."""
    return {
        "command-line": command_line(),
        "study-files": study_files(),
        "python": python_reference(),
    }


def command_line() -> str:
    """Return every command with its arguments and options."""
    from typer.main import get_command

    from sinterface.cli.app import app

    parts = [
        "# Command line\n\nMade from the commands themselves; `sinterface COMMAND --help` "
        "says the same.\n"
    ]

    def add(command: Any, words: list[str]) -> None:
        if not hasattr(command, "commands"):
            parts.append(_command(command, " ".join(words)))
            return
        for name, found in command.commands.items():
            add(found, [*words, name])

    add(get_command(app), ["sinterface"])
    return "\n".join(parts)


def _command(command: Any, name: str) -> str:
    shown = [
        one for one in command.params if one.name != "help" and not getattr(one, "hidden", False)
    ]
    text = re.sub(r"\[/?bold\]", "`", inspect.cleandoc(command.help or ""))
    rows = [_option(one) for one in shown]
    table = (
        ["| argument or option | meaning | default |", "|---|---|---|", *rows, ""] if rows else []
    )
    return "\n".join([f"## {name}\n", text, "", *table])


def _option(one: Any) -> str:
    flags = ", ".join(f"`{flag}`" for flag in (*one.opts, *one.secondary_opts))
    metavar = one.metavar or ""
    if one.opts == [one.name]:
        flags, metavar = f"`{(one.metavar or one.name).strip('[]')}`", ""
    default = getattr(one, "default", None)
    told = "must be given" if one.required else ""
    if default is not None and default is not False and not callable(default) and default != ():
        told = f"`{default}`" if default is not True else "on"
    kind = f" `{metavar.replace('|', ' or ')}`" if metavar else ""
    meaning = _cell(getattr(one, "help", "") or "")
    return f"| {flags}{kind} | {meaning} | {told} |"


def study_files() -> str:
    """Return every table and key of every kind of study file."""
    from sinterface.study.config import Study
    from sinterface.study.kinds import PLAIN, find_kind, kind_names
    from sinterface.study.scales import tables_of

    parts = [
        "# Study files\n\nEvery key of every kind, made from the models that check the files. "
        "`sinterface init my.toml --kind KIND` writes a file with all keys of a kind. Tables "
        "`[scale.laptop]`, `[scale.overnight]`, `[scale.paper]` are laid over the file "
        "([studies](../studies.md)).\n"
    ]
    shared: dict[Any, str] = {}
    for kind in kind_names():
        model = Study if kind == PLAIN else find_kind(kind).model
        own = [f"## {kind}\n"]
        known = []
        for name, table in tables_of(model).items():
            if table in shared:
                known.append(f"`[{name}]` as in [{shared[table]}](#{shared[table]})")
                continue
            shared[table] = kind
            own.append(_table(name, table))
        if known:
            own.append(f"Also {', '.join(known)}.\n")
        parts += own
    return "\n".join(parts)


def _table(name: str, table: Any) -> str:
    from sinterface.study.manual import example, toml_value

    rows = []
    for key, field in table.model_fields.items():
        required = field.is_required()
        value = "must be given" if required else f"`{toml_value(example(field))}`"
        rows.append(f"| `{key}` | {_cell(field.description or '')} | {value} |")
    about = inspect.cleandoc(table.__doc__ or "").splitlines()[0]
    return "\n".join(
        [f"**`[{name}]`** {about}\n", "| key | meaning | default |", "|---|---|---|", *rows, ""]
    )


def python_reference() -> str:
    """Return the public functions and classes of the modules that a script would use."""
    parts = [
        "# Python\n\nWhat a script would use, made from the docstrings. `import sinterface` gives "
        "`sinterface.load_potential`; the rest is imported from its module.\n"
    ]
    for heading, modules in PYTHON.items():
        parts.append(f"## {heading}\n")
        for name in modules:
            parts.append(_module(name))
    return "\n".join(parts)


def _module(name: str) -> str:
    module = importlib.import_module(name)
    parts = [f"### {name}\n", inspect.cleandoc(module.__doc__ or ""), ""]
    for key, one in vars(module).items():
        own = getattr(one, "__module__", None) == name and not key.startswith("_")
        if not own or not (inspect.isfunction(one) or inspect.isclass(one)):
            continue
        kind = "class" if inspect.isclass(one) else "def"
        parts += [f"#### {key}\n", f"```python\n{kind} {key}{_signature(one)}\n```\n", _prose(one)]
    return "\n".join(parts)


def _signature(one: Any) -> str:
    try:
        text = str(inspect.signature(one)).replace("'", "")
        text = text.removesuffix(" -> None") if inspect.isclass(one) else text
    except ValueError:
        return ""
    if len(text) < 90:
        return text
    inner, _, end = text[1:].rpartition(")")
    depth, lines, line = 0, [], ""
    for letter in inner:
        depth += (letter in "[({") - (letter in "])}")
        if letter == "," and depth == 0:
            lines.append(line.strip() + ",")
            line = ""
        else:
            line += letter
    return "(\n    " + "\n    ".join([*lines, line.strip() + ","]) + "\n)" + end


def _prose(one: Any) -> str:
    """Return a numpydoc text as Markdown: sections bold, entries as a list."""
    if one.__doc__ is None or one.__doc__.startswith(f"{one.__name__}("):
        return ""
    lines = inspect.cleandoc(one.__doc__).splitlines()
    found: list[str] = []
    section = ""
    for number, line in enumerate(lines):
        after = lines[number + 1] if number + 1 < len(lines) else ""
        if after and set(after) == {"-"}:
            section = line
            found += ["", f"*{line}*", ""]
        elif line and set(line) == {"-"}:
            continue
        elif section and line and not line.startswith(" "):
            found.append(f"- `{line}`")
        elif section and line.strip():
            found.append(f"    {line.strip()}")
        else:
            found.append(line)
    return re.sub(r"``([^`]+)``", r"`\1`", "\n".join(found)) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


if __name__ == "__main__":
    import sys

    for page in pages().values():
        sys.stdout.write(page + "\n")
