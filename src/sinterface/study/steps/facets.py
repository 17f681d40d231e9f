"""Stages of the plain study of one interface, as steps of a larger one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from sinterface.progress import ProgressCallback
from sinterface.study import pipeline
from sinterface.study.config import Study
from sinterface.study.graph import Place
from sinterface.study.reading import StudyFile
from sinterface.study.stages import StageName, Task, Workplace


def build(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Build one replica's interface and relax it."""
    return pipeline.build(_workplace(place, "build"), progress)


def control(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Make one bulk crystal at the interface's strain and relax it."""
    return pipeline.control(_workplace(place, "control"), progress)


def dynamics(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Run one replica's dynamics, or go on with it."""
    return pipeline.dynamics(_workplace(place, "dynamics"), progress)


def analysis(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Analyse all replicas of an interface together, beside its controls."""
    return pipeline.analysis(_workplace(place, "analysis"), progress)


def report(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Write the report of one interface."""
    return pipeline.report(_workplace(place, "report"), progress)


def _workplace(place: Place, stage: StageName) -> Workplace:
    content = place.extras["study"]
    study = Study.model_validate(content)
    file = StudyFile(place.study_folder / f"{study.study.name}.toml", study)
    upstream = tuple(
        _task(cast("StageName", one.step.removeprefix("sub-")), one.settings, one.seed, {})
        for one in place.before
    )
    task = _task(stage, place.settings, place.seed, place.inputs, upstream)
    folders: tuple[Path, ...] = tuple(one.directory for one in place.before)
    return Workplace(file, task, place.directory, folders)


def _task(
    stage: StageName,
    settings: Mapping[str, Any],
    seed: int,
    inputs: Mapping[str, str],
    upstream: tuple[Task, ...] = (),
) -> Task:
    own = {key: value for key, value in settings.items() if key != "part"}
    return Task(stage, settings["part"], seed, own, inputs, upstream)
