"""Planes and widths that were planted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erfc

from sinterface.analysis.boundaries import find_planes, fit_edge, planes_inwards
from sinterface.errors import InputError


@pytest.mark.parametrize("width", [1.0, 2.0, 3.5])
def test_a_planted_width_comes_back_inside_its_error(width: float) -> None:
    rng = np.random.default_rng(5)
    deviations = []
    for _ in range(20):
        depth = rng.uniform(-10.0, 10.0, 20_000)
        is_co = rng.random(len(depth)) < 0.5 * erfc((depth - 0.7) / (np.sqrt(2.0) * width))
        fit = fit_edge(depth, is_co)
        deviations.append((fit.width_A - width) / fit.width_std_A)
        assert fit.center_A == pytest.approx(0.7, abs=0.2)
        assert fit.width_std_A < 0.1
    # Twenty deviations in units of the error: mean within three errors of zero, spread about one.
    assert abs(np.mean(deviations)) < 3.0 / np.sqrt(20.0)
    assert 0.5 < np.std(deviations) < 1.6


def test_an_edge_without_one_of_the_kinds_has_no_width() -> None:
    depth = np.linspace(-5.0, 5.0, 200)
    assert np.isnan(fit_edge(depth, np.zeros(200, dtype=bool)).width_A)


def test_atoms_that_cross_one_by_one_widen_the_edge_of_a_layered_crystal() -> None:
    depth = np.repeat([-4.0, -2.0, 0.0, 3.0, 5.0, 7.0], 20) + 0.1
    is_co = depth < 1.0
    widths = [fit_edge(depth, is_co).width_A]
    assert 0.5 < widths[0] < 1.5  # the gap between the planes is 3 Å
    for co, other in ((59, 60), (58, 80), (39, 61), (57, 100)):
        is_co[[co, other]] = [False, True]
        widths.append(fit_edge(depth, is_co).width_A)
    assert np.all(np.diff(widths) > 0.0)
    assert widths[-1] < 4.0


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
