from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sinterface.errors import InputError, RunError
from sinterface.study.reading import StudyFile
from sinterface.study.runner import Listener, run_study
from sinterface.study.stages import plan_tasks, read_record

MakeStudy = Callable[..., StudyFile]
ALL = ["build 1", "dynamics 1", "build 2", "dynamics 2", "analysis", "report"]


def times(directory: Path) -> dict[str, int]:
    """Modification time of every file and folder below stages that are finished."""
    finished = [path.parent for path in directory.glob("*/stage.json")]
    return {str(p): p.stat().st_mtime_ns for d in finished for p in (d, *d.rglob("*"))}


def only(directory: Path, pattern: str) -> Path:
    (found,) = directory.glob(pattern)
    return found


def test_every_stage_runs_once_and_is_skipped_afterwards(
    fake: ModuleType, make_study: MakeStudy, tmp_path: Path
) -> None:
    file, run = make_study(), tmp_path / "run"
    directory = run_study(file, run, fake.pipeline())
    assert (directory / "report.html").is_file()
    assert fake.CALLS == ALL
    before = times(run)
    assert run_study(file, run, fake.pipeline()) == directory
    assert fake.CALLS == ALL
    assert times(run) == before


def test_record_explains_the_stage(fake: ModuleType, make_study: MakeStudy, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run_study(make_study(study={"seed": 40}), run, fake.pipeline())
    record = read_record(only(run, "dynamics-2-*"))
    assert record is not None
    assert record["seed"] == 41
    assert record["settings"]["temperature_K"] == 1500.0
    assert record["inputs"]["build"] == read_record(only(run, "build-2-*"))["hash"]  # type: ignore[index]
    assert record["files"] == {"frames.txt": 6 * len("41 0\n")}
    assert record["host"]["cores"] >= 1
    assert record["started"] <= record["ended"]
    assert "python" in record["versions"]


def test_changed_setting_redoes_only_what_depends_on_it(
    fake: ModuleType, make_study: MakeStudy, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run_study(make_study(), run, fake.pipeline())
    fake.CALLS.clear()
    run_study(make_study(dynamics={"temperature_K": 900.0}), run, fake.pipeline())
    assert fake.CALLS == ["dynamics 1", "dynamics 2", "analysis", "report"]
    fake.CALLS.clear()
    run_study(make_study(report={"title": "x"}), run, fake.pipeline())
    assert fake.CALLS == ["report"]
    fake.CALLS.clear()
    run_study(make_study(dynamics={"threads": 7}), run, fake.pipeline())
    assert fake.CALLS == []


def test_more_replicas_keep_the_earlier_ones(
    fake: ModuleType, make_study: MakeStudy, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run_study(make_study(), run, fake.pipeline())
    fake.CALLS.clear()
    run_study(make_study(study={"replicas": 3}), run, fake.pipeline())
    assert fake.CALLS == ["build 3", "dynamics 3", "analysis", "report"]


def test_controls_are_runs_of_their_own(
    fake: ModuleType, make_study: MakeStudy, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run_study(make_study(), run, fake.pipeline())
    fake.CALLS.clear()
    run_study(make_study(study={"controls": True}), run, fake.pipeline())
    roles = ("electrolyte", "electrode")
    controls = [f"{stage} {role}" for role in roles for stage in ("control", "dynamics")]
    assert [*controls, "analysis", "report"] == fake.CALLS


def test_inputs_decide_the_hash(fake: ModuleType, make_study: MakeStudy) -> None:
    file = make_study()
    tasks = plan_tasks(file, fake.identify(file))
    others = plan_tasks(file, {**fake.identify(file), "potential": "q" * 64})
    assert len({task.hash for task in tasks}) == len(tasks)
    assert all(a.hash != b.hash for a, b in zip(tasks, others, strict=True))


@pytest.mark.parametrize("stage", ["build", "dynamics", "analysis", "report"])
def test_failed_stage_leaves_earlier_ones_and_is_done_again(
    fake: ModuleType, make_study: MakeStudy, tmp_path: Path, stage: str
) -> None:
    file, run = make_study(), tmp_path / "run"

    def fails(place: Any, progress: Any) -> dict[str, Any]:
        (place.directory / "half").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(RunError, match="No room is left on the disk"):
        run_study(file, run, fake.pipeline(**{stage: fails}))
    before = times(run)
    assert len(list(run.glob("*/stage.json"))) == ALL.index(stage if stage in ALL else f"{stage} 1")
    run_study(file, run, fake.pipeline())
    assert fake.CALLS == ALL
    assert before.items() <= times(run).items()
    assert not list(run.glob("*.partial"))


def test_interrupted_run_resumes(fake: ModuleType, make_study: MakeStudy, tmp_path: Path) -> None:
    file, run = make_study(), tmp_path / "run"

    class Impatient(Listener):
        def moved(self, task: Any, progress: Any) -> None:
            if task.part == "2" and progress.done == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(file, run, fake.pipeline(), Impatient())
    directory = run_study(file, run, fake.pipeline())
    frames = only(run, "dynamics-2-*") / "frames.txt"
    assert frames.read_text().splitlines() == [f"1 {frame}" for frame in range(6)]
    assert (directory / "report.html").is_file()


def start(fake: ModuleType, file: StudyFile, run: Path) -> subprocess.Popen[str]:
    """Start a slow run in a process of its own and wait for its third frame of replica 2."""
    command = [sys.executable, str(fake.__file__), str(file.path), str(run), "40", "0.02"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        frames = list(run.glob("dynamics-2-*/frames.txt"))
        if frames and len(frames[0].read_text().splitlines()) >= 3:
            return process
        time.sleep(0.02)
    process.kill()
    raise AssertionError(f"the run didn't get going: {process.communicate()[1]}")


def test_killed_run_resumes_with_the_same_report(
    fake: ModuleType, make_study: MakeStudy, tmp_path: Path
) -> None:
    fake.FRAMES = 40
    file, run = make_study(), tmp_path / "killed"
    process = start(fake, file, run)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert json.loads((run / "lock.json").read_text())["pid"] == process.pid
    acknowledged = only(run, "dynamics-2-*/frames.txt").read_text()
    before = times(run)
    told: list[int] = []

    class Taker(Listener):
        def took_over(self, holder: Any) -> None:
            told.append(holder.pid)

    directory = run_study(file, run, fake.pipeline(), Taker())
    assert told == [process.pid]
    assert fake.CALLS == ["dynamics 2", "analysis", "report"]
    assert before.items() <= times(run).items()
    assert only(run, "dynamics-2-*/frames.txt").read_text().startswith(acknowledged)
    undisturbed = run_study(file, tmp_path / "undisturbed", fake.pipeline())
    assert undisturbed.name == directory.name
    assert (undisturbed / "report.html").read_bytes() == (directory / "report.html").read_bytes()


def test_second_process_is_told_who_holds_the_directory(
    fake: ModuleType, make_study: MakeStudy, tmp_path: Path
) -> None:
    file, run = make_study(), tmp_path / "run"
    process = start(fake, file, run)
    try:
        with pytest.raises(InputError, match=f"held by process {process.pid} on "):
            run_study(file, run, fake.pipeline())
    finally:
        process.kill()
        process.communicate()
    assert fake.CALLS == []


@pytest.mark.parametrize("damage", ["cut", "removed"])
def test_file_of_a_finished_stage_cut_short(
    fake: ModuleType, make_study: MakeStudy, tmp_path: Path, damage: str
) -> None:
    file, run = make_study(), tmp_path / "run"
    run_study(file, run, fake.pipeline())
    frames = only(run, "dynamics-1-*/frames.txt")
    if damage == "cut":
        os.truncate(frames, 7)
    else:
        frames.unlink()
    before = times(run)
    with pytest.raises(InputError, match=r"frames.txt' of a finished stage (has 7 bytes|is miss)"):
        run_study(file, run, fake.pipeline())
    assert times(run) == before


def test_damaged_record(fake: ModuleType, make_study: MakeStudy, tmp_path: Path) -> None:
    file, run = make_study(), tmp_path / "run"
    run_study(file, run, fake.pipeline())
    only(run, "build-1-*/stage.json").write_text('{"stage": "bui')
    with pytest.raises(InputError, match="is damaged"):
        run_study(file, run, fake.pipeline())


def test_stage_that_lost_its_record_is_done_again(
    fake: ModuleType, make_study: MakeStudy, tmp_path: Path
) -> None:
    file, run = make_study(), tmp_path / "run"
    run_study(file, run, fake.pipeline())
    only(run, "build-1-*/stage.json").unlink()
    fake.CALLS.clear()
    run_study(file, run, fake.pipeline())
    assert fake.CALLS == ["build 1"]


def test_run_directory_that_is_a_file(
    fake: ModuleType, make_study: MakeStudy, tmp_path: Path
) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(RunError, match="A file stands in the way"):
        run_study(make_study(), tmp_path / "run", fake.pipeline())


def test_run_directory_that_cannot_be(fake: ModuleType, make_study: MakeStudy) -> None:
    with pytest.raises(RunError, match=r"'/proc/nope' can't be used \(No such file"):
        run_study(make_study(), Path("/proc/nope"), fake.pipeline())


def test_deleted_report_is_written_again(
    fake: ModuleType, make_study: MakeStudy, tmp_path: Path
) -> None:
    file, run = make_study(), tmp_path / "run"
    directory = run_study(file, run, fake.pipeline())
    (directory / "report.html").unlink()
    fake.CALLS.clear()
    assert run_study(file, run, fake.pipeline()) == directory
    assert fake.CALLS == ["report"]
    assert (directory / "report.html").is_file()
