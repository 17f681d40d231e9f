"""``sinterface analyze all``: every analysis that applies to a run, into one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sinterface.cli import analyze_options as options


def analyze_all(
    path: options.TrajectoryPath,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Results folder; default: RUN/results or "
            "results/<name of the file>.", show_default=False,
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Only this analysis; may be repeated."),
    ] = None,
    frame_interval_fs: options.FrameInterval = None,
    skip: options.Skip = 0,
    stride: options.Stride = 1,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Run every analysis that applies, and write a results folder with a page.

    A set of simulations is analysed system by system, replicas together; runs that differ in
    temperature alone get an Arrhenius fit.

    Example: [bold]sinterface analyze all runs/quick[/bold]
    """
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.cli.shown import print_result
    from sinterface.report.results_page import analyse_all, default_folder, overview
    from sinterface.report.suite import find_runs

    chosen = options.selection(frame_interval_fs, skip, stride)
    with progress_bar("reading") as progress:
        folder = output or default_folder(path)
        runs = find_runs(path, chosen, progress)
        done = analyse_all(runs, path, folder, tuple(only or ()))
    print_result(done.to_dict(), overview(done), as_json)
    if not as_json:
        typer.echo(str(folder / "results.html"))
