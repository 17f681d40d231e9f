"""A pipeline of fakes: real directories, locks and hashes, no physics.

Run as a program it runs a study: ``python fake_run.py STUDY RUN_DIRECTORY [frames pause_s]``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sinterface.progress import Progress, ProgressCallback
from sinterface.study.reading import StudyFile, read_study
from sinterface.study.runner import run_study
from sinterface.study.stages import Pipeline, Workplace

CALLS: list[str] = []
FRAMES = 6
PAUSE_S = 0.0


def identify(file: StudyFile) -> dict[str, str]:
    return {"potential": "p" * 64, "electrolyte": "e" * 64, "electrode": "l" * 64}


def build(place: Workplace, progress: ProgressCallback) -> Mapping[str, Any]:
    CALLS.append(place.task.name)
    (place.directory / "interface.extxyz").write_text(f"seed {place.task.seed}\n")
    return {"atoms": 744}


def dynamics(place: Workplace, progress: ProgressCallback) -> Mapping[str, Any]:
    """Write a frame at a time; go on after the frames that are there."""
    CALLS.append(place.task.name)
    frames = place.directory / "frames.txt"
    seed = (place.upstream[0] / "interface.extxyz").read_text().split()[1]
    for frame in range(len(frames.read_text().splitlines()) if frames.exists() else 0, FRAMES):
        with open(frames, "a") as handle:
            handle.write(f"{seed} {frame}\n")
        progress(Progress(frame + 1, FRAMES, f"frame {frame + 1}"))
        time.sleep(PAUSE_S)
    return {"atom_steps_per_s": 50_000.0}


def analysis(place: Workplace, progress: ProgressCallback) -> Mapping[str, Any]:
    CALLS.append(place.task.name)
    folders = place.folders("dynamics") + place.folders("dynamics", controls=True)
    runs = [(folder / "frames.txt").read_text() for folder in folders]
    (place.directory / "analysis.json").write_text(json.dumps(runs))
    return {"frames": sum(len(run.splitlines()) for run in runs)}


def report(place: Workplace, progress: ProgressCallback) -> Mapping[str, Any]:
    CALLS.append(place.task.name)
    text = (place.folders("analysis")[0] / "analysis.json").read_text()
    (place.directory / "figures").mkdir()
    (place.directory / "figures" / "width.svg").write_text("<svg/>")
    (place.directory / "report.html").write_text(f"<html>{text}</html>")
    return {}


def pipeline(**other: Any) -> Pipeline:
    """Return the fakes, some of them replaced."""
    functions = {
        "build": build,
        "control": build,
        "dynamics": dynamics,
        "analysis": analysis,
        "report": report,
    }
    counts = {"interface": 744, "electrolyte": 192, "electrode": 240}
    return Pipeline(identify, {**functions, **other}, lambda _: counts, lambda _: 20_000.0)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        FRAMES, PAUSE_S = int(sys.argv[3]), float(sys.argv[4])
    run_study(read_study(sys.argv[1]), Path(sys.argv[2]), pipeline())
