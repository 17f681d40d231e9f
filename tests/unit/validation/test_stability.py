"""Faults that are planted are found, with the right reason."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from unit.validation.surfaces import Repulsive

from sinterface.validation.conservation import nve_drift
from sinterface.validation.dimers import closest_A, curve_faults, dimer_curves, wall_A
from sinterface.validation.elasticity import elastic_constants, equation_of_state, relaxed_cell
from sinterface.validation.holes import search_holes, too_close
from sinterface.validation.judgement import (
    Line,
    judge_crystal,
    judge_dimers,
    judge_drift,
    judge_elastic,
    judge_equation,
    judge_extrapolation,
    judge_holes,
    judge_lattice,
    judge_survival,
    overall,
)


def test_a_wall_passes_and_a_hole_fails_with_its_place() -> None:
    sound = judge_dimers(dimer_curves(Repulsive(), ["Li", "O"]))
    assert (sound.verdict, sound.reason) == ("pass", "3 pairs repel down to 0.5 Å")
    holed = judge_dimers(dimer_curves(Repulsive(hole_A=0.9, depth_eV=60.0), ["O", "Li"]))
    assert holed.verdict == "fail"
    assert "Li–O" in holed.reason or "O–Li" in holed.reason
    assert "attracts between 0.9" in holed.reason
    assert "a hole of" in holed.reason


def test_what_a_curve_can_lack() -> None:
    r = np.linspace(0.5, 4.0, 141)
    assert curve_faults(r, 100 * np.exp(-r / 0.3), 1.2) == []
    assert curve_faults(r, 0.1 * np.exp(-r / 0.3), 1.2) == [
        "rises by only 0.0 eV from 1.20 to 0.50 Å"
    ]
    assert curve_faults(r, np.full(141, np.nan), 1.2) == ["the energy is not a number"]
    bent = np.where(r < 0.8, 100 * r, 100 * np.exp(-r / 0.3))
    assert curve_faults(r, bent, 1.2)[0].startswith("attracts between 0.50 and 0.7")


def test_heat_lets_cations_nearer_but_bonded_atoms_not() -> None:
    # ZBL by hand for Li–Li at 0.93 Å: a = 0.1819 Å, x = 5.11, 139.4 eV × 0.0499 = 6.9 eV = 20 kT
    assert closest_A("Li", "Li", 4000.0) == pytest.approx(0.93, abs=0.01)
    assert closest_A("Li", "Li", 2000.0) > closest_A("Li", "Li", 4000.0)
    assert closest_A("O", "O", 2000.0) == wall_A("O", "O")


def test_walls_lie_inside_every_bond() -> None:
    shortest = {("O", "O"): 1.2, ("Li", "O"): 1.5, ("Co", "O"): 1.6, ("Zr", "O"): 1.6}
    for pair, bond in shortest.items():
        assert wall_A(*pair) < bond
    assert wall_A("La", "La") == 1.5


@pytest.fixture
def salt() -> Atoms:
    return bulk("LiO", "rocksalt", a=4.2, cubic=True) * 2


def test_atoms_inside_the_wall_are_named(salt: Atoms) -> None:
    assert too_close(salt) == []
    salt.positions[1] = salt.positions[0] + [0.6, 0.0, 0.0]
    assert too_close(salt) == ["Li–O 0.60 Å"]


def test_compressions_find_a_hole_that_the_crystal_does_not_feel(salt: Atoms) -> None:
    sound = search_holes(salt, Repulsive(), n_tries=3, steps=40)
    assert sound["faults"] == []
    assert judge_holes("LiO", sound).verdict == "pass"
    deep = Repulsive(hole_A=0.8, depth_eV=80.0)
    holed = judge_holes("LiO", search_holes(salt, deep, n_tries=3, steps=40))
    assert holed.verdict == "fail"
    assert "ended with" in holed.reason
    assert "below the crystal" in holed.reason


class Leaking(EMT):
    """Forces that are no gradient: energy is pumped into the run."""

    def calculate(self, atoms, properties, system_changes) -> None:  # type: ignore[no-untyped-def]
        super().calculate(atoms, properties, system_changes)
        self.results["forces"] = self.results["forces"] + 0.05 * np.sign(atoms.get_velocities())


def test_energy_is_kept_or_not() -> None:
    copper = bulk("Cu", cubic=True) * 2
    kept = nve_drift(copper, EMT(), temperature_K=300.0, duration_ps=0.5, timestep_fs=2.0)
    assert abs(kept["drift_meV_per_atom_ps"]) < 2.0
    leak = nve_drift(copper, Leaking(), temperature_K=300.0, duration_ps=0.5, timestep_fs=2.0)
    assert leak["drift_meV_per_atom_ps"] > 20
    assert judge_drift("Cu", leak).verdict == "fail"
    good = {**kept, "drift_meV_per_atom_ps": 0.01, "error_meV_per_atom_ps": 0.01}
    assert judge_drift("Cu", good).verdict == "pass"
    assert judge_drift("Cu", {**good, "error_meV_per_atom_ps": 1.0}).verdict == "not judged"
    assert judge_drift("Cu", {**good, "drift_meV_per_atom_ps": None}).verdict == "fail"


def test_elasticity_of_copper_hangs_together() -> None:
    relaxed = relaxed_cell(bulk("Cu", cubic=True) * 2, EMT())
    assert relaxed["converged"]
    copper = Atoms("Cu32", relaxed["positions"], cell=relaxed["cell"], pbc=True)
    constants = elastic_constants(copper, EMT())
    assert np.allclose(constants, constants.T)
    assert constants[0, 0] == pytest.approx(constants[2, 2], rel=1e-3)
    assert constants[3, 3] == pytest.approx(constants[5, 5], rel=1e-3)
    modulus = (constants[0, 0] + 2 * constants[0, 1]) / 3  # of a cubic crystal
    equation = equation_of_state(copper, EMT())
    assert equation["bulk_modulus_GPa"] == pytest.approx(modulus, rel=0.05)
    assert equation["lowest_at"] == pytest.approx(1.0, abs=0.01)


def test_verdicts_and_their_reasons() -> None:
    run = {"duration_ps": 2.0, "atoms": 8, "extrapolating_share": 0.01, "faults": []}
    assert judge_survival("x", 2000.0, run).verdict == "pass"
    died = judge_survival("x", 2000.0, {**run, "faults": ["stopped: atoms were lost"]})
    assert (died.verdict, died.reason) == ("fail", "stopped: atoms were lost")
    assert judge_extrapolation({"a": 0.01, "b": None}).verdict == "pass"
    assert judge_extrapolation({"a": 0.05}).reason == "beyond 2 %: a 5 %"
    assert judge_extrapolation({"a": None}).verdict == "not judged"
    cell = {"potential_A": [4.0, 4.0, 4.05], "reference_A": [4.0] * 3, "converged": True}
    assert judge_lattice("x", cell).verdict == "fail"
    assert "+1.25 %" in judge_lattice("x", cell).reason
    assert judge_lattice("x", {**cell, "potential_A": [4.0, 4.0, 4.03]}).verdict == "pass"
    equation = {"potential_GPa": 120.0, "reference_GPa": 100.0,
                "potential_lowest": 1.0, "reference_lowest": 1.0}  # fmt: skip
    assert judge_equation("x", equation).verdict == "fail"
    assert judge_equation("x", {**equation, "potential_GPa": 110.0}).verdict == "pass"
    soft = {"potential_GPa": np.eye(6) * 70, "reference_GPa": np.eye(6) * 100}
    assert judge_elastic("x", soft).verdict == "fail"


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ([True, True], "pass"),
        ([True, None], "not judged"),
        ([None, False], "fail"),
        ([], "not judged"),
    ],
)
def test_crystals(states: list[bool | None], verdict: str) -> None:
    frameworks = [{"element": "Co", "survived": state, "reason": "r"} for state in states]
    assert judge_crystal("x", 900.0, {"faults": [], "frameworks": frameworks}).verdict == verdict


def test_one_failure_decides() -> None:
    lines = [Line("a", "", "pass", ""), Line("b", "", "not judged", ""), Line("c", "", "fail", "")]
    assert overall(lines) == "fail"
    assert overall(lines[:2]) == "not judged"
    assert overall(lines[:1]) == "pass"
    assert overall([]) == "not judged"
