"""The commands that the documentation prints, run in the order of their page.

A block after ``<!-- run -->`` must succeed, after ``<!-- fails -->`` must end with exit code 2 and
one sentence; a block after ``<!-- write NAME -->`` becomes the file NAME.
"""

from __future__ import annotations

import os
import re
import runpy
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
