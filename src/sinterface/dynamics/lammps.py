"""Molecular dynamics at constant temperature through LAMMPS, in this process."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sinterface.dynamics import requirements
from sinterface.dynamics.interaction import Interaction, potential_interaction
from sinterface.dynamics.lammps_system import LammpsSystem
from sinterface.dynamics.nvt_run import PS_PER_NS, SECONDS_PER_DAY, NvtRun
from sinterface.dynamics.run_state import NvtSettings, RunState, continue_state
from sinterface.dynamics.trajectory import check_segments, open_trajectory
from sinterface.dynamics.watch import Limits
from sinterface.errors import InputError
from sinterface.progress import ProgressCallback
from sinterface.units import FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.potential.model import Potential


@dataclass(frozen=True)
class DynamicsResult:
    """A finished run.

    Attributes
    ----------
    directory
        Where its trajectory and record stand.
    n_atoms, n_frames
        Atoms, and frames of production with the first.
    duration_ps
        Length of production.
    mean_temperature_K
        Mean over the frames of production.
    wall_s, ns_per_day, atom_steps_per_s
        Wall time of the run over all its processes, equilibration included, and its speed.
    most_atoms_outside_training, largest_force_std_eV_per_A
        Over the frames of production: most atoms with symmetry functions outside the range that
        training saw, largest deviation of a committee on one atom's force; None if not watched.
    """

    directory: Path
    n_atoms: int
    n_frames: int
    duration_ps: float
    mean_temperature_K: float
    wall_s: float
    ns_per_day: float
    atom_steps_per_s: float
    most_atoms_outside_training: int | None = None
    largest_force_std_eV_per_A: float | None = None


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
    requirements.check_positive(
        temperature_K=temperature_K,
        duration_ps=duration_ps,
        timestep_fs=timestep_fs,
        frame_interval_ps=frame_interval_ps,
        checkpoint_interval_ps=checkpoint_interval_ps,
        thermostat_time_fs=thermostat_time_fs,
        barostat_time_fs=barostat_time_fs,
    )
    if not equilibration_ps >= 0:
        raise InputError(f"equilibration_ps must be 0 or more, got {equilibration_ps:g}.")
    interaction = (
        potential
        if isinstance(potential, Interaction)
        else potential_interaction(potential, precision=precision, threads=threads)
    )
    limits = Limits(max_extrapolations_per_atom, max_force_deviation_eV_per_A)
    limits.check(interaction.watched)
    requirements.check_structure(atoms)
    requirements.check_elements(atoms, interaction.elements)
    requirements.check_thickness(atoms, interaction.cutoff_A)
    counts = requirements.count_frames(
        timestep_fs=timestep_fs,
        frame_interval_ps=frame_interval_ps,
        checkpoint_interval_ps=checkpoint_interval_ps,
        duration_ps=duration_ps,
        equilibration_ps=equilibration_ps,
    )
    settings = NvtSettings(
        temperature_K=temperature_K,
        timestep_fs=timestep_fs,
        seed=seed,
        frame_steps=counts.steps_a_frame,
        checkpoint_frames=counts.checkpoint,
        n_frames=counts.production,
        equilibration_frames=counts.equilibration,
        free_normal=free_normal,
        thermostat_time_fs=thermostat_time_fs,
        barostat_time_fs=barostat_time_fs,
        velocities=velocities,
        structure=_structure_digest(atoms),
        interaction=interaction.identity,
    )
    path = _run_directory(directory)
    state = continue_state(path, settings)
    if not state.finished:
        check_segments(path)
        with LammpsSystem(
            atoms, interaction, timestep_fs, frame_steps=counts.steps_a_frame, limits=limits
        ) as system:
            state = NvtRun(atoms, system, path, state, threads, progress).go()
    return _result(path, state, len(atoms))


def _result(directory: Path, state: RunState, n_atoms: int) -> DynamicsResult:
    s = state.settings
    with open_trajectory(directory) as trajectory:
        n_frames, mean = trajectory.n_frames, float(trajectory.temperature_K.mean())
        duration_ps = float(trajectory.time_ps[-1])
        largest = {name: float(np.nanmax(x)) for name, x in trajectory.watched.items()}
    outside = largest.get("atoms_outside_training")
    steps_per_s = state.steps / state.wall_s
    return DynamicsResult(
        directory=directory,
        n_atoms=n_atoms,
        n_frames=n_frames,
        duration_ps=duration_ps,
        mean_temperature_K=mean,
        wall_s=state.wall_s,
        ns_per_day=steps_per_s * s.timestep_fs / FS_PER_PS / PS_PER_NS * SECONDS_PER_DAY,
        atom_steps_per_s=steps_per_s * n_atoms,
        most_atoms_outside_training=None if outside is None else int(outside),
        largest_force_std_eV_per_A=largest.get("largest_force_std"),
    )


def _structure_digest(atoms: Atoms) -> str:
    found = hashlib.sha256()
    region = atoms.arrays.get("region", np.zeros(len(atoms)))
    for array in (atoms.numbers, atoms.positions, atoms.cell.array, atoms.get_masses(), region):
        found.update(np.ascontiguousarray(array, np.float64).tobytes())
    return found.hexdigest()


def _run_directory(directory: Path | str) -> Path:
    path = Path(directory).resolve()
    unfit = sorted(set('%*"$&') & set(str(path)))
    if unfit:
        raise InputError(
            f"LAMMPS cannot write to '{path}' because of {' '.join(unfit)} in its name; "
            "choose another directory."
        )
    path.mkdir(parents=True, exist_ok=True)
    return path
