"""Exploration: frames of a potential, kept before its limits, gated, thinned, resumed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.dataset.frames import label_of, read_frames
from sinterface.errors import InputError
from sinterface.potential.committee import write_committee
from sinterface.potential.model import load_potential
from sinterface.reference.environments import frame_features
from sinterface.reference.exploration import Choice, explore, select_frames
from sinterface.reference.labelling import label_file
from sinterface.reference.recipe import Recipe, read_recipe, trajectories
from sinterface.reference.sampling import build_start

TEXT = """
name = "walk"
seed = 5
[[sample]]
system = "lco-layered"
start = { builder = "lco", repeat = [2, 1, 1], antisites = 0.2 }
temperatures_K = [1000, 2000]
settle_steps = 4
steps = 8
keep_every = 4
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "walk.toml").write_text(TEXT)
    return read_recipe(tmp_path / "walk.toml")


@pytest.fixture(scope="module")
def committee(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two members: oxygen's last layer differs by a tenth."""
    folder = tmp_path_factory.mktemp("committee")
    first = load_potential("llzo-lco-n2p2").directory
    other = folder / "other"
    other.mkdir()
    for path in first.iterdir():
        if not path.name.endswith((".data", ".nn")):
            continue
        text = path.read_text()
        if path.name == "weights.008.data":
            lines = text.splitlines()
            lines[-33:-1] = [repr(1.1 * float(line)) for line in lines[-33:-1]]
            text = "\n".join(lines) + "\n"
        (other / path.name).write_text(text)
    write_committee(folder / "both", [first, other])
    return folder / "both"


def test_frames_are_kept_and_known_as_the_students(recipe: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "walk.extxyz.xz"
    report = explore(recipe, "llzo-lco-n2p2", out, workers=1)
    frames = read_frames(out)
    assert (report.n_frames, report.done, report.failed) == (4, 2, 0)
    assert len(frames) == 4
    assert [label_of(frame).temperature_K for frame in frames] == [1000, 1000, 2000, 2000]
    assert label_of(frames[0]).settings_hash.startswith("student llzo-lco-")
    assert label_of(frames[0]).system == "lco-layered"
    again = frames[0].copy()
    again.calc = load_potential("llzo-lco-n2p2").calculator()
    assert np.abs(again.get_forces() - frames[0].get_forces()).max() < 1e-3
    assert explore(recipe, "llzo-lco-n2p2", out, workers=1).skipped == 2


def test_the_reference_takes_over_the_names(recipe: Recipe, tmp_path: Path) -> None:
    explore(recipe, "llzo-lco-n2p2", tmp_path / "walk.extxyz", workers=1)
    reference = "ase:ase.calculators.lj.LennardJones"
    report = label_file(
        tmp_path / "walk.extxyz", tmp_path / "done.extxyz", workers=1, reference=reference
    )
    first, explored = read_frames(report.output)[0], read_frames(tmp_path / "walk.extxyz")[0]
    assert label_of(first).trajectory == label_of(explored).trajectory
    assert label_of(first).reference == reference
    assert np.abs(first.get_forces() - explored.get_forces()).max() > 1e-2


def test_a_run_ends_before_its_limits(recipe: Recipe, tmp_path: Path) -> None:
    tight = recipe.dynamics.model_copy(update={"max_force_eV_per_A": 1e-3})
    strict = recipe.model_copy(update={"dynamics": tight})
    with pytest.raises(Exception, match="2 of 2 labels failed"):
        explore(strict, "llzo-lco-n2p2", tmp_path / "none.extxyz", workers=1)


def test_the_gate_keeps_what_the_committee_doubts(
    recipe: Recipe, committee: Path, tmp_path: Path
) -> None:
    everything = explore(recipe, committee, tmp_path / "a.extxyz", Choice(1e-6), workers=1)
    nothing = explore(recipe, committee, tmp_path / "b.extxyz", Choice(1e6), workers=1)
    assert (everything.n_frames, nothing.n_frames) == (4, 2)  # at least one a trajectory
    doubts = [f.info["force_deviation_eV_per_A"] for f in read_frames(tmp_path / "a.extxyz")]
    kept = [f.info["force_deviation_eV_per_A"] for f in read_frames(tmp_path / "b.extxyz")]
    assert kept == [max(doubts[:2]), max(doubts[2:])]
    with pytest.raises(InputError, match="needs a committee"):
        explore(recipe, "llzo-lco-n2p2", tmp_path / "c.extxyz", Choice(0.1), workers=1)


def test_another_potential_is_refused(recipe: Recipe, committee: Path, tmp_path: Path) -> None:
    explore(recipe, "llzo-lco-n2p2", tmp_path / "a.extxyz", workers=1)
    with pytest.raises(InputError, match="another output"):
        explore(recipe, committee, tmp_path / "a.extxyz", workers=1)


def test_selection_prefers_what_is_new(recipe: Recipe, tmp_path: Path) -> None:
    explore(recipe, "llzo-lco-n2p2", tmp_path / "a.extxyz", workers=1)
    frames = read_frames(tmp_path / "a.extxyz")
    potential = load_potential("llzo-lco-n2p2")
    copies = [frames[0], frames[0].copy(), frames[0].copy(), frames[3]]
    assert select_frames(potential, copies, 2) == [frames[0], frames[3]]
    features = frame_features(potential, frames)
    assert features.shape[0] == 4
    assert features.std(axis=0) == pytest.approx(1.0)


def test_antisites_swap_and_keep_the_composition(recipe: Recipe) -> None:
    start = trajectories(recipe)[0].start
    swapped = build_start(start, seed=1)
    plain = build_start(start.model_copy(update={"antisites": 0.0}), seed=1)
    assert swapped.get_chemical_formula() == plain.get_chemical_formula()
    assert (swapped.numbers != plain.numbers).sum() == 2


def test_command_prints_its_file(tmp_path: Path) -> None:
    (tmp_path / "walk.toml").write_text(TEXT)
    out = tmp_path / "out.extxyz.xz"
    arguments = ["explore", str(tmp_path / "walk.toml"), "-o", str(out), "-w", "1"]
    result = CliRunner().invoke(app, [*arguments, "--select", "3", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["n_frames"] == 3
    assert len(read_frames(out)) == 3
    wrong = CliRunner().invoke(app, ["explore", str(tmp_path / "no.toml")])
    assert wrong.exit_code == 2
    assert "There is no recipe" in wrong.output
