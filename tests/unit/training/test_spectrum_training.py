"""A potential on the power spectrum: from a recipe to Python, ASE, LAMMPS and the torch twin."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from click.testing import Result
from typer.testing import CliRunner
from unit.training.test_pipeline import RECIPE, make_labels

from sinterface.cli.app import app
from sinterface.dataset.frames import read_frames
from sinterface.dataset.splits import split_by_trajectory
from sinterface.dynamics.lammps_library import start_lammps
from sinterface.errors import InputError
from sinterface.potential import lammps_plugin_path
from sinterface.potential.model import load_potential
from sinterface.training.pipeline import train_potential
from sinterface.training.recipe import read_recipe

SPECTRUM = (
    RECIPE.replace("epochs = 12", "epochs = 60")
    .replace("validate_epochs = 6", "validate_epochs = 30")
    .replace(
        "angular = [[0.05, 1, 1.0], [0.05, -1, 1.0]]",
        'spectrum = { channels = 2, degree = [3, 2], products = "neighbouring" }',
    )
)
N_ROWS = 4 * 2 + (4 + 3) + (4 + 3) + (4 + 3) + 3 + 3 + 2 * 3
"""Radial rows; each channel with itself in three pairs; both together, in O–Li twice."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spectrum")
    make_labels(folder / "labels")
    (folder / "train.toml").write_text(SPECTRUM)
    train_potential(folder / "train.toml", folder / "pot", changes={"fit": {"members": 2}})
    return folder


def _frame(trained: Path) -> Atoms:
    return read_frames(trained / "labels")[3].copy()


def test_card_and_files_hold_the_rows(trained: Path) -> None:
    potential = load_potential(trained / "pot")
    assert potential.card["symmetry_functions"]["functions_per_element"] == [N_ROWS, N_ROWS]
    text = (trained / "pot" / "extension.nn").read_text()
    assert text.count("\nspectrum Li ") == text.count("\nspectrum O ") == N_ROWS - 8
    assert "committee_member member-2" in text


def test_training_learns_and_predicts_what_the_card_says(trained: Path) -> None:
    potential = load_potential(trained / "pot")
    frames = read_frames(trained / "labels")
    split = split_by_trajectory(frames, validation=0.2, test=0.2, seed=0)
    calculator = potential.calculator()
    squares, labels = [], []
    for frame in (frames[index] for index in split.test):
        atoms = frame.copy()
        atoms.calc = calculator
        squares.append(np.mean((atoms.get_forces() - frame.get_forces()) ** 2))
        labels.append(np.mean(frame.get_forces() ** 2))
    assert np.mean(squares) < 0.25 * np.mean(labels)
    card = potential.card["errors"]["all"]
    assert card["force_eV_per_A"] == pytest.approx(np.sqrt(np.mean(squares)), abs=2e-4)


def test_equals_the_torch_twin(trained: Path) -> None:
    pytest.importorskip("torch")
    twin, atoms = load_potential(trained / "pot").torch(), _frame(trained)
    found = twin.evaluate(*twin.tensors(atoms))
    atoms.calc = load_potential(trained / "pot").calculator()
    np.testing.assert_allclose(found.forces.numpy(), atoms.get_forces(), atol=1e-9)
    np.testing.assert_allclose(float(found.energies.sum()), atoms.get_potential_energy(), atol=1e-9)


def test_equals_lammps(trained: Path) -> None:
    atoms = _frame(trained) * (2, 2, 2)
    lammps = start_lammps()
    a, b, c = atoms.cell.lengths()
    kinds = [1 if symbol == "Li" else 2 for symbol in atoms.symbols]
    lammps.commands_string(f"""
units metal
atom_modify map array sort 0 0
plugin load {lammps_plugin_path()}
region box block 0 {a} 0 {b} 0 {c}
create_box 2 box
""")
    lammps.create_atoms(len(atoms), list(range(1, len(atoms) + 1)), kinds, atoms.positions.ravel())
    lammps.commands_string(f"""
mass * 10
pair_style sinterface precision double
pair_coeff * * {trained / "pot"} Li O
run 0
""")
    forces = np.ctypeslib.as_array(lammps.gather_atoms("f", 1, 3)).reshape(-1, 3).copy()
    energy = lammps.get_thermo("pe")
    lammps.close()
    atoms.calc = load_potential(trained / "pot").calculator()
    assert energy == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
    np.testing.assert_allclose(forces, atoms.get_forces(), atol=1e-9)


