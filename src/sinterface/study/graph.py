"""The graph of a study: small stages, each in a directory named by the hash of its inputs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sinterface.errors import InputError
from sinterface.progress import ProgressCallback
from sinterface.provenance import digest
from sinterface.study.stages import PARTIAL_SUFFIX, State, check_whole, read_record

STEPS: Final[Mapping[str, tuple[str, int]]] = {
    "crystal": ("sinterface.study.steps.building:crystal", 1),
    "dope": ("sinterface.study.steps.building:dope", 1),
    "amorphous": ("sinterface.study.steps.building:amorphous", 1),
    "interface": ("sinterface.study.steps.building:interface", 1),
    "boundary": ("sinterface.study.steps.building:boundary", 1),
    "equilibrate": ("sinterface.study.steps.running:equilibrate", 1),
    "simulate": ("sinterface.study.steps.running:simulate", 1),
    "analyse": ("sinterface.study.steps.analysing:analyse", 1),
    "sub-build": ("sinterface.study.steps.facets:build", 1),
    "sub-control": ("sinterface.study.steps.facets:control", 1),
    "sub-dynamics": ("sinterface.study.steps.facets:dynamics", 1),
    "sub-analysis": ("sinterface.study.steps.facets:analysis", 2),
    "sub-report": ("sinterface.study.steps.facets:report", 2),
    "transition": ("sinterface.study.steps.transition:transition", 1),
    "hop": ("sinterface.study.steps.hops:hop", 1),
    "factory": ("sinterface.study.steps.potential_making:factory", 1),
    "validate": ("sinterface.study.steps.potential_making:validate", 1),
    "certify": ("sinterface.study.steps.potential_making:certify", 1),
    "aggregate": ("sinterface.study.steps.aggregating:aggregate", 1),
    "report": ("sinterface.study.steps.reporting:report", 2),
}
"""Function behind each step, and a number that is raised when its result or meaning changes."""

REMADE: Final = ("aggregate", "report")
"""Steps of seconds: one that lost a file is done again, not refused."""

IN_PLACE: Final = (
    *("simulate", "equilibrate", "transition", "boundary", "hop", "sub-dynamics"),
    *("factory", "validate", "certify"),
)
"""Steps that resume by themselves, so they work in their final directory."""


@dataclass(frozen=True)
class Cost:
    """What a stage takes: atoms that move, force evaluations of each, and seconds besides.

    Attributes
    ----------
    atoms, steps
        Atoms of the cell, time steps (or force evaluations); 0 where nothing moves.
    frames
        Frames kept on disk.
    other_s
        Estimated seconds on one core for what isn't dynamics.
    threads
        Cores that the stage keeps busy.
    """

    atoms: int = 0
    steps: int = 0
    frames: int = 0
    other_s: float = 0.0
    threads: int = 1


@dataclass(frozen=True)
class Stage:
    """One stage of a study, with all that decides its result.

    Attributes
    ----------
    name
        Unique in its study; letters, digits, ``- . _``.
    step
        What is done: a key of `STEPS`, or ``"module:function"``.
    settings
        What it is asked to do; enters the hash.
    seed
        Seed of its random choices; enters the hash.
    inputs
        Hash of each outside input by name (potential, CIF file); enters the hash.
    upstream
        Stages whose directories it reads; their hashes enter the hash.
    extras
        What doesn't change the result: threads, limits, paths.
    cost
        For the forecast.
    """

    name: str
    step: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    inputs: Mapping[str, str] = field(default_factory=dict)
    upstream: tuple[Stage, ...] = ()
    extras: Mapping[str, Any] = field(default_factory=dict)
    cost: Cost = Cost()

    def __post_init__(self) -> None:
        # Kept once: a graph asks for the hash of a stage from each stage below it.
        content = [_entry(self.step)[1], self.step, self.seed, dict(self.settings)]
        content += [dict(self.inputs), [stage.hash for stage in self.upstream]]
        object.__setattr__(self, "_hash", digest(content))

    @property
    def hash(self) -> str:
        """SHA-256 of step, settings, seed, inputs and the hashes of the stages before it."""
        return str(getattr(self, "_hash"))  # noqa: B009

    @property
    def directory_name(self) -> str:
        """Name of its directory."""
        return f"{self.name}-{self.hash[:8]}"

    def directory(self, run_directory: Path) -> Path:
        """Return where its results stand once it is finished."""
        return run_directory / self.directory_name

    def working_directory(self, run_directory: Path) -> Path:
        """Return where it works: in its place if it resumes, else beside it until it is whole."""
        final = self.directory(run_directory)
        return final if self.step in IN_PLACE else final.with_name(final.name + PARTIAL_SUFFIX)


@dataclass(frozen=True)
class Before:
    """A finished stage that another one reads."""

    name: str
    step: str
    directory: Path
    settings: Mapping[str, Any]
    seed: int


@dataclass(frozen=True)
class Place:
    """What a step gets.

    Attributes
    ----------
    name
        Of its stage.
    directory
        Existing folder to write into.
    settings, seed, inputs, extras
        See `Stage`.
    before
        The stages that it reads, in order.
    study_folder
        Folder of the study file; names in settings are relative to it.
    """

    name: str
    directory: Path
    settings: Mapping[str, Any]
    seed: int
    inputs: Mapping[str, str]
    extras: Mapping[str, Any]
    before: tuple[Before, ...]
    study_folder: Path

    def of(self, *steps: str) -> list[Before]:
        """Return the stages before this one that are of these steps."""
        return [one for one in self.before if one.step in steps]

    def only(self, *steps: str) -> Before:
        """Return the one stage of these steps."""
        (found,) = self.of(*steps)
        return found


StepFunction = Callable[[Place, ProgressCallback], Mapping[str, Any]]
"""Does a stage; returns a short JSON-able summary (atoms, rate, ...) for `stage.json`."""


def step_function(step: str) -> StepFunction:
    """Return the function behind a step: one of `STEPS`, or anybody's ``"module:function"``."""
    module, _, name = _entry(step)[0].partition(":")
    function: StepFunction = getattr(importlib.import_module(module), name)
    return function


