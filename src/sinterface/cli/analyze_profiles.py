"""``sinterface analyze profiles``."""

from __future__ import annotations

from typing import Annotated

import typer

from sinterface.cli import analyze_options as options


def profiles(
    paths: options.Trajectories,
    frame_interval_fs: options.FrameInterval = None,
    bin_width_A: Annotated[
        float, typer.Option("--bin-width-A", metavar="A", min=0.01, help="Width of a bin.")
    ] = 0.5,
    windows: Annotated[
        int, typer.Option("--windows", metavar="N", min=1, help="Windows of time.")
    ] = 4,
    max_frames: Annotated[
        int, typer.Option("--max-frames", metavar="N", min=2, help="Frames used of each run.")
    ] = 400,
    skip: options.Skip = 0,
    stride: options.Stride = 1,
    output: options.Output = None,
    as_json: options.AsJson = False,
) -> None:
    """Tell element profiles, interdiffusion, Co beyond the boundary, segregation, by side.

    Example: [bold]sinterface analyze profiles runs/quick -o profiles[/bold]
    """
    from sinterface.report.analysis_profiles import compute

    with options.chosen_run(paths, frame_interval_fs, skip, stride) as run:
        outcome = compute(run, bin_width_A=bin_width_A, n_windows=windows, max_frames=max_frames)
    options.show_outcome(outcome, output, as_json)
