"""``sinterface analyze polyhedra``: shapes, bond lengths, angles, coordination."""

from __future__ import annotations

from typing import Annotated

import typer

from sinterface.cli import analyze_options as options


def polyhedra(
    path: options.TrajectoryPath,
    center: Annotated[str, typer.Option("--center", metavar="ELEMENT", help="Element inside.")],
    ligand: Annotated[str, typer.Option("--ligand", metavar="ELEMENT", help="At the corners.")]
    = "O",
    coordination: Annotated[
        int | None,
        typer.Option(
            "--coordination", metavar="N", help="4, 6 or 8 nearest ligands; default: as found.",
            show_default=False,
        ),
    ] = None,
    ideal: Annotated[
        str | None,
        typer.Option(
            "--ideal", metavar="NAME", help="Ideal to measure against, in words or as in SHAPE "
            "(octahedron, OC-6); default: the nearest one.", show_default=False,
        ),
    ] = None,
    cutoff_A: Annotated[
        float | None,
        typer.Option(
            "--cutoff-A", min=0, help="Longest bond of the coordination number; default: middle "
            "of the gap after the first shell.", show_default=False,
        ),
    ] = None,
    output: options.Output = None,
    frame_interval_fs: options.FrameInterval = None,
    skip: options.Skip = 0,
    stride: options.Stride = 1,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Measure how far polyhedra are from ideal ones (continuous shape measure), over all frames.

    Example: [bold]sinterface analyze polyhedra structure.cif --center Zr --json[/bold]
    """
    from sinterface.report.analysis_polyhedra import measure, outcome

    with options.chosen_run([path], frame_interval_fs, skip, stride) as run:
        found = measure(
            run, center, ligand=ligand, coordination=coordination, ideal=ideal, cutoff_A=cutoff_A
        )
    options.show_outcome(outcome({center: found}), output, as_json)
