"""``sinterface analyze rdf``."""

from __future__ import annotations

from typing import Annotated

import typer

from sinterface.cli import analyze_options as options


def rdf(
    paths: options.Trajectories,
    frame_interval_fs: options.FrameInterval = None,
    r_max_A: Annotated[
        float, typer.Option("--r-max-A", metavar="A", min=0.1, help="Longest distance.")
    ] = 10.0,
    bin_width_A: Annotated[
        float, typer.Option("--bin-width-A", metavar="A", min=1e-4, help="Width of a bin.")
    ] = 0.02,
    max_frames: Annotated[
        int, typer.Option("--max-frames", metavar="N", min=1, help="Frames used of each run.")
    ] = 100,
    q_max_per_A: Annotated[
        float, typer.Option("--q-max-per-A", metavar="Q", min=1.0, help="End of S(Q).")
    ] = 20.0,
    skip: options.Skip = 0,
    stride: options.Stride = 1,
    output: options.Output = None,
    as_json: options.AsJson = False,
) -> None:
    """Tell partial and total g(r), coordination numbers, neutron and X-ray S(Q) and PDF.

    Example: [bold]sinterface analyze rdf runs/quick -o rdf[/bold]
    """
    from sinterface.report.analysis_rdf import compute

    # distances need no times: a stand-in interval lets files without them pass
    interval = frame_interval_fs
    with options.chosen_run(paths, interval, skip, stride, times=False) as run:
        outcome = compute(
            run, r_max_A=r_max_A, bin_width_A=bin_width_A, max_frames=max_frames,
            q_max_per_A=q_max_per_A,
        )  # fmt: skip
    options.show_outcome(outcome, output, as_json)
