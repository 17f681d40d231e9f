"""``sinterface label``: energies, forces and stresses from a reference calculator."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sinterface.cli import options

if TYPE_CHECKING:
    from sinterface.reference.tasks import LabelReport

REFERENCE_HELP = (
    "For structures: chgnet (the default), gpaw, cp2k, espresso, vasp, mace, or "
    "ase:<module>.<Class>."
)


def label(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="RECIPE.toml|STRUCTURES.extxyz",
            help="A recipe of trajectories to sample, or structures to label.",
            show_default=False,
        ),
    ] = None,
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
        typer.Option("--reference", metavar="NAME", help=REFERENCE_HELP, show_default=False),
    ] = None,
    reference_options: Annotated[
        Path | None,
        typer.Option(
            "--options",
            metavar="OPTIONS.toml",
            help="Options of the reference; those left out have their defaults.",
            show_default=False,
        ),
    ] = None,
    max_failed: Annotated[
        float,
        typer.Option("--max-failed", min=0, max=1, help="Share of failures that is accepted."),
    ] = 0.2,
    retry: Annotated[bool, typer.Option("--retry", help="Try failed ones again.")] = False,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="DIR",
            help="Compute nothing: write an array job for a cluster.",
            show_default=False,
        ),
    ] = None,
    import_from: Annotated[
        Path | None,
        typer.Option(
            "--import",
            metavar="DIR",
            help="Collect the results of an exported array job.",
            show_default=False,
        ),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Label structures with a reference; a killed run, started again, does only what is left.

    Example: [bold]sinterface label recipes/llzo-lco-first/1-start.toml[/bold]
    """
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.errors import InputError
    from sinterface.reference.exchange import export_file, import_jobs
    from sinterface.reference.labelling import Limits, label_file
    from sinterface.reference.settings import read_settings

    failures, waiting = Limits(max_failed, retry), 0
    named = reference is not None or reference_options is not None
    settings = read_settings(reference or "chgnet", reference_options) if named else None
    if (source is None) == (import_from is None) or (export is not None and source is None):
        raise InputError("Give either a source (with --export or without), or --import DIR.")
    if source is not None and export is not None:
        n_jobs = export_file(source, export, settings or read_settings("chgnet"))
        typer.echo(json.dumps({"jobs": n_jobs, "directory": str(export)}) if as_json else export)
        return
    with progress_bar("starting") as show:
        if import_from is not None:
            out = output or Path(f"{import_from.resolve().name}.extxyz.xz")
            report, waiting = import_jobs(import_from, out, failures=failures, progress=show)
        else:
            assert source is not None
            report = label_file(
                source, output, workers=workers, reference=settings, failures=failures,
                progress=show,
            )  # fmt: skip
    _tell(report, waiting, as_json)


def _tell(report: LabelReport, waiting: int, as_json: bool) -> None:
    if report.failed:
        typer.echo(f"{report.failed} failed; see {report.quarantine}", err=True)
    if waiting:
        typer.echo(f"{waiting} jobs have not ended yet", err=True)
    if as_json:
        typer.echo(json.dumps(asdict(report) | {"waiting": waiting}, default=str))
    else:
        typer.echo(str(report.output))
