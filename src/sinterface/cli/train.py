"""``sinterface train``: from labelled frames to a potential."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sinterface.errors import InputError


def train(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="RECIPE.toml|FRAMES...",
            help="The recipe; with --from, files of labelled frames.",
            show_default=False,
        ),
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
    members: Annotated[
        int | None,
        typer.Option(
            "--members",
            min=1,
            max=16,
            help="Train so many networks from different seeds: a committee.",
            show_default=False,
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="POTENTIAL",
            help="Fine-tune this potential (directory or shipped name) on FRAMES; ten are enough.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a potential on labelled frames; a killed training goes on where it stood.

    Fine-tune a shipped one: [bold]sinterface train --from llzo-lco mine.extxyz -o mine[/bold]

    Example: [bold]sinterface train recipes/llzo-lco-first/train.toml -o my-potential[/bold]
    """
    from sinterface.cli.progress_bar import progress_bar

    try:
        from sinterface.training.fine_tune import fine_tune
        from sinterface.training.pipeline import train_potential
    except ModuleNotFoundError as error:
        raise InputError(
            f"Training needs {error.name}; install it with: pip install 'sinterface[train]'."
        ) from error

    with progress_bar("reading") as show:
        if start is not None:
            _refuse(split or held_out or members, "--split, --held-out or --members", "--from")
            directory = output or Path("potentials") / f"{Path(start).name}-fine-tuned"
            fine_tune(start, sources, directory, show)
        else:
            _refuse(len(sources) > 1, f"{len(sources)} files", "a recipe")
            changes = _changes(split, held_out, members)
            directory = train_potential(sources[0], output, show, changes).directory
    typer.echo(str(directory))


def _refuse(given: object, what: str, beside: str) -> None:
    if given:
        raise InputError(f"'sinterface train' can't take {what} with {beside}; give one of them.")


def _changes(
    split: str | None, held_out: list[str] | None, members: int | None
) -> dict[str, dict[str, Any]]:
    """Return the keys of the recipe that options replace."""
    changes: dict[str, dict[str, Any]] = {}
    if split is not None:
        changes["data"] = {"split": split, "held_out": held_out or []}
    if members is not None:
        changes["fit"] = {"members": members}
    return changes
