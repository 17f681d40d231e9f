"""A result on stdout: JSON for programs, or a table for people and the path of its page."""

from __future__ import annotations

import sys
from pathlib import Path

import typer
from rich.console import RenderableType


def show_result(result: RenderableType, page: Path, as_json: bool) -> None:
    """Print `result`, and below a table the page's path."""
    if as_json:
        typer.echo(str(result))
        return
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 130).print(result)
    typer.echo(str(page))
