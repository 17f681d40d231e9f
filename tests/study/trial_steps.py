"""Steps that other processes can import: they count how often they were done."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from sinterface.errors import InputError, RunError
from sinterface.progress import Progress, ProgressCallback
from sinterface.study.graph import Place


def work(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Add what the stages before gave to the own number; note the begin in a log."""
    _note(place, "begin")
    (place.directory.parent / f"{place.name}.pid").write_text(str(os.getpid()))
    progress(Progress(0.5, 1.0, "half"))
    time.sleep(float(place.settings.get("seconds", 0.0)))
    before = sum(int((one.directory / "number.txt").read_text()) for one in place.before)
    (place.directory / "number.txt").write_text(str(before + int(place.settings["number"])))
    _note(place, "end")
    return {"number": before + int(place.settings["number"])}


def die_once(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Kill the own process at the first attempt."""
    if _note(place, "begin") == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return work(place, progress)


def stop_twice(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Stop at the first two attempts, as a run that lost atoms."""
    if _note(place, "try") <= 2:
        raise RunError("atoms were lost.")
    return work(place, progress)


def creep(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Get a fifth further at each attempt, then stop, as a run whose job's time is up."""
    attempt = _note(place, "try")
    progress(Progress(0.2 * attempt, 1.0, "creeping"))
    if attempt < 5:
        raise RunError("the time was up.")
    return work(place, progress)


def mistake(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Refuse the settings."""
    _note(place, "try")
    raise InputError("the number isn't allowed.")


def _note(place: Place, what: str) -> int:
    path = place.directory.parent / "log.txt"
    with path.open("a") as log:
        log.write(f"{place.name} {what}\n")
    return path.read_text().splitlines().count(f"{place.name} {what}")
