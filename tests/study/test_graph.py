"""A graph of stages: order, hashes, skipping, retrying, failing, and workers that die."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal

import pytest

from sinterface.errors import InputError, RunError
from sinterface.study.comparison import compare
from sinterface.study.executors import Executor, ParslWorkers, Processes
from sinterface.study.graph import Stage, in_order, state_of
from sinterface.study.resources import ResourcesTable
from sinterface.study.scheduler import bring_to_end
from sinterface.study.worker import carry_out

HERE = Path(__file__).parent
STEP = "trial_steps:work"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    path = os.pathsep.join([str(HERE), *(p for p in sys.path if p)])
    monkeypatch.setenv("PYTHONPATH", path)


class Here:
    """Does each stage at once, in this process."""

    slots = 2

    def submit(self, order: Mapping[str, Any]) -> Future[dict[str, Any]]:
        future: Future[dict[str, Any]] = Future()
        try:
            future.set_result(carry_out(order))
        except Exception as error:
            future.set_exception(error)
        return future

    def is_crash(self, error: BaseException) -> bool:
        return isinstance(error, KeyboardInterrupt)


def stage(name: str, number: int, *before: Stage, step: str = STEP, **more: Any) -> Stage:
    return Stage(name, step, {"number": number, **more}, 1, {}, tuple(before))


def diamond(number: int = 1, **more: Any) -> tuple[Stage, ...]:
    first = stage("first", number)
    left, right = stage("left", 10, first, **more), stage("right", 100, first)
    return in_order([stage("last", 1000, left, right)])


def go(stages: tuple[Stage, ...], run: Path, executor: Executor | None = None) -> None:
    run.mkdir(exist_ok=True)
    bring_to_end(stages, run, run, executor or Here(), retries=2)


def log(run: Path) -> list[str]:
    return (run / "log.txt").read_text().splitlines()


def test_order_and_result(tmp_path: Path) -> None:
    stages = diamond()
    assert [one.name for one in stages] == ["first", "left", "right", "last"]
    go(stages, tmp_path)
    record = json.loads((stages[-1].directory(tmp_path) / "stage.json").read_text())
    assert record["summary"] == {"number": 1 + 10 + 1 + 100 + 1000}
    assert set(record) >= {"settings", "versions", "host", "git", "seed", "started", "ended"}
    assert record["upstream"] == {"left": stages[1].hash, "right": stages[2].hash}
    assert not list((tmp_path / ".work").iterdir())


def test_finished_stages_are_skipped(tmp_path: Path) -> None:
    go(diamond(), tmp_path)
    before = log(tmp_path)
    go(diamond(), tmp_path)
    assert log(tmp_path) == before


def test_a_changed_setting_redoes_what_hangs_on_it(tmp_path: Path) -> None:
    go(diamond(), tmp_path)
    changed = diamond(seconds=0.0)
    states = [state_of(one, tmp_path) for one in changed]
    found = compare(changed, states, tmp_path)
    assert found.kept == ("first", "right")
    assert [(one.name, one.state) for one in found.changes] == [
        ("left", "again"),
        ("last", "after another"),
    ]
    assert found.changes[0].settings == (("seconds", None, 0.0),)
    go(changed, tmp_path)
    assert [line for line in log(tmp_path) if line.endswith("end")].count("right end") == 1
    assert log(tmp_path).count("left end") == 2


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    stages = diamond()
    go(stages, tmp_path)
    (stages[0].directory(tmp_path) / "number.txt").write_text("")
    with pytest.raises(InputError, match="has 0 bytes instead of 1"):
        go(stages, tmp_path)


def test_what_had_to_stop_is_tried_again(tmp_path: Path) -> None:
    go((stage("weak", 1, step="trial_steps:stop_twice"),), tmp_path)
    assert log(tmp_path).count("weak try") == 3


def test_retries_have_a_limit_and_others_go_on(tmp_path: Path) -> None:
    weak = stage("weak", 1, step="trial_steps:stop_twice")
    stages = in_order([stage("after", 1, weak), stage("other", 2)])
    with pytest.raises(RunError, match=r"'weak' failed \(tried 2 times\): atoms were lost"):
        bring_to_end(stages, tmp_path, tmp_path, Here(), retries=1)
    assert state_of(stages[2], tmp_path) == "done"
    assert state_of(stages[1], tmp_path) == "to run"


def test_a_stage_that_gets_further_has_its_retries_again(tmp_path: Path) -> None:
    creeping = stage("long", 1, step="trial_steps:creep")
    bring_to_end((creeping,), tmp_path, tmp_path, Here(), retries=1)
    assert log(tmp_path).count("long try") == 5


def test_a_mistake_is_not_tried_again(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="isn't allowed"):
        go((stage("wrong", 1, step="trial_steps:mistake"),), tmp_path)
    assert log(tmp_path) == ["wrong try"]


def test_two_stages_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="called 'same'"):
        in_order([stage("same", 1), stage("same", 2)])


def test_the_hash_knows_what_is_upstream_but_not_extras() -> None:
    plain = Stage("a", STEP, {"number": 1})
    assert Stage("b", STEP, {"number": 1}, extras={"threads": 4}).hash == plain.hash
    below = [Stage("c", STEP, {"number": 3}, upstream=(one,)) for one in (plain, stage("a", 2))]
    assert below[0].hash != below[1].hash


def test_a_process_that_dies_takes_no_other_stage_with_it(tmp_path: Path) -> None:
    weak = stage("weak", 1, step="trial_steps:die_once")
    stages = in_order([stage("last", 1000, weak, stage("other", 10, seconds=0.5))])
    with Processes(2) as executor:
        go(stages, tmp_path, executor)
    assert (stages[-1].directory(tmp_path) / "number.txt").read_text() == "1011"
    assert log(tmp_path).count("other begin") == 1
    assert log(tmp_path).count("weak end") == 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_parsl_worker_killed_in_the_middle(tmp_path: Path) -> None:
    """Two workers of Parsl; one is killed from outside at its work: nothing lost, none twice."""
    stages = in_order([stage("last", 0, *(stage(f"part-{k}", 1, seconds=2.0) for k in range(4)))])
    killed: list[int] = []

    def kill_one() -> None:
        while not killed:
            time.sleep(0.2)
            at_work = sorted(tmp_path.glob("part-*.pid"))
            if at_work:
                time.sleep(0.5)
                killed.append(int(at_work[0].read_text()))
                os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill_one, daemon=True)
    resources = ResourcesTable(executor="parsl", workers=2)
    with ParslWorkers(resources, tmp_path) as executor:
        thread.start()
        go(stages, tmp_path, executor)
    assert killed
    assert len([line for line in log(tmp_path) if line.endswith(" begin")]) == len(stages) + 1
    assert (stages[-1].directory(tmp_path) / "number.txt").read_text() == "4"
    ends = [line for line in log(tmp_path) if line.endswith(" end")]
    assert sorted(ends) == sorted(set(ends))
    assert len(ends) == len(stages)


SBATCH = """#!/bin/bash
cp "$1" "{folder}/submitted.sh"
nohup bash "$1" > "{folder}/job.log" 2>&1 < /dev/null &
echo "$!" > "{folder}/pid"
echo "Submitted batch job 17"
"""
SQUEUE = """#!/bin/bash
kill -0 "$(cat {folder}/pid)" 2> /dev/null && echo "17 R"
exit 0
"""
SRUN = """#!/bin/bash
while [[ "$1" != bash ]]; do shift; done
exec "$@"
"""


QSUB = """#!/bin/bash
echo "$@" > "{folder}/asked.txt"
cp "${@: -1}" "{folder}/submitted.sh"
nohup bash "${@: -1}" > "{folder}/job.log" 2>&1 < /dev/null &
echo "$!" > "{folder}/pid"
echo "17.head"
"""
QSTAT = """#!/bin/bash
state=F
kill -0 "$(cat {folder}/pid)" 2> /dev/null && state=R
echo "{\\"Jobs\\": {\\"17.head\\": {\\"job_state\\": \\"$state\\"}}}"
"""
CANCEL = "#!/bin/bash\nkill $(cat {folder}/pid)\n"
SLURM = {
    "sbatch": SBATCH, "squeue": SQUEUE, "srun": SRUN, "sacct": "#!/bin/bash\nexit 1\n",
    "scancel": CANCEL,
}  # fmt: skip
PBS = {"qsub": QSUB, "qstat": QSTAT, "qdel": CANCEL}
SLURM_LINES = (
    "#SBATCH --nodes=1",
    "#SBATCH --time=150",
    "#SBATCH --partition=standard",
    "#SBATCH --account=garnet",
    "#SBATCH --mem=8G",
    "#SBATCH --cpus-per-task=8",
)
PBS_LINES = (
    "#PBS -l walltime=02:30:00",
    "#PBS -l select=1:ncpus=8",
    "#PBS -l place=scatter",
)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Parsl's sockets
@pytest.mark.parametrize(
    ("executor", "commands", "options", "lines"),
    [
        ("slurm", SLURM, "#SBATCH --mem=8G", SLURM_LINES),
        ("pbs", PBS, "#PBS -l place=scatter", PBS_LINES),
    ],
    ids=["slurm", "pbs"],
)
def test_job_is_written_submitted_and_works(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    executor: Literal["slurm", "pbs"],
    commands: dict[str, str],
    options: str,
    lines: tuple[str, ...],
) -> None:
    """Commands of a batch system that run the job here: its script, and its workers at work."""
    folder = tmp_path / "site"
    folder.mkdir()
    for name, text in commands.items():
        path = folder / name
        path.write_text(text.replace("{folder}", str(folder)))
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    resources = ResourcesTable(
        executor=executor, workers=2, nodes=1, cores_per_node=8, walltime="02:30:00",
        queue="standard", account="garnet", setup="echo ready", options=options,
    )  # fmt: skip
    run = tmp_path / "run"
    run.mkdir()
    stages = in_order([stage("last", 0, stage("one", 1), stage("two", 2))])
    with ParslWorkers(resources, run) as workers:
        go(stages, run, workers)
    assert (stages[-1].directory(run) / "number.txt").read_text() == "3"
    script = (folder / "submitted.sh").read_text()
    for line in (*lines, "export OMP_NUM_THREADS=1", "echo ready", "process_worker_pool.py"):
        assert line in script
    if executor == "pbs":
        assert (folder / "asked.txt").read_text().startswith("-q standard -A garnet ")
