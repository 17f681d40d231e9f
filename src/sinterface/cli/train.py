"""``sinterface train``: from labelled frames to a potential."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE.toml", help="The recipe.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder of the potential; default: potentials/<name> under the current directory.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a potential on labelled frames; a killed training goes on where it stood.

    Example: [bold]sinterface train recipes/llzo-lco-first/train.toml -o my-potential[/bold]
    """
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    from sinterface.progress import Progress
    from sinterface.training.pipeline import train_potential

    columns = (BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Bars(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task("reading", total=1.0)

        def show(state: Progress) -> None:
            bars.update(bar, total=state.total, completed=state.done, description=state.message)

        directory = train_potential(recipe, output, show).directory
    typer.echo(str(directory))
