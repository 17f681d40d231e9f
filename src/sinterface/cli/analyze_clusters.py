"""``sinterface analyze clusters``: which atoms of an element gather."""

from __future__ import annotations

from typing import Annotated

import typer

from sinterface.cli import analyze_options as options


def clusters(
    path: options.TrajectoryPath,
    element: Annotated[str, typer.Option("--element", metavar="ELEMENT", help="What gathers.")]
    = "Co",
    cutoff_A: Annotated[
        float, typer.Option("--cutoff-A", help="Longest distance inside a cluster.")
    ] = 3.5,
    hosts: Annotated[
        list[str] | None,
        typer.Option(
            "--host", metavar="ELEMENT", help="Element on whose places chance may put the atoms; "
            "may be repeated; default: all cations.", show_default=False,
        ),
    ] = None,
    output: options.Output = None,
    frame_interval_fs: options.FrameInterval = None,
    skip: options.Skip = 0,
    stride: options.Stride = 1,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Count clusters of an element: sizes in time, against chance, their growth, how bonds last.

    Example: [bold]sinterface analyze clusters structure.cif --element Co --cutoff-A 3.5[/bold]
    """
    from sinterface.report.analysis_clusters import measure, outcome

    with options.chosen_run([path], frame_interval_fs, skip, stride) as run:
        found = measure(run, element, cutoff_A, tuple(hosts or ()))
    options.show_outcome(outcome(found), output, as_json)