def _run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_export_refuses_with_a_sentence(trained: Path, tmp_path: Path) -> None:
    done = _run("export", trained / "pot", tmp_path / "n2p2")
    assert done.exit_code == 2
    said = " ".join(done.output.split())
    assert f"{2 * (N_ROWS - 8)} rows of the power spectrum" in said
    assert "Traceback" not in said
    assert not (tmp_path / "n2p2").exists()


def test_fine_tuning_and_warm_start_keep_the_rows(trained: Path, tmp_path: Path) -> None:
    from sinterface.training.fine_tune import FINE_TUNING, fine_tune

    quick = FINE_TUNING.model_copy(update={"epochs": 3})
    fine_tune(trained / "pot", [trained / "labels"], tmp_path / "fine", settings=quick)
    kept = [
        (folder / "extension.nn").read_bytes() for folder in (trained / "pot", tmp_path / "fine")
    ]
    assert kept[0] == kept[1]
    load_potential(tmp_path / "fine")
    text = SPECTRUM.replace("epochs = 60", 'start_from = "pot"\nepochs = 1\nlearning_rate = 1e-9')
    (trained / "warm.toml").write_text(text)
    changes = {"fit": {"members": 2}}
    errors = train_potential(trained / "warm.toml", trained / "warm", changes=changes).errors["all"]
    card = load_potential(trained / "pot").card["errors"]["all"]
    assert errors.force_eV_per_A == pytest.approx(card["force_eV_per_A"], abs=2e-4)


def test_listed_rows_give_the_same_potential(trained: Path) -> None:
    rows = read_recipe(trained / "train.toml").rows()
    lines = [row.line for each in rows for row in each]
    (trained / "rows.nn").write_text("# comment\n\n" + "\n".join(reversed(lines)) + "\n")
    start = SPECTRUM.index("radial")
    end = SPECTRUM.index("[loss]")
    text = SPECTRUM[:start] + 'rows = "rows.nn"\n' + SPECTRUM[end:]
    (trained / "listed.toml").write_text(text)
    found = read_recipe(trained / "listed.toml").rows()
    assert [set(each) for each in found] == [set(each) for each in rows]
    assert [row.line for row in found[0][:8]] == [row.line for row in rows[0][:8]]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "degree = [3, 2]",
            "degree = [3, 2, 1]",
            "2 channels of the power spectrum have 3",
        ),
        ("degree = [3, 2]", "degree = 9", "from 0 to 8"),
        ("channels = 2", "channels = 0", "channels must be from 1 to 16"),
        ("channels = 2", "chanels = 2", "Did you mean 'channels'?"),
        ("degree = [3, 2]", 'degree = 2, pairs = [["Li", "Co"]]', "names Co"),
        ("spectrum = {", "angular = []\nspectrum = {", "in the place of angular"),
        ("radial =", 'rows = ["x"]\nradial =', "leave out radial"),
    ],
)
def test_faults_are_one_sentence(trained: Path, old: str, new: str, words: str) -> None:
    (trained / "fault.toml").write_text(SPECTRUM.replace(old, new))
    with pytest.raises(InputError) as caught:
        read_recipe(trained / "fault.toml").rows()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("spectrum Li O O 9 0.1 0.0 0.1 0.0 4.0", "can't be read: write"),
        ("spectrum Li O Co 2 0.1 0.0 0.1 0.0 4.0", "names Co"),
        ("symfunction_short Li 5 O 0.1 0.0 4.0", "can't be read"),
        ("spectrum Li O Li 2 0.2 0.0 0.1 0.0 4.0", "given twice"),
        ("spectrum O O O 2 0.2 0.0 0.1 0.0 5.0", "cutoff_A is 4.0"),
    ],
)
def test_damaged_lists_are_named(trained: Path, line: str, words: str) -> None:
    rows = ["spectrum Li Li O 2 0.1 0.0 0.2 0.0 4.0", "symfunction_short O 2 O 0.1 0.0 4.0", line]
    start, end = SPECTRUM.index("radial"), SPECTRUM.index("[loss]")
    text = SPECTRUM[:start] + f"rows = {json.dumps(rows)}\n" + SPECTRUM[end:]
    (trained / "fault.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        read_recipe(trained / "fault.toml").rows()
    assert words in str(caught.value)


def test_missing_list_is_named(trained: Path) -> None:
    start, end = SPECTRUM.index("radial"), SPECTRUM.index("[loss]")
    text = SPECTRUM[:start] + 'rows = "absent.nn"\n' + SPECTRUM[end:]
    (trained / "fault.toml").write_text(text)
    with pytest.raises(InputError, match=r"there is no 'absent\.nn'"):
        read_recipe(trained / "fault.toml")
