"""``sinterface analyze sites``: volumes, occupancy, residence times, jumps."""

from __future__ import annotations

from typing import Annotated

import typer

from sinterface.cli import analyze_options as options


def sites(
    path: options.TrajectoryPath,
    element: Annotated[
        list[str] | None,
        typer.Option(
            "--element", metavar="ELEMENT", help="Whose sites; may be repeated; default: Li, Co.",
            show_default=False,
        ),
    ] = None,
    found_from: Annotated[
        str,
        typer.Option(
            "--from", metavar="WHAT", help="framework (voids between the anions), density (where "
            "the ions are), or auto: the framework while it stands.",
        ),
    ] = "auto",
    recrossing_ps: Annotated[
        float,
        typer.Option("--recrossing-ps", min=0, help="A return within that time is no jump."),
    ] = 0.1,
    volume_interval_ps: Annotated[
        float,
        typer.Option("--volume-interval-ps", help="Least time between positions of a volume."),
    ] = 0.05,
    output: options.Output = None,
    frame_interval_fs: options.FrameInterval = None,
    skip: options.Skip = 0,
    stride: options.Stride = 1,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Find the sites of the ions: volumes, occupancy, residence times (censored), jump network.

    Example: [bold]sinterface analyze sites runs/llzo --element Li -o sites[/bold]
    """
    from sinterface.report.analysis_sites import elements, measure, outcome

    with options.chosen_run([path], frame_interval_fs, skip, stride) as run:
        found = [
            measure(
                run,
                one,
                found_from=found_from,
                recrossing_ps=recrossing_ps,
                volume_interval_ps=volume_interval_ps,
            )
            for one in element or elements(run)
        ]
    options.show_outcome(outcome(tuple(found)), output, as_json)
