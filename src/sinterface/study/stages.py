"""The stages of a study: what each depends on, where it lives, whether it is finished.

A stage's directory is named by the hash of its settings and inputs (the hashes of the stages
before it, the potential's fingerprint, the content of CIF files), so a changed setting makes a
new directory and an unchanged one is found again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sinterface.errors import InputError
from sinterface.progress import ProgressCallback
from sinterface.provenance import digest
from sinterface.study.reading import StudyFile

RECORD_NAME = "stage.json"
PARTIAL_SUFFIX = ".partial"

CONTROLS = ("electrolyte", "electrode")

StageName = Literal["build", "control", "dynamics", "analysis", "report"]
State = Literal["done", "to resume", "to run"]


@dataclass(frozen=True)
class Task:
    """One stage of one replica, of one bulk control, or of all, with all that decides its result.

    Attributes
    ----------
    stage
        ``"build"`` (an interface), ``"control"`` (a bulk crystal), ``"dynamics"`` (of either),
        ``"analysis"`` or ``"report"``.
    part
        Number of the replica from ``"1"``, or which control (``"electrolyte"``, ``"electrode"``);
        empty for a stage over all of them.
    seed
        Seed of its random choices.
    settings
        What it is asked to do; enters the hash.
    inputs
        Hash of each input by name; enters the hash.
    upstream
        The tasks whose directories it reads.
    """

    stage: StageName
    part: str
    seed: int
    settings: Mapping[str, Any]
    inputs: Mapping[str, str]
    upstream: tuple[Task, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 of settings, seed and inputs."""
        return digest([FORMATS[self.stage], self.stage, self.seed, self.settings, self.inputs])

    @property
    def name(self) -> str:
        """Name for a person, such as ``"dynamics 2"``."""
        return f"{self.stage} {self.part}".strip()

    def directory(self, run_directory: Path) -> Path:
        """Return where its results stand once it is finished."""
        return run_directory / f"{self.name.replace(' ', '-')}-{self.hash[:8]}"

    def working_directory(self, run_directory: Path) -> Path:
        """Return where it works: dynamics in its place, others beside it until they are whole."""
        final = self.directory(run_directory)
        return final if self.stage == "dynamics" else final.with_name(final.name + PARTIAL_SUFFIX)


FORMATS: Mapping[StageName, int] = {
    "build": 1,
    "control": 1,
    "dynamics": 1,
    "analysis": 2,
    "report": 2,
}
"""Raised when a stage's result or its meaning changes, so that older results are redone."""


@dataclass(frozen=True)
class Workplace:
    """What a stage function gets.

    Attributes
    ----------
    file
        The study file.
    task
        What is to be done.
    directory
        Existing folder to write into.
    upstream
        Folders of the finished tasks of `task.upstream`, in that order.
    """

    file: StudyFile
    task: Task
    directory: Path
    upstream: tuple[Path, ...]

    def folders(self, stage: StageName, *, controls: bool = False) -> list[Path]:
        """Return the upstream folders of a stage: those of the replicas, or of the controls."""
        pairs = zip(self.task.upstream, self.upstream, strict=True)
        return [
            folder
            for task, folder in pairs
            if task.stage == stage and (task.part in CONTROLS) == controls
        ]


StageFunction = Callable[[Workplace, ProgressCallback], Mapping[str, Any]]
"""Does a stage; returns a short JSON-able summary (atoms, rate, ...) for `stage.json`."""


@dataclass(frozen=True)
class Pipeline:
    """The functions behind the stages; tests pass their own.

    Attributes
    ----------
    identify
        Checks what the study names (potential, crystals) and returns the hash of each.
    functions
        A function a stage.
    count_atoms
        Atoms of an ``"interface"`` and of each control, before they are built.
    measure_rate
        Measures the potential's speed on this machine, atom-steps/s.
    """

    identify: Callable[[StudyFile], Mapping[str, str]]
    functions: Mapping[StageName, StageFunction]
    count_atoms: Callable[[StudyFile], Mapping[str, int]]
    measure_rate: Callable[[StudyFile], float]


LATER = ("lattice_temperature_K",)
"""Keys of the interface that came later: studies without them keep their hashes."""

