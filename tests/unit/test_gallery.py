"""The gallery's list: names apart, commands that exist, a page that stands for what is there."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.main import get_command

from sinterface.cli.build import app

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    specification = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["gallery"] = module
    specification.loader.exec_module(module)
    return module


def test_every_line_is_a_command(gallery: ModuleType) -> None:
    listed = list(gallery.entries((DOCS / "gallery.txt").read_text("utf-8")))
    assert len({entry.name for entry in listed}) == len(listed) > 40
    group = get_command(app)
    for entry in listed:
        command = group.commands.get(entry.arguments[0])  # type: ignore[attr-defined]
        assert command is not None, entry.command
        command.make_context("build", [*entry.arguments[1:], "-o", "x.extxyz"])


def test_the_page_shows_every_certificate(gallery: ModuleType) -> None:
    text = (DOCS / "gallery.md").read_text("utf-8")
    found = sorted(gallery.FOLDER.glob("*.json"))
    assert len(found) > 20
    for path in found:
        figures = json.loads(path.read_text("utf-8"))
        assert figures["good"], path.name
        assert f"#{path.stem})" in text
        assert figures["command"] in text
        assert path.with_suffix(".png").is_file()
    assert sum(path.stat().st_size for path in gallery.FOLDER.glob("*.png")) < 3_000_000
