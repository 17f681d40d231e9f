"""``sinterface analyze phases``: which phase each atom's surroundings belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sinterface.cli import analyze_options as options


def phases(
    path: options.TrajectoryPath,
    temperature_K: Annotated[
        float | None,
        typer.Option(
            "--temperature-K", min=1, help="At which the references are shaken; default: that of "
            "the run, else 300.", show_default=False,
        ),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            "--reference", metavar="NAME=FILE", help="A structure that stands for a further phase "
            "(an amorphous cell, say); may be repeated.", show_default=False,
        ),
    ] = None,
    potential: Annotated[
        str, typer.Option("--potential", help="Whose symmetry functions are used.")
    ] = "llzo-lco",
    output: options.Output = None,
    frame_interval_fs: options.FrameInterval = None,
    skip: options.Skip = 0,
    stride: options.Stride = 1,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Tell phases apart without labels: shares by depth and time, "unknown" where unsure.

    Example: [bold]sinterface analyze phases runs/quick --reference amorphous=melt.extxyz[/bold]
    """
    from sinterface.errors import InputError
    from sinterface.report.analysis_phases import measure, outcome

    own: dict[str, Path] = {}
    for text in reference or ():
        name, _, file = text.partition("=")
        if not file or not Path(file).is_file():
            raise InputError(f"--reference wants NAME=FILE with a file that exists; got '{text}'.")
        own[name] = Path(file)
    with options.chosen_run([path], frame_interval_fs, skip, stride) as run:
        found = measure(run, temperature_K=temperature_K, own=own, potential=potential)
    options.show_outcome(outcome(found), output, as_json)
