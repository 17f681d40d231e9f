"""Transitions planted into lattice data come back; what has none says so."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit

from sinterface.analysis.lattice_steps import (
    Branch,
    Rung,
    guess_copies,
    measure_rung,
    unique_axis,
)
from sinterface.analysis.lattice_transition import PhaseTransition, find_transition
from sinterface.report.transition_figures import is_llzo, transition_csv, transition_figure

LADDER = np.arange(300.0, 1201.0, 50.0)
A_A = 13.1


def rungs(
    branch: Branch, middle_K: float, *, width_K: float = 15.0, axis: int = 2, seed: int = 0
) -> list[Rung]:
    """Return noisy cells whose 1 − c/a falls from 0.03 to 0 around `middle_K`."""
    random = np.random.default_rng(seed)
    found = []
    for t in LADDER:
        order = (0.03 - 1e-5 * (t - 300)) * expit((middle_K - t) / width_K)
        edges = np.full(3, A_A + 1e-4 * (t - 300))
        edges[axis] *= 1 - order
        cells = np.array([np.diag(edges + random.normal(0, 0.02, 3)) for _ in range(50)])
        found.append(Rung(branch, float(t), float(t), cells))
    return found


@pytest.mark.parametrize("middle_K", [620.0, 900.0, 1010.0])
def test_a_planted_transition_comes_back_within_its_error(middle_K: float) -> None:
    found = find_transition(rungs("heating", middle_K))
    fit = found.heating
    assert fit is not None
    assert abs(fit.temperature_K - middle_K) < 2 * fit.std_K
    assert 50 / np.sqrt(12) <= fit.std_K < 40
    assert fit.between_K[0] <= middle_K <= fit.between_K[1]
    assert fit.unique_axis == 2
    coldest = found.branch("heating")[0]
    assert coldest.order == pytest.approx(0.03, abs=0.003)
    assert fit.order(LADDER)[0] == pytest.approx(0.03, abs=0.003)


def test_the_errors_are_those_of_many_repetitions() -> None:
    """Over thirty seeds T0 scatters as its own error says, the ladder's share being the bound."""
    fits = [find_transition(rungs("heating", 905.0, seed=s)).heating for s in range(30)]
    off = np.array([(f.temperature_K - 905.0) / f.std_K for f in fits if f is not None])
    assert len(off) == 30
    assert np.abs(off).max() < 3
    assert off.std() < 1.3


def test_hysteresis_and_another_axis_on_cooling() -> None:
    both = [*rungs("heating", 950.0), *reversed(rungs("cooling", 750.0, axis=0, seed=1))]
    found = find_transition(both, "Li448La192Zr128O768", 1536, (2, 2, 2))
    assert found.cooling is not None
    assert found.cooling.unique_axis == 0
    assert found.hysteresis_K == pytest.approx(200, abs=2 * found.hysteresis_std_K)
    assert found.hysteresis_std_K == pytest.approx(
        np.hypot(found.heating.std_K, found.cooling.std_K)  # type: ignore[union-attr]
    )
    assert found.notes == ()
    again = PhaseTransition.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.to_dict() == found.to_dict()


def test_a_sharp_step_is_known_to_the_ladder_only() -> None:
    fit = find_transition(rungs("heating", 925.0, width_K=0.1)).heating
    assert fit is not None
    assert fit.between_K == (900.0, 950.0)
    assert 900 < fit.temperature_K < 950
    assert 50 / np.sqrt(12) <= fit.std_K < 50


def test_crystals_without_a_transition_say_so() -> None:
    cold = find_transition(rungs("heating", 5000.0))
    assert np.isnan(cold.heating.temperature_K)  # type: ignore[union-attr]
    assert "stays tetragonal up to 1200 K" in cold.notes[0]
    assert "no cooling ran" in cold.notes[1]
    cubic = find_transition([*rungs("heating", 900.0), *rungs("cooling", 10.0)])
    assert "stays cubic at 300 K" in cubic.notes[0]
    assert np.isnan(cubic.hysteresis_K)
    short = find_transition(rungs("heating", 900.0)[:3])
    assert "only 3 temperatures" in short.notes[0]


def test_runs_too_short_to_be_believed_say_so() -> None:
    few = [
        Rung(r.branch, r.temperature_K, r.measured_K, r.cells[:10])
        for r in (*rungs("heating", 700.0), *rungs("cooling", 1000.0))
    ]
    notes = find_transition(few).notes
    assert "as few as 10 frames" in notes[0]
    assert "only noise does" in notes[1]


def test_a_unique_axis_that_turns_is_followed_and_a_cubic_cell_stays_cubic() -> None:
    """One cell of LLZO turned its axis within picoseconds: a fixed c gave 1 − c/a below zero."""
    turned = [
        Rung(r.branch, r.temperature_K, r.measured_K, np.roll(r.cells, (k, k), axis=(1, 2)))
        for k, r in enumerate(rungs("heating", 900.0))
    ]
    fit = find_transition(turned).heating
    assert fit is not None
    assert abs(fit.temperature_K - 900.0) < 2 * fit.std_K
    random = np.random.default_rng(1)
    orders = []
    for _ in range(100):
        cells = np.array([np.diag(row) for row in random.normal(A_A, 0.1, (50, 3))])
        orders.append(measure_rung(Rung("heating", 900.0, 900.0, cells)).order)
    assert abs(np.mean(orders)) < 3 * np.std(orders) / 10


def test_the_unique_axis_and_the_copies() -> None:
    assert unique_axis(np.array([13.1, 12.7, 13.12])) == 1
    assert unique_axis(np.array([12.7, 12.71, 13.1])) == 2
    assert guess_copies(np.diag([26.3, 26.2, 25.4])) == (2, 2, 2)
    assert guess_copies(np.diag([26.3, 26.2, 20.0])) == (1, 1, 1)
    assert guess_copies(np.diag([2.8, 2.8, 14.0])) == (1, 1, 1)


def test_the_figure_shows_both_branches_and_experiment_only_for_llzo() -> None:
    both = [*rungs("heating", 950.0), *rungs("cooling", 750.0, seed=1)]
    llzo = find_transition(both, "Li56La24Zr16O96", 192)
    other = find_transition(both, "Ba8Ti8O24", 40)
    assert is_llzo(llzo)
    assert not is_llzo(other)
    counts = [
        len(transition_figure(found).axes[0].get_legend_handles_labels()[1])
        for found in (llzo, other)
    ]
    assert counts == [5, 4]
    lines = transition_csv(llzo).splitlines()
    assert len(lines) == 1 + 2 * len(LADDER)
    assert lines[0].startswith("branch,temperature_K,measured_K,a_A,b_A,c_A,a_std_A")
