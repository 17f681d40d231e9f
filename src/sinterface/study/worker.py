"""One stage, carried out in any process that sees the run directory: what an executor is sent."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sinterface import provenance
from sinterface.errors import InputError, RunError
from sinterface.files import write_text
from sinterface.progress import Progress
from sinterface.study.graph import Before, Place, Stage, step_function
from sinterface.study.lock import LOCK_NAME, hold
from sinterface.study.stages import RECORD_NAME, read_record, sizes

DESK_NAME = ".work"
"""Folder of a run directory that holds locks and progress of its stages."""

PROGRESS_NAME = "progress.json"
TELL_S = 1.0
PATIENCE_S = 300.0


def job(stage: Stage, run_directory: Path, study_folder: Path, attempt: int = 1) -> dict[str, Any]:
    """Return all that a worker must know of a stage, as plain JSON-able data."""
    return {
        "name": stage.name,
        "step": stage.step,
        "settings": dict(stage.settings),
        "seed": stage.seed,
        "inputs": dict(stage.inputs),
        "extras": dict(stage.extras),
        "hash": stage.hash,
        "attempt": attempt,
        "run_directory": str(run_directory.absolute()),
        "study_folder": str(study_folder.absolute()),
        "directory": stage.directory_name,
        "working": stage.working_directory(run_directory).name,
        "before": [
            {
                "name": other.name,
                "step": other.step,
                "directory": other.directory_name,
                "settings": dict(other.settings),
                "seed": other.seed,
                "hash": other.hash,
            }
            for other in stage.upstream
        ],
    }


def carry_out(order: Mapping[str, Any]) -> dict[str, Any]:
    """Do one stage and leave its directory whole, `stage.json` last; return the record.

    Another process may be at the same stage still, left over from a run that was killed: this one
    waits for it, and does nothing when it has finished.

    Raises
    ------
    SinterfaceError
        Of the step itself.
    """
    run = Path(order["run_directory"])
    working, final = run / order["working"], run / order["directory"]
    desk = run / DESK_NAME / order["directory"]
    desk.mkdir(parents=True, exist_ok=True)
    with _held(desk):
        record = read_record(final)
        if record is not None and all((final / name).is_file() for name in record["files"]):
            return record
        if working != final:
            shutil.rmtree(working, ignore_errors=True)
        working.mkdir(parents=True, exist_ok=True)
        place = _place(order, working)
        started, clock, cpu = provenance.now(), time.perf_counter(), time.process_time()
        summary = step_function(order["step"])(place, _Teller(desk))
        record = _record(order, place, summary, started)
        record["wall_s"] = round(time.perf_counter() - clock, 3)
        record["cpu_s"] = round(time.process_time() - cpu, 3)
        text = json.dumps(record, indent=1, allow_nan=False) + "\n"
        write_text(working / RECORD_NAME, text)
        if working != final:
            shutil.rmtree(final, ignore_errors=True)  # without its record it isn't finished
            working.replace(final)
    shutil.rmtree(desk, ignore_errors=True)
    return record


def _place(order: Mapping[str, Any], working: Path) -> Place:
    run = Path(order["run_directory"])
    before = tuple(
        Before(
            name=one["name"],
            step=one["step"],
            directory=run / one["directory"],
            settings=one["settings"],
            seed=one["seed"],
        )
        for one in order["before"]
    )
    return Place(
        name=order["name"],
        directory=working,
        settings=order["settings"],
        seed=order["seed"],
        inputs=order["inputs"],
        extras=order["extras"],
        before=before,
        study_folder=Path(order["study_folder"]),
    )


def _record(
    order: Mapping[str, Any], place: Place, summary: Mapping[str, Any], started: str
) -> dict[str, Any]:
    files = sizes(place.directory)
    return {
        "stage": order["step"],
        "name": order["name"],
        "hash": order["hash"],
        "seed": order["seed"],
        "inputs": dict(order["inputs"]),
        "upstream": {one["name"]: one["hash"] for one in order["before"]},
        "summary": _defined(dict(summary)),
        "files": {name: size for name, size in files.items() if Path(name).name != LOCK_NAME},
        "attempt": order["attempt"],
        "started": started,
        "ended": provenance.now(),
        **provenance.record(place.study_folder, order["settings"]),
    }


def _defined(value: Any) -> Any:
    """Return nested data whose undefined numbers are None, as JSON wants it."""
    if isinstance(value, Mapping):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_defined(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class _Teller:
    """Keeps the progress of a stage in a small file, at most once a second."""

    def __init__(self, desk: Path) -> None:
        self._path, self._last = desk / PROGRESS_NAME, 0.0

    def __call__(self, state: Progress) -> None:
        now = time.monotonic()
        if now - self._last < TELL_S:
            return
        self._last = now
        told = {"done": float(state.done), "total": float(state.total), "message": state.message}
        try:
            write_text(self._path, json.dumps(told))
        except OSError:  # progress is no reason to stop
            return


def read_progress(run_directory: Path, directory_name: str) -> Progress | None:
    """Return how far a running stage is; None where it hasn't told."""
    path = run_directory / DESK_NAME / directory_name / PROGRESS_NAME
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Progress(float(told["done"]), float(told["total"]), str(told["message"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def _held(desk: Path) -> Iterator[None]:
    """Hold a stage; wait while another process does."""
    limit = time.monotonic() + PATIENCE_S
    while True:
        holding = hold(desk)
        try:
            holding.__enter__()
        except InputError as error:
            if time.monotonic() > limit:
                raise RunError(
                    f"Another process, left over from a run before, still works in '{desk}' after "
                    f"{PATIENCE_S:g} s; end it, or wait for it."
                ) from error
            time.sleep(0.5)
        else:
            break
    try:
        yield
    finally:
        holding.__exit__(None, None, None)
