"""Extrapolations and a committee's deviations, live in dynamics, and limits that stop it."""

from __future__ import annotations

from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from unit.potential.committees import CASE, make_committee

import sinterface
from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.lammps import run_nvt
from sinterface.dynamics.trajectory import open_trajectory
from sinterface.dynamics.watch import STOPPED_NAME, Limits, watch_commands
from sinterface.errors import InputError, RunError
from sinterface.progress import Progress
from sinterface.structures.crystals import layered_lco

SHORT: dict[str, Any] = {
    "temperature_K": 300.0,
    "duration_ps": 0.04,
    "equilibration_ps": 0.01,
    "free_normal": False,
    "timestep_fs": 0.5,
    "frame_interval_ps": 0.01,
    "checkpoint_interval_ps": 0.02,
    "precision": "double",
    "threads": 1,
}


@pytest.fixture(scope="module")
def committee(tmp_path_factory: pytest.TempPathFactory) -> sinterface.Potential:
    folder, _ = make_committee(tmp_path_factory.mktemp("committee"))
    return sinterface.load_potential(folder)


@pytest.fixture(scope="module")
def atoms() -> Atoms:
    found = layered_lco() * (3, 3, 1)
    found.rattle(0.15, seed=5)
    return found


def _expected(potential: sinterface.Potential, atoms: Atoms) -> dict[str, Any]:
    atoms = atoms.copy()
    kind = "forces" if potential.n_members > 1 else "none"
    atoms.calc = potential.calculator(count_extrapolation=True, committee=kind)
    atoms.get_forces()
    return dict(atoms.calc.results)


def test_every_frame_tells_what_ase_finds(committee, atoms, tmp_path):
    heard: list[Progress] = []
    result = run_nvt(atoms, committee, tmp_path, progress=heard.append, **SHORT)
    with open_trajectory(tmp_path) as trajectory:
        watched = trajectory.watched
        for i in range(trajectory.n_frames):
            expected = _expected(committee, trajectory.atoms(i))  # positions are kept in single
            counts = expected["extrapolations"]
            assert watched["atoms_outside_training"][i] == pytest.approx((counts > 0).sum(), abs=1)
            assert watched["most_functions_outside"][i] == pytest.approx(counts.max(), abs=1)
            for name, array in (("energy", "energies_std"), ("force", "forces_std")):
                largest = watched[f"largest_{name}_std"][i]
                assert largest == pytest.approx(expected[array].max(), rel=1e-3)
    assert result.most_atoms_outside_training == watched["atoms_outside_training"].max() > 0
    assert result.largest_force_std_eV_per_A == watched["largest_force_std"].max()
    assert "atoms outside the training range (up to" in heard[-1].message
    assert "force deviation up to" in heard[-1].message


def test_watching_does_not_change_a_single_potential(atoms, tmp_path):
    potential = sinterface.load_potential(CASE)
    result = run_nvt(atoms, potential, tmp_path / "a", **SHORT)
    assert result.most_atoms_outside_training is not None
    assert result.largest_force_std_eV_per_A is None
    from dataclasses import replace

    from sinterface.dynamics.interaction import potential_interaction

    blind = replace(potential_interaction(potential, precision="double"), watched=())
    run_nvt(atoms, blind, tmp_path / "b", **SHORT)
    with open_trajectory(tmp_path / "a") as one, open_trajectory(tmp_path / "b") as two:
        assert set(one.watched) == {"atoms_outside_training", "most_functions_outside"}
        assert two.watched == {}
        assert np.array_equal(one.positions(4), two.positions(4))


def test_extrapolation_limit_stops_a_run(committee, atoms, tmp_path):
    """The reason is told, both states are kept; a higher limit goes on from the checkpoint."""
    atoms = atoms.copy()
    atoms.rattle(0.25, seed=3)
    limit = int(_expected(committee, atoms)["extrapolations"].max()) - 1
    with pytest.raises(RunError, match="max_extrapolations_per_atom = ") as caught:
        run_nvt(atoms, committee, tmp_path, max_extrapolations_per_atom=limit, **SHORT)
    assert f"= {limit}" in str(caught.value)
    assert "equilibration" in str(caught.value)
    good, bad = ase.io.read(tmp_path / STOPPED_NAME, ":")
    assert (good.info["time_ps"], bad.info["time_ps"]) == (0.0, pytest.approx(0.005))
    np.testing.assert_allclose(good.positions, atoms.positions, atol=1e-7)
    expected = _expected(committee, bad)
    np.testing.assert_array_equal(bad.arrays["extrapolations"], expected["extrapolations"])
    np.testing.assert_allclose(bad.arrays["forces_std"], expected["forces_std"], atol=1e-6)
    worst = int(bad.arrays["extrapolations"].argmax())
    assert bad.arrays["extrapolations"][worst] > limit
    assert f"{atoms.symbols[worst]} atom {worst} (counted from 0)" in str(caught.value)
    result = run_nvt(atoms, committee, tmp_path, max_extrapolations_per_atom=1000, **SHORT)
    assert result.n_frames == 5


def test_force_deviation_limit_stops_in_production(committee, atoms, tmp_path):
    run_nvt(atoms, committee, tmp_path / "a", **SHORT)
    with open_trajectory(tmp_path / "a") as trajectory:
        largest = trajectory.watched["largest_force_std"]
    rising = SHORT | {"temperature_K": 3000.0, "duration_ps": 0.5, "equilibration_ps": 0.0}
    limit = 1.2 * float(largest.max())
    with pytest.raises(RunError, match="max_force_deviation_eV_per_A"):
        run_nvt(atoms, committee, tmp_path / "b", max_force_deviation_eV_per_A=limit, **rising)
    _, bad = ase.io.read(tmp_path / "b" / STOPPED_NAME, ":")
    assert bad.arrays["forces_std"].max() > limit
    with open_trajectory(tmp_path / "b") as trajectory:
        assert trajectory.watched["largest_force_std"].max() <= limit
        assert trajectory.time_ps[-1] < bad.info["time_ps"]


def test_limits_are_checked(atoms, tmp_path, argon, argon_interaction: Interaction):
    single = sinterface.load_potential(CASE)
    with pytest.raises(InputError, match="needs a committee"):
        run_nvt(atoms, single, tmp_path, max_force_deviation_eV_per_A=1.0, **SHORT)
    with pytest.raises(InputError, match="or more, got -1"):
        run_nvt(atoms, single, tmp_path, max_extrapolations_per_atom=-1, **SHORT)
    with pytest.raises(InputError, match="needs a potential of sinterface"):
        run_nvt(argon, argon_interaction, tmp_path, max_extrapolations_per_atom=1, **SHORT)


@pytest.mark.parametrize(("frame_steps", "every"), [(100, 10), (25, 5), (7, 7), (13, 1)])
def test_frames_are_among_the_watched_steps(frame_steps, every):
    commands = watch_commands(("extrapolations",), frame_steps, Limits(3))
    assert commands[0] == f"fix watch all pair {every} sinterface extrapolations 1"
    assert commands[1] == "compute watch all reduce max f_watch"
    assert commands[-1].startswith(f"fix limit_extrapolations all halt {every} v_largest_")
    assert watch_commands((), 10, Limits()) == []
