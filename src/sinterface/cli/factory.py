"""``sinterface factory``: a potential from one file, labels and trainings in order."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sinterface.cli import options

if TYPE_CHECKING:
    from sinterface.study.factory import Made


def factory(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FACTORY.toml", help="Steps: label, explore, train.", show_default=False
        ),
    ],
    workers: Annotated[
        int, typer.Option("--workers", "-w", min=1, help="Processes of one thread each.")
    ] = 2,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which steps are left.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Make a potential from nothing: every round of labels, every training, in order.

    Steps whose result is there are skipped, a killed one resumes.

    Example: [bold]sinterface factory recipes/llzo-lco/factory.toml --dry-run[/bold]
    """
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.study.factory import Made, is_made, make, read_factory

    def tell(made: Made) -> None:
        if not as_json:
            state = "there" if made.skipped else ("to do" if dry_run else "made")
            typer.echo(f"{made.kind:8}{state:7}{made.path}")

    if dry_run:
        folder = path.parent
        found = [
            Made(step.kind, folder / step.make, is_made(step, folder))
            for step in read_factory(path).step
        ]
        for made in found:
            tell(made)
    else:
        with progress_bar("starting") as show:
            found = make(path, workers=workers, progress=show, listener=tell)
    if as_json:
        typer.echo(json.dumps([asdict(made) for made in found], default=str))
