"""``sinterface build interface``: two crystals in one cell, with two different boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sinterface.cli import build_options as common

if TYPE_CHECKING:
    from sinterface.potential.model import Potential

Plane = tuple[int, int, int]
SHIPPED = "llzo-lco"
NO_POTENTIAL = "none"


def interface(
    electrolyte: Annotated[
        str, typer.Argument(metavar="ELECTROLYTE", help=common.CRYSTAL_HELP, show_default=False)
    ],
    electrode: Annotated[
        str, typer.Argument(metavar="ELECTRODE", help="Likewise.", show_default=False)
    ],
    output: common.BuiltPath,
    electrolyte_plane: Annotated[
        Plane,
        typer.Option("--electrolyte-plane", metavar="H K L", help="Plane that meets the other."),
    ] = (0, 0, 1),
    electrode_plane: Annotated[
        Plane, typer.Option("--electrode-plane", metavar="H K L", help="Likewise.")
    ] = (1, 0, 4),
    size: Annotated[
        Literal["tiny", "small", "large"],
        typer.Option(
            "--size",
            help="tiny: slabs of twice the cutoff; small: at most about 750 atoms where it can; "
            "large: > 17,000 atoms, edges of at least 51.5 Å, mismatch < 2.5 %.",
        ),
    ] = "small",
    max_strain: Annotated[
        float | None,
        typer.Option(
            "--max-strain",
            metavar="FRACTION",
            help="Limit of each edge's strain and of the shear; default 0.12, of large cells "
            "0.025. A lower one gives a larger cell.",
            show_default=False,
        ),
    ] = None,
    strain_share: Annotated[
        float,
        typer.Option(
            "--strain-share",
            metavar="SHARE",
            help="The electrolyte's share of the strain: 0, the electrode carries all, to 1.",
        ),
    ] = 0.0,
    li_excess_difference: Annotated[
        float | None,
        typer.Option(
            "--li-excess-difference",
            metavar="PER_NM2",
            help="Li excess of the Li-sufficient side over the Li-deficient one, per nm²; at least "
            "3 when not given.",
            show_default=False,
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            "--temperature",
            metavar="K",
            help="Give each crystal its mean lattice at this temperature (a short NPT run of its "
            "bulk with the potential); the published lattices when not given.",
            show_default=False,
        ),
    ] = None,
    potential: Annotated[
        str | None,
        typer.Option(
            "--potential",
            metavar="POTENTIAL",
            help="Chooses shift and gaps by energy and relaxes: a directory or shipped name, or "
            f"'{NO_POTENTIAL}' for geometry alone; {SHIPPED} where it knows the elements.",
            show_default=False,
        ),
    ] = None,
    relax: Annotated[
        bool,
        typer.Option("--relax/--no-relax", help="Relax the atoms, and the normal to 0 ± 0.1 GPa."),
    ] = True,
    gap: Annotated[
        float | None,
        typer.Option(
            "--gap",
            metavar="A",
            help="Gap to begin with in Å; the smallest comfortable one when not given.",
            show_default=False,
        ),
    ] = None,
    electrolyte_thickness: Annotated[
        float | None,
        typer.Option("--electrolyte-thickness", metavar="A", help="At least, in Å; else by size."),
    ] = None,
    electrode_thickness: Annotated[
        float | None,
        typer.Option("--electrode-thickness", metavar="A", help="At least, in Å; else by size."),
    ] = None,
    shortest_edge: Annotated[
        float | None,
        typer.Option("--shortest-edge", metavar="A", help="In the plane, in Å; else by size."),
    ] = None,
    terminations: Annotated[
        tuple[int, int],
        typer.Option(
            "--terminations",
            metavar="N M",
            help="Which cut of the electrolyte and of the electrode, 1 the best; the certificate "
            "says how many differ.",
        ),
    ] = (1, 1),
    seed: common.Seed = 0,
    as_json: common.AsJson = False,
) -> None:
    """Build an interface of any two crystals: one Li-deficient side (A), one Li-sufficient (B).

    The whole cell is neutral; polyhedra stay whole; LLZO keeps its lattice unless you share the
    strain. Regions and sides travel with the atoms as the arrays "region" and "side".

    Example: [bold]sinterface build interface llzo lco --electrode-plane 1 0 4 -o llzo-lco.extxyz
    [/bold]
    """
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.dynamics.interface_making import make_interface
    from sinterface.provenance import available_cores

    common.check_output(output)
    with progress_bar("building") as show:
        made = make_interface(
            electrolyte, electrode,
            potential=_potential(potential, (electrolyte, electrode), seed),
            temperature_K=temperature, relaxed=relax, seed=seed, threads=available_cores(),
            progress=show, electrolyte_plane=electrolyte_plane, electrode_plane=electrode_plane,
            size=size, max_strain=max_strain, strain_share=strain_share, gap_A=gap,
            li_excess_difference_per_nm2=li_excess_difference,
            electrolyte_thickness_A=electrolyte_thickness,
            electrode_thickness_A=electrode_thickness, shortest_edge_A=shortest_edge,
            terminations=terminations,
        )  # fmt: skip
    common.finish(made.atoms, made.certificate, output, as_json)


def _potential(name: str | None, crystals: tuple[str, str], seed: int) -> Potential | None:
    """Load the potential; one asked for by name must know every element."""
    from sinterface.potential.model import load_potential
    from sinterface.structures.crystals import load_crystal
    from sinterface.study.prediction import check_elements

    if name == NO_POTENTIAL:
        return None
    loaded = load_potential(name or SHIPPED)
    if name is not None:
        for crystal in crystals:
            symbols = load_crystal(crystal, seed).get_chemical_symbols()
            check_elements(symbols, loaded, f"The crystal '{crystal}'")
    return loaded
