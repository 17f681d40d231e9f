"""From a recipe and labels to a potential that predicts, small but whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.calculators.lj import LennardJones

from sinterface.dataset.frames import Label, labelled, read_frames, write_frames
from sinterface.dataset.splits import split_by_trajectory
from sinterface.errors import InputError
from sinterface.potential.model import load_potential
from sinterface.training.exploration import Exploration, explore_files
from sinterface.training.pipeline import WORK_FOLDER, train_potential

RECIPE = """
[data]
files = ["labels"]
validation_fraction = 0.2
test_fraction = 0.2
[potential]
name = "toy"
elements = ["O", "Li"]
hidden = [8, 6]
zbl_A = [0.5, 1.0]
[symmetry]
cutoff_A = 4.0
radial = [[0.1, 0.0], [2.0, 1.8], [2.0, 2.5], [2.0, 3.2]]
angular = [[0.05, 1, 1.0], [0.05, -1, 1.0]]
[loss]
force_eV_per_A = 0.05
[fit]
epochs = 12
batch_frames = 4
validate_epochs = 6
"""


def make_labels(folder: Path) -> list[Atoms]:
    """Rock-salt cells with random displacements, labelled by a Lennard-Jones energy."""
    random = np.random.default_rng(0)
    grid = 2.1 * np.stack(np.meshgrid(*[range(2)] * 3, indexing="ij"), -1).reshape(-1, 3)
    symbols = ["Li" if parity % 2 else "O" for parity in (grid / 2.1).round().sum(axis=1)]
    frames = []
    for index in range(24):
        cell = 4.2 * random.uniform(0.97, 1.05)
        atoms = Atoms(symbols, grid * cell / 4.2, cell=[cell] * 3, pbc=True)
        atoms.positions += random.normal(0.0, 0.07, atoms.positions.shape)
        atoms.calc = LennardJones(sigma=1.9, epsilon=0.3, rc=4.0, smooth=True)
        frames.append(labelled(atoms, Label("salt", f"run-{index // 4}", 300.0, "lj", "1", "h")))
    folder.mkdir()
    write_frames(folder / "labels.extxyz", frames)
    return frames


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    make_labels(folder / "labels")
    (folder / "train.toml").write_text(RECIPE)
    train_potential(folder / "train.toml", folder / "pot")
    return folder


def test_card_tells_how_it_was_made(trained: Path) -> None:
    card = tomllib.loads((trained / "pot" / "potential.toml").read_text())
    assert card["reference"] == {"name": "lj", "version": "1", "settings_hash": "h"}
    assert len(card["data"]["sha256"]["labels/labels.extxyz"]) == 64
    counts = [card["data"][part]["salt"] for part in ("training", "validation", "test")]
    assert sum(counts) == 24
    assert card["errors"]["salt"]["frames"] == counts[2]
    assert card["symmetry_functions"]["functions_per_element"] == [14, 14]


def test_written_potential_has_the_errors_on_its_card(trained: Path) -> None:

    frames = read_frames(trained / "labels")
    split = split_by_trajectory(frames, validation=0.2, test=0.2, seed=0)
    calculator = load_potential(trained / "pot").calculator()
    squares, energies, stresses = [], [], []
    for frame in (frames[index] for index in split.test):
        atoms = frame.copy()
        atoms.calc = calculator
        squares.append(np.mean((atoms.get_forces() - frame.get_forces()) ** 2))
        energy = atoms.get_potential_energy() - frame.get_potential_energy()
        energies.append(1000.0 * energy / len(atoms))
        stresses.append(np.mean((atoms.get_stress(False) - frame.get_stress(False)) ** 2))
    card = load_potential(trained / "pot").card["errors"]["salt"]
    assert card["force_eV_per_A"] == pytest.approx(np.sqrt(np.mean(squares)), abs=2e-4)
    rms = np.sqrt(np.mean(np.square(energies)))
    assert card["energy_meV_per_atom"] == pytest.approx(rms, abs=0.02)
    gpa = 160.21766208 * np.sqrt(np.mean(stresses))
    assert card["stress_GPa"] == pytest.approx(gpa, abs=2e-3)


def test_second_run_finds_the_training_finished(trained: Path) -> None:
    names = ("input.nn", "scaling.data", "weights.003.data", "weights.008.data")
    before = [(trained / "pot" / name).read_bytes() for name in names]
    messages: list[str] = []
    train_potential(
        trained / "train.toml", trained / "pot", lambda state: messages.append(state.message)
    )
    assert not any(message.startswith("epoch") for message in messages)
    assert [(trained / "pot" / name).read_bytes() for name in names] == before


def test_warm_start_begins_where_the_other_ended(trained: Path) -> None:
    text = RECIPE.replace("epochs = 12", 'start_from = "pot"\nepochs = 1\nlearning_rate = 1e-9')
    (trained / "warm.toml").write_text(text)
    errors = train_potential(trained / "warm.toml", trained / "warm").errors["salt"]
    card = load_potential(trained / "pot").card["errors"]["salt"]
    assert errors.force_eV_per_A == pytest.approx(card["force_eV_per_A"], abs=2e-4)
    assert (trained / "warm" / WORK_FOLDER / "learning-curve.csv").exists()


def test_warm_start_from_other_functions_is_refused(trained: Path) -> None:
    text = RECIPE.replace("epochs = 12", 'start_from = "pot"\nepochs = 1')
    (trained / "other.toml").write_text(text.replace("[2.0, 3.2]", "[2.0, 3.4]"))
    with pytest.raises(InputError, match="other symmetry functions"):
        train_potential(trained / "other.toml", trained / "other")


def test_missing_data_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.toml").write_text(RECIPE)
    with pytest.raises(InputError, match="there is no 'labels'"):
        train_potential(tmp_path / "train.toml", tmp_path / "pot")


def test_foreign_element_is_named(trained: Path, tmp_path: Path) -> None:
    text = RECIPE.replace('"labels"', f'"{trained / "labels"}"').replace('"O", ', '"Co", ')
    (tmp_path / "train.toml").write_text(text)
    with pytest.raises(InputError, match=r"holds O, which potential\.elements lacks"):
        train_potential(tmp_path / "train.toml", tmp_path / "pot")


def test_exploration_starts_from_labels_and_stays_physical(trained: Path, tmp_path: Path) -> None:
    from ase.io import read

    settings = Exploration(
        temperatures_K=(300.0,), runs_per_system=2, duration_fs=80.0, keep_every_fs=40.0, seed=3
    )
    output = tmp_path / "next.extxyz"
    number = explore_files(trained / "pot", [trained / "labels"], output, settings)
    structures = read(output, ":")
    assert len(structures) == number <= 4
    for atoms in structures:
        assert atoms.info["system"] == "salt"
        assert atoms.info["trajectory"].startswith("next-salt-")
        assert atoms.get_chemical_formula() == "Li4O4"


def train_as(trained: Path, folder: Path, data: str, epochs: int = 1) -> dict[str, Any]:
    """Train the toy with other keys in its ``[data]`` table and return the card."""
    text = RECIPE.replace('files = ["labels"]', f'files = ["{trained / "labels"}"]\n{data}')
    (folder / "train.toml").write_text(text.replace("epochs = 12", f"epochs = {epochs}"))
    train_potential(folder / "train.toml", folder / "pot")
    return tomllib.loads((folder / "pot" / "potential.toml").read_text())


def test_random_split_is_told_with_its_leaks(trained: Path, tmp_path: Path) -> None:
    card = train_as(trained, tmp_path, 'split = "random"')
    assert card["data"]["split"] == "random"
    assert card["data"]["families_on_both_sides"] >= 3
    assert card["data"]["test"]["salt"] == 5
    whole = tomllib.loads((trained / "pot" / "potential.toml").read_text())
    assert whole["data"]["families_on_both_sides"] == 0


def test_empty_split_is_one_sentence(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Every composition is held out"):
        train_as(trained, tmp_path, 'split = "composition"\nheld_out = ["salt"]')
    with pytest.raises(InputError, match="needs held_out"):
        train_as(trained, tmp_path, 'split = "composition"')
    frames = read_frames(trained / "labels")[:8]  # two runs
    (tmp_path / "few").mkdir()
    write_frames(tmp_path / "few" / "labels.extxyz", frames)
    (tmp_path / "few.toml").write_text(RECIPE.replace('"labels"', '"few"'))
    with pytest.raises(InputError, match="leaves nothing to validate with"):
        train_potential(tmp_path / "few.toml", tmp_path / "few-pot")


def test_mixed_references_need_a_word(trained: Path, tmp_path: Path) -> None:
    frames = read_frames(trained / "labels")
    for frame in frames[12:]:
        frame.info["settings_hash"] = "other"
    (tmp_path / "labels").mkdir()
    write_frames(tmp_path / "labels" / "all.extxyz", frames, mixed=True)
    (tmp_path / "train.toml").write_text(RECIPE.replace("epochs = 12", "epochs = 1"))
    with pytest.raises(InputError, match="different reference settings"):
        train_potential(tmp_path / "train.toml", tmp_path / "pot")
    changes = {"data": {"mixed_references": True}}
    train_potential(tmp_path / "train.toml", tmp_path / "pot", changes=changes)


def test_frames_without_stress_train(trained: Path, tmp_path: Path) -> None:
    frames = read_frames(trained / "labels")
    for frame in frames:
        del frame.calc.results["stress"]
    (tmp_path / "labels").mkdir()
    write_frames(tmp_path / "labels" / "all.extxyz", frames)
    (tmp_path / "train.toml").write_text(RECIPE.replace("epochs = 12", "epochs = 1"))
    errors = train_potential(tmp_path / "train.toml", tmp_path / "pot").errors["salt"]
    assert np.isnan(errors.stress_GPa)
    assert errors.force_eV_per_A > 0


def test_members_make_a_committee_whose_mean_has_the_errors(trained: Path, tmp_path: Path) -> None:
    text = RECIPE.replace('"labels"', f'"{trained / "labels"}"')
    (tmp_path / "train.toml").write_text(text)
    errors = train_potential(
        tmp_path / "train.toml", tmp_path / "pot", changes={"fit": {"members": 3}}
    ).errors["salt"]
    committee = load_potential(tmp_path / "pot")
    assert committee.n_members == 3
    assert len(committee.card["training"]["best_epoch"]) == 3
    single = load_potential(trained / "pot")
    names = ("weights.003.data", "weights.008.data", "scaling.data")
    for name in names:  # the first member is what the same recipe alone gives
        assert (committee.directory / name).read_bytes() == (single.directory / name).read_bytes()
    frames = read_frames(trained / "labels")
    split = split_by_trajectory(frames, validation=0.2, test=0.2, seed=0)
    squares = []
    for frame in (frames[index] for index in split.test):
        atoms = frame.copy()
        atoms.calc = committee.calculator(committee="forces")
        squares.append(np.mean((atoms.get_forces() - frame.get_forces()) ** 2))
        assert atoms.calc.results["forces_std"].max() > 1e-4
    assert errors.force_eV_per_A == pytest.approx(np.sqrt(np.mean(squares)), abs=2e-4)


KILLED = """
import os, signal, sys
from pathlib import Path
from sinterface.training.pipeline import train_potential

