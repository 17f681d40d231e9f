"""Molecular dynamics at constant temperature, as studies run it: equilibration, then production."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.simulation import DynamicsResult, simulate
from sinterface.errors import InputError
from sinterface.progress import ProgressCallback

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.potential.model import Potential


def run_nvt(
    atoms: Atoms,
    potential: Potential | Interaction,
    directory: Path | str,
    *,
    temperature_K: float,
    duration_ps: float,
    equilibration_ps: float = 0.0,
    free_normal: bool = True,
    timestep_fs: float = 1.0,
    frame_interval_ps: float = 0.1,
    checkpoint_interval_ps: float = 1.0,
    thermostat_time_fs: float = 100.0,
    barostat_time_fs: float = 1000.0,
    seed: int = 0,
    threads: int = 2,
    precision: str = "mixed",
    velocities: bool = False,
    max_extrapolations_per_atom: int = 0,
    max_force_deviation_eV_per_A: float = 0.0,
    progress: ProgressCallback | None = None,
) -> DynamicsResult:
    """Run NVT dynamics (Nosé–Hoover chain of 3), or continue the run of `directory`.

    Parameters
    ----------
    atoms
        Structure, periodic; ``atoms.arrays["region"]`` is carried into the trajectory.
    potential
        Potential, or any LAMMPS pair style; with the latter, `threads` and `precision` are its
        own affair.
    directory
        Run directory, made when missing: ``segment-*.h5``, ``dynamics.json``, a checkpoint.
    temperature_K, duration_ps
        Temperature, and length of production; a finished run may be continued to a longer one.
    equilibration_ps, free_normal
        Run before production, not recorded; when `free_normal`, with the third cell vector free
        at zero normal stress, and production at its mean length over the second half.
    timestep_fs
        Time step.
    frame_interval_ps, checkpoint_interval_ps
        Times between frames (whole time steps) and between checkpoints (whole frames).
    thermostat_time_fs, barostat_time_fs
        Relaxation times of thermostat and barostat.
    seed
        Seed of the first velocities.
    threads, precision
        Threads of the potential; "mixed" or "double".
    velocities
        Whether to store velocities.
    max_extrapolations_per_atom, max_force_deviation_eV_per_A
        Stop where one atom has more symmetry functions outside the range that training saw, or
        where a committee's members deviate more on its force; 0: only report.
    progress
        Told after every frame; counts picoseconds.

    Returns
    -------
    DynamicsResult

    Raises
    ------
    InputError
        For a temperature or duration ≤ 0, times that don't fit, an unknown element, a cell
        thinner than the cutoff, another LAMMPS version, or a directory that holds another run.
    RunError
        When atoms are lost, the temperature explodes, a limit is passed, or the disk is full.
        Frames so far and the last checkpoint stay.
    """
    if not equilibration_ps >= 0:
        raise InputError(f"equilibration_ps must be 0 or more, got {equilibration_ps:g}.")
    production = Phase(
        "production",
        duration_ps,
        temperature_K,
        thermostat_time_fs=thermostat_time_fs,
        barostat_time_fs=barostat_time_fs,
    )
    equilibration = replace(
        production,
        name="equilibration",
        duration_ps=equilibration_ps,
        cell="normal" if free_normal else "fixed",
        keep=False,
        settle_cell=free_normal,
    )
    return simulate(
        atoms,
        potential,
        directory,
        [equilibration, production] if equilibration_ps > 0 else [production],
        timestep_fs=timestep_fs,
        frame_interval_ps=frame_interval_ps,
        checkpoint_interval_ps=checkpoint_interval_ps,
        seed=seed,
        threads=threads,
        precision=precision,
        velocities=velocities,
        max_extrapolations_per_atom=max_extrapolations_per_atom,
        max_force_deviation_eV_per_A=max_force_deviation_eV_per_A,
        progress=progress,
    )
