"""Pair distributions of crystals and of an ideal gas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sinterface.analysis.frames import read_track
from sinterface.analysis.rdf import partial_rdfs

A = 4.21  # its multiples fall off the edges of the bins
ROCK_SALT = [(i, j, k) for i in range(2) for j in range(2) for k in range(2)]


def rock_salt(shear: bool) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return MgO-like LiO, a = 4.21 Å, in its cubic cell or in a sheared cell of the lattice."""
    cell = A * np.eye(3)
    if shear:
        cell = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 1.0, 1.0]]) @ cell
    symbols = ["Li" if (i + j + k) % 2 == 0 else "O" for i, j, k in ROCK_SALT]
    return symbols, 0.5 * A * np.array(ROCK_SALT, dtype=float), cell


@pytest.mark.parametrize("shear", [False, True])
def test_rock_salt_has_its_shells(make_trajectory: Any, shear: bool) -> None:
    symbols, positions, cell = rock_salt(shear)
    frames = np.stack([positions, positions])
    track = read_track(make_trajectory(symbols, np.zeros(8), frames, cell))
    rdfs = partial_rdfs([track], r_max_A=5.0)
    assert rdfs.pairs == (("Li", "Li"), ("Li", "O"), ("O", "O"))
    expected = [A / np.sqrt(2.0), A / 2.0, A / np.sqrt(2.0)]
    np.testing.assert_allclose(rdfs.first_peak_A, expected, atol=0.03)
    np.testing.assert_allclose(rdfs.coordination, [12.0, 6.0, 12.0])
    shells = 4.0 * np.pi * rdfs.r_A**2 * 0.05 * (4 / A**3)
    second = (rdfs.r_A > 4.0) & (rdfs.r_A < 4.4)
    assert (rdfs.g[0] * shells)[second].sum() == pytest.approx(6.0, rel=1e-3)


def test_a_sheared_copy_of_a_hot_crystal_is_the_same(make_trajectory: Any) -> None:
    curves = []
    for shear in (False, True):
        rng = np.random.default_rng(0)
        symbols, positions, cell = rock_salt(shear)
        moved = positions + rng.normal(0.0, 0.1, positions.shape)
        frames = np.stack([moved, moved])
        track = read_track(make_trajectory(symbols, np.zeros(8), frames, cell))
        curves.append(partial_rdfs([track], r_max_A=6.0).g)
    np.testing.assert_allclose(curves[0], curves[1], atol=1e-9)


def test_an_ideal_gas_is_flat(make_trajectory: Any) -> None:
    rng = np.random.default_rng(1)
    cell = np.array([[12.0, 0.0, 0.0], [3.0, 11.0, 0.0], [1.0, -2.0, 13.0]])
    frames = rng.random((16, 400, 3)) @ cell
    track = read_track(make_trajectory(["Li"] * 150 + ["O"] * 250, np.zeros(400), frames, cell))
    rdfs = partial_rdfs([track])
    far = rdfs.r_A > 3.0
    np.testing.assert_allclose(rdfs.g[:, far].mean(axis=1), 1.0, atol=0.01)
