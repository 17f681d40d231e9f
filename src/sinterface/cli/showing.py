"""A result on stdout: JSON for programs, or a table for people and the path of its page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import RenderableType

if TYPE_CHECKING:
    from sinterface.potential.model import Potential


def show_result(result: RenderableType, page: Path, as_json: bool) -> None:
    """Print `result`, and below a table the page's path."""
    if as_json:
        typer.echo(str(result))
        return
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 130).print(result)
    typer.echo(str(page))


def warn_uncertified(potential: Potential) -> None:
    """Say on stderr, in bold, when a potential has no stability certificate or failed it."""
    from sinterface.potential.certificate import warning

    text = warning(potential)
    if text:
        typer.secho(f"WARNING: {text}", err=True, bold=True, fg="yellow")
