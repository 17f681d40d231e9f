"""Molecular dynamics in phases, on any engine: kept on disk, stopped and continued anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics import requirements
from sinterface.dynamics.ase_system import AseInteraction, AseSystem
from sinterface.dynamics.course import PS_PER_NS, SECONDS_PER_DAY, Course
from sinterface.dynamics.engine import Engine
from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.interaction import Interaction, potential_interaction
from sinterface.dynamics.lammps_system import LammpsSystem
from sinterface.dynamics.run_state import RunState, Settings, continue_state
from sinterface.dynamics.trajectory import check_segments, open_trajectory
from sinterface.dynamics.watch import Limits
from sinterface.errors import InputError
from sinterface.progress import ProgressCallback
from sinterface.units import FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core.structure import Structure

    from sinterface.potential.model import Potential


@dataclass(frozen=True)
class DynamicsResult:
    """A finished run.

    Attributes
    ----------
    directory
        Where its trajectory and record stand.
    n_atoms, n_frames
        Atoms, and frames kept with the first.
    duration_ps
        Length of what was kept.
    mean_temperature_K
        Mean over the frames kept.
    wall_s, ns_per_day, atom_steps_per_s
        Wall time of the run over all its processes, and its speed.
    most_atoms_outside_training, largest_force_std_eV_per_A
        Over the frames kept: most atoms with symmetry functions outside the range that training
        saw, largest deviation of a committee on one atom's force; None if not watched.
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


def simulate(
    atoms: Atoms | Structure,
    potential: Potential | Interaction | AseInteraction,
    directory: Path | str,
    phases: Sequence[Phase],
    *,
    timestep_fs: float = 1.0,
    frame_interval_ps: float = 0.1,
    checkpoint_interval_ps: float = 1.0,
    seed: int = 0,
    threads: int = 1,
    precision: str = "mixed",
    velocities: bool = False,
    velocity_interval_ps: float | None = None,
    frozen: NDArray[np.bool_] | None = None,
    max_extrapolations_per_atom: int = 0,
    max_force_deviation_eV_per_A: float = 0.0,
    progress: ProgressCallback | None = None,
) -> DynamicsResult:
    """Run dynamics phase after phase, or continue the run of `directory`.

    Parameters
    ----------
    atoms
        Structure of ASE or pymatgen, periodic; ``atoms.arrays["region"]`` is carried into the
        trajectory.
    potential
        Potential (LAMMPS moves the atoms), any LAMMPS pair style, or any ASE calculator.
    directory
        Run directory, made when missing: ``segment-*.h5``, ``dynamics.json``, a checkpoint.
    phases
        Parts of the run, dynamics or minimisations. A finished run may be continued: its last
        phase longer (not a ramp), or more phases behind it.
    timestep_fs
        Time step.
    frame_interval_ps, checkpoint_interval_ps
        Times between frames (whole time steps) and between checkpoints (whole frames); the
        phases last whole frames.
    seed
        Seed of the first velocities and of stochastic thermostats.
    threads, precision
        Threads of the potential; "mixed" or "double".
    velocities
        Whether frames carry velocities.
    velocity_interval_ps
        Time between velocities kept on a clock of their own beside those of the frames, for
        spectra: whole time steps, whole ones of which make a frame. None where not.
    frozen
        Atoms that stay where they are, shape (n_atoms,); only in phases with a fixed cell.
    max_extrapolations_per_atom, max_force_deviation_eV_per_A
        Stop where one atom has more symmetry functions outside the range that training saw, or
        where a committee's members deviate more on its force; 0: only report.
    progress
        Told after every frame; counts picoseconds.

    Raises
    ------
    InputError
        For a temperature or duration ≤ 0, times that don't fit, an unknown element, a cell
        thinner than the cutoff, what the engine can't do, or a directory that holds another run.
    RunError
        When atoms are lost, the temperature explodes, a limit is passed, or the disk is full.
        Frames so far and the last checkpoint stay.
    """
    requirements.check_positive(
        timestep_fs=timestep_fs,
        frame_interval_ps=frame_interval_ps,
        checkpoint_interval_ps=checkpoint_interval_ps,
    )
    from sinterface.structures.formats import as_atoms

    atoms = as_atoms(atoms)
    still = _check_frozen(frozen, atoms, phases)
    interaction = (
        potential
        if isinstance(potential, Interaction | AseInteraction)
        else potential_interaction(potential, precision=precision, threads=threads)
    )
    limits = Limits(max_extrapolations_per_atom, max_force_deviation_eV_per_A)
    limits.check(interaction.watched)
    counts = _check(atoms, interaction, phases, timestep_fs, frame_interval_ps)
    settings = Settings(
        phases=tuple(phases),
        phase_frames=counts[1],
        timestep_fs=timestep_fs,
        seed=seed,
        frame_steps=counts[0],
        checkpoint_frames=requirements.whole_multiple(
            "checkpoint_interval_ps",
            checkpoint_interval_ps,
            "frame_interval_ps",
            frame_interval_ps,
        ),
        velocities=velocities or velocity_interval_ps is not None,
        velocity_steps=_velocity_steps(velocity_interval_ps, timestep_fs, frame_interval_ps),
        frozen=hashlib.sha256(still.tobytes()).hexdigest() if still.any() else "",
        structure=_structure_digest(atoms),
        interaction=interaction.identity,
        engine="ase" if isinstance(interaction, AseInteraction) else "lammps",
    )
    path = _run_directory(directory)
    state = continue_state(path, settings)
    if not state.finished:
        check_segments(path)
        engine: AbstractContextManager[Engine] = (
            AseSystem(atoms, interaction, timestep_fs, frozen=still)
            if isinstance(interaction, AseInteraction)
            else LammpsSystem(
                atoms,
                interaction,
                timestep_fs,
                frame_steps=settings.frame_steps,
                limits=limits,
                frozen=still,
                skewed=any(phase.cell == "full" for phase in phases),
            )
        )
        with engine as system:
            state = Course(atoms, system, path, state, threads, progress).go()
            system.wait()
    return _result(path, state, len(atoms))


