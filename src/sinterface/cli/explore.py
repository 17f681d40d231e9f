"""``sinterface explore``: structures for the next labels, from hot runs of a potential."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sinterface.cli import options


def explore(
    recipe: Annotated[
        Path,
        typer.Argument(
            metavar="RECIPE.toml",
            help="Trajectories to run: the same tables that 'sinterface label' samples from.",
            show_default=False,
        ),
    ],
    potential: Annotated[
        str,
        typer.Option(
            "--potential",
            "-p",
            metavar="POTENTIAL",
            help="Moves the atoms: folder or shipped name.",
        ),
    ] = "llzo-lco",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.extxyz.xz",
            help="Structures for 'sinterface label'; default: <recipe's name>-explored.extxyz.xz.",
            show_default=False,
        ),
    ] = None,
    gate: Annotated[
        float,
        typer.Option(
            "--gate",
            min=0,
            metavar="eV/Å",
            help="Keep a frame only where the committee's force deviation on an atom exceeds it; "
            "0 keeps all.",
        ),
    ] = 0.0,
    select: Annotated[
        int,
        typer.Option(
            "--select",
            min=0,
            metavar="N",
            help="Keep the N frames farthest from each other in symmetry functions; 0 keeps all.",
        ),
    ] = 0,
    known: Annotated[
        list[Path] | None,
        typer.Option(
            "--known",
            metavar="FRAMES",
            help="Labelled frames, a file or folder, that selected ones must differ from too.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", "-w", min=1, help="Processes of one thread each.")
    ] = 2,
    as_json: options.AsJson = False,
) -> None:
    """Run a potential where it is not yet sure and keep structures worth labelling.

    A killed run, started again, does only what is left.

    Example: [bold]sinterface explore recipes/llzo-lco/3-explore.toml --select 500[/bold]
    """
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.reference.exploration import Choice
    from sinterface.reference.exploration import explore as run
    from sinterface.reference.recipe import read_recipe

    asked = read_recipe(recipe)
    out = output or Path(f"{asked.name}-explored.extxyz.xz")
    choice = Choice(gate, select, tuple(known or ()))
    with progress_bar("starting") as show:
        report = run(asked, potential, out, choice, workers=workers, progress=show)
    if report.failed:
        typer.echo(f"{report.failed} ended at once; see {report.quarantine}", err=True)
    if as_json:
        typer.echo(json.dumps(asdict(report), default=str))
    else:
        typer.echo(str(report.output))
