"""Snapshots of a potential's own dynamics, to be labelled by the reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms

from sinterface.dynamics.lammps import run_nvt
from sinterface.dynamics.relax import relax
from sinterface.dynamics.run_state import read_state
from sinterface.dynamics.trajectory import open_trajectory, segment_paths
from sinterface.errors import RunError
from sinterface.files import atomic_path
from sinterface.potential.model import Potential
from sinterface.progress import ProgressCallback
from sinterface.validation.resumable_md import ShortRun, run_resumable
from sinterface.validation.systems import System

MELT_K = 4000.0
DOWNHILL_STEPS = 60
ASE_COST = 5.0
"""How many times shorter the run at zero pressure is, for it goes through ASE."""


@dataclass(frozen=True)
class Lengths:
    """Times of a row's dynamics.

    Attributes
    ----------
    duration_ps, snapshots
        Length of production, and snapshots evenly spread over it.
    equilibration_ps, melt_ps
        Before it at the row's temperature; of what is molten, at 4000 K.
    timestep_fs
        Time step.
    small
        Take the smaller cells.
    """

    duration_ps: float = 100.0
    snapshots: int = 100
    equilibration_ps: float = 5.0
    melt_ps: float = 5.0
    timestep_fs: float = 1.0
    small: bool = False


QUICK = Lengths(duration_ps=2.0, snapshots=4, equilibration_ps=0.5, melt_ps=1.0, small=True)


@dataclass(frozen=True)
class Snapshots:
    """Frames of one run.

    Attributes
    ----------
    frames
        Unlabelled structures.
    mean_temperature_K
        Over them.
    extrapolating_share
        Mean share of atoms with a symmetry function outside its training range; NaN when unknown.
    stopped
        Why the run ended early, empty if it did not.
    """

    frames: list[Atoms]
    mean_temperature_K: float
    extrapolating_share: float
    stopped: str = ""


def prepare(
    build: Callable[[], Atoms],
    potential: Potential,
    directory: Path,
    *,
    downhill: bool = False,
    threads: int = 1,
) -> Atoms:
    """Return the start of a run; built once and then read, so that a run can be resumed.

    A random cell (`downhill`) first goes some steps down the potential's gradient.
    """
    path = directory / "start.extxyz"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        atoms = build()
        if downhill:
            atoms = relax(
                atoms,
                potential.calculator(threads=threads, committee="none"),
                cell="none",
                force_tolerance_eV_per_A=2.0,
                max_steps=DOWNHILL_STEPS,
            ).atoms
        bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
        if "region" in atoms.arrays:
            bare.set_array("region", atoms.arrays["region"].astype(int))
        with atomic_path(path) as temporary:
            ase.io.write(temporary, bare, format="extxyz")
    start: Atoms = ase.io.read(path, format="extxyz")  # type: ignore[assignment]
    if "region" in start.arrays:
        start.arrays["region"] = start.arrays["region"].astype("int8")
    return start


def sample(
    system: System,
    potential: Potential,
    directory: Path,
    lengths: Lengths,
    *,
    threads: int = 1,
    progress: ProgressCallback | None = None,
) -> Snapshots:
    """Run the system's dynamics in `directory`, or go on with it, and return snapshots."""
    start = prepare(
        lambda: system.build(lengths.small),
        potential,
        directory,
        downhill=system.random,
        threads=threads,
    )
    if system.free_pressure:
        return _at_zero_pressure(system, start, potential, directory, lengths, threads, progress)
    if system.molten:
        melt = hold(
            start, potential, directory / "melt", MELT_K, lengths.melt_ps, threads=threads,
            timestep_fs=lengths.timestep_fs, progress=progress,
        )  # fmt: skip
        if melt.stopped:
            return melt
        start = melt.frames[-1]
    return hold(
        start, potential, directory / "run", system.temperature_K, lengths.duration_ps,
        snapshots=lengths.snapshots, equilibration_ps=lengths.equilibration_ps,
        free_normal=system.free_normal, threads=threads, timestep_fs=lengths.timestep_fs,
        progress=progress,
    )  # fmt: skip


