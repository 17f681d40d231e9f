"""``sinterface neb``: barriers of single hops by nudged elastic bands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sinterface.cli.neb_options import BandOptions, find_and_show, with_band_options

if TYPE_CHECKING:
    from ase import Atoms

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    help="Find the minimum-energy path of one hop by a nudged elastic band (improved tangent, "
    "climbing image): end points relaxed, barriers both ways, bottleneck, curve and picture. "
    "A killed run, started again, goes on with the images written last.",
    epilog="A first path: [bold]sinterface neb lco divacancy -o hop[/bold]",
)

Repeat = Annotated[
    tuple[int, int, int], typer.Option("--repeat", metavar="A B C", help="Copies of the cell.")
]


@app.command()
@with_band_options
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
    repeat: Repeat = (4, 4, 1),
    *,
    band: BandOptions,
) -> None:
    """Li along the layer of LiCoO2, in a crystal relaxed with the potential.

    Experiment gives about 0.3 eV; calculations about 0.8 eV for the single vacancy and 0.2 eV for
    the divacancy.

    Example: [bold]sinterface neb lco divacancy -o hop[/bold]
    """
    from sinterface.paths.cases import lco_path

    find_and_show(
        band,
        f"lco-{vacancies}",
        lambda source, directory, settings: lco_path(
            vacancies, source, directory, repeat=repeat, **settings
        ),
    )


@app.command()
@with_band_options
def llzo(
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
    *,
    band: BandOptions,
) -> None:
    """Li in cubic LLZO from its site into an empty one (24d, 96h), Co nearby or not.

    DFT gives 0.15–0.49 eV without Co, up to 2 eV beside it.

    Example: [bold]sinterface neb llzo --cobalt Zr -o beside-co[/bold]
    """
    from sinterface.paths.cases import llzo_path

    find_and_show(
        band,
        f"llzo-co-{cobalt}-{to_cobalt}" if cobalt else "llzo",
        lambda source, directory, settings: llzo_path(
            source, directory, cobalt=cobalt, to_cobalt=to_cobalt, hop=hop, seed=seed,
            repeat=repeat, **settings,
        ),
    )  # fmt: skip


@app.command()
@with_band_options
def interface(
    structure: Annotated[
        Path,
        typer.Argument(
            metavar="INTERFACE",
            help="An interface whose LCO lies flat, built or a snapshot (its array 'region' tells "
            "which atoms are the electrode, 1), or the directory of a run: its last frame.",
            show_default=False,
        ),
    ],
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
    *,
    band: BandOptions,
) -> None:
    """Li from a Co vacancy of the outermost CoO2 layer into a vacancy of the inner Li layer.

    Forward is lithiation of LCO, backward delithiation: Kim et al. found 0.88 and 0.39 eV.

    Example: [bold]sinterface neb interface flat.extxyz --free-within-A 8[/bold]
    """
    from sinterface.paths.cases import interface_path

    atoms = _structure_or_last_frame(structure)
    find_and_show(
        band,
        f"{structure.stem}-{side}",
        lambda source, directory, settings: interface_path(
            atoms,
            source,
            directory,
            side=side,  # type: ignore[arg-type]  # checked there
            cobalt=cobalt,
            vacancies=vacancies,
            **settings,
        ),
    )


@app.command()
@with_band_options
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
    *,
    band: BandOptions,
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
    find_and_show(
        band,
        hop.name,
        lambda source, directory, settings: find_path(hop, source, directory, **settings),
    )


def _structure_or_last_frame(path: Path) -> Atoms:
    """Return the structure of a file, or the last frame of a run."""
    if path.is_dir():
        from sinterface.dynamics.trajectory import open_trajectory

        with open_trajectory(path) as trajectory:
            return trajectory.atoms(trajectory.n_frames - 1)
    from sinterface.structures.formats import read_structure

    return read_structure(path)
