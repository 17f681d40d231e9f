"""Print results: as JSON for programs, or as a table for people."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer


def print_result(data: dict[str, Any], table: Any, as_json: bool) -> None:
    """Print data as JSON, or its table for people."""
    if as_json:
        typer.echo(json.dumps(data, indent=1, allow_nan=False))
        return
    from rich.console import Console

    width = None if sys.stdout.isatty() else 120
    Console(width=width).print(table)
