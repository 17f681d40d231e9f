"""Intervals of a mean of few values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sinterface.analysis.statistics import student_interval


def test_of_three_values_by_the_table() -> None:
    assert student_interval(1.0, 0.1, 3) == pytest.approx((1 - 0.4303, 1 + 0.4303), abs=1e-4)


def test_none_of_one_value() -> None:
    assert student_interval(1.0, 0.1, 1) == ()
    assert student_interval(1.0, math.nan, 5) == ()


def test_it_holds_the_mean_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).normal(size=(4000, 3))
    errors = draws.std(axis=1, ddof=1) / math.sqrt(3)
    pairs = zip(draws.mean(axis=1), errors, strict=True)
    held = [low <= 0.0 <= high for low, high in (student_interval(m, s, 3) for m, s in pairs)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)
