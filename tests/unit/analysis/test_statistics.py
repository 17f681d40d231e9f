"""What may be called a change, and what may not."""

from __future__ import annotations

import numpy as np

from sinterface.analysis.statistics import Evidence, Measure, combine

TIME = np.array([1.0, 2.0])


def measured(values: list[list[float]], resolution: float = np.nan) -> Measure:
    rows = np.array(values)
    return combine(
        "x", "", TIME, rows, np.zeros_like(rows), Evidence(len(rows), ()), resolution=resolution
    )


def test_below_the_resolution_nothing_is_claimed() -> None:
    below = measured([[0.1, 0.5], [0.2, 0.6], [0.3, 0.4]], resolution=1.0)
    assert not below.resolved
    assert not below.changed
    assert "below the resolution set by the planes' spacing" in below.reason


def test_a_change_out_of_the_unresolved_is_a_lower_bound() -> None:
    grown = measured([[0.1, 3.0], [0.2, 3.1], [0.3, 2.9]], resolution=1.0)
    assert grown.resolved
    assert grown.changed
    assert grown.lower_bound
    assert grown.initial == 1.0
    assert np.isclose(grown.change, 2.0)


def test_equal_builds_are_no_certainty() -> None:
    assert not measured([[0.0, 2.0]] * 3).changed


def test_counts_have_at_least_poissons_error() -> None:
    rows = np.array([[0.0, 2.0], [0.0, 2.0], [0.0, 2.0]])
    evidence = Evidence(3, ())
    count = combine("n", "", TIME, rows, rows, evidence, quantum=1.0)
    density = combine("n", "nm⁻²", TIME, rows / 1.5, rows, evidence, quantum=1.0 / 1.5)
    assert np.allclose(count.std, [1.0 / 3.0, np.sqrt(6.0) / 3.0])
    assert np.isclose(count.change_std, np.sqrt(6.0) / 3.0)
    assert np.allclose(density.std, count.std / 1.5)
    assert not count.changed  # 2.0 ± 0.8 with two degrees of freedom
    many = combine("n", "", TIME, 20.0 * rows, rows, evidence, quantum=1.0)
    assert many.changed


def test_a_control_of_which_nothing_can_be_said_is_no_control() -> None:
    unsure = Evidence(3, (), unsure_controls=("electrode",))
    assert not unsure.resolved
    assert "whether the bulk control of the electrode stayed a crystal can't be said" in (
        unsure.reason
    )
