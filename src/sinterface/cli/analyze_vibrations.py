"""``sinterface analyze vibrations``."""

from __future__ import annotations

from typing import Annotated

import typer

from sinterface.cli import analyze_options as options


def vibrations(
    paths: options.Trajectories,
    frame_interval_fs: options.FrameInterval = None,
    highest_cm1: Annotated[
        float | None,
        typer.Option(
            "--highest-cm1", metavar="W", min=1.0, help="Highest mode of the system; default: 850 "
            "cm⁻¹, with C or N 2500, with H 4000.", show_default=False,
        ),
    ] = None,
    segments: Annotated[
        int | None,
        typer.Option(
            "--segments", metavar="N", min=1, help="Segments of each run; default: eight, or as "
            "many as leave a line 8 cm⁻¹ wide.", show_default=False,
        ),
    ] = None,
    skip: options.Skip = 0,
    stride: options.Stride = 1,
    output: options.Output = None,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Tell the vibrational spectrum of each element and the mass-weighted total, with peaks.

    Velocities that a run kept more often than frames (simulate --velocity-interval-ps) are taken.

    Example: [bold]sinterface analyze vibrations run/ --highest-cm1 800 -o spectra[/bold]
    """
    from sinterface.report.analysis_vibrations import compute

    with options.chosen_run(paths, frame_interval_fs, skip, stride) as run:
        outcome = compute(run, highest_cm1=highest_cm1, segments=segments)
    options.show_outcome(outcome, output, as_json)
