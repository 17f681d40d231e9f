"""Reading runs: images, strides, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sinterface.analysis.frames import read_track, time_windows
from sinterface.errors import InputError

CELL = np.array([[10.0, 0.0, 0.0], [2.0, 9.0, 0.0], [0.0, 1.0, 12.0]])


def test_positions_start_beside_the_reference(make_trajectory: Any) -> None:
    rng = np.random.default_rng(0)
    home = rng.random((5, 3)) @ CELL
    images = rng.integers(-2, 3, (5, 3)) @ CELL
    frames = home + images + rng.normal(0.0, 0.1, (3, 5, 3))
    run = make_trajectory(["Li"] * 5, np.zeros(5), frames, CELL)
    track = read_track(run, reference=home - CELL[2])
    np.testing.assert_allclose(track.reference, home)
    np.testing.assert_allclose(track.positions, frames - images)


def test_frames_are_thinned_evenly(make_trajectory: Any) -> None:
    frames = np.arange(11.0)[:, None, None] * np.ones((11, 2, 3))
    run = make_trajectory(["Li"] * 2, np.zeros(2), frames, CELL)
    track = read_track(run, max_frames=4)
    np.testing.assert_allclose(track.time_ps, [0.0, 0.3, 0.6, 0.9])


def test_windows_hold_every_frame() -> None:
    edges, index = time_windows(np.linspace(0.0, 4.0, 41), 4)
    np.testing.assert_allclose(edges, [0.0, 1.0, 2.0, 3.0, 4.0])
    assert np.bincount(index).tolist() == [10, 10, 10, 11]


def test_unusable_runs_are_refused(make_trajectory: Any) -> None:
    frames = np.zeros((3, 2, 3))
    run = make_trajectory(["Li"] * 2, np.zeros(2), frames[:1], CELL)
    with pytest.raises(InputError, match="1 frame"):
        read_track(run)
    run = make_trajectory(["Li"] * 2, np.zeros(2), frames, CELL)
    with pytest.raises(InputError, match="has 7 atoms"):
        read_track(run, reference=np.zeros((7, 3)))
    run.time_ps = np.array([0.0, 0.1, 0.5])
    with pytest.raises(InputError, match="evenly spaced"):
        read_track(run)
