"""``sinterface simulate`` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.structures.crystals import layered_lco
from sinterface.study.simulations import list_simulations, read_simulation_set

runner = CliRunner()


@pytest.fixture(scope="module")
def lco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("structures") / "lco.extxyz"
    layered_lco().repeat((3, 3, 1)).write(path)
    return path


def call(*words: object) -> tuple[int, str]:
    done = runner.invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


def test_a_run_its_growth_and_what_show_says(lco: Path, tmp_path: Path) -> None:
    options = ("--temperature-K", 600, "--frame-interval-ps", 0.02, "--seed", 3, "--json")
    short = ("--checkpoint-interval-ps", 0.04, "-o", tmp_path / "run")
    code, text = call("simulate", lco, *options, *short, "--duration-ps", 0.1)
    assert code == 0, text
    result = json.loads(text)["runs"][0]
    assert (result["n_atoms"], result["n_frames"]) == (108, 6)
    code, text = call("simulate", lco, *options, *short, "--duration-ps", 0.2)
    assert json.loads(text)["runs"][0]["n_frames"] == 11
    code, text = call("show", tmp_path / "run", "--json")
    shown = json.loads(text)["content"]
    assert shown["finished"]
    assert (shown["done_ps"], shown["processes"]) == (pytest.approx(0.2), 2)
    assert json.loads((tmp_path / "run" / "simulations.json").read_text())["runs"][0]["seed"] == 3


def test_a_set_runs_side_by_side_and_is_left_alone_when_finished(lco: Path, tmp_path: Path) -> None:
    (tmp_path / "set.toml").write_text(
        f"""structures = ["{lco}"]
        replicas = 2
        temperatures_K = [300.0, 900.0]
        frame_interval_ps = 0.02
        checkpoint_interval_ps = 0.1
        [[phase]]
        name = "warm"
        duration_ps = 0.04
        keep = false
        [[phase]]
        duration_ps = 0.1
        """
    )
    code, text = call("simulate", tmp_path / "set.toml", "-o", tmp_path / "runs", "--json")
    assert code == 0, text
    folders = sorted(path.name for path in (tmp_path / "runs").iterdir() if path.is_dir())
    assert folders == [f"lco-{T}K-seed-{s}" for T in (300, 900) for s in (0, 1)]
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob("segment-*.h5")}
    assert len(before) == 4
    assert call("simulate", tmp_path / "set.toml", "-o", tmp_path / "runs")[0] == 0
    assert before == {p: p.stat().st_mtime_ns for p in before}


def test_minimisation_and_nve_with_their_figures(lco: Path, tmp_path: Path) -> None:
    code, text = call(
        "simulate", lco, "--minimise", "--cell", "full", "--max-steps", 3, "-o", tmp_path / "rest",
        "--json",
    )  # fmt: skip
    assert code == 0, text
    assert json.loads(text)["runs"][0]["n_frames"] == 2
    code, text = call(
        "simulate", lco, "--thermostat", "none", "--duration-ps", 0.1, "--frame-interval-ps", 0.02,
        "--checkpoint-interval-ps", 0.1, "-o", tmp_path / "nve",
    )  # fmt: skip
    assert code == 0, text
    shown = json.loads(call("show", tmp_path / "nve", "--json")[1])["content"]
    assert abs(shown["total_energy_drift_meV_per_atom_ps"]) < 5
    assert shown["ns_per_day"] > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--thermostat", "berendsen"), "phase.0.thermostat in the options"),
        (("--temperature-K", -5), "greater than 0"),
        (("--duration-ps", 0.15), "not a whole multiple"),
        (("--potential", "no-such"), "no-such"),
        (("--freeze-below-A", 1000), "All atoms are frozen"),
        (("--calculator", "ase:nowhere.Nothing"), "nowhere"),
        (("--velocity-interval-ps", 0.03), "whole multiple of velocity_interval_ps"),
    ],
)
def test_bad_input(lco: Path, tmp_path: Path, words: tuple[object, ...], message: str) -> None:
    code, text = call("simulate", lco, "-o", tmp_path / "runs" / "run", *words)
    assert code == 2, text
    assert message in " ".join(text.split())
    assert not (tmp_path / "runs").exists(), "a refused command left something behind"


def test_sparse_frames_and_dense_velocities(lco: Path, tmp_path: Path) -> None:
    words = ("--duration-ps", 0.4, "--frame-interval-ps", 0.2, "--checkpoint-interval-ps", 0.2)
    run = tmp_path / "run"
    code, text = call("simulate", lco, *words, "--velocity-interval-ps", 0.01, "-o", run)
    assert code == 0, text
    code, text = call("analyze", "vibrations", run, "--json")
    assert code == 0, text
    found = json.loads(text)
    assert found["from_velocities"]
    assert found["interval_fs"] == pytest.approx(10.0)
    code, text = call("analyze", "vibrations", run, "--skip", 1, "--segments", 1, "--json")
    assert code == 2, "20 velocities behind the first frame are too few"
    assert "21 frames are too few" in " ".join(text.split())


def test_the_example_set_reads() -> None:
    path = Path(__file__).parents[2] / "examples" / "simulate" / "small-interfaces.toml"
    runs = list_simulations(read_simulation_set(path), path.parent, Path("runs"))
    assert [run.directory.name for run in runs] == [
        f"{plane}-2000K-seed-1" for plane in ("104", "100", "110")
    ]


def test_bad_sets(lco: Path, tmp_path: Path) -> None:
    file = tmp_path / "set.toml"
    cases = {
        "structures = [": "isn't valid TOML",
        'structures = ["a"]\nreplicas = 0\n[[phase]]\nduration_ps = 1.0': "replicas in",
        'structures = ["a"]\n[[phase]]\nduration = 1.0': "'phase.0.duration' in",
        'structures = ["a"]\ntempratures_K = [3.0]\n[[phase]]\nduration_ps = 1.0': (
            "Did you mean 'temperatures_K'?"
        ),
        'structures = ["a"]\n[[phase]]\nduration_ps = 1.0': "There is no structure file",
        f'structures = ["{lco}"]\n[[phase]]\nduration_ps = 1.0': "has no temperature_K",
    }
    for text, message in cases.items():
        file.write_text(text)
        code, printed = call("simulate", file, "-o", tmp_path / "run")
        assert code == 2, printed
        assert message in " ".join(printed.split())
    assert call("simulate", tmp_path / "none.toml")[0] == 2
