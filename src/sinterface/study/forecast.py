"""What a study would do: stages left, atoms, steps, disk space and time."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sinterface.errors import RunError
from sinterface.provenance import available_cores
from sinterface.study.config import DynamicsTable
from sinterface.study.reading import StudyFile
from sinterface.study.stages import Pipeline, Task, plan_tasks, read_record, state_of

BYTES_AN_ATOM_A_FRAME = 12
"""Positions in float32, three components."""


@dataclass(frozen=True)
class StageForecast:
    """One stage: its state, and for dynamics what it takes.

    Attributes
    ----------
    name, state, directory
        Which stage, ``"done"``, ``"to resume"`` or ``"to run"``, its folder.
    atoms, steps, frames
        Size; None where the stage moves no atoms.
    disk_MB, seconds
        What is left to write and to wait for; 0 for finished stages, None where unknown.
    """

    name: str
    state: str
    directory: str
    atoms: int | None = None
    steps: int | None = None
    frames: int | None = None
    disk_MB: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Forecast:
    """A whole study.

    Attributes
    ----------
    study, run_directory
        Its name and where its results go.
    stages
        Every stage in order.
    rate_atom_steps_per_s, rate_source
        Speed of the dynamics, and where that figure comes from; None where not measured.
    threads
        Threads for the forces.
    disk_MB, free_MB
        What the study still needs, and what the disk has.
    seconds
        Expected time of the dynamics that is left; None where the speed isn't known.
    """

    study: str
    run_directory: str
    stages: tuple[StageForecast, ...]
    rate_atom_steps_per_s: float | None
    rate_source: str
    threads: int
    disk_MB: float
    free_MB: float
    seconds: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings."""
        return asdict(self)


def forecast_study(
    file: StudyFile, run_directory: Path, pipeline: Pipeline, *, benchmark: bool = True
) -> Forecast:
    """Check everything that a study names and tell what a run would do; nothing is written.

    Parameters
    ----------
    file
        The study.
    run_directory
        Where the results would go; what is finished there is counted as done.
    pipeline
        The functions behind the stages.
    benchmark
        Measure the potential's speed where no finished run in `run_directory` tells it.

    Raises
    ------
    InputError
        When the study names something that can't be read or doesn't fit.
    RunError
        When the disk hasn't enough room.
    """
    tasks = plan_tasks(file, pipeline.identify(file))
    counts = pipeline.count_atoms(file)
    rate, rate_source = _recorded_rate(tasks, run_directory), "an earlier run in this directory"
    if rate is None and benchmark:
        rate, rate_source = pipeline.measure_rate(file), "measured just now"
    stages = tuple(_stage(task, file, run_directory, counts, rate) for task in tasks)
    needed_MB = sum(stage.disk_MB or 0.0 for stage in stages)
    check_room(run_directory, needed_MB)
    return Forecast(
        study=file.study.study.name,
        run_directory=str(run_directory),
        stages=stages,
        rate_atom_steps_per_s=rate,
        rate_source=rate_source if rate else "not measured",
        threads=file.study.dynamics.threads or available_cores(),
        disk_MB=needed_MB,
        free_MB=free_MB(run_directory),
        seconds=sum(stage.seconds or 0.0 for stage in stages) if rate else None,
    )


def steps_and_frames(settings: DynamicsTable) -> tuple[int, int]:
    """Return the steps of a run, equilibration included, and the frames it stores."""
    counts = settings.counts()
    steps = (counts.production + counts.equilibration) * counts.steps_a_frame
    return steps, counts.production + 1


def trajectory_MB(atoms: int, frames: int) -> float:
    """Return about how large a trajectory gets, in MB."""
    return atoms * frames * BYTES_AN_ATOM_A_FRAME / 1e6


def free_MB(directory: Path) -> float:
    """Return the room on the disk of a directory that may not exist yet, in MB."""
    existing = next(
        folder for folder in (directory, *directory.absolute().parents) if folder.exists()
    )
    return shutil.disk_usage(existing).free / 1e6


def check_room(directory: Path, needed_MB: float) -> None:
    """Refuse to begin what the disk can't hold.

    Raises
    ------
    RunError
        When there is less room than needed; nothing was written.
    """
    free = free_MB(directory)
    if free < needed_MB:
        raise RunError(
            f"The disk of '{directory}' has {free:.0f} MB left, but the trajectory needs about "
            f"{needed_MB:.0f} MB; free some space, choose another place with --output, or "
            "raise frame_interval_ps."
        )


def _stage(
    task: Task,
    file: StudyFile,
    run_directory: Path,
    counts: Mapping[str, int],
    rate: float | None,
) -> StageForecast:
    state, directory = state_of(task, run_directory), str(task.directory(run_directory))
    atoms = counts.get(task.part, counts["interface"])
    if task.stage in ("build", "control"):
        return StageForecast(task.name, state, directory, atoms)
    if task.stage != "dynamics":
        return StageForecast(task.name, state, directory)
    steps, frames = steps_and_frames(file.study.dynamics)
    done = state == "done"
    disk = 0.0 if done else trajectory_MB(atoms, frames)
    seconds = 0.0 if done else (atoms * steps / rate if rate else None)
    return StageForecast(task.name, state, directory, atoms, steps, frames, disk, seconds)


def _recorded_rate(tasks: tuple[Task, ...], run_directory: Path) -> float | None:
    """Return the speed of the first finished run."""
    for task in tasks:
        record = read_record(task.directory(run_directory)) if task.stage == "dynamics" else None
        if record and record["summary"].get("atom_steps_per_s"):
            return float(record["summary"]["atom_steps_per_s"])
    return None
