"""Trajectories driven by the reference: frames are labels, limits hold, seeds repeat."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from sinterface.dataset.frames import check_frames, label_of
from sinterface.errors import RunError
from sinterface.reference.calculators import open_reference
from sinterface.reference.recipe import Dynamics, Start, Trajectory
from sinterface.reference.sampling import build_start, check_sane, sample_trajectory

SMALL = Trajectory(
    system="lco-layered",
    start=Start(builder="lco"),
    temperature_K=1000.0,
    volume_scale=1.04,
    strain=0.02,
    rattle_A=0.05,
    relax_steps=2,
    steps=4,
    keep_every=2,
    dynamics=Dynamics(),
    seed=7,
)


def test_frames_carry_the_forces_of_their_positions() -> None:
    pytest.importorskip("chgnet")
    reference = open_reference("chgnet")
    frames = sample_trajectory(SMALL, reference)
    check_frames(frames, "test")
    labels = [label_of(frame) for frame in frames]
    assert [label.temperature_K for label in labels] == [0.0, 0.0, 1000.0, 1000.0]
    assert {label.trajectory for label in labels} == {SMALL.key}
    for frame in frames:
        again = frame.copy()
        again.calc = reference.calculator
        assert np.abs(again.get_forces() - frame.get_forces()).max() < 1e-3
    repeated = sample_trajectory(SMALL, reference)
    assert np.abs(repeated[-1].positions - frames[-1].positions).max() < 1e-4


def test_limits_stop_a_trajectory() -> None:
    pytest.importorskip("chgnet")
    tight = SMALL.model_copy(update={"dynamics": Dynamics(max_force_eV_per_A=1e-3)})
    with pytest.raises(RunError, match="force of"):
        sample_trajectory(tight, open_reference("chgnet"))


def test_check_sane_finds_close_atoms_and_nan() -> None:
    atoms = bulk("Cu", cubic=True)
    atoms.calc = SinglePointCalculator(atoms, energy=0.0, forces=np.zeros((4, 3)))
    check_sane(atoms, 10.0, 0.9)
    with pytest.raises(RunError, match=r"2\.55 Å apart"):
        check_sane(atoms, 10.0, 2.6)
    atoms.calc = SinglePointCalculator(atoms, energy=np.nan, forces=np.zeros((4, 3)))
    with pytest.raises(RunError, match="not a number"):
        check_sane(atoms, 10.0, 0.9)


@pytest.mark.parametrize(
    ("start", "formula"),
    [
        (Start(builder="lco", repeat=(2, 2, 1)), "Co12Li12O24"),
        (Start(builder="doped-llzo", site="Zr", dopants=2), "Co2La24Li56O96Zr14"),
        (Start(builder="mixture", units={"LiCoO2": 8}), "Co8Li8O16"),
    ],
)
def test_starts(start: Start, formula: str) -> None:
    plain, wide = build_start(start), build_start(start, volume_scale=1.2)
    assert plain.get_chemical_formula() == formula
    assert wide.get_volume() == pytest.approx(1.2 * plain.get_volume())
