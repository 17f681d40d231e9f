"""How far a run directory is: counts of its stages, what runs now, what failed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sinterface.errors import InputError
from sinterface.study.lock import holder
from sinterface.study.runner import PLAN_NAME
from sinterface.study.stages import PARTIAL_SUFFIX, read_record
from sinterface.study.worker import DESK_NAME, read_progress


@dataclass(frozen=True)
class Running:
    """A stage that somebody works on: how far, in per cent, and what it says."""

    name: str
    percent: float | None
    message: str


@dataclass(frozen=True)
class Status:
    """State of a run directory.

    Attributes
    ----------
    study, kind, scale, run_directory
        Which.
    running
        Who holds the directory; None where nobody does.
    stages, done, begun
        Stages in all; finished; begun but not finished, nobody working on them.
    now
        Stages worked on.
    core_s, share
        Seconds that the finished stages took, and the share of all atom-steps that they are
        (None where the plan tells no sizes).
    report
        Path of the report, once there is one.
    results
        The summary of its results, once there is one.
    """

    study: str
    kind: str
    scale: str
    run_directory: str
    running: str | None
    stages: int
    done: int
    begun: int
    now: tuple[Running, ...]
    core_s: float
    share: float | None
    report: str | None
    results: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings."""
        return asdict(self)


def status_of(run_directory: Path) -> Status:
    """Return how far a run is.

    Raises
    ------
    InputError
        When the directory holds no run.
    """
    path = run_directory / PLAN_NAME
    if not path.is_file():
        raise InputError(
            f"'{run_directory}' holds no run of a study (no {PLAN_NAME}); give a run directory "
            "such as runs/quick."
        )
    plan = json.loads(path.read_text(encoding="utf-8"))
    entries = plan["stages"]
    records = [read_record(run_directory / entry["directory"]) for entry in entries]
    now, begun = [], 0
    for entry, record in zip(entries, records, strict=True):
        directory = run_directory / entry["directory"]
        if record is not None:
            continue
        desk = run_directory / DESK_NAME / entry["directory"]
        if desk.is_dir() and holder(desk) is not None:
            now.append(_running(run_directory, entry))
        elif directory.is_dir() or directory.with_name(directory.name + PARTIAL_SUFFIX).is_dir():
            begun += 1
    sizes = [float(entry.get("atoms", 0)) * entry.get("steps", 0) for entry in entries]
    done = [size for size, record in zip(sizes, records, strict=True) if record]
    busy = holder(run_directory)
    last = run_directory / entries[-1]["directory"] / "report.html"
    return Status(
        study=plan["study"],
        kind=plan.get("kind", "interface"),
        scale=plan.get("scale", ""),
        run_directory=str(run_directory),
        running=str(busy) if busy else None,
        stages=len(entries),
        done=len(done),
        begun=begun,
        now=tuple(now),
        core_s=round(sum(float((record or {}).get("wall_s", 0.0)) for record in records), 1),
        share=sum(done) / sum(sizes) if sum(sizes) else None,
        report=str(last) if last.is_file() else None,
        results=results_of(entries, records),
    )


def _running(run_directory: Path, entry: dict[str, Any]) -> Running:
    told = read_progress(run_directory, entry["directory"])
    if told is None or told.total <= 0:
        return Running(entry["name"], None, "")
    return Running(entry["name"], 100.0 * min(1.0, told.done / told.total), told.message)


def results_of(
    entries: list[dict[str, Any]], records: list[dict[str, Any] | None]
) -> dict[str, Any]:
    """Return what the stage that makes a run's results put into its summary; empty before it."""
    for entry, record in zip(entries, records, strict=True):
        if record is not None and entry["stage"] in ("aggregate", "analysis"):
            return dict(record["summary"].get("results", record["summary"]))
    return {}