def watch(state):
    if state.message.startswith("epoch") and state.done == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

train_potential(Path(sys.argv[1]) / "killed.toml", Path(sys.argv[1]) / "killed", watch)
"""


def test_kill_9_then_the_same_bits(trained: Path) -> None:
    text = RECIPE.replace("validate_epochs = 6", "validate_epochs = 3")
    (trained / "killed.toml").write_text(text)
    train_potential(trained / "killed.toml", trained / "undisturbed")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", KILLED, str(trained), "8"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    train_potential(trained / "killed.toml", trained / "killed")
    for name in ("weights.003.data", "weights.008.data", "training/learning-curve.csv"):
        whole, killed = (trained / kind / name for kind in ("undisturbed", "killed"))
        assert whole.read_bytes() == killed.read_bytes()
    states = [
        torch.load(trained / kind / "training" / "training-state.pt", weights_only=True)
        for kind in ("undisturbed", "killed")
    ]
    assert states[0]["order"] == states[1]["order"]
    for part in ("weights", "average", "best"):
        assert all(torch.equal(states[0][part][k], states[1][part][k]) for k in states[0][part])
    momenta = [state["optimizer"]["state"] for state in states]
    assert all(torch.equal(momenta[0][k]["mean"], momenta[1][k]["mean"]) for k in momenta[0])
