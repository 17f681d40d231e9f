"""``sinterface neb``: barriers of single hops by nudged elastic bands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.cli import options

if TYPE_CHECKING:
    from rich.table import Table

    from sinterface.paths.result import MinimumEnergyPath

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    help="Find the minimum-energy path of one hop by a nudged elastic band (improved tangent, "
    "climbing image): end points relaxed, barriers both ways, bottleneck, curve and picture. "
    "A killed run, started again, goes on with the images written last.",
    epilog="A first path: [bold]sinterface neb lco divacancy -o hop[/bold]",
)

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Run directory; default: paths/<name> under the current directory.",
        show_default=False,
    ),
]
PotentialName = Annotated[
    str, typer.Option("--potential", "-p", help="Potential's directory or shipped name.")
]
Calculator = Annotated[
    str | None,
    typer.Option(
        "--calculator",
        metavar="NAME",
        help="Take energies from this reference (chgnet, ase:module.Class, ...) instead.",
        show_default=False,
    ),
]
Images = Annotated[
    int, typer.Option("--images", min=1, max=99, help="Images between the end points.")
]
Climb = Annotated[
    bool,
    typer.Option("--climb/--no-climb", help="Let the highest image climb onto the saddle point."),
]
Tolerance = Annotated[
    float,
    typer.Option(
        "--force-tolerance-eV-per-A",
        help="Largest force on the band at the end; a finished path goes on when it is smaller.",
    ),
]
MaxSteps = Annotated[
    int, typer.Option("--max-steps", min=1, help="Steps of the band after which it ends anyway.")
]
FreeWithin = Annotated[
    float | None,
    typer.Option(
        "--free-within-A",
        help="Hold atoms farther than this from the hop; all move if not given.",
        show_default=False,
    ),
]
Threads = Annotated[int, typer.Option("--threads", min=1, help="Threads of the potential.")]
Repeat = Annotated[
    tuple[int, int, int], typer.Option("--repeat", metavar="A B C", help="Copies of the cell.")
]


@app.command()
def lco(
    vacancies: Annotated[
        str,
        typer.Argument(
            metavar="single|divacancy",
            help="single: only the site it hops into is empty (oxygen-dumbbell hop); divacancy: a "
            "second one beside both is empty too (tetrahedral-site hop).",
            show_default=False,
        ),
    ],
    output: Output = None,
    potential: PotentialName = "llzo-lco",
    calculator: Calculator = None,
    repeat: Repeat = (4, 4, 1),
    images: Images = 7,
    climb: Climb = True,
    force_tolerance: Tolerance = 0.05,
    max_steps: MaxSteps = 1000,
    free_within: FreeWithin = None,
    threads: Threads = 1,
    as_json: options.AsJson = False,
) -> None:
    """Li along the layer of LiCoO2, in a crystal relaxed with the potential.

    Experiment gives about 0.3 eV; calculations about 0.8 eV for the single vacancy and 0.2 eV for
    the divacancy.

    Example: [bold]sinterface neb lco divacancy -o hop[/bold]
    """
    from sinterface.paths.cases import lco_path

    _run(
        lambda source, directory, settings: lco_path(
            vacancies, source, directory, repeat=repeat, **settings
        ),
        output or Path("paths") / f"lco-{vacancies}",
        (potential, calculator),
        _settings(images, climb, force_tolerance, max_steps, free_within, threads),
        as_json,
    )


@app.command()
def llzo(
    output: Output = None,
    potential: PotentialName = "llzo-lco",
    calculator: Calculator = None,
    cobalt: Annotated[
        str | None,
        typer.Option(
            "--cobalt",
            metavar="Li|La|Zr",
            help="Put one Co on such a site: Co3+ on Li (two more Li leave), Co3+ on La, Co4+ on "
            "Zr; the cell stays neutral.",
            show_default=False,
        ),
    ] = None,
    to_cobalt: Annotated[
        str, typer.Option("--to-cobalt", help="near: hops beside Co first; far.")
    ] = "near",
    hop: Annotated[
        int | None,
        typer.Option(
            "--hop",
            min=1,
            help="Number of the hop, from 1; if not given the first with a barrier both ways.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the Li arrangement.")] = 0,
    repeat: Repeat = (1, 1, 1),
    images: Images = 7,
    climb: Climb = True,
    force_tolerance: Tolerance = 0.05,
    max_steps: MaxSteps = 1000,
    free_within: FreeWithin = None,
    threads: Threads = 1,
    as_json: options.AsJson = False,
) -> None:
    """Li in cubic LLZO from its site into an empty one (24d, 96h), Co nearby or not.

    DFT gives 0.15–0.49 eV without Co, up to 2 eV beside it.

    Example: [bold]sinterface neb llzo --cobalt Zr -o beside-co[/bold]
    """
    from sinterface.paths.cases import llzo_path

    name = f"llzo-co-{cobalt}-{to_cobalt}" if cobalt else "llzo"
    _run(
        lambda source, directory, settings: llzo_path(
            source, directory, cobalt=cobalt, to_cobalt=to_cobalt, hop=hop, seed=seed,
            repeat=repeat, **settings,
        ),
        output or Path("paths") / name,
        (potential, calculator),
        _settings(images, climb, force_tolerance, max_steps, free_within, threads),
        as_json,
    )  # fmt: skip


@app.command()
def interface(
    structure: Annotated[
        Path,
        typer.Argument(
            metavar="INTERFACE",
            help="An interface whose LCO lies flat, built or a snapshot: its array 'region' tells "
            "which atoms are the electrode (1).",
            show_default=False,
        ),
    ],
    output: Output = None,
    potential: PotentialName = "llzo-lco",
    calculator: Calculator = None,
    side: Annotated[
        str, typer.Option("--side", help="End of the electrode along z: lower or upper.")
    ] = "lower",
    cobalt: Annotated[
        int | None,
        typer.Option(
            "--cobalt",
            help="Co atom to take out, counted from 0; else one in the middle, or where a "
            "snapshot has Li in the CoO2 layer that Li.",
            show_default=False,
        ),
    ] = None,
    vacancies: Annotated[
        int,
        typer.Option(
            "--vacancies",
            min=1,
            help="Empty sites of the inner Li layer; 2 where a full layer would push Li back.",
        ),
    ] = 1,
    images: Images = 7,
    climb: Climb = True,
    force_tolerance: Tolerance = 0.05,
    max_steps: MaxSteps = 1000,
    free_within: FreeWithin = None,
    threads: Threads = 1,
    as_json: options.AsJson = False,
) -> None:
    """Li from a Co vacancy of the outermost CoO2 layer into a vacancy of the inner Li layer.

    Forward is lithiation of LCO, backward delithiation: Kim et al. found 0.88 and 0.39 eV.

    Example: [bold]sinterface neb interface flat.extxyz --free-within-A 8[/bold]
    """
    from sinterface.paths.cases import interface_path
    from sinterface.structures.formats import read_structure

    atoms = read_structure(structure)
    _run(
        lambda source, directory, settings: interface_path(
            atoms,
            source,
            directory,
            side=side,  # type: ignore[arg-type]  # checked there
            cobalt=cobalt,
            vacancies=vacancies,
            **settings,
        ),
        output or Path("paths") / f"{structure.stem}-{side}",
        (potential, calculator),
        _settings(images, climb, force_tolerance, max_steps, free_within, threads),
        as_json,
    )


@app.command()
def pair(
    initial: Annotated[
        Path,
        typer.Argument(metavar="FIRST", help="First end point, in any format.", show_default=False),
    ],
    final: Annotated[
        Path,
        typer.Argument(
            metavar="LAST",
            help="Last end point: the same atoms, in any order, in the same cell.",
            show_default=False,
        ),
    ],
    output: Output = None,
    potential: PotentialName = "llzo-lco",
    calculator: Calculator = None,
    images: Images = 7,
    climb: Climb = True,
    force_tolerance: Tolerance = 0.05,
    max_steps: MaxSteps = 1000,
    free_within: FreeWithin = None,
    threads: Threads = 1,
    as_json: options.AsJson = False,
) -> None:
    """Any hop between two structures of your own; both are relaxed first, in their cell.

    Example: [bold]sinterface neb pair before.extxyz after.extxyz -o hop[/bold]
    """
    from sinterface.paths.band import find_path
    from sinterface.paths.hop import hop_between
    from sinterface.structures.formats import read_structure

    hop = hop_between(
        read_structure(initial), read_structure(final), name=f"{initial.stem}-{final.stem}"
    )
    _run(
        lambda source, directory, settings: find_path(hop, source, directory, **settings),
        output or Path("paths") / hop.name,
        (potential, calculator),
        _settings(images, climb, force_tolerance, max_steps, free_within, threads),
        as_json,
    )


def _settings(
    images: int,
    climb: bool,
    force_tolerance: float,
    max_steps: int,
    free_within: float | None,
    threads: int,
) -> dict[str, Any]:
    return {
        "n_images": images,
        "climb": climb,
        "force_tolerance_eV_per_A": force_tolerance,
        "max_steps": max_steps,
        "free_within_A": free_within,
        "threads": threads,
    }


def _run(
    find: Callable[[Any, Path, dict[str, Any]], MinimumEnergyPath],
    directory: Path,
    source: tuple[str, str | None],
    settings: dict[str, Any],
    as_json: bool,
) -> None:
    """Find a path, draw it, print it."""
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.cli.shown import print_result
    from sinterface.report.path_figures import draw_path
    from sinterface.study.lock import hold

    calculator = _calculator(*source, directory)
    directory.mkdir(parents=True, exist_ok=True)
    with hold(directory), progress_bar("starting") as show:
        path = find(calculator, directory, {**settings, "progress": show})
    files = draw_path(path)
    data = {**path.to_dict(), "files": [str(file) for file in files]}
    print_result(data, path_table(path), as_json)
    if not as_json:
        for file in files:
            typer.echo(str(file))


def _calculator(potential: str, calculator: str | None, directory: Path) -> Any:
    if calculator is None:
        from sinterface.potential.model import load_potential

        return load_potential(potential)
    from ase import Atoms

    from sinterface.reference.calculators import open_reference

    return open_reference(calculator).make(Atoms(), directory)


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
