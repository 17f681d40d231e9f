"""Against the reference's own dynamics: planted differences, and the potential as its reference."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from sinterface.potential.model import load_potential
from sinterface.progress import Progress
from sinterface.reference.calculators import open_reference
from sinterface.validation import own_dynamics
from sinterface.validation.dynamics_agreement import compare, summary
from sinterface.validation.own_dynamics import (
    SYSTEMS,
    OwnDynamics,
    compare_dynamics,
    move_all_by_reference,
)
from sinterface.validation.steps import Steps
from sinterface.validation.systems import chosen

HERE = Path(__file__).parents[2]
SAME = "ase:unit.validation.counted_reference.SamePotential"


def _estimate(value: float | None, std: float = 0.0, bound: float | None = None) -> dict:
    low, high = (0.0, bound) if value is None else (value - 1.96 * std, value + 1.96 * std)
    return {
        "value": value,
        "std": None if value is None else std,
        "ci95": [low, high],
        "upper_bound": bound,
        "resolved": value is not None,
    }


def _found(peak_A: float, mode_cm1: float, diffusivities: dict[str, dict]) -> dict:
    return {
        "temperature_K": 2000.0,
        "atoms": {"Li": 24, "O": 48, "Co": 3},
        "rdf": {
            "r_A": [1.0],
            "pairs": ["Li–O", "O–Co", "O–O"],
            "g": [[0.0], [0.0], [0.0]],
            "first_peak_A": [peak_A, 1.9, None],
        },
        "spectra": {
            "cm1": [mode_cm1 - 50.0, mode_cm1],
            "density": {"Li": [1.0, 3.0], "total": [1.0, 1.0]},
            "highest_peak": {
                "Li": {"cm1": mode_cm1, "std_cm1": 3.0},
                "total": {"cm1": 1.0, "std_cm1": 1.0},
            },
        },
        "diffusivities": diffusivities,
    }


def test_planted_differences_come_back() -> None:
    theirs = _found(
        2.00,
        400.0,
        {
            "Li": _estimate(1e-5, 1e-6),
            "O": _estimate(1e-6, 1e-7),
            "Co": _estimate(None, bound=1e-7),
        },
    )
    ours = _found(
        2.03,
        404.0,
        {
            "Li": _estimate(1.2e-5, 0.5e-6),
            "O": _estimate(2e-6, 1e-7),
            "Co": _estimate(5e-7, 1e-8),
        },
    )
    found = compare(ours, theirs)
    # three Co are too few for a peak, and the potential shows none between O and O
    assert [row["pair"] for row in found["pairs"]] == ["Li–O"]
    assert [row["element"] for row in found["vibrations"]] == ["Li"]
    agrees = {row["element"]: row["agrees"] for row in found["diffusivities"]}
    assert agrees == {"Li": True, "O": False, "Co": False}
    whole = summary([found])
    assert whole["first_peak_rmse_A"] == pytest.approx(0.03)
    assert whole["vibration_rmse_cm1"] == pytest.approx(4.0)
    assert whole["mean_wavenumber_rmse_cm1"] == pytest.approx(4.0)
    assert found["vibrations"][0]["reference_mean"] == pytest.approx(387.5)
    assert whole["diffusivity_mean_relative_error"] == pytest.approx((0.2 + 1.0) / 2)
    assert (whole["diffusivities"], whole["diffusivities_agreeing"]) == (3, 1)


def test_no_comparison_has_no_figures() -> None:
    assert summary([])["first_peak_rmse_A"] is None
    assert summary([])["diffusivity_mean_relative_error"] is None


def test_the_reference_moves_once_for_all_potentials(tmp_path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    assert str(HERE) in sys.path
    (system,) = chosen(("lco-layered",))
    settings = OwnDynamics(duration_ps=0.4, equilibration_ps=0.1, replicas=1)
    reference = open_reference(SAME)
    references = Steps(tmp_path / "reference", {"reference": reference.settings_hash})
    for fingerprint in ("one", "other"):
        steps = Steps(tmp_path / "steps", {"potential": fingerprint})
        found = compare_dynamics(
            system, load_potential("llzo-lco"), reference, steps, references, settings, small=True
        )
        assert steps.done == 1
    assert (references.done, references.skipped) == (1, 1)
    rows = {row["pair"]: row for row in found["pairs"]}
    assert rows["O–Co"]["potential"] == pytest.approx(rows["O–Co"]["reference"], abs=0.05)
    assert found["spectra"]["potential"]["density"].keys() == {"Li", "O", "Co", "total"}


def test_the_reference_moves_systems_side_by_side_and_once(tmp_path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), *sys.path]))
    systems = chosen(("lco-layered", "mixture-1"))
    settings = OwnDynamics(duration_ps=0.4, equilibration_ps=0.05)
    told: list[Progress] = []
    move_all_by_reference(
        systems, SAME, tmp_path / "moved", settings, workers=2, progress=told.append
    )
    kept = sorted((tmp_path / "moved").glob("*/result.json"))
    assert [path.parent.name.split("-")[2] for path in kept] == ["lco", "mixture"]
    assert told[-1].done == pytest.approx(2.0)
    assert {state.message.split(": ")[1] for state in told} == {"lco-layered", "mixture-1"}

    # what comes with the package isn't moved again
    package = tmp_path / "package"
    (package / own_dynamics.SHIPPED).mkdir(parents=True)
    for path in kept:
        folder = package / own_dynamics.SHIPPED / path.parent.name
        folder.mkdir()
        for name in ("start.extxyz", "result.json"):
            (folder / name).write_bytes((path.parent / name).read_bytes())
    monkeypatch.setattr(own_dynamics, "files", lambda _: package)
    move_all_by_reference(systems, SAME, tmp_path / "again", settings, workers=2)
    again = sorted((tmp_path / "again").glob("*/*"))
    assert [path.name for path in again] == ["result.json", "start.extxyz"] * 2


def test_chgnets_own_dynamics_comes_with_the_package(tmp_path: Path) -> None:
    """Nobody waits hours for it: the steps that `validate --dynamics` asks for are there."""
    move_all_by_reference(chosen(SYSTEMS), "chgnet", tmp_path, OwnDynamics(), workers=1)
    kept = sorted(tmp_path.glob("own-dynamics-*/result.json"))
    assert len(kept) == len(SYSTEMS)
    for path in kept:
        found = json.loads(path.read_text(encoding="utf-8"))
        assert found["settings"]["run"]["duration_ps"] == 20.0
        assert 1850.0 < found["result"]["temperature_K"] < 2150.0
