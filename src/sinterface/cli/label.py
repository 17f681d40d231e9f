"""``sinterface label``: energies, forces and stresses from a reference calculator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def label(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="RECIPE.toml|STRUCTURES.extxyz",
            help="A recipe of trajectories to sample, or structures to label.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.extxyz.xz",
            help="Labelled frames; default: named after the source, in the current directory.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", "-w", min=1, help="Processes of one thread each.")
    ] = 2,
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference",
            metavar="NAME",
            help="For structures: chgnet (the default), or ase:<module>.<Class>.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Label structures with a reference; a killed run, started again, does only what is left.

    Example: [bold]sinterface label recipes/llzo-lco-first/1-start.toml[/bold]
    """
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.reference.labelling import label_file

    with progress_bar("starting") as show:
        report = label_file(source, output, workers=workers, reference=reference, progress=show)
    if report.failed:
        typer.echo(f"{report.failed} failed; see {report.quarantine}", err=True)
    typer.echo(str(report.output))
