"""``sinterface analyze density``: where the ions are, and whether their pathway connects."""

from __future__ import annotations

from typing import Annotated

import typer

from sinterface.cli import analyze_options as options


def density(
    path: options.TrajectoryPath,
    element: Annotated[str, typer.Option("--element", metavar="ELEMENT", help="Whose density.")]
    = "Li",
    spacing_A: Annotated[float, typer.Option("--spacing-A", help="Grid spacing at most.")] = 0.25,
    smoothing_A: Annotated[
        float, typer.Option("--smoothing-A", min=0, help="Gaussian of each position; 0: none.")
    ] = 0.25,
    fold: Annotated[
        tuple[int, int, int],
        typer.Option(
            "--fold", metavar="A B C", min=1, help="Equal copies to lay over each other."
        ),
    ] = (1, 1, 1),
    level_per_A3: Annotated[
        float | None,
        typer.Option(
            "--level", metavar="DENSITY", help="Of the isosurface, per Å³; default: just below "
            "where the pathway connects.", show_default=False,
        ),
    ] = None,
    output: options.Output = None,
    frame_interval_fs: options.FrameInterval = None,
    skip: options.Skip = 0,
    stride: options.Stride = 1,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Draw where an element's ions are: isosurface, cube, CHGCAR, level at which paths connect.

    Example: [bold]sinterface analyze density runs/llzo --element Li -o density[/bold]
    """
    from sinterface.report.analysis_density import measure, outcome

    with options.chosen_run([path], frame_interval_fs, skip, stride) as run:
        found = measure(run, element, spacing_A=spacing_A, smoothing_A=smoothing_A, fold=fold)
    options.show_outcome(outcome((found,), level_per_A3), output, as_json)
