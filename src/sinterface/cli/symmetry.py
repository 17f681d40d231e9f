"""``sinterface symmetry``: sets of symmetry functions from a rule, and fewer of them."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sinterface.cli import options
from sinterface.errors import InputError

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    help="Symmetry functions of a recipe: a set by a rule, or the ones that tell most.",
)

Text = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write it there; default: print.", show_default=False
    ),
]


class Kind(StrEnum):
    """Kinds of sets."""

    n2p2 = "n2p2"
    spectrum = "spectrum"


class Method(StrEnum):
    """Ways to choose."""

    cur = "cur"
    farthest = "farthest"


@app.command()
def generate(
    elements: Annotated[
        list[str], typer.Argument(metavar="ELEMENT...", help="Symbols.", show_default=False)
    ],
    cutoff: Annotated[float, typer.Option("--cutoff", help="Cutoff radius, Å.")] = 6.0,
    kind: Annotated[
        Kind, typer.Option("--kind", help="n2p2's radial and wide angular ones, or the spectrum.")
    ] = Kind.n2p2,
    channels: Annotated[
        int, typer.Option("--channels", min=1, max=16, help="Radial channels of the spectrum.")
    ] = 3,
    degree: Annotated[
        int, typer.Option("--degree", min=1, max=8, help="Largest degree of the spectrum.")
    ] = 4,
    output: Text = None,
    as_json: options.AsJson = False,
) -> None:
    """Write the symmetry table of a recipe for any elements and cutoff.

    Example: [bold]sinterface symmetry generate Li O Co --cutoff 6[/bold]
    """
    from sinterface.training.generation import symmetry_table, symmetry_text

    if not 1 < cutoff <= 12:
        raise InputError(f"The cutoff lies between 1 and 12 Å, got {cutoff}.")
    if as_json:
        table, n_radial, n_angular = symmetry_table(elements, cutoff, kind.value, channels, degree)
        content = {"symmetry": table, "radial": n_radial, "angular": n_angular}
        _give(json.dumps(content, indent=1) + "\n", output)
        return
    _give(symmetry_text(elements, cutoff, kind.value, channels, degree), output)


@app.command()
def prune(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE.toml", help="Whose set.", show_default=False)
    ],
    keep: Annotated[
        int, typer.Option("--keep", "-n", min=1, help="Functions kept of each element.")
    ],
    method: Annotated[
        Method, typer.Option("--method", help="Leverage, or unlike each other.")
    ] = Method.cur,
    frames: Annotated[
        int, typer.Option("--frames", min=1, help="Frames of the recipe's data to look at.")
    ] = 100,
    any_radial: Annotated[
        bool,
        typer.Option("--any-radial", help="Choose among radial functions too; else all stay."),
    ] = False,
    output: Text = None,
    as_json: options.AsJson = False,
) -> None:
    """Keep the functions of a recipe that stand best for all of its set on its own data.

    The file is what the recipe's symmetry.rows takes.

    Example: [bold]sinterface symmetry prune train.toml --keep 100 -o rows.nn[/bold]
    """
    from sinterface.cli.progress_bar import progress_bar

    try:
        from sinterface.training.pipeline import training_frames
        from sinterface.training.pruning import prune_rows
    except ModuleNotFoundError as error:
        raise InputError(
            f"Pruning needs {error.name}; install it with: pip install 'sinterface[train]'."
        ) from error
    from sinterface.training.recipe import read_recipe

    content = read_recipe(recipe)
    with progress_bar("reading") as show:
        chosen = training_frames(content, recipe.parent, frames)
        pruned = prune_rows(content, chosen, keep, method.value, show, keep_radial=not any_radial)
    figures = [
        {
            "element": rows[0].center,
            "before": before,
            "silent": silent,
            "kept": len(rows),
            "explained": round(explained, 5),
        }
        for rows, before, silent, explained in zip(
            pruned.rows, pruned.n_before, pruned.n_silent, pruned.explained, strict=True
        )
    ]
    if as_json:
        _give(json.dumps({"elements": figures, "rows": pruned.lines}, indent=1) + "\n", output)
        return
    _give("\n".join(pruned.lines) + "\n", output)
    for row, share in zip(figures, pruned.explained, strict=True):
        typer.echo(
            f"{row['element']}: {row['kept']} of {row['before']} functions ({row['silent']} never "
            f"change), which explain {100 * share:.1f} % of the variance of all",
            err=True,
        )


def _give(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
        return
    from sinterface.files import write_text

    write_text(output, text)
    typer.echo(str(output))
