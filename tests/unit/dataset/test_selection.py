"""Farthest-point selection on points whose order is known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sinterface.dataset.selection import farthest_points
from sinterface.errors import InputError

LINE = np.array([[0.0], [1.0], [2.0], [3.0], [10.0]])


def test_order_on_a_line() -> None:
    # mean 3.2: 10 is farthest; then 0; then 3 (3 from 0, 7 from 10); then 1, as far as 2
    assert farthest_points(LINE, 5).tolist() == [4, 0, 3, 1, 2]
    assert farthest_points(LINE, 2).tolist() == [4, 0]


def test_known_points_are_kept_away_from() -> None:
    assert farthest_points(LINE, 2, known=[[9.0]]).tolist() == [0, 3]


def test_copies_come_last() -> None:
    points = np.repeat(np.eye(3), 4, axis=0)
    first = farthest_points(points, 3)
    assert len({int(index) // 4 for index in first}) == 3
    assert sorted(farthest_points(points, 12)) == list(range(12))


def test_every_point_is_within_the_last_distance() -> None:
    points = np.random.default_rng(0).normal(size=(200, 5))
    chosen = points[farthest_points(points, 40)]
    gaps = np.linalg.norm(points[:, None] - chosen[None], axis=-1).min(axis=1)
    between = np.linalg.norm(chosen[:, None] - chosen[None], axis=-1) + 1e9 * np.eye(40)
    assert gaps.max() <= between.min()


def test_refusals() -> None:
    with pytest.raises(InputError, match="6 of 5 points"):
        farthest_points(LINE, 6)
    with pytest.raises(InputError, match="not a number"):
        farthest_points([[np.nan]], 1)
    assert len(farthest_points(np.zeros((0, 3)), 0)) == 0
