"""What a long run must survive: the power cut, twenty times; a rank that dies."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io.jsonio import encode

from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.simulation import simulate
from sinterface.dynamics.trajectory import open_trajectory

KILLS = 20
AHEAD = 30
"""Frames that a run may be ahead of what was read from it: it waits to be killed, however slow the
machine."""
SETTINGS: dict[str, Any] = {
    "timestep_fs": 4.0,
    "frame_interval_ps": 0.1,
    "checkpoint_interval_ps": 1.0,
    "seed": 11,
    "velocities": True,
    "velocity_interval_ps": 0.02,
}
RUN = """
import json, sys
from ase.io.jsonio import decode
from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.simulation import simulate
task = json.load(open(sys.argv[1]))
interaction = {k: tuple(v) if isinstance(v, list) else v for k, v in task["interaction"].items()}
def tell(state):
    print(state.done, flush=True)
    sys.stdin.readline()  # waits for leave; at the end of the file there's always leave
simulate(decode(task["atoms"]), Interaction(**interaction), sys.argv[2],
         [Phase(**phase) for phase in task["phases"]], **task["settings"], progress=tell)
"""


def frames_of(directory: Path) -> dict[str, np.ndarray]:
    with open_trajectory(directory) as trajectory:
        return {
            "step": trajectory.step,
            "energy": trajectory.potential_energy_eV,
            "pressure": trajectory.pressure_GPa,
            "positions": np.array(list(trajectory.frames())),
            "velocities": np.array([trajectory.velocities(i) for i in range(trajectory.n_frames)]),
            "velocity_step": trajectory.velocity_step,
            "dense": np.array(
                [trajectory.dense_velocities(i) for i in range(len(trajectory.velocity_step))]
            ),
        }


def write_task(
    folder: Path, atoms: Atoms, interaction: Interaction, phases: list[Phase]
) -> list[str]:
    """Write a run as a script and its task; return the command but for the directory."""
    task = {
        "atoms": encode(atoms),
        "interaction": asdict(interaction),
        "phases": [asdict(phase) for phase in phases],
        "settings": SETTINGS,
    }
    (folder / "task.json").write_text(json.dumps(task))
    (folder / "run.py").write_text(RUN)
    return [sys.executable, str(folder / "run.py"), str(folder / "task.json")]


def start(command: list[str], leave: int | None = None) -> subprocess.Popen[str]:
    """Start a run that goes on for so many frames, or to its end."""
    paths = os.pathsep.join(sys.path)
    yielding = {"MPIR_CVAR_POLLS_BEFORE_YIELD": "1"}  # two ranks of MPI may share one core
    process = subprocess.Popen(
        command,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": paths} | yielding,
        text=True,
        stdin=subprocess.DEVNULL if leave is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    if leave is not None:
        assert process.stdin is not None
        process.stdin.write("\n" * leave)
        process.stdin.flush()
    return process


def ended(process: subprocess.Popen[str]) -> int:
    """Return a process' exit status; what it still told is dropped."""
    assert process.stdout is not None
    for _ in process.stdout:
        pass
    process.stdout.close()
    if process.stdin is not None:
        process.stdin.close()
    return process.wait()