def hold(
    start: Atoms,
    potential: Potential,
    directory: Path,
    temperature_K: float,
    duration_ps: float,
    *,
    snapshots: int = 1,
    equilibration_ps: float = 0.0,
    free_normal: bool = False,
    threads: int = 1,
    timestep_fs: float = 1.0,
    seed: int = 1,
    progress: ProgressCallback | None = None,
) -> Snapshots:
    """Hold a structure at a temperature through LAMMPS, resumably; a failure is told, not raised.

    The start is not among the snapshots.
    """
    interval_ps = _interval(duration_ps, snapshots, timestep_fs)
    every = max(1, round(1.0 / interval_ps))
    equilibration = max(1, round(equilibration_ps / interval_ps)) if equilibration_ps else 0
    stopped = ""
    try:
        run_nvt(
            start,
            potential,
            directory,
            temperature_K=temperature_K,
            duration_ps=interval_ps * snapshots,
            equilibration_ps=equilibration * interval_ps,
            free_normal=free_normal,
            timestep_fs=timestep_fs,
            frame_interval_ps=interval_ps,
            checkpoint_interval_ps=every * interval_ps,
            seed=seed,
            threads=threads,
            progress=progress,
        )
    except RunError as error:
        if "disk" in str(error):  # no fault of the potential
            raise
        stopped = str(error)
    return _read(directory, stopped)


def _interval(duration_ps: float, snapshots: int, timestep_fs: float) -> float:
    steps = max(1, round(1000 * duration_ps / snapshots / timestep_fs))
    return steps * timestep_fs / 1000


def _read(directory: Path, stopped: str) -> Snapshots:
    state = read_state(directory)
    if not segment_paths(directory) or state is None:
        return Snapshots([], np.nan, np.nan, stopped)
    with open_trajectory(directory) as run:
        frames = [run.atoms(i) for i in range(1, run.n_frames)]
        temperature = float(run.temperature_K[1:].mean()) if frames else np.nan
        watched = run.watched.get("atoms_outside_training")
        share = np.nan
        if watched is not None and len(frames):
            share = float(np.nanmean(watched[1:]) / len(run.numbers))
    return Snapshots(frames, temperature, share, stopped)


def _at_zero_pressure(
    system: System,
    start: Atoms,
    potential: Potential,
    directory: Path,
    lengths: Lengths,
    threads: int,
    progress: ProgressCallback | None,
) -> Snapshots:
    duration_ps, timestep_fs = lengths.duration_ps / ASE_COST, 2.0
    interval_ps = _interval(duration_ps, lengths.snapshots, timestep_fs)
    skipped = max(1, round(lengths.equilibration_ps / interval_ps))
    run = ShortRun(
        temperature_K=system.temperature_K,
        timestep_fs=timestep_fs,
        frame_steps=round(1000 * interval_ps / timestep_fs),
        n_frames=lengths.snapshots + skipped,
        zero_pressure=True,
        seed=1,
    )
    calculator = potential.calculator(precision="mixed", threads=threads, committee="none")
    try:
        found = run_resumable(start, calculator, directory / "npt.npz", run, progress)
    except RunError as error:
        return Snapshots([], np.nan, np.nan, str(error))
    frames = [
        Atoms(start.numbers, positions, cell=cell, pbc=True)
        for positions, cell in zip(found.positions[skipped:], found.cells[skipped:], strict=True)
    ]
    shares = [extrapolating_share(potential, frame) for frame in frames]
    mean_K = float(found.temperatures_K[skipped:].mean())
    return Snapshots(frames, mean_K, float(np.mean(shares)))


def extrapolating_share(potential: Potential, atoms: Atoms) -> float:
    """Return the share of atoms with a symmetry function outside its training range."""
    found = potential.evaluate(
        atoms.numbers,
        atoms.positions,
        potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc),
        count_extrapolation=True,
    )
    if found.extrapolations is None:
        return np.nan
    return float((found.extrapolations > 0).mean())
