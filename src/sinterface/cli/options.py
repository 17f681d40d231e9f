"""Every option and argument of the command line, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand


class ManualCommand(TyperCommand):
    """A command whose help ends with the manual of the study file, made from its models."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the usual help, then every table and key."""
        from sinterface.study.manual import study_manual

        super().format_help(ctx, formatter)
        typer.echo("The study file\n")
        typer.echo(study_manual())


def _print_version(wanted: bool) -> None:
    if wanted:
        from sinterface import __version__

        typer.echo(f"sinterface {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=_print_version, is_eager=True, help="Print the version and stop."
    ),
]

StudyPath = Annotated[
    Path, typer.Argument(metavar="STUDY.toml", help="The study file.", show_default=False)
]
NewStudyPath = Annotated[Path, typer.Argument(metavar="[STUDY.toml]", help="The file to write.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Run directory; default: runs/<study name>, with the scale where there are several.",
        show_default=False,
    ),
]
Scale = Annotated[
    str | None,
    typer.Option(
        "--scale",
        metavar="laptop|overnight|paper",
        help="Size of a study whose file has several.",
        show_default=False,
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="TABLE.KEY=VALUE",
        help="A value in place of the file's, such as 'dynamics.timestep_fs=2.0'; may be repeated.",
        show_default=False,
    ),
]
Against = Annotated[
    Path | None,
    typer.Option(
        "--against",
        metavar="DIR",
        help="Say what the study would do anew in this run directory, and why.",
        show_default=False,
    ),
]
RunPath = Annotated[
    Path, typer.Argument(metavar="RUN", help="A run directory.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
StudyKind = Annotated[
    str,
    typer.Option(
        "--kind",
        metavar="KIND",
        help="interface, interfaces, li-content, transport, grain-boundaries, amorphous, "
        "phase-transition, neb, potential or pair.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")]
ShownPath = Annotated[
    str,
    typer.Argument(
        metavar="PATH",
        help="A run directory, a stage's directory, a built structure or its certificate (.json), "
        "or a potential (directory or shipped name).",
        show_default=False,
    ),
]
PotentialName = Annotated[
    str,
    typer.Argument(
        metavar="POTENTIAL",
        help="A potential's directory, or a shipped name (llzo-lco, llzo-lco-n2p2).",
        show_default=False,
    ),
]
StructurePath = Annotated[
    Path,
    typer.Argument(
        metavar="STRUCTURE",
        help="A structure in any format that ASE reads (CIF, extxyz, POSCAR, ...).",
        show_default=False,
    ),
]
PredictedPath = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT.extxyz",
        help="Also write the structure with energy, forces, stress and deviations.",
        show_default=False,
    ),
]
ChecksOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder that keeps steps, figures and page; default: validations/<potential> or "
        "certificates/<potential> under the current directory.",
        show_default=False,
    ),
]
ReferenceName = Annotated[
    str, typer.Option("--reference", metavar="NAME", help="The reference calculator.")
]
Benchmark = Annotated[
    bool,
    typer.Option(
        "--benchmark/--no-benchmark",
        help="Measure the potential's speed here (seconds) where no earlier run has.",
    ),
]