def kill_at_random(command: list[str], generator: random.Random) -> tuple[int, float]:
    """Kill a run some frames and some milliseconds on, now and then before its first frame.

    Returns its exit status and the picoseconds that it had acknowledged.
    """
    acknowledged, wait_for = 0.0, generator.choice([0, *range(1, 25)])
    process = start(command, wait_for + AHEAD)
    assert process.stdout is not None
    if wait_for == 0:
        time.sleep(generator.uniform(0.0, 1.0))
    else:
        for line in process.stdout:
            acknowledged, wait_for = float(line), wait_for - 1
            if wait_for == 0:
                break
        time.sleep(generator.uniform(0.0, 0.02))
    process.send_signal(signal.SIGKILL)
    for line in process.stdout:
        if line.endswith("\n"):
            acknowledged = float(line)
    return ended(process), acknowledged


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_twenty_kills_lose_nothing_that_was_acknowledged(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    """NVE, `kill -9` at twenty random moments in a row: every bit of every frame is there."""
    argon.rattle(0.1, seed=1)
    phases = [Phase("production", 120.0, 60.0, thermostat="none")]
    simulate(argon, argon_interaction, tmp_path / "whole", phases, **SETTINGS)
    whole = frames_of(tmp_path / "whole")
    command = [*write_task(tmp_path, argon, argon_interaction, phases), str(tmp_path / "killed")]
    generator, so_far = random.Random(20), 0.0
    for _ in range(KILLS):
        status, told = kill_at_random(command, generator)
        so_far = max(so_far, told)
        assert status == -signal.SIGKILL, "it ended before it was killed"
        if so_far == 0:
            continue
        part = frames_of(tmp_path / "killed")
        n_frames = len(part["step"])
        assert n_frames >= 1 + round(so_far / SETTINGS["frame_interval_ps"])
        for name in whole:
            np.testing.assert_array_equal(part[name], whole[name][: len(part[name])], err_msg=name)
        assert part["velocity_step"][-1] == part["step"][-1]
    assert ended(start(command)) == 0
    resumed = frames_of(tmp_path / "killed")
    for name in whole:
        np.testing.assert_array_equal(resumed[name], whole[name], err_msg=name)
    record = json.loads((tmp_path / "killed" / "dynamics.json").read_text())
    assert record["finished"]
    assert {part["continues"] for part in record["segments"]} <= {"start", "bitwise"}
    check_lost(record["segments"], tmp_path / "killed")


def check_lost(segments: list[dict[str, Any]], directory: Path) -> None:
    """Check that no process began more than a checkpoint interval behind the one before."""
    import h5py

    steps_a_frame = round(1000 * SETTINGS["frame_interval_ps"] / SETTINGS["timestep_fs"])
    interval = round(SETTINGS["checkpoint_interval_ps"] / SETTINGS["frame_interval_ps"])
    for before, after in pairwise(segments):
        with h5py.File(directory / before["file"], "r") as file:
            steps = file["particles/all/position/step"][:]
        if len(steps):
            assert int(steps[-1]) // steps_a_frame - after["after_frame"] <= interval


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_run_over_ranks_survives_the_death_of_one(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    """One of two ranks is killed: the launcher ends the other, the same command goes on."""
    from unit.potential.test_lammps_mpi import MPIEXEC

    argon.rattle(0.1, seed=1)
    phases = [Phase("production", 2.0, 60.0, thermostat="none")]
    command = [str(MPIEXEC), "-n", "2", *write_task(tmp_path, argon, argon_interaction, phases)]
    assert ended(start([*command, str(tmp_path / "whole")])) == 0
    process = start([*command, str(tmp_path / "killed")], leave=15)
    assert process.stdout is not None
    for line in process.stdout:
        if float(line) >= 1.2:  # of the 1.5 ps that it has leave for
            break
    os.kill(ranks_below(process.pid)[1], signal.SIGKILL)
    assert ended(process) != 0
    record = json.loads((tmp_path / "killed" / "dynamics.json").read_text())
    assert not record["finished"]
    assert ended(start([*command, str(tmp_path / "killed")])) == 0
    one, other = frames_of(tmp_path / "whole"), frames_of(tmp_path / "killed")
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def ranks_below(launcher: int) -> list[int]:
    """Return the processes of Python that a launcher started, itself or through its helper."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    below = [launcher]
    for pid in below:
        below += [child for child, parent in parents.items() if parent == pid]
    python = Path(sys.executable).resolve()
    return [
        pid for pid in below if pid != launcher and Path(f"/proc/{pid}/exe").resolve() == python
    ]
