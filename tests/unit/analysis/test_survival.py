"""A crystal keeps its plateau, a melt doesn't."""

from __future__ import annotations

import numpy as np

from sinterface.analysis.diffusion import squared_displacements
from sinterface.analysis.survival import judge_plateau

LAG = 0.1 * np.arange(101)


def judged(positions: np.ndarray, duration_ps: float = 20.0) -> bool | None:
    atoms = squared_displacements(positions, 101)
    return judge_plateau("electrolyte", "La", LAG, atoms, duration_ps).survived


def test_vibration_survives() -> None:
    vibration = np.random.default_rng(0).normal(0.0, 0.25, (201, 24, 3))
    assert judged(vibration) is True


def test_a_melt_does_not_survive() -> None:
    walk = np.random.default_rng(1).normal(0.0, 0.3, (201, 24, 3)).cumsum(axis=0)
    assert judged(walk) is False


def test_a_slow_flow_does_not_survive() -> None:
    rng = np.random.default_rng(2)
    slow = rng.normal(0.0, 0.05, (201, 96, 3)).cumsum(axis=0) + rng.normal(0.0, 0.2, (201, 96, 3))
    assert judged(slow) is False


def test_too_short_a_run_has_no_verdict() -> None:
    vibration = np.random.default_rng(3).normal(0.0, 0.25, (201, 24, 3))
    assert judged(vibration, duration_ps=2.0) is None
