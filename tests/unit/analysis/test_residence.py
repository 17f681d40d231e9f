"""Residence times of simulated Markov chains, cut by the ends of the run."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sinterface.analysis.residence import residence_time
from sinterface.analysis.visits import find_visits


def two_sites(
    stay: tuple[float, float], n_frames: int, n_ions: int, rng: np.random.Generator
) -> NDArray[np.int32]:
    """Return a stationary two-state chain with mean stays in frames, (n_frames, n_ions)."""
    leave = 1.0 / np.array(stay)
    where = np.empty((n_frames, n_ions), dtype=np.int32)
    where[0] = rng.random(n_ions) < stay[1] / sum(stay)
    for frame in range(1, n_frames):
        now = where[frame - 1]
        where[frame] = np.where(rng.random(n_ions) < leave[now], 1 - now, now)
    return where


def test_known_stays_come_back_inside_their_intervals() -> None:
    rng = np.random.default_rng(1)
    truth = (30.0, 400.0)  # frames; the run is 600 long: most stays on the second are cut
    inside, means = [], []
    for _ in range(200):
        visits = find_visits(two_sites(truth, 600, 12, rng))
        for site in (0, 1):
            found = residence_time(visits, visits.site == site, 0.1)
            low, high = found.ci95_ps
            inside.append((site, low <= 0.1 * truth[site] <= high))
            means.append((site, found.mean_ps))
    for site in (0, 1):
        covered = np.mean([yes for one, yes in inside if one == site])
        assert 0.92 <= covered <= 0.99, (site, covered)
        values = np.array([mean for one, mean in means if one == site])
        assert np.median(values) == pytest.approx(0.1 * truth[site], rel=0.06)


def test_dropping_cut_visits_would_be_wrong_and_kaplan_meier_is_not() -> None:
    rng = np.random.default_rng(2)
    truth = (30.0, 400.0)
    visits = find_visits(two_sites(truth, 600, 400, rng))
    chosen = visits.site == 1
    whole = chosen & ~visits.cut_before & ~visits.cut_after
    assert visits.n_frames[whole].mean() < 0.5 * truth[1]  # what a naive average would say
    found = residence_time(visits, chosen, 1.0)
    assert found.mean_ps == pytest.approx(truth[1], rel=0.1)
    assert found.median_ps == pytest.approx(truth[1] * np.log(2.0), rel=0.1)
    assert not found.kaplan_meier_whole
    times = found.curve_ps
    expected = np.exp(-times / truth[1])
    between = (found.survival_low <= expected + 0.02) & (expected - 0.02 <= found.survival_high)
    assert between[1:-1].mean() > 0.95


def test_no_departure_gives_a_bound() -> None:
    visits = find_visits(np.zeros((100, 5), dtype=np.int32))
    found = residence_time(visits, visits.site == 0, 0.1)
    assert np.isnan(found.mean_ps)
    assert found.ci95_ps[0] == pytest.approx(50.0 / 3.0, rel=0.01)
    assert found.ci95_ps[1] == np.inf
    assert "at least" in found.reason
    none = residence_time(visits, visits.site == 7, 0.1)
    assert none.n_visits == 0
    assert none.to_dict()["ci95_ps"] == [None, None]


def test_recrossings_are_no_jumps() -> None:
    path = np.array([[0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 2, 0, 0]]).T
    every = find_visits(path)
    assert every.site.tolist() == [0, 1, 0, 1, 0, 1, 2, 0]
    calm = find_visits(path, recrossing_frames=2)
    assert calm.site.tolist() == [0, 1, 2, 0]  # the visit to 2 leads on: no recrossing
    assert calm.n_frames.tolist() == [6, 7, 1, 2]
    assert calm.n_frames.sum() == len(path)
    assert calm.cut_before.tolist() == [True, False, False, False]
    assert calm.cut_after.tolist() == [False, False, False, True]
    assert [jump.tolist() for jump in calm.jumps()] == [[0, 1, 2], [1, 2, 0]]


def test_between_sites_counts_to_the_site_that_was_left() -> None:
    path = np.array([[-1, -1, 0, 0, -1, -1, 1, -1]]).T
    found = find_visits(path)
    assert found.site.tolist() == [0, 1]
    assert found.start.tolist() == [2, 6]
    assert found.n_frames.tolist() == [4, 2]