def _entry(step: str) -> tuple[str, int]:
    return (step, 1) if ":" in step else STEPS[step]


def in_order(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Return all stages, those upstream too, each after those that it reads, each once.

    Raises
    ------
    InputError
        When two different stages have one name: two values of the study come out alike.
    """
    found: dict[str, Stage] = {}

    def visit(stage: Stage) -> None:
        known = found.get(stage.name)
        if known is not None:
            if known.hash != stage.hash:
                raise InputError(
                    f"Two different stages would be called '{stage.name}'; a list of the study "
                    "file names one value twice, so take one out."
                )
            return
        for other in stage.upstream:
            visit(other)
        found[stage.name] = stage

    for stage in stages:
        visit(stage)
    return tuple(found.values())


def state_of(stage: Stage, run_directory: Path) -> State:
    """Return whether a stage is finished, was begun, or hasn't been touched."""
    directory = stage.directory(run_directory)
    record = read_record(directory)
    if record is not None and not (stage.step in REMADE and _incomplete(directory, record)):
        return "done"
    begun = stage.step in IN_PLACE and directory.is_dir() and any(directory.iterdir())
    return "to resume" if begun else "to run"


def check_finished(stages: Sequence[Stage], run_directory: Path) -> None:
    """Check that the files of finished stages are whole; see `stages.check_whole`."""
    for stage in stages:
        directory = stage.directory(run_directory)
        check_whole(directory, read_record(directory) or {"files": {}})


def _incomplete(directory: Path, record: Mapping[str, Any]) -> bool:
    return not all((directory / name).is_file() for name in record["files"])
