"""``sinterface phase-transition``: a crystal heated and cooled under constant pressure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sinterface.cli import options

if TYPE_CHECKING:
    from rich.table import Table

    from sinterface.analysis.lattice_transition import PhaseTransition


def phase_transition(
    structure: Annotated[
        Path,
        typer.Argument(
            metavar="STRUCTURE",
            help="A crystal in any format of ASE, such as 'sinterface build crystal "
            "llzo-tetragonal' writes.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Run directory; default: transitions/<name> under the current directory.",
            show_default=False,
        ),
    ] = None,
    potential: Annotated[
        str, typer.Option("--potential", "-p", help="Potential's directory or shipped name.")
    ] = "llzo-lco",
    start: Annotated[float, typer.Option("--start-K", help="Coldest temperature.")] = 300.0,
    end: Annotated[float, typer.Option("--end-K", help="Hottest temperature.")] = 1200.0,
    step: Annotated[float, typer.Option("--step-K", help="Between temperatures.")] = 50.0,
    hold: Annotated[
        float,
        typer.Option(
            "--hold-ps", min=0, help="Measured at each temperature; 0: measure the ramps instead."
        ),
    ] = 20.0,
    settle: Annotated[
        float, typer.Option("--settle-ps", min=0, help="Before it, not measured.")
    ] = 5.0,
    ramp: Annotated[
        float, typer.Option("--ramp-ps", min=0, help="From one temperature to the next.")
    ] = 5.0,
    cell: Annotated[
        str, typer.Option("--cell", help="What may move: axes (each edge for itself), full.")
    ] = "axes",
    pressure: Annotated[float, typer.Option("--pressure-GPa", help="Pressure.")] = 0.0,
    cooling: Annotated[
        bool, typer.Option("--cooling/--heating-only", help="Go down again, for the hysteresis.")
    ] = True,
    timestep: Annotated[float, typer.Option("--timestep-fs", help="Time step.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the first velocities.")] = 0,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads.")] = 1,
    as_json: options.AsJson = False,
) -> None:
    """Heat a crystal in steps and cool it again: lattice against T, transition, hysteresis.

    The transition is the middle of a smooth step fitted to 1 − c/a. A killed run, started again,
    goes on. LLZO's measured values stand beside it in the figure.

    Example: [bold]sinterface build crystal llzo-tetragonal -o t.extxyz;
    sinterface phase-transition t.extxyz[/bold]
    """
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.cli.shown import print_result
    from sinterface.dynamics.heating import temperature_steps
    from sinterface.dynamics.lammps_library import world
    from sinterface.errors import InputError
    from sinterface.potential.model import load_potential
    from sinterface.report.transition_figures import FORMATS, NAME
    from sinterface.structures.formats import read_structure
    from sinterface.study.lock import hold_new
    from sinterface.study.phase_transition import run_phase_transition

    atoms, ladder = read_structure(structure), temperature_steps(start, end, step)
    directory = output or Path("transitions") / structure.stem
    source = load_potential(potential)
    if world()[1] > 1:
        raise InputError("The cells of a phase transition are small; run it without mpiexec.")
    with hold_new(directory), progress_bar("starting") as show:
        found = run_phase_transition(
            atoms, source, directory, ladder, hold_ps=hold, settle_ps=settle, ramp_ps=ramp,
            cell=cell,  # type: ignore[arg-type]  # checked there
            pressure_GPa=pressure, cooling=cooling, progress=show, timestep_fs=timestep,
            seed=seed, threads=threads,
        )  # fmt: skip
    files = [str(directory / f"{NAME}.{kind}") for kind in (*FORMATS, "csv", "json")]
    print_result({**found.to_dict(), "files": files}, transition_table(found), as_json)
    if not as_json:
        for file in files:
            typer.echo(file)


def transition_table(found: PhaseTransition) -> Table:
    """Return a transition's figures for people."""
    from rich.table import Table

    table = Table("", f"{found.formula}, {found.n_atoms:,} atoms", title_justify="left")
    for name in ("heating", "cooling"):
        fit = getattr(found, name)
        if fit is None:
            continue
        words = fit.reason or (
            f"{fit.temperature_K:.0f} ± {fit.std_K:.0f} K, between {fit.between_K[0]:g} and "
            f"{fit.between_K[1]:g} K, c along {'abc'[fit.unique_axis]}"
        )
        table.add_row(f"transition on {name}", words)
    if found.hysteresis_K == found.hysteresis_K:
        table.add_row("hysteresis", f"{found.hysteresis_K:.0f} ± {found.hysteresis_std_K:.0f} K")
    table.add_row("rate of heating", f"{found.rate_K_per_ps:.3g} K/ps")
    for step in found.steps:
        edges = " × ".join(f"{edge:.3f}" for edge in step.edges_A)
        table.add_row(
            f"{step.branch} {step.temperature_K:g} K",
            f"{edges} Å, 1 − c/a = {step.order:.4f} ± {step.order_std:.4f}",
        )
    for note in found.notes:
        table.add_row("note", note)
    return table
