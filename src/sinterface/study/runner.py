"""Run a study: skip what is finished, resume what was begun, record what was done."""

from __future__ import annotations

import errno
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sinterface import provenance
from sinterface.errors import RunError
from sinterface.files import write_text
from sinterface.progress import Progress
from sinterface.study.changes import noted
from sinterface.study.lock import Holder, hold
from sinterface.study.reading import StudyFile
from sinterface.study.stages import (
    PARTIAL_SUFFIX,
    RECORD_NAME,
    Pipeline,
    State,
    Task,
    Workplace,
    check_whole,
    plan_tasks,
    read_record,
    sizes,
    state_of,
)

STUDY_NAME = "study.toml"
PLAN_NAME = "plan.json"


class Listener:
    """Told what a run is doing; this one says nothing, the command line's draws it."""

    def began(self, task: Task, state: State) -> None:
        """Take note that `task`, which was in `state`, is being looked at."""

    def moved(self, task: Task, progress: Progress) -> None:
        """Take note of the progress of a long task."""

    def ended(self, task: Task, seconds: float) -> None:
        """Take note that `task` was finished just now."""

    def took_over(self, holder: Holder) -> None:
        """Take note that the lock of a killed process was taken over."""


def default_run_directory(file: StudyFile) -> Path:
    """Return ``runs/<study name>`` under the current directory."""
    return Path("runs") / file.study.study.name


def run_study(
    file: StudyFile,
    run_directory: Path,
    pipeline: Pipeline,
    listener: Listener | None = None,
) -> Path:
    """Bring every stage of a study to its end; return the report's directory.

    Parameters
    ----------
    file
        The study.
    run_directory
        Where the stages' directories go; made where it doesn't exist.
    pipeline
        The functions behind the stages.
    listener
        Told what is going on.

    Raises
    ------
    InputError
        When the study names something impossible, another process holds the directory, or a
        finished stage's file was cut short.
    RunError
        When a stage had to stop; what is finished stays.
    """
    listener = listener or Listener()
    tasks = plan_tasks(file, pipeline.identify(file))
    with explained(run_directory):
        run_directory.mkdir(parents=True, exist_ok=True)
        with hold(run_directory) as left_behind:
            if left_behind is not None:
                listener.took_over(left_behind)
            _sweep(run_directory)
            _keep_plan(file, tasks, run_directory)
            for task in tasks:
                _bring_to_end(file, task, run_directory, pipeline, listener)
    return tasks[-1].directory(run_directory)


def _bring_to_end(
    file: StudyFile, task: Task, run_directory: Path, pipeline: Pipeline, listener: Listener
) -> None:
    """Skip a finished task, after a look at its files; do any other."""
    state = state_of(task, run_directory)
    listener.began(task, state)
    if state == "done":
        directory = task.directory(run_directory)
        check_whole(directory, read_record(directory) or {"files": {}})
        return
    started = time.monotonic()
    _carry_out(file, task, run_directory, pipeline, listener)
    listener.ended(task, time.monotonic() - started)


def _carry_out(
    file: StudyFile, task: Task, run_directory: Path, pipeline: Pipeline, listener: Listener
) -> None:
    """Do one task and leave its directory whole, `stage.json` last."""
    working, final = task.working_directory(run_directory), task.directory(run_directory)
    working.mkdir(exist_ok=True)
    upstream = tuple(other.directory(run_directory) for other in task.upstream)
    place = Workplace(file, task, working, upstream)
    started, clock, cpu = provenance.now(), time.perf_counter(), time.process_time()
    summary = pipeline.functions[task.stage](place, lambda step: listener.moved(task, step))
    took = {
        "wall_s": round(time.perf_counter() - clock, 3),
        "cpu_s": round(time.process_time() - cpu, 3),
    }
    _write_record(place, summary, {"started": started, **took})
    if working != final:
        shutil.rmtree(final, ignore_errors=True)  # without its record it isn't finished
        working.replace(final)


def _write_record(place: Workplace, summary: Mapping[str, Any], times: Mapping[str, Any]) -> None:
    task = place.task
    record = {
        "stage": task.stage,
        "part": task.part,
        "hash": task.hash,
        "seed": task.seed,
        "inputs": dict(task.inputs),
        "summary": dict(summary),
        "files": sizes(place.directory),
        **times,
        "ended": provenance.now(),
        **provenance.record(place.file.path.parent, task.settings),
    }
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    write_text(place.directory / RECORD_NAME, text)


def _keep_plan(file: StudyFile, tasks: tuple[Task, ...], run_directory: Path) -> None:
    """Keep the study file and the list of stages for `show`; leave equal ones untouched."""
    stages = [
        {"name": task.name, "stage": task.stage, "directory": task.directory(run_directory).name}
        for task in tasks
    ]
    plan = json.dumps({"study": file.study.study.name, "stages": stages}, indent=1) + "\n"
    text = noted(file.path.read_text(encoding="utf-8"), file.changes)
    kept = {STUDY_NAME: text, PLAN_NAME: plan}
    for name, text in kept.items():
        path = run_directory / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)


def _sweep(run_directory: Path) -> None:
    """Remove what a killed process had half built; the caller holds the lock."""
    for path in run_directory.glob(f"*-????????{PARTIAL_SUFFIX}"):
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def explained(run_directory: Path) -> Iterator[None]:
    """Turn what a disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        reasons = {
            errno.ENOSPC: "No room is left on the disk of",
            errno.EDQUOT: "The disk quota is used up for",
            errno.EACCES: "No permission to write into",
            errno.EPERM: "No permission to write into",
            errno.EROFS: "Nothing can be written into",
            errno.EEXIST: "A file stands in the way of",
            errno.ENOTDIR: "A file stands in the way of",
        }
        reason = reasons.get(error.errno or 0)
        what = (
            f"{reason} the run directory '{run_directory}'"
            if reason
            else (f"'{error.filename or run_directory}' can't be used ({error.strerror or error})")
        )
        raise RunError(
            f"{what}; finished stages are "
            "untouched. Mend that, or choose another directory with --output, and run again."
        ) from error
