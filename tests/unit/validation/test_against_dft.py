"""Frames with DFT labels, and how a reference and a potential are held against them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from unit.validation.counted_reference import FORCE_ERROR_eV_PER_A

from sinterface.cli.checks_tables import dft_table
from sinterface.dataset.frames import label_of
from sinterface.potential.model import load_potential
from sinterface.report.checks_figures import dft_figure
from sinterface.validation import against_dft as module
from sinterface.validation.against_dft import FAMILIES, against_dft, dft_frames
from sinterface.validation.steps import Steps

REFERENCE = "ase:unit.validation.counted_reference.PlantedReference"
SAME = "ase:unit.validation.counted_reference.SamePotential"


@pytest.mark.parametrize("family", FAMILIES)
def test_shipped_labels_are_dft_of_one_composition(family: str) -> None:
    frames = dft_frames(family)
    assert len(frames) >= 8
    assert len({frame.get_chemical_formula() for frame in frames}) == 1
    assert {frame.info["temperature_K"] for frame in frames} == {1000.0, 2000.0}
    for frame in frames:
        label = label_of(frame)
        assert label.reference == "gpaw"
        assert label.reference_settings["hubbard_U_eV"] == {"Co": 3.32}
        assert np.abs(frame.get_forces().mean(axis=0)).max() < 0.02  # of the grid: no net force
    assert len({label_of(frame).settings_hash for frame in frames}) == 1


def test_planted_errors_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With labels by the potential itself it has no error, and the reference the planted one."""
    potential = load_potential("llzo-lco")
    (frame, other) = dft_frames("lco")[:2]
    calculator = potential.calculator(committee="none")
    for each in (frame, other):
        energy, forces = calculator.get_potential_energy(each), calculator.get_forces(each)
        each.calc = SinglePointCalculator(each, energy=energy, forces=0.5 * forces)
    monkeypatch.setattr(module, "FAMILIES", {"lco": "LCO"})
    monkeypatch.setattr(module, "dft_frames", lambda _: [frame, other])
    steps = Steps(tmp_path / "steps", {})
    (row,) = against_dft(potential, REFERENCE, steps)
    assert row["potential"]["force"]["slope"] == pytest.approx(2.0, abs=1e-3)
    assert row["potential"]["energy"]["rmse_shifted"] < 1e-5
    assert row["potential"]["energy"]["slope"] == pytest.approx(1.0, abs=1e-3)
    (same,) = against_dft(potential, SAME, steps)
    assert same["reference"]["force"]["slope"] == pytest.approx(2.0, abs=1e-3)
    difference = np.hypot(same["reference"]["force"]["rmse"], FORCE_ERROR_eV_PER_A)
    assert row["reference"]["force"]["rmse"] == pytest.approx(difference, rel=0.2)
    assert dft_figure([row], tmp_path / "steps", "planted") is not None
    assert dft_table([row], "planted") is not None


def test_families_with_unknown_elements_are_left_out(tmp_path: Path) -> None:
    class WithoutLithium:
        elements = ("Co", "La", "O", "Zr")

    assert against_dft(WithoutLithium(), SAME, Steps(tmp_path, {})) == []  # type: ignore[arg-type]
