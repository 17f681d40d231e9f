"""Fine-tuning on a few frames: closer to them, the zero of energy found, the rest untouched."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones
from ase.calculators.singlepoint import SinglePointCalculator
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.dataset.frames import Label, labelled, write_frames
from sinterface.errors import InputError
from sinterface.potential.committee import write_committee
from sinterface.potential.model import Potential, load_potential
from sinterface.structures.crystals import layered_lco
from sinterface.training.fine_tune import FINE_TUNING, fine_tune

OFFSETS_EV = {"Li": -190.0, "O": -430.0, "Co": -2900.0}
"""Another reference's zero of energy, as of all-electron or other pseudopotentials."""


def make_frames(number: int) -> list[Atoms]:
    """Displaced LCO labelled by the shipped potential, a weak pair energy, and another zero."""
    shipped = load_potential("llzo-lco-n2p2").calculator()
    frames = []
    for seed in range(number):
        atoms = layered_lco() * (2, 2, 1)
        if seed % 2:
            del atoms[int(np.flatnonzero(atoms.symbols == "Li")[0])]
        atoms.rattle(0.08, seed=seed)
        atoms.calc = shipped
        pairs = atoms.copy()
        pairs.calc = LennardJones(sigma=1.7, epsilon=0.05, rc=4.5, smooth=True)
        zero = sum(OFFSETS_EV[name] for name in atoms.get_chemical_symbols())
        results = {
            "energy": atoms.get_potential_energy() + pairs.get_potential_energy() + zero,
            "forces": atoms.get_forces() + pairs.get_forces(),
            "stress": atoms.get_stress() + pairs.get_stress(),
        }
        frame = atoms.copy()
        frame.calc = SinglePointCalculator(frame, **results)
        frames.append(labelled(frame, Label("lco", "mine", 300.0, "my-dft", "1", "h")))
    return frames


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fine")
    write_frames(folder / "mine.extxyz", make_frames(10))
    settings = FINE_TUNING.model_copy(update={"epochs": 12})
    fine_tune("llzo-lco-n2p2", [folder / "mine.extxyz"], folder / "tuned", settings=settings)
    return folder


def test_ten_frames_bring_it_closer(folder: Path) -> None:
    tuned = load_potential(folder / "tuned")
    rows = tuned.card["errors"]
    before, after = rows["before (zero of energy adjusted)"], rows["after"]
    assert after["force_eV_per_A"] < 0.7 * before["force_eV_per_A"]
    assert after["energy_meV_per_atom"] < before["energy_meV_per_atom"]
    assert tuned.card["data"]["training_frames"] == 8
    unseen = make_frames(14)[10:]
    shipped = load_potential("llzo-lco-n2p2")
    assert force_error(tuned, unseen) < 0.7 * force_error(shipped, unseen)
    for frame in unseen:
        atoms = frame.copy()
        atoms.calc = tuned.calculator()
        energy = atoms.get_potential_energy() - frame.get_potential_energy()
        assert abs(energy) / len(frame) < 0.02  # of 800 eV/atom that the references differ by


def force_error(potential: Potential, frames: list[Atoms]) -> float:
    squares = []
    for frame in frames:
        atoms = frame.copy()
        atoms.calc = potential.calculator()
        squares.append(np.mean((atoms.get_forces() - frame.get_forces()) ** 2))
    return float(np.sqrt(np.mean(squares)))


def test_what_the_frames_lack_stays(folder: Path) -> None:
    shipped, tuned = load_potential("llzo-lco-n2p2"), load_potential(folder / "tuned")
    for name in ("weights.040.data", "weights.057.data"):
        old, new = (np.loadtxt(p.directory / name, usecols=0) for p in (shipped, tuned))
        np.testing.assert_allclose(new, old, rtol=1e-6, atol=1e-8)
    assert (shipped.directory / "scaling.data").read_bytes() == (
        tuned.directory / "scaling.data"
    ).read_bytes()


def test_finished_tuning_is_found(folder: Path) -> None:
    before = (folder / "tuned" / "weights.008.data").read_bytes()
    settings = FINE_TUNING.model_copy(update={"epochs": 12})
    seen: list[str] = []
    fine_tune("llzo-lco-n2p2", [folder / "mine.extxyz"], folder / "tuned",
              lambda state: seen.append(state.message), settings)  # fmt: skip
    assert not seen
    assert (folder / "tuned" / "weights.008.data").read_bytes() == before


def test_a_committee_stays_one(folder: Path) -> None:
    write_committee(folder / "two", ["llzo-lco-n2p2", "llzo-lco-n2p2"])
    settings = FINE_TUNING.model_copy(update={"epochs": 2, "validate_epochs": 1})
    fine_tune(folder / "two", [folder / "mine.extxyz"], folder / "two-tuned", settings=settings)
    tuned = load_potential(folder / "two-tuned")
    assert tuned.n_members == 2
    first, second = (d / "weights.008.data" for d in (tuned.directory, *tuned.member_directories))
    assert first.read_bytes() != second.read_bytes()


def test_mistakes_are_one_sentence(folder: Path, tmp_path: Path) -> None:
    write_frames(tmp_path / "few.extxyz", make_frames(2))
    with pytest.raises(InputError, match="2 frames are too few"):
        fine_tune("llzo-lco-n2p2", [tmp_path / "few.extxyz"], tmp_path / "a")
    bohr = tmp_path / "bohr"
    shutil.copytree(load_potential("llzo-lco-n2p2").directory, bohr)
    (bohr / "extension.nn").write_text("format_version 1\nunits bohr hartree\n")
    with pytest.raises(InputError, match="other units than Å and eV"):
        fine_tune(bohr, [folder / "mine.extxyz"], tmp_path / "b")
    frames = make_frames(3)
    for frame in frames:
        frame.symbols[frame.symbols == "Co"] = "Ni"
        frame.calc.atoms = frame.copy()
    write_frames(tmp_path / "nickel.extxyz", frames)
    command = ["train", str(tmp_path / "nickel.extxyz"), "--from", "llzo-lco-n2p2", "-o"]
    result = CliRunner().invoke(app, [*command, str(tmp_path / "c")])
    assert result.exit_code == 2
    assert "the structure holds Ni" in result.stderr
    result = CliRunner().invoke(app, [*command, str(tmp_path / "c"), "--members", "4"])
    assert result.exit_code == 2
    assert "give one of them" in result.stderr