UNHASHED = {"threads", "max_extrapolations_per_atom", "max_force_deviation_eV_per_A"}
"""Keys of the dynamics that don't change what is computed: threads, and where it would stop."""


def plan_tasks(file: StudyFile, identities: Mapping[str, str]) -> tuple[Task, ...]:
    """Return every task of a study, each after those that it needs."""
    study, seed = file.study, file.study.study.seed
    starts = [_build(file, identities, replica) for replica in range(study.study.replicas)]
    if study.study.controls:
        starts += [_control(file, identities, role) for role in CONTROLS]
    runs = [_dynamics(file, identities, start) for start in starts]
    analysed = {task.name: task.hash for task in runs}
    settings = study.analysis.model_dump()
    analysis = Task("analysis", "", seed, settings, analysed, (*starts, *runs))
    settings = {"name": study.study.name, **study.report.model_dump()}
    inputs = {"analysis": analysis.hash}
    report = Task("report", "", seed, settings, inputs, (*starts, *runs, analysis))
    return (*(task for pair in zip(starts, runs, strict=True) for task in pair), analysis, report)


def _build(file: StudyFile, identities: Mapping[str, str], replica: int) -> Task:
    interface = _told(file.study.interface.model_dump(mode="json", exclude=set(CONTROLS)))
    settings = {"interface": interface, "relax": file.study.relax.model_dump()}
    seed = file.study.study.seed + replica
    return Task("build", str(replica + 1), seed, settings, dict(identities))


def _told(interface: dict[str, Any], unless_default: tuple[str, ...] = LATER) -> dict[str, Any]:
    """Return the keys that a hash is made of: later ones only where they say something."""
    return {k: v for k, v in interface.items() if k not in unless_default or v}


def _control(file: StudyFile, identities: Mapping[str, str], role: str) -> Task:
    chosen = {"electrolyte_plane", "electrode_plane", "size", "max_strain", "strain_share", *LATER}
    interface = file.study.interface.model_dump(mode="json", include=chosen)
    interface = _told(interface, unless_default=("strain_share", *LATER))
    settings = {"interface": interface, "relax": file.study.relax.model_dump()}
    return Task("control", role, file.study.study.seed, settings, dict(identities))


def _dynamics(file: StudyFile, identities: Mapping[str, str], start: Task) -> Task:
    settings = file.study.dynamics.model_dump(exclude=UNHASHED)
    inputs = {start.stage: start.hash, "potential": identities["potential"]}
    return Task("dynamics", start.part, start.seed, settings, inputs, (start,))


def read_record(directory: Path) -> dict[str, Any] | None:
    """Return a finished stage's `stage.json`, or None where the stage isn't finished."""
    path = directory / RECORD_NAME
    if not path.is_file():
        return None
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"'{path}' is damaged ({error}); remove the folder '{directory.name}' and run again."
        ) from error
    return record


def state_of(task: Task, run_directory: Path) -> State:
    """Return whether a task is finished, was begun, or hasn't been touched.

    A report that lost a file is to be made again: it takes seconds, all it needs is there.
    """
    directory = task.directory(run_directory)
    record = read_record(directory)
    if record is not None and not (task.stage == "report" and _incomplete(directory, record)):
        return "done"
    begun = task.stage == "dynamics" and directory.is_dir() and any(directory.iterdir())
    return "to resume" if begun else "to run"


def _incomplete(directory: Path, record: Mapping[str, Any]) -> bool:
    return not all((directory / name).is_file() for name in record["files"])


def check_whole(directory: Path, record: Mapping[str, Any]) -> None:
    """Check that a finished stage's files are still there at their full length.

    Raises
    ------
    InputError
        When a file is missing or has another length; nothing is touched.
    """
    for name, size in record["files"].items():
        path = directory / name
        found = path.stat().st_size if path.is_file() else None
        if found == size:
            continue
        what = "is missing" if found is None else f"has {found} bytes instead of {size}"
        raise InputError(
            f"'{path}' of a finished stage {what}; put it back, or remove the folder "
            f"'{directory.name}' to have it done again."
        )


def sizes(directory: Path) -> dict[str, int]:
    """Return the length in bytes of every file below a directory, by relative name."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.stat().st_size for path in files}
