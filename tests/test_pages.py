"""The commands that the documentation prints, run in the order of their page.

A block after ``<!-- run -->`` must succeed, after ``<!-- fails -->`` must end with exit code 2 and
one sentence; a block after ``<!-- write NAME -->`` becomes the file NAME.
"""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sinterface.study.kinds import kind_names

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MARK = re.compile(
    r"^<!-- (run|fails|write (?P<name>\S+)) -->\n+```(?P<language>\w+)\n(?P<text>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
PAGES = sorted(page for page in DOCS.rglob("*.md") if MARK.search(page.read_text("utf-8")))


@dataclass(frozen=True)
class Block:
    """A marked block of a page."""

    action: str
    language: str
    text: str


def blocks_of(page: Path) -> Iterator[Block]:
    for found in MARK.finditer(page.read_text(encoding="utf-8")):
        action = found["name"] or found[1]
        yield Block(action, found["language"], found["text"])


def test_every_mark_has_its_block() -> None:
    for page in DOCS.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        marks = re.findall(r"^<!-- (?:run|fails|write )", text, re.MULTILINE)
        assert len(marks) == len(list(blocks_of(page))), page
    assert len(PAGES) >= 4


def test_generated_pages_hold_every_command_kind_and_module() -> None:
    made = runpy.run_path(str(DOCS / "generated.py"))
    pages = made["pages"]()
    for command in ("run", "check", "build grain-boundary", "neb lco", "analyze diffusion"):
        assert f"## sinterface {command}\n" in pages["command-line"]
    assert "`--set` `TABLE.KEY=VALUE`" in pages["command-line"]
    for kind in kind_names():
        assert f"## {kind}\n" in pages["study-files"]
    assert "| `temperatures_K` |" in pages["study-files"]
    for modules in made["PYTHON"].values():
        for module in modules:
            assert f"### {module}\n" in pages["python"]


FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = (
    re.compile(r"^ {4}(sinterface [a-z].*)$", re.MULTILINE),
    re.compile(r"`(sinterface [a-z][^`]*)`"),
)
"""Of an indented block, and within a line."""


def commands_of(text: str) -> Iterator[list[str]]:
    """Yield the words of every command that a page prints, placeholders and all."""
    text = text.replace("\\\n", " ")
    lines = [line for block in FENCED.findall(text) for line in block.splitlines()]
    found = [line for line in lines if line.startswith("sinterface ")]
    found += [line for pattern in COMMANDS for line in pattern.findall(FENCED.sub("", text))]
    for line in found:
        yield shlex.split(line.split(" | ")[0].split(" > ")[0], comments=True)[1:]


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda page: page.stem
)
def test_every_printed_command_exists_with_its_options(page: Path) -> None:
    import click
    from typer.main import get_command

    from sinterface.cli.app import app

    for words in commands_of(page.read_text(encoding="utf-8")):
        command = get_command(app)
        while hasattr(command, "commands") and words and words[0] in command.commands:
            command, words = command.commands[words[0]], words[1:]
        assert not hasattr(command, "commands") or words[:1] in ([], ["--help"], ["…"], ["..."]), (
            words
        )
        with click.Context(command) as context:
            command.make_parser(context).parse_args(list(words))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_runs(page: Path, tmp_path: Path) -> None:
    commands = tmp_path / ".bin"
    commands.mkdir()
    command = commands / "sinterface"
    command.write_text(f'#!/bin/bash\nexec "{sys.executable}" -m sinterface.cli "$@"\n')
    command.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "EXAMPLES": str(ROOT / "examples"),
        "COLUMNS": "100",
    }
    for block in blocks_of(page):
        if block.action not in ("run", "fails"):
            (tmp_path / block.action).write_text(block.text, encoding="utf-8")
            continue
        python = block.language == "python"
        words = [sys.executable, "-c"] if python else ["bash", "-euo", "pipefail", "-c"]
        done = subprocess.run(
            [*words, block.text], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == (2 if block.action == "fails" else 0), (
            f"{block.text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
        assert "Traceback" not in done.stderr
