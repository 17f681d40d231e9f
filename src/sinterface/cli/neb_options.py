"""What every ``sinterface neb`` command shares: its options, and how it ends."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from sinterface.cli import options

if TYPE_CHECKING:
    from rich.table import Table

    from sinterface.paths.result import MinimumEnergyPath


@dataclass(frozen=True)
class BandOptions:
    """The options that all paths share."""

    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Run directory; default: paths/<name> under the current directory.",
            show_default=False,
        ),
    ] = None
    potential: Annotated[
        str, typer.Option("--potential", "-p", help="Potential's directory or shipped name.")
    ] = "llzo-lco"
    calculator: Annotated[
        str | None,
        typer.Option(
            "--calculator",
            metavar="NAME",
            help="Take energies from this reference (chgnet, ase:module.Class, ...) instead.",
            show_default=False,
        ),
    ] = None
    images: Annotated[
        int, typer.Option("--images", min=1, max=99, help="Images between the end points.")
    ] = 7
    climb: Annotated[
        bool,
        typer.Option(
            "--climb/--no-climb", help="Let the highest image climb onto the saddle point."
        ),
    ] = True
    force_tolerance: Annotated[
        float,
        typer.Option(
            "--force-tolerance-eV-per-A",
            help="Largest force on the band at the end; a finished path goes on when it is "
            "smaller.",
        ),
    ] = 0.05
    max_steps: Annotated[
        int,
        typer.Option("--max-steps", min=1, help="Steps of the band after which it ends anyway."),
    ] = 1000
    free_within: Annotated[
        float | None,
        typer.Option(
            "--free-within-A",
            help="Hold atoms farther than this from the hop; all move if not given.",
            show_default=False,
        ),
    ] = None
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of the potential.")] = 1
    as_json: options.AsJson = False

    def settings(self) -> dict[str, Any]:
        """Return what `sinterface.paths.band.find_path` is told."""
        return {
            "n_images": self.images,
            "climb": self.climb,
            "force_tolerance_eV_per_A": self.force_tolerance,
            "max_steps": self.max_steps,
            "free_within_A": self.free_within,
            "threads": self.threads,
        }


def with_band_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the fields of `BandOptions` as options; it gets them as `band`."""
    names = {field.name for field in fields(BandOptions)}

    @functools.wraps(command)
    def run(**values: Any) -> None:
        shared = {name: values.pop(name) for name in names}
        command(**values, band=BandOptions(**shared))

    hints: dict[str, Any] = {}
    parameters = []
    for source in (command, BandOptions):
        told = get_type_hints(source, include_extras=True)
        for parameter in inspect.signature(source).parameters.values():
            if parameter.name != "band":
                hints[parameter.name] = told[parameter.name]
                own = parameter.replace(
                    kind=parameter.KEYWORD_ONLY, annotation=told[parameter.name]
                )
                parameters.append(own)
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = hints
    return run


def find_and_show(
    band: BandOptions,
    name: str,
    find: Callable[[Any, Path, dict[str, Any]], MinimumEnergyPath],
) -> None:
    """Find a path, draw it, print it; `find` gets potential, run directory and settings."""
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.cli.shown import print_result
    from sinterface.report.path_figures import draw_path
    from sinterface.study.lock import hold_new

    directory = band.output or Path("paths") / name
    source = _source(band, directory)
    with hold_new(directory), progress_bar("starting") as show:
        path = find(source, directory, {**band.settings(), "progress": show})
    files = draw_path(path)
    data = {**path.to_dict(), "files": [str(file) for file in files]}
    print_result(data, path_table(path), band.as_json)
    if not band.as_json:
        for file in files:
            typer.echo(str(file))


def _source(band: BandOptions, directory: Path) -> Any:
    """Return the potential, or the calculator that stands for it."""
    if band.calculator is None:
        from sinterface.potential.model import load_potential

        return load_potential(band.potential)
    from ase import Atoms

    from sinterface.reference.calculators import open_reference

    return open_reference(band.calculator).make(Atoms(), directory)


def path_table(path: MinimumEnergyPath) -> Table:
    """Return a path's figures for people."""
    from rich.table import Table

    table = Table("", path.title, title_justify="left")
    std = "" if path.committee_std_eV is None else f" ± {path.committee_std_eV:.3f}"
    narrow = path.bottleneck
    rows = {
        "barrier forward": f"{path.forward_eV:.3f}{std} eV",
        "barrier backward": f"{path.reverse_eV:.3f}{std} eV",
        "last end point over first": f"{path.reaction_eV:+.3f} eV",
        "way": f"{path.distances_A[-1]:.2f} Å, {len(path.energies_eV) - 2} images between",
        "minima between": ", ".join(f"{path.energies_eV[k]:.3f} eV" for k in path.minima) or "none",
        "narrowest": f"{narrow.opening_A:.2f} Å to {len(narrow.anions)} anions within a bond, "
        f"at {narrow.distance_A:.2f} Å",
        "nearest cation": f"{narrow.nearest_cation} {narrow.cation_A:.2f} Å",
        "moving": f"{path.ion} {path.moving[0]} of {path.formula}"
        + (f" and {len(path.moving) - 1} more" if len(path.moving) > 1 else ""),
        "charge": path.charge,
        "converged": f"{'yes' if path.converged else 'NO'}: {path.steps} steps, "
        f"{path.residual_eV_per_A:.3f} eV/Å left",
        "outside the training range": _outside(path),
        "potential": path.potential,
    }
    for name, words in (*rows.items(), *(("note", note) for note in path.notes)):
        table.add_row(name, words)
    return table


def _outside(path: MinimumEnergyPath) -> str:
    counts = path.atoms_outside_training
    if not counts:
        return "not watched"
    return f"up to {max(counts)} of {path.n_atoms} atoms of an image"
