"""``sinterface data``: labelled structures converted, described and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from sinterface.cli import options
from sinterface.cli.shown import print_result

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Convert, describe and check labelled structures.",
)

Frames = Annotated[
    list[Path],
    typer.Argument(
        metavar="FRAMES...",
        help="extxyz files of labelled frames, or folders of them.",
        show_default=False,
    ),
]
Mixed = Annotated[
    bool, typer.Option("--mixed-references", help="Allow labels of several references.")
]
Text = str | None


@app.command()
def convert(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="IN...",
            help="extxyz, n2p2's input.data, VASP's OUTCAR or vasprun.xml, outputs of Quantum "
            "ESPRESSO and CP2K.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="OUT", help=".extxyz, .extxyz.xz, or (n2p2) .data.",
            show_default=False,
        ),
    ],
    source_format: Annotated[
        Text, typer.Option("--from", metavar="FORMAT", help="Format of IN; default: look inside.")
    ] = None,
    units: Annotated[
        Text,
        typer.Option("--units", metavar="UNITS", help="Of IN where it tells none: hartree-bohr."),
    ] = None,
    output_units: Annotated[
        str, typer.Option("--output-units", metavar="UNITS", help="Of an n2p2 output.")
    ] = "ev-angstrom",
    system: Annotated[Text, typer.Option("--system", help="Family of the structures.")] = None,
    trajectory: Annotated[Text, typer.Option("--trajectory", help="Run that made them.")] = None,
    family: Annotated[
        Text, typer.Option("--family", help="Name shared with runs from the same structure.")
    ] = None,
    temperature_K: Annotated[
        float | None, typer.Option("--temperature-K", min=0, help="Temperature of sampling.")
    ] = None,
    reference: Annotated[
        Text, typer.Option("--reference", help="What labelled IN, where it doesn't tell.")
    ] = None,
    reference_version: Annotated[Text, typer.Option("--reference-version", help="Its version.")]
    = None,
    settings_hash: Annotated[
        Text, typer.Option("--settings-hash", help="Name of its settings: never mixed.")
    ] = None,
    every: Annotated[int, typer.Option("--every", min=1, help="Keep each n-th frame.")] = 1,
    mixed: Mixed = False,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Bring labelled structures of any known format together, in eV and Å.

    Example: [bold]sinterface data convert run-*/OUTCAR --system lco -o lco.extxyz.xz[/bold]
    """
    from sinterface.dataset.convert import Told, convert

    told = Told(
        system, trajectory, temperature_K, family, reference, reference_version, settings_hash
    )
    done = convert(
        sources, output, told, source_format=source_format, units=units,
        output_units=output_units, every=every, mixed=mixed,
    )  # fmt: skip
    typer.echo(json.dumps(done.to_dict(), indent=1) if as_json else str(done.output))


@app.command()
def card(
    frames: Frames,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="STEM",
            help="Write STEM.json and STEM.svg; a name that ends in .svg, .png or .pdf chooses.",
            show_default=False,
        ),
    ] = None,
    mixed: Mixed = False,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Tell what a set of labelled frames holds, as a table, a figure and JSON.

    Example: [bold]sinterface data card data/llzo-lco-first -o data-card[/bold]
    """
    from sinterface.cli.data_tables import card_table
    from sinterface.dataset.card import make_card
    from sinterface.dataset.frames import read_frames
    from sinterface.files import write_text
    from sinterface.report.data_card import draw_card

    found = make_card(read_frames(frames, mixed=mixed))
    content = found.to_dict()
    if output is not None:
        figure = output if output.suffix in (".svg", ".png", ".pdf") else Path(f"{output}.svg")
        draw_card(found, figure)
        write_text(figure.with_suffix(".json"), json.dumps(content, indent=1) + "\n")
    print_result(content, card_table(found), as_json)


@app.command()
def check(
    frames: Frames,
    tolerance_A: Annotated[
        float, typer.Option("--tolerance-A", min=0, help="Of distances in duplicates.")
    ] = 0.01,
    largest_force: Annotated[
        float, typer.Option("--largest-force", min=0, help="Force beyond it: outlier, eV/Å.")
    ] = 50.0,
    mixed: Mixed = False,
    as_json: options.AsJson = False,
) -> None:
    """Check labelled frames; list duplicates and outliers with their frame numbers, from 0.

    Example: [bold]sinterface data check labels.extxyz.xz[/bold]
    """
    from sinterface.cli.data_tables import faults_table
    from sinterface.dataset.faults import find_faults
    from sinterface.dataset.frames import read_frames

    read = read_frames(frames, mixed=mixed)
    faults = find_faults(read, tolerance_A=tolerance_A, largest_force=largest_force)
    print_result(faults.to_dict(), faults_table(faults), as_json)
