"""``sinterface validate``: the paper's Table 1 for a potential."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sinterface.cli import options


def validate(
    potential: options.PotentialName,
    output: options.ChecksOutput = None,
    as_json: options.AsJson = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few snapshots of small cells, in minutes.")
    ] = False,
    reference: options.ReferenceName = "chgnet",
    dynamics: Annotated[
        bool,
        typer.Option(
            "--dynamics",
            help="Also structure, vibrations and diffusion against the reference's own dynamics "
            "of six systems (CHGNet's come with sinterface, another reference takes hours).",
        ),
    ] = False,
    duration: Annotated[
        float,
        typer.Option("--duration-ps", min=1, help="Length of those runs, with --dynamics."),
    ] = 20.0,
    row: Annotated[
        list[str] | None,
        typer.Option("--row", metavar="NAME", help="Only this row; may be repeated."),
    ] = None,
) -> None:
    """Compare a potential with its reference, row by row beside the paper's Table 1.

    Runs its own dynamics, relabels snapshots, writes validation.json, a page and figures; the
    whole table also tells how reference and potential follow shipped DFT labels.
    Finished steps are kept: the same command goes on. More than an hour of CPU.

    Example: [bold]sinterface validate llzo-lco --quick[/bold]
    """
    from sinterface.cli.checks_tables import row_line, validation_table
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.cli.showing import show_result
    from sinterface.potential.model import load_potential
    from sinterface.report.checks_pages import write_validation_page
    from sinterface.validation.own_dynamics import OwnDynamics
    from sinterface.validation.systems import chosen
    from sinterface.validation.validate import STEPS_NAME, ValidationSettings
    from sinterface.validation.validate import validate as compute

    def told(entry: Mapping[str, Any]) -> None:
        typer.echo(row_line(entry), err=True)

    loaded = load_potential(potential)
    directory = output or Path("validations") / loaded.directory.name
    systems = chosen(tuple(row)) if row else None
    runs = OwnDynamics(duration_ps=duration) if dynamics else None
    settings = ValidationSettings(quick=quick, reference=reference, dynamics=runs)
    with progress_bar("starting") as show:
        found = compute(
            loaded, directory, settings, systems=systems, listener=told, progress=show
        ).to_dict()
    page = write_validation_page(found, directory, directory / STEPS_NAME)
    show_result(json.dumps(found, indent=1) if as_json else validation_table(found), page, as_json)
