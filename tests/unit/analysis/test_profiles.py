"""Profiles count every atom once and stand still while the slabs drift."""

from __future__ import annotations

from typing import Any

import numpy as np

from sinterface.analysis.boundaries import find_planes
from sinterface.analysis.frames import read_track
from sinterface.analysis.profiles import element_profiles


def test_the_integral_is_the_number_of_atoms(make_trajectory: Any, slabs: Any) -> None:
    rng = np.random.default_rng(0)
    frames = slabs.positions + rng.normal(0.0, 0.4, (12, *slabs.positions.shape)).cumsum(axis=0)
    cell = slabs.cell + np.array([[0, 0, 0], [1.5, 0, 0], [0.7, -0.4, 0]])
    track = read_track(make_trajectory(slabs.symbols, slabs.region, frames, cell))
    planes = find_planes(slabs.positions[slabs.of("Co"), 2])
    profiles = element_profiles([track, track], [planes, planes])
    numbers = [len(slabs.of(symbol)) for symbol in profiles.elements]
    sums = profiles.per_A.sum(axis=2) * profiles.bin_width_A
    np.testing.assert_allclose(sums, np.broadcast_to(numbers, sums.shape))
    volume = profiles.area_A2 * profiles.bin_width_A
    np.testing.assert_allclose(profiles.density_per_A3.sum(axis=2) * volume, sums)
    filled = np.isfinite(profiles.fraction[:, 0])
    np.testing.assert_allclose(profiles.fraction.sum(axis=1)[filled], 1.0)


def test_drifting_slabs_stand_still(make_trajectory: Any, slabs: Any) -> None:
    time = np.arange(16)[:, None, None]
    region = slabs.region[None, :, None]
    # Off the bin edges, so that rounding can't move an atom into the next bin.
    start = slabs.positions + np.array([0.0, 0.0, 0.17])
    drift = time * np.where(region == 1, [0.3, 0.1, 0.05], [-0.2, 0.0, -0.07])
    track = read_track(make_trajectory(slabs.symbols, slabs.region, start + drift, slabs.cell))
    planes = find_planes(start[slabs.of("Co"), 2])
    profiles = element_profiles([track], [planes])
    for window in profiles.per_A[1:]:
        np.testing.assert_allclose(window, profiles.per_A[0], atol=1e-12)
