"""``sinterface analyze boundaries``: grain boundaries in time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sinterface.cli import analyze_options as options


def boundaries(
    paths: options.Trajectories,
    bulk: Annotated[
        list[Path] | None,
        typer.Option(
            "--bulk", metavar="RUN", help="Run of the bulk crystal at the same temperature; may be "
            "repeated.", show_default=False,
        ),
    ] = None,
    element: Annotated[str, typer.Option("--element", help="What segregates.")] = "Co",
    half_width_A: Annotated[
        float, typer.Option("--half-width-A", min=1, help="Reach of a boundary to both sides.")
    ] = 5.0,
    output: options.Output = None,
    frame_interval_fs: options.FrameInterval = None,
    skip: options.Skip = 0,
    stride: options.Stride = 1,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Follow grain boundaries: energy, excess volume, disorder, segregation, its free energy.

    Give one run for each independent build, and the bulk as control.

    Example: [bold]sinterface analyze boundaries gb1 gb2 gb3 --bulk grain --element Co[/bold]
    """
    from sinterface.report.analysis_boundaries import measure, outcome

    with options.chosen_run(paths, frame_interval_fs, skip, stride) as run:
        found = measure(run, tuple(bulk or ()), element=element, half_width_A=half_width_A)
    options.show_outcome(outcome(found), output, as_json)
