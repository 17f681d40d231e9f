"""Planes and widths that were planted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erfc

from sinterface.analysis.boundaries import edge_width, find_planes, plane_spacing, planes_inwards
from sinterface.errors import InputError

WIDTHS = (1.0, 2.0, 3.0, 4.0, 5.0)
REACH = (-12.0, 12.0)


@pytest.mark.parametrize("planes", [False, True])
def test_planted_widths_come_back_in_their_order(planes: bool) -> None:
    rng = np.random.default_rng(5)
    heights = np.repeat(np.arange(-12.0, 12.1, 2.0), 10)
    found = []
    for width in WIDTHS:
        depth = rng.uniform(*REACH, (200, len(heights)))
        if planes:
            depth = np.broadcast_to(heights, depth.shape)
        is_co = rng.random(depth.shape) < 0.5 * erfc((depth - 1.0) / (np.sqrt(2.0) * width))
        vibration = rng.normal(0.0, 0.2, depth.shape)
        found.append(edge_width(depth + vibration, is_co, spacing_A=2.0, range_A=REACH))
    assert found == pytest.approx(WIDTHS, abs=0.2)
    assert np.all(np.diff(found) > 0.5)


@pytest.mark.parametrize("vibration_A", [0.1, 0.3, 0.5])
def test_sharp_planes_have_no_width_however_they_vibrate(vibration_A: float) -> None:
    rng = np.random.default_rng(0)
    co, other = np.repeat(np.arange(-10.0, 1.0, 2.0), 10), np.repeat(np.arange(2.3, 12.0, 1.6), 10)
    depth = np.concatenate([co, other])
    depth = depth + rng.normal(0.0, vibration_A, (200, len(depth)))
    is_co = np.broadcast_to(np.arange(depth.shape[1]) < len(co), depth.shape)
    assert edge_width(depth, is_co, spacing_A=2.0) < 0.2


def test_an_edge_without_one_of_the_kinds_has_no_width() -> None:
    depth = np.linspace(-5.0, 5.0, 200)
    assert np.isnan(edge_width(depth, np.zeros(200, dtype=bool), spacing_A=2.0))


def test_atoms_that_cross_one_by_one_widen_the_edge_of_a_layered_crystal() -> None:
    depth = np.repeat([-4.0, -2.0, 0.0, 3.0, 5.0, 7.0], 20) + 0.1
    is_co = depth < 1.0
    widths = [edge_width(depth, is_co, spacing_A=2.0)]
    assert widths == [0.0]
    for co, other in ((59, 60), (58, 80), (39, 61), (57, 100)):
        is_co[[co, other]] = [False, True]
        widths.append(edge_width(depth, is_co, spacing_A=2.0))
    assert np.all(np.diff(widths) > 0.0)
    assert widths[-1] < 4.0


def test_the_spacing_of_planes() -> None:
    rng = np.random.default_rng(2)
    heights = np.concatenate([10.0 + 2.0 * k + rng.normal(0.0, 0.1, 8) for k in range(7)])
    assert plane_spacing(heights) == pytest.approx(2.0, abs=0.1)
    assert plane_spacing(np.repeat([10.0, 14.5], 8)) == pytest.approx(4.5)


def test_planes_are_found_past_a_stray_atom() -> None:
    rng = np.random.default_rng(0)
    heights = np.concatenate([10.0 + 2.0 * k + rng.normal(0.0, 0.1, 8) for k in range(6)])
    heights = np.append(heights, [7.9, 22.8])
    planes = find_planes(heights)
    assert planes.lower_A == pytest.approx(10.0, abs=0.1)
    assert planes.upper_A == pytest.approx(20.0, abs=0.1)
    assert np.flatnonzero(planes.lower).tolist() == list(range(8))
    assert np.flatnonzero(planes.upper).tolist() == list(range(40, 48))
    assert np.flatnonzero(planes.inside).tolist() == list(range(16, 32))


@pytest.mark.parametrize("upper", [False, True])
def test_planes_are_peeled_to_the_middle(upper: bool) -> None:
    rng = np.random.default_rng(1)
    heights = np.concatenate([10.0 + 2.0 * k + rng.normal(0.0, 0.1, 8) for k in range(6)])
    found = [
        np.unique(np.flatnonzero(plane) // 8) for plane in planes_inwards(heights, upper=upper)
    ]
    expected = [5, 4, 3] if upper else [0, 1, 2]
    assert [plane.tolist() for plane in found] == [[k] for k in expected]


def test_no_slab_is_refused() -> None:
    with pytest.raises(InputError, match="2 Co atoms"):
        find_planes(np.array([1.0, 2.0]))
    with pytest.raises(InputError, match="one plane"):
        find_planes(np.full(12, 5.0))
