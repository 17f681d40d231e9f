"""Options and arguments that the commands of ``sinterface analyze`` share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sinterface.analysis.stream import Selection
    from sinterface.report.outcome import Outcome
    from sinterface.report.suite import Run

TrajectoryPath = Annotated[
    Path,
    typer.Argument(
        metavar="TRAJECTORY",
        help="A dynamics run (directory or H5MD), a study's run directory (all replicas), or any "
        "file that ASE reads (extxyz, XDATCAR, ...).",
        show_default=False,
    ),
]
Trajectories = Annotated[
    list[Path],
    typer.Argument(
        metavar="TRAJECTORY...",
        help="One or more trajectories: replicas of one system. A dynamics run (directory or "
        "H5MD), a study's run directory, or any file that ASE reads (extxyz, XDATCAR, ...).",
        show_default=False,
    ),
]
FrameInterval = Annotated[
    float | None,
    typer.Option(
        "--frame-interval-fs",
        metavar="FS",
        help="Time between frames; needed where the file doesn't tell it.",
        show_default=False,
    ),
]
Skip = Annotated[int, typer.Option("--skip", metavar="N", min=0, help="Leave out N frames first.")]
Stride = Annotated[int, typer.Option("--stride", metavar="N", min=1, help="Use each N-th frame.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Also write JSON, CSV of every curve, and figures (SVG, PDF, PNG) into DIR.",
        show_default=False,
    ),
]


def selection(
    frame_interval_fs: float | None, skip: int, stride: int, *, times: bool = True
) -> Selection:
    """Return the frames that the options choose."""
    from sinterface.analysis.stream import Selection

    return Selection(frame_interval_fs, skip, stride, times)


@contextmanager
def chosen_run(
    paths: list[Path],
    frame_interval_fs: float | None,
    skip: int,
    stride: int,
    *,
    times: bool = True,
) -> Iterator[Run]:
    """Yield the run behind one or more paths, with a progress bar on a terminal.

    `times` tells whether the analysis needs the frames' times.
    """
    import dataclasses

    from sinterface.cli.progress_bar import progress_bar
    from sinterface.report.suite import find_run

    with progress_bar("reading") as progress:
        chosen = selection(frame_interval_fs, skip, stride, times=times)
        runs = [find_run(path, chosen, progress) for path in paths]
        replicas = tuple(replica for run in runs for replica in run.replicas)
        structures = tuple(structure for run in runs for structure in run.structures)
        yield dataclasses.replace(runs[0], replicas=replicas, structures=structures)


def show_outcome(outcome: Outcome, output: Path | None, as_json: bool) -> None:
    """Print a result as JSON or as a table, and write its files where wanted."""
    from sinterface.cli.shown import print_result

    if output is not None:
        outcome.write(output)
    data = {**outcome.data, "notes": list(outcome.notes)}
    print_result(data, outcome.table(), as_json)
    if output is not None and not as_json:
        typer.echo(str(output))
