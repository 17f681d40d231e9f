"""Displacements of walks whose diffusivity is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sinterface.analysis.diffusion import mean_squared_displacement, squared_displacements
from sinterface.analysis.frames import read_track

CELL = np.diag([20.0, 20.0, 20.0])


def walk(rng: np.random.Generator, n_atoms: int, n_frames: int, D_A2_per_ps: float) -> np.ndarray:
    """Return a Brownian walk sampled every 0.1 ps."""
    steps = rng.normal(0.0, np.sqrt(2.0 * D_A2_per_ps * 0.1), (n_frames, n_atoms, 3))
    return rng.random((n_atoms, 3)) * 20.0 + np.cumsum(steps, axis=0)


def test_the_fourier_sum_equals_the_direct_one() -> None:
    positions = np.random.default_rng(0).normal(size=(17, 3, 3)).cumsum(axis=0) + 100.0
    found = squared_displacements(positions, 9)
    for lag in range(9):
        moved = positions[lag:] - positions[: len(positions) - lag]
        np.testing.assert_allclose(found[:, lag], (moved**2).sum(axis=2).mean(axis=0), atol=1e-9)


def test_the_fourier_sum_equals_tidynamics() -> None:
    tidynamics = pytest.importorskip("tidynamics")
    positions = np.random.default_rng(1).normal(size=(50, 1, 3)).cumsum(axis=0)
    expected = tidynamics.msd(positions[:, 0])[:25]
    np.testing.assert_allclose(squared_displacements(positions, 25)[0], expected, atol=1e-9)


@pytest.mark.parametrize("n_replicas", [1, 4])
def test_a_known_diffusivity_comes_back_inside_its_error(
    make_trajectory: Any, n_replicas: int
) -> None:
    rng = np.random.default_rng(7)
    deviations = []
    for _ in range(25):
        runs = [
            make_trajectory(["Li"] * 100, np.zeros(100), walk(rng, 100, 201, 0.5), CELL)
            for _ in range(n_replicas)
        ]
        msd = mean_squared_displacement([read_track(run) for run in runs])
        (found,) = msd.diffusivity
        if not found.supported:  # a bad draw may look non-linear, and then says so
            assert "too short" in found.reason
            continue
        assert ("between 4 replicas" in found.reason) == (n_replicas == 4)
        deviations.append((found.D_cm2_per_s - 0.5e-4) / found.D_std_cm2_per_s)
    assert len(deviations) >= 15
    # Removing the drift of 100 walkers takes 1 % off D, less than a third of its error.
    assert abs(np.mean(deviations)) < 0.3 + 3.0 / np.sqrt(len(deviations))
    assert 0.5 < np.std(deviations) < 1.5


def test_vibration_gives_no_diffusivity(make_trajectory: Any) -> None:
    rng = np.random.default_rng(3)
    sites = rng.random((50, 3)) * 20.0
    frames = sites + rng.normal(0.0, 0.2, (100, 50, 3))
    run = make_trajectory(["La"] * 50, np.zeros(50), frames, CELL)
    (found,) = mean_squared_displacement([read_track(run)]).diffusivity
    assert not found.supported
    assert np.isnan(found.D_cm2_per_s)
    assert "vibrate" in found.reason


def test_the_drift_of_each_slab_is_removed(make_trajectory: Any) -> None:
    rng = np.random.default_rng(4)
    symbols, region = ["La"] * 40 + ["Co"] * 40, np.repeat([0, 1], 40)
    frames = rng.random((80, 3)) * 20.0 + rng.normal(0.0, 0.1, (60, 80, 3))
    time = np.arange(60)[:, None, None]
    frames[:, :40] += time * np.array([0.1, 0.0, 0.02])
    frames[:, 40:] += time * np.array([0.0, -0.1, 0.03])
    msd = mean_squared_displacement([read_track(make_trajectory(symbols, region, frames, CELL))])
    # Two ends of a vibration of variance 0.01 in each of three directions.
    np.testing.assert_allclose(msd.msd_A2[:, 1:], 0.06, rtol=0.1)
