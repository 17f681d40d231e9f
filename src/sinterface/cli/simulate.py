"""``sinterface simulate``: molecular dynamics of a structure, or of a declared set of runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.cli import options

if TYPE_CHECKING:
    from rich.table import Table

    from sinterface.dynamics.simulation import DynamicsResult


def simulate(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="STRUCTURE|SET.toml",
            help="A structure in any format of ASE, or a file that declares a set of runs.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Run directory; default: simulations/<name> under the current directory.",
            show_default=False,
        ),
    ] = None,
    potential: Annotated[
        str, typer.Option("--potential", "-p", help="Potential's directory or shipped name.")
    ] = "llzo-lco",
    calculator: Annotated[
        str | None,
        typer.Option(
            "--calculator",
            metavar="NAME",
            help="ASE moves the atoms by this reference (chgnet, ase:module.Class, ...) instead.",
            show_default=False,
        ),
    ] = None,
    temperature: Annotated[
        float, typer.Option("--temperature-K", help="Temperature of thermostat and start.")
    ] = 300.0,
    end_temperature: Annotated[
        float | None,
        typer.Option("--end-temperature-K", help="Heat or cool to it.", show_default=False),
    ] = None,
    duration: Annotated[
        float, typer.Option("--duration-ps", help="Length of what is kept.")
    ] = 10.0,
    equilibration: Annotated[
        float, typer.Option("--equilibration-ps", help="Run before, not kept.")
    ] = 0.0,
    thermostat: Annotated[
        str, typer.Option("--thermostat", help="none (NVE), nose-hoover, langevin or bussi.")
    ] = "nose-hoover",
    cell: Annotated[
        str,
        typer.Option(
            "--cell", help="What may move: fixed, isotropic, axes, normal (an interface's), full."
        ),
    ] = "fixed",
    pressure: Annotated[float, typer.Option("--pressure-GPa", help="Of what may move.")] = 0.0,
    minimise: Annotated[
        bool,
        typer.Option(
            "--minimise",
            help="Go to the nearest minimum of energy instead, with what --cell lets move.",
        ),
    ] = False,
    force_tolerance: Annotated[
        float,
        typer.Option(
            "--force-tolerance-eV-per-A",
            help="Of --minimise: root mean square of force components at its end.",
        ),
    ] = 0.01,
    max_steps: Annotated[int, typer.Option("--max-steps", min=1, help="Of --minimise.")] = 1000,
    timestep: Annotated[float, typer.Option("--timestep-fs", help="Time step.")] = 1.0,
    frame_interval: Annotated[
        float, typer.Option("--frame-interval-ps", help="Time between frames.")
    ] = 0.1,
    checkpoint_interval: Annotated[
        float, typer.Option("--checkpoint-interval-ps", help="Time between checkpoints.")
    ] = 1.0,
    replicas: Annotated[
        int, typer.Option("--replicas", min=1, help="Runs from so many seeds, side by side.")
    ] = 1,
    seed: Annotated[int, typer.Option("--seed", min=0, help="First seed.")] = 0,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of each run.")] = 1,
    precision: Annotated[str, typer.Option("--precision", help="mixed or double.")] = "mixed",
    velocities: Annotated[
        bool, typer.Option("--velocities", help="Keep velocities (for vibrational spectra).")
    ] = False,
    velocity_interval: Annotated[
        float | None,
        typer.Option(
            "--velocity-interval-ps",
            help="Keep velocities so often, whatever the frames: sparse frames, dense velocities.",
            show_default=False,
        ),
    ] = None,
    freeze_below: Annotated[
        float | None,
        typer.Option("--freeze-below-A", help="Hold atoms below this height.", show_default=False),
    ] = None,
    max_extrapolations: Annotated[
        int,
        typer.Option(
            "--max-extrapolations",
            min=0,
            help="Stop where an atom has more symmetry functions outside the training range.",
        ),
    ] = 0,
    max_force_deviation: Annotated[
        float,
        typer.Option(
            "--max-force-deviation",
            min=0,
            help="Stop where a committee deviates more on a force, eV/Å.",
        ),
    ] = 0.0,
    as_json: options.AsJson = False,
) -> None:
    """Run molecular dynamics; a killed run, started again, goes on where its checkpoint stands.

    The trajectory is H5MD (segment-*.h5); [bold]sinterface analyze[/bold] reads the directory,
    [bold]sinterface show DIR[/bold] tells how far a running one is. A finished run grows when
    asked for a longer duration. Under [bold]mpiexec -n N[/bold] the ranks share the atoms.

    A set of runs (structures × temperatures × replicas, phases one after another) is a TOML file
    with the keys structures, potential, replicas, temperatures_K, ... and a table "phase" for each
    part: see docs/dynamics.md.

    Example: [bold]sinterface simulate llzo.extxyz --temperature-K 1000 --duration-ps 20[/bold]
    """
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.cli.shown import print_result
    from sinterface.dynamics.lammps_library import world
    from sinterface.study.simulations import (
        check_simulation_set,
        read_simulation_set,
        run_simulations,
    )

    if source.suffix == ".toml":
        settings, folder = read_simulation_set(source), source.parent
    else:
        production: dict[str, Any] = {
            "name": "production",
            "duration_ps": duration,
            "temperature_K": temperature,
            "end_temperature_K": end_temperature,
            "thermostat": thermostat,
            "cell": cell,
            "pressure_GPa": pressure,
        }
        if minimise:
            production |= {
                "name": "minimise",
                "kind": "minimise",
                "force_tolerance_eV_per_A": force_tolerance,
                "max_steps": max_steps,
                "end_temperature_K": None,
            }
        before = {"name": "equilibration", "duration_ps": equilibration, "keep": False}
        phases = (
            [production | before | {"end_temperature_K": None}]
            if equilibration and not minimise
            else []
        )
        settings = check_simulation_set(
            {
                "structures": [str(source.absolute())],
                "potential": potential,
                "calculator": calculator,
                "replicas": replicas,
                "seed": seed,
                "timestep_fs": timestep,
                "frame_interval_ps": frame_interval,
                "checkpoint_interval_ps": checkpoint_interval,
                "velocities": velocities,
                "velocity_interval_ps": velocity_interval,
                "precision": precision,
                "threads": threads,
                "freeze_below_A": freeze_below,
                "max_extrapolations_per_atom": max_extrapolations,
                "max_force_deviation_eV_per_A": max_force_deviation,
                "phase": [*phases, production],
            },
            "the options",
        )
        folder = Path()
    directory = output or Path("simulations") / source.stem
    with progress_bar("starting") as show:
        results = run_simulations(settings, folder, directory, show)
    if world()[0] > 0:
        return
    print_result(
        {"runs": [_plain(result) for result in results]}, simulation_table(results), as_json
    )


def _plain(result: DynamicsResult) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(result) | {"directory": str(result.directory)}


def simulation_table(results: list[DynamicsResult]) -> Table:
    """Return a table of finished runs for people."""
    from rich.table import Table

    table = Table("directory", "atoms", "ps kept", "frames", "mean K", "ns/day", "atom-steps/s")
    for result in results:
        table.add_row(
            str(result.directory),
            f"{result.n_atoms:,}",
            f"{result.duration_ps:g}",
            f"{result.n_frames:,}",
            f"{result.mean_temperature_K:.0f}",
            f"{result.ns_per_day:.3g}",
            f"{result.atom_steps_per_s:,.0f}",
        )
    return table
