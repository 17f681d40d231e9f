"""What every ``sinterface build`` command shares: its options, and how it ends."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.cli import options

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.report.built import BuiltFiles, Certificate
    from sinterface.structures.opening import Opened
    from sinterface.structures.structure_certificate import StructureCertificate

BuiltPath = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        help="File to write: .extxyz, .cif, .data (LAMMPS) or .vasp (POSCAR). Its certificate "
        "(OUT.certificate.json) and picture (OUT.png) stand beside it.",
        show_default=False,
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, help="Seed of all that is drawn; the same gives the same.")
]
Repeat = Annotated[
    tuple[int, int, int], typer.Option("--repeat", metavar="A B C", help="Copies along each edge.")
]
Supercell = Annotated[
    tuple[int, int, int],
    typer.Option(
        "--supercell",
        metavar="A B C",
        help="Cells along each edge over which partly occupied sites are filled.",
    ),
]
Draws = Annotated[
    int,
    typer.Option(
        "--draws", min=1, help="Arrangements drawn on partly occupied sites; the best is kept."
    ),
]
PotentialName = Annotated[
    str, typer.Option("--potential", help="Shipped name or directory of the potential.")
]
Threads = Annotated[int, typer.Option("--threads", min=1, help="Threads of the potential.")]
AsJson = options.AsJson
CRYSTAL_HELP = (
    "llzo (cubic), llzo-tetragonal, lco, lacoo3, la2zr2o7, li2zro3, coo, co3o4, li2o, la2o3, "
    "zro2 (monoclinic), or the path of a CIF."
)


def command_line() -> str:
    """Return the command that is running, as a person would type it."""
    return shlex.join(["sinterface", *sys.argv[1:]])


def check_output(output: Path) -> None:
    """Raise InputError when `output` tells no format; call it before the work begins."""
    from sinterface.structures.formats import output_format

    output_format(output)


def check_copies(*copies: tuple[int, int, int]) -> None:
    """Raise InputError unless every number of copies is at least 1."""
    from sinterface.errors import InputError

    for triple in copies:
        if min(triple) < 1:
            raise InputError(f"The copies {' '.join(map(str, triple))}: give 1 or more of each.")


def repeated(atoms: Atoms, repeat: tuple[int, int, int]) -> Atoms:
    """Return copies of a structure side by side, labels and all."""
    return atoms if repeat == (1, 1, 1) else atoms.repeat(repeat)


def certify_opened(
    atoms: Atoms,
    kind: str,
    source: Mapping[str, Any],
    opened: Opened,
    *,
    seed: int,
    states: Mapping[str, float] | None = None,
    details: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
) -> StructureCertificate:
    """Return the certificate of a structure made from one that was opened; regions are kept."""
    from sinterface.structures.formats import NAMES_KEY
    from sinterface.structures.structure_certificate import certify_structure

    names = str(atoms.info.get(NAMES_KEY, "")).split(",") if "region" in atoms.arrays else ["all"]
    if "region" in atoms.arrays and len(names) <= int(atoms.arrays["region"].max()):
        names = [f"region {k}" for k in range(int(atoms.arrays["region"].max()) + 1)]
    return certify_structure(
        atoms, kind, source, seed=seed, states=states, regions=names,
        parents=opened.parents, details=details, warnings=warnings,
        strain_percent=opened.certificate.get("strain_percent", {}),
    )  # fmt: skip


def finish(
    atoms: Atoms, certificate: Certificate | Mapping[str, Any], output: Path, as_json: bool
) -> BuiltFiles:
    """Write structure, certificate and picture; print the certificate, then the paths."""
    from sinterface.report.built import write_built

    figures = dict(certificate if isinstance(certificate, Mapping) else certificate.to_dict())
    if not figures.get("command"):
        figures["command"] = command_line()
    built = write_built(atoms, figures, output)
    for warning in (*figures.get("warnings", ()), *built.warnings):
        typer.secho(f"WARNING: {warning}", err=True, fg="yellow")
    files = {name: str(getattr(built, name)) for name in ("structure", "certificate", "picture")}
    if as_json:
        typer.echo(json.dumps({**figures, "files": files}, indent=1))
        return built
    from rich.console import Console

    from sinterface.cli.certificate_table import certificate_table

    Console(width=None if sys.stdout.isatty() else 130).print(certificate_table(figures))
    for path in files.values():
        typer.echo(path)
    return built
