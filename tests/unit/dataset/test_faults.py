"""Planted duplicates and outliers are found with their numbers; the card counts what is there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.dataset.card import make_card
from sinterface.dataset.composition import composition_residuals
from sinterface.dataset.faults import find_faults
from sinterface.dataset.frames import Label, attach, write_frames
from sinterface.dataset.survey import survey


def make_salt(seed: int, system: str = "salt", repeat: int = 1) -> Atoms:
    """A displaced rock-salt cell with a made-up energy and made-up forces."""
    random = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*[range(2)] * 3, indexing="ij"), -1).reshape(-1, 3)
    symbols = ["Li" if parity % 2 else "O" for parity in grid.sum(axis=1)]
    atoms = Atoms(symbols, 2.1 * grid, cell=[4.2] * 3, pbc=True)
    atoms.positions += random.normal(0.0, 0.05, atoms.positions.shape)
    atoms = atoms * (repeat, 1, 1)
    energy = len(atoms) * (-5.0 + 0.02 * random.standard_normal())
    forces = random.normal(0.0, 1.0, atoms.positions.shape)
    label = Label(system, f"{system}-{seed // 2}", 300.0, "lj", "1", "h")
    return attach(atoms, label, {"energy": energy, "forces": forces})


def turned(frame: Atoms, energy: float | None = None) -> Atoms:
    """The same structure, turned, shifted, mirrored in order, and repeated."""
    other = frame.copy()
    other.rotate(33.0, (1, 2, 3), rotate_cell=True)
    other.positions += (0.3, 1.1, -0.7)
    other = other[::-1] * (1, 2, 1)
    other.info = dict(frame.info)
    forces = np.zeros((len(other), 3))
    total = 2 * frame.get_potential_energy() if energy is None else energy
    return attach(other, Label("salt", "turned", 300.0, "lj", "1", "h"),
                  {"energy": total, "forces": forces})  # fmt: skip


@pytest.fixture
def frames() -> list[Atoms]:
    return [make_salt(seed) for seed in range(12)]


def test_clean_frames_have_no_fault(frames: list[Atoms]) -> None:
    faults = find_faults(frames)
    assert faults.duplicates == ()
    assert faults.outliers == ()


def test_a_turned_copy_is_the_same_structure(frames: list[Atoms]) -> None:
    faults = find_faults([*frames, turned(frames[4])])
    (pair,) = faults.duplicates
    assert (pair.first, pair.second) == (4, 12)
    assert pair.difference_A < 1e-6
    assert pair.energy_meV_per_atom == pytest.approx(0.0, abs=1e-9)


def test_tolerance_separates_near_from_equal(frames: list[Atoms]) -> None:
    near = turned(frames[4])
    near.positions += np.random.default_rng(0).normal(0.0, 1e-3, near.positions.shape)
    near.calc.atoms = near.copy()
    far = turned(frames[5])
    far.positions += np.random.default_rng(0).normal(0.0, 0.05, far.positions.shape)
    far.calc.atoms = far.copy()
    pairs = find_faults([*frames, near, far]).duplicates
    assert [(pair.first, pair.second) for pair in pairs] == [(4, 12)]


def test_disagreeing_labels_of_one_structure_are_told(frames: list[Atoms]) -> None:
    other = turned(frames[4], energy=2 * frames[4].get_potential_energy() + 0.016)
    (pair,) = find_faults([*frames, other]).duplicates
    assert pair.energy_meV_per_atom == pytest.approx(1.0)


def test_planted_outliers_are_named_with_their_numbers(frames: list[Atoms]) -> None:
    frames[2].calc.results["forces"][3] = (60.0, 0.0, 0.0)
    frames[5].calc.results["energy"] += 8 * 1.5
    frames[9].positions[0] = frames[9].positions[1] + (0.8, 0.0, 0.0)
    frames[9].calc.atoms = frames[9].copy()
    found = {(each.frame, each.kind): each for each in find_faults(frames).outliers}
    assert set(found) == {(2, "force"), (5, "energy"), (9, "distance Li-O")}
    assert found[2, "force"].value == pytest.approx(60.0)
    assert found[9, "distance Li-O"].value == pytest.approx(0.8)
    assert found[5, "energy"].value == pytest.approx(1500.0, rel=0.1)


def test_composition_explains_what_it_can() -> None:
    frames = [make_salt(seed) for seed in range(3)]
    for frame in frames:
        frame.calc.results["energy"] = -5.0 * len(frame)
    energies, residuals = composition_residuals(frames)
    assert set(energies) == {"Li", "O"}
    assert np.abs(residuals).max() < 1e-6


def test_survey_knows_the_nearest_of_each_pair() -> None:
    atoms = Atoms("LiOLi", [(0, 0, 0), (0, 0, 1.9), (0, 0, -2.4)])
    label = Label("x", "x", 0.0, "lj", "1", "h")
    (fact,) = survey([attach(atoms, label, {"energy": 0.0, "forces": np.zeros((3, 3))})])
    assert fact.formula == "Li2O"
    assert fact.nearest_A == pytest.approx({("Li", "Li"): 2.4, ("Li", "O"): 1.9})


def test_card_counts(frames: list[Atoms]) -> None:
    card = make_card([*frames, make_salt(99, "long", repeat=2)])
    assert (card.n_frames, card.n_atoms, card.n_trajectories) == (13, 12 * 8 + 16, 7)
    assert card.systems == {"long": 1, "salt": 12}
    assert card.compositions == {"LiO": 13}
    assert card.elements == {"Li": 56, "O": 56}
    assert card.temperatures_K == {"300": 13}
    assert sum(map(sum, card.force_counts.values())) == card.n_atoms
    assert card.without_stress == 13
    assert card.volumes_A3_per_atom["salt"] == pytest.approx([4.2**3 / 8] * 3)


def test_commands_tell_and_draw(tmp_path: Path, frames: list[Atoms]) -> None:
    write_frames(tmp_path / "set.extxyz", [*frames, turned(frames[0])])
    source, stem = str(tmp_path / "set.extxyz"), tmp_path / "card"
    result = CliRunner().invoke(app, ["data", "card", source, "-o", str(stem)])
    assert result.exit_code == 0, result.output
    assert "1 duplicates; 0 outliers" in result.stdout
    assert json.loads((tmp_path / "card.json").read_text())["n_frames"] == 13
    figure = (tmp_path / "card.svg").read_text()
    assert figure.startswith("<?xml")
    result = CliRunner().invoke(app, ["data", "check", source, "--json"])
    duplicates = json.loads(result.stdout)["duplicates"]
    assert [(pair["first"], pair["second"]) for pair in duplicates] == [(0, 12)]
    result = CliRunner().invoke(app, ["data", "card", source, "-o", str(tmp_path / "card.gif")])
    assert result.exit_code == 0  # a stem may hold a dot