def _check(
    atoms: Atoms,
    interaction: Interaction | AseInteraction,
    phases: Sequence[Phase],
    timestep_fs: float,
    frame_interval_ps: float,
) -> tuple[int, tuple[int, ...]]:
    """Return time steps a frame and the frames of each phase."""
    if not any(phase.keep for phase in phases):
        raise InputError("No phase of the run is kept; give one whose frames are written.")
    for phase in phases:
        phase.check()
        interaction.check_phase(phase)
    requirements.check_structure(atoms)
    requirements.check_elements(atoms, interaction.elements)
    requirements.check_thickness(atoms, interaction.cutoff_A)
    frame = ("frame_interval_ps", frame_interval_ps)
    steps = requirements.whole_multiple(*frame, "timestep_fs", timestep_fs, FS_PER_PS)
    several = len([phase for phase in phases if phase.keep]) > 1
    lengths = []
    for phase in phases:
        if phase.minimises:
            lengths.append(1)
            continue
        name = f"duration_ps of '{phase.name}'" if several else _duration_name(phase)
        lengths.append(requirements.whole_multiple(name, phase.duration_ps, *frame))
    return steps, tuple(lengths)


def _velocity_steps(interval_ps: float | None, timestep_fs: float, frame_interval_ps: float) -> int:
    """Return time steps between velocities on a clock of their own; 0 where none are asked."""
    if interval_ps is None:
        return 0
    requirements.check_positive(velocity_interval_ps=interval_ps)
    name = "velocity_interval_ps"
    frame = ("frame_interval_ps", frame_interval_ps)
    requirements.whole_multiple(*frame, name, interval_ps)
    return requirements.whole_multiple(name, interval_ps, "timestep_fs", timestep_fs, FS_PER_PS)


def _duration_name(phase: Phase) -> str:
    return "duration_ps" if phase.keep else f"{phase.name}_ps"


def _check_frozen(
    frozen: NDArray[np.bool_] | None, atoms: Atoms, phases: Sequence[Phase]
) -> NDArray[np.bool_]:
    still = np.zeros(len(atoms), bool) if frozen is None else np.asarray(frozen, bool)
    if still.shape != (len(atoms),):
        raise InputError(
            f"frozen needs one entry for each of the {len(atoms)} atoms, got shape {still.shape}."
        )
    if still.all() and len(still):
        raise InputError("All atoms are frozen; leave some mobile.")
    if still.any() and any(phase.cell != "fixed" for phase in phases):
        raise InputError(
            "Frozen atoms need a fixed cell in every phase; fix it, or free the atoms."
        )
    return still


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
