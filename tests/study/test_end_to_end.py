"""The whole study for real: built, relaxed, moved, killed, resumed, analysed, reported."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sinterface
from sinterface.dynamics.trajectory import open_trajectory
from sinterface.study.pipeline import PIPELINE
from sinterface.study.reading import read_study
from sinterface.study.runner import run_study

STUDY = """
[study]
name = "end-to-end"
replicas = 1
controls = false
[interface]
size = "tiny"
[potential]
name = "llzo-lco"
[relax]
max_steps = 10
[dynamics]
duration_ps = 0.2
equilibration_ps = 0.02
frame_interval_ps = 0.01
checkpoint_interval_ps = 0.02
threads = 1
"""


def start(study: Path, run: Path) -> subprocess.Popen[str]:
    """Start the command line in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(Path(sinterface.__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, "-m", "sinterface.cli", "run", str(study), "--output", str(run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def wait_for_frames(process: subprocess.Popen[str], run: Path, frames: int) -> Path:
    """Wait until the dynamics has a checkpoint behind `frames` frames; return its directory."""
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline and process.poll() is None:
        for record in run.glob("dynamics-1-*/dynamics.json"):
            state = json.loads(record.read_text())
            phase = state["settings"]["phases"][state["phase"]]["name"]
            if phase == "production" and state["frame"] >= frames:
                return record.parent
        time.sleep(0.01)
    process.kill()
    raise AssertionError(f"the dynamics didn't get going: {process.communicate()[1]}")


def frames_of(directory: Path) -> np.ndarray:
    with open_trajectory(directory) as trajectory:
        return np.array(list(trajectory.frames()))


def times(directory: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in directory.rglob("*")}


@pytest.mark.timeout(900)
def test_killed_run_ends_with_the_same_report(tmp_path: Path) -> None:
    study, run = tmp_path / "study.toml", tmp_path / "killed"
    study.write_text(STUDY)
    process = start(study, run)
    dynamics = wait_for_frames(process, run, 4)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    (build,) = run.glob("build-1-*")
    before, acknowledged = times(build), frames_of(dynamics)
    assert not (dynamics / "stage.json").exists()
    assert 5 <= len(acknowledged) < 21

    process = start(study, run)
    out, err = process.communicate(timeout=800)
    assert process.returncode == 0, err
    assert "took over the lock" in err
    assert "build 1: finished earlier" in err
    assert "dynamics 1: resumes" in err
    report = Path(out.splitlines()[-1])
    assert report.name == "report.html"
    assert "<html" in report.read_text(encoding="utf-8")
    assert times(build) == before
    frames = frames_of(dynamics)
    assert len(frames) == 21
    assert np.array_equal(frames[: len(acknowledged)], acknowledged)

    quiet = replace(PIPELINE, functions={**PIPELINE.functions, "report": lambda *_: {}})
    undisturbed = run_study(read_study(study), tmp_path / "undisturbed", quiet)
    assert undisturbed.name == report.parent.name
    first, second = (
        next(folder.glob("analysis-*/analysis.json")).read_bytes()
        for folder in (run, tmp_path / "undisturbed")
    )
    assert first == second
