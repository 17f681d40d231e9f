"""``sinterface train``: from labelled frames to a potential."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sinterface.errors import InputError


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
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="NAME",
            help="Hold out by trajectory, composition or random, instead of the recipe's way.",
            show_default=False,
        ),
    ] = None,
    held_out: Annotated[
        list[str] | None,
        typer.Option(
            "--held-out",
            metavar="SYSTEM",
            help="System or formula for --split composition; may be given several times.",
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

    try:
        from sinterface.training.pipeline import train_potential
    except ModuleNotFoundError as error:
        raise InputError(
            f"Training needs {error.name}; install it with: pip install 'sinterface[train]'."
        ) from error

    changes: dict[str, dict[str, Any]] = {"data": {}}
    if split is not None:
        changes["data"] = {"split": split, "held_out": held_out or []}
    columns = (BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Bars(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task("reading", total=1.0)

        def show(state: Progress) -> None:
            bars.update(bar, total=state.total, completed=state.done, description=state.message)

        directory = train_potential(recipe, output, show, changes).directory
    typer.echo(str(directory))
