"""``sinterface build grain-boundary``: a symmetric tilt boundary of any cubic crystal."""

from __future__ import annotations

from typing import Annotated

import typer

from sinterface.cli import build_options as common

Axis = Annotated[
    tuple[int, int, int],
    typer.Option("--axis", metavar="U V W", help="Tilt axis.", show_default=False),
]
Sigma = Annotated[
    int, typer.Option("--sigma", metavar="N", help="Σ of the boundary.", show_default=False)
]
Plane = Annotated[
    tuple[int, int, int],
    typer.Option("--plane", metavar="H K L", help="Boundary plane.", show_default=False),
]
Thickness = Annotated[
    float | None,
    typer.Option(
        "--thickness",
        metavar="Å",
        help="Least thickness of a grain; default: whole periods of at least 20 Å.",
        show_default=False,
    ),
]
Copies = Annotated[
    tuple[int, int] | None,
    typer.Option(
        "--repeat",
        metavar="A B",
        help="Copies of the smallest orthogonal cell along the axis and across it; default: as "
        "many as the cutoff needs.",
        show_default=False,
    ),
]
SearchShift = Annotated[
    bool,
    typer.Option(
        "--search/--no-search",
        help="Search the rigid shift of least energy with the potential and relax; else the "
        "shift of least excess volume is taken as it is.",
    ),
]
Anneals = Annotated[
    int,
    typer.Option(
        "--anneals",
        min=0,
        metavar="N",
        help="Anneal N bicrystals and N crystals of the same orientation for the boundary's "
        "energy; 3 or more give its error.",
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(
        "--processes", min=1, help="Processes of the search; default: one a core.",
        show_default=False,
    ),
]  # fmt: skip


def grain_boundary(
    crystal: Annotated[
        str, typer.Argument(metavar="NAME|CIF", help=common.CRYSTAL_HELP, show_default=False)
    ],
    axis: Axis,
    sigma: Sigma,
    plane: Plane,
    output: common.BuiltPath,
    search: SearchShift = True,
    anneals: Anneals = 0,
    temperature: Annotated[
        float, typer.Option("--temperature", metavar="K", help="Temperature of the anneals.")
    ] = 1300.0,
    thickness: Thickness = None,
    repeat: Copies = None,
    potential: Annotated[
        str, typer.Option("--potential", metavar="NAME|DIR", help="For search and anneals.")
    ] = "llzo-lco",
    processes: Processes = None,
    seed: common.Seed = 0,
    as_json: common.AsJson = False,
) -> None:
    """Build a symmetric tilt boundary of a cubic crystal: two equal ones in an orthogonal cell.

    A search that was stopped goes on from OUT.search.jsonl, anneals from OUT.anneals.json.

    Example: [bold]sinterface build grain-boundary llzo --axis 1 1 1 --sigma 7 --plane 2 1 -3
    -o gb.extxyz[/bold]
    """
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.dynamics.boundary_energy import AnnealSettings
    from sinterface.dynamics.grain_boundary import available_cores, build_grain_boundary
    from sinterface.potential.model import load_potential

    common.check_output(output)
    with progress_bar("building") as progress:
        boundary = build_grain_boundary(
            crystal, axis=axis, sigma=sigma, plane=plane, thickness_A=thickness, repeat=repeat,
            seed=seed, potential=load_potential(potential) if search else None,
            anneals=AnnealSettings(anneals, temperature) if anneals else None,
            processes=processes or available_cores(), record=output, progress=progress,
        )  # fmt: skip
    common.finish(boundary.atoms, boundary.certificate, output, as_json)
