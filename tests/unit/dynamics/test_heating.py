"""Ladders of temperature, and a run of one that is killed, goes on and is analysed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from sinterface.analysis.lattice_transition import analyse_transition
from sinterface.dynamics.heating import heat_and_cool, heating_phases, temperature_steps
from sinterface.dynamics.interaction import Interaction
from sinterface.errors import InputError
from sinterface.progress import Progress


def test_the_ladder_goes_up_and_down() -> None:
    phases = heating_phases((300.0, 400.0, 500.0))
    kept = [(phase.name, phase.temperature_K) for phase in phases if phase.keep]
    assert [t for _, t in kept] == [300, 400, 500, 500, 400, 300]
    assert [name.split("-")[0] for name, _ in kept] == ["heat"] * 3 + ["cool"] * 3
    ramps = [phase for phase in phases if phase.end_temperature_K is not None]
    assert [(r.temperature_K, r.end_temperature_K) for r in ramps] == [
        (300, 400), (400, 500), (500, 400), (400, 300)
    ]  # fmt: skip
    assert not any(ramp.keep for ramp in ramps)
    for phase in phases:
        phase.check()


def test_a_ladder_without_holds_is_one_steady_heating() -> None:
    phases = heating_phases((300.0, 400.0, 500.0), hold_ps=0, cooling=False)
    assert [p.name for p in phases if p.keep] == ["heat-400K", "heat-500K"]
    assert all(p.end_temperature_K for p in phases if p.keep)


def test_ladders_that_make_no_sense_are_refused() -> None:
    assert temperature_steps(300, 500, 100) == (300, 400, 500)
    with pytest.raises(InputError, match=r"1\.5 steps of 200 K"):
        temperature_steps(300, 600, 200)
    with pytest.raises(InputError, match="each above the one before"):
        heating_phases((300.0, 200.0))
    with pytest.raises(InputError, match="axes or full"):
        heating_phases((300.0, 400.0), cell="isotropic")
    with pytest.raises(InputError, match="must be above 0"):
        heating_phases((300.0, 400.0), hold_ps=0, ramp_ps=0)


class _Killed(BaseException):
    """Stands for kill -9."""


def test_a_killed_ladder_goes_on_and_argon_stays_cubic(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    phases = heating_phases((20.0, 30.0, 40.0, 50.0), hold_ps=1.5, settle_ps=0.5, ramp_ps=0.5)
    options = {"timestep_fs": 5.0, "checkpoint_interval_ps": 0.5}

    def kill(state: Progress) -> None:
        if state.done > 8:
            raise _Killed

    with pytest.raises(_Killed):
        heat_and_cool(argon, argon_interaction, tmp_path, phases, progress=kill, **options)
    partial = analyse_transition(tmp_path)
    assert 1 <= len(partial.steps) < 8
    heat_and_cool(argon, argon_interaction, tmp_path, phases, **options)
    found = analyse_transition(tmp_path, copies=(3, 3, 3))
    assert [step.temperature_K for step in found.steps] == [20, 30, 40, 50, 50, 40, 30, 20]
    assert {step.n_frames for step in found.steps} == {15}
    assert "cubic" in found.notes[0]
    edges = np.array([step.edges_A.mean() for step in found.branch("heating")])
    assert np.all(np.diff(edges) > 0)  # it expands
    assert found.rate_K_per_ps == pytest.approx(30 / (4 * 2.0 + 3 * 0.5))
