from __future__ import annotations

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
from typer.testing import CliRunner

import sinterface
from sinterface.cli.app import app
from sinterface.errors import InputError
from sinterface.study import pipeline
from sinterface.study.reading import StudyFile

MakeStudy = Callable[..., StudyFile]
INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell has it ignored
sys.path.insert(0, sys.argv.pop(1))
import fake_run
fake_run.FRAMES, fake_run.PAUSE_S = 100, 0.05
from sinterface.study import pipeline
pipeline.PIPELINE = fake_run.pipeline()
from sinterface.cli.app import app
app(prog_name="sinterface")
"""


@pytest.fixture
def command(
    fake: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Any]:
    """The command line over the fakes, in a folder of its own."""
    monkeypatch.setattr(pipeline, "PIPELINE", fake.pipeline())
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Any:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


def test_run_ends_with_the_path_of_the_report(
    command: Callable[..., Any], make_study: MakeStudy, tmp_path: Path
) -> None:
    result = command("run", make_study().path)
    assert result.exit_code == 0
    report = Path(result.stdout.splitlines()[-1])
    assert report.name == "report.html"
    assert report.is_file()
    assert report.parts[:2] == ("runs", "trial")
    assert "dynamics 2: finished in" in result.stderr
    again = command("run", make_study().path)
    assert again.stdout == result.stdout
    assert "build 1: finished earlier" in again.stderr.splitlines()


def test_output_chooses_the_run_directory(
    command: Callable[..., Any], make_study: MakeStudy, tmp_path: Path
) -> None:
    result = command("run", make_study().path, "--output", tmp_path / "deep" / "er")
    assert result.stdout.startswith(str(tmp_path / "deep" / "er" / "report-"))


def test_check_before_and_after(
    command: Callable[..., Any], make_study: MakeStudy, tmp_path: Path
) -> None:
    path = make_study(dynamics={"duration_ps": 10.0, "equilibration_ps": 0.0}).path
    before = json.loads(command("check", path, "--json").stdout)
    assert not (tmp_path / "runs").exists()
    assert [stage["state"] for stage in before["stages"]] == ["to run"] * 6
    assert before["stages"][1]["steps"] == 10_000
    assert before["seconds"] == pytest.approx(2 * 744 * 10_000 / 20_000)
    assert before["stages"][1]["atoms"] == 744
    command("run", path)
    after = json.loads(command("check", path, "--json").stdout)
    assert [stage["state"] for stage in after["stages"]] == ["done"] * 6
    assert (after["seconds"], after["disk_MB"]) == (0.0, 0.0)
    assert after["rate_atom_steps_per_s"] == 50_000.0
    text = command("check", path).stdout
    assert "50,000 atom-steps/s (an earlier run in this directory)" in text
    assert "10,000" in text


def test_check_without_a_benchmark(command: Callable[..., Any], make_study: MakeStudy) -> None:
    forecast = json.loads(command("check", make_study().path, "--no-benchmark", "--json").stdout)
    assert forecast["rate_atom_steps_per_s"] is None
    assert forecast["seconds"] is None
    assert "unknown" in command("check", make_study().path, "--no-benchmark").stdout


def test_show_a_run_and_a_stage(command: Callable[..., Any], make_study: MakeStudy) -> None:
    report = Path(command("run", make_study().path).stdout.strip())
    run = json.loads(command("show", "runs/trial", "--json").stdout)
    assert run["kind"] == "run"
    assert [stage["state"] for stage in run["content"]["stages"]] == ["done"] * 6
    assert run["content"]["results"] == {"frames": 12}
    assert run["content"]["running"] is None
    assert "dynamics 2" in command("show", "runs/trial").stdout
    stage = json.loads(command("show", report.parent, "--json").stdout)
    assert stage["content"]["stage"] == "report"


def test_show_the_shipped_potential(command: Callable[..., Any]) -> None:
    card = json.loads(command("show", "llzo-lco", "--json").stdout)
    shown = command("show", "llzo-lco").stdout
    errors = card["content"]["card"]["errors"]["llzo-cubic"]
    row = next(line for line in shown.splitlines() if line.startswith("llzo-cubic"))
    assert f"{errors['force_eV_per_A']:.2f}" in row.split()
    assert "sinterface train" in shown


def test_show_a_certificate(command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "certificate.json").write_text('{"mismatch": {"a": 0.01}, "elements": ["Li"]}')
    result = command("show", "certificate.json")
    assert "mismatch.a" in result.stdout
    assert "[Li]" in result.stdout
    (tmp_path / "certificate.json").write_text("{")
    assert command("show", "certificate.json").exit_code == 2


def test_failing_stage_is_one_sentence(
    fake: ModuleType,
    command: Callable[..., Any],
    make_study: MakeStudy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(place: Any, progress: Any) -> dict[str, Any]:
        raise InputError("The cell is too small; use size = 'small'.")

    monkeypatch.setattr(pipeline, "PIPELINE", fake.pipeline(analysis=fails))
    result = command("run", make_study().path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == "Error: The cell is too small; use size = 'small'."


def test_ctrl_c_tells_how_to_go_on(fake: ModuleType, make_study: MakeStudy, tmp_path: Path) -> None:
    folder = str(Path(str(fake.__file__)).parent)
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, folder, "run", str(make_study().path), "-o", "run"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(sinterface.__file__).parents[1])},
    )
    deadline = time.monotonic() + 60
    begun = "run/dynamics-1-*/frames.txt"
    while time.monotonic() < deadline and process.poll() is None and not list(tmp_path.glob(begun)):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert "the same command resumes" in err
    assert "Traceback" not in err
    assert (tmp_path / "run" / "lock.json").read_text() == ""
