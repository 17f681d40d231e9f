"""``sinterface export``: a potential as n2p2's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from sinterface.cli import options


def export(
    potential: options.PotentialName,
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder to write, made when missing.", show_default=False
        ),
    ],
    as_json: options.AsJson = False,
) -> None:
    """Write a potential as an n2p2 directory and print the LAMMPS commands that use it.

    Example: [bold]sinterface export llzo-lco for-n2p2[/bold]
    """
    from sinterface.potential.export import export_potential
    from sinterface.potential.model import load_potential

    exported = export_potential(load_potential(potential), directory)
    if as_json:
        typer.echo(json.dumps(exported.to_dict(), indent=1))
        return
    for note in exported.notes:
        typer.echo(note, err=True)
    for line in exported.lammps:
        typer.echo(line)
