from __future__ import annotations

import numpy as np
import pytest

from sinterface.errors import InputError
from sinterface.validation.errors_by_system import calibrate, compare, thin


def test_planted_shift_and_noise_come_back() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0.0, 2.0, 100_000)
    found = compare(true, true + 0.5 + rng.normal(0.0, 0.3, len(true)))
    assert found.shift == pytest.approx(0.5, abs=0.005)
    assert found.rmse_shifted == pytest.approx(0.3, rel=0.01)
    assert found.rmse == pytest.approx(np.hypot(0.5, 0.3), rel=0.01)
    assert found.r2_pearson == pytest.approx(4.0 / 4.09, abs=1e-3)  # blind to the shift
    assert found.r2_determination == pytest.approx(1 - 0.34 / 4.0, abs=1e-3)
    assert found.slope == pytest.approx(1.0, abs=0.005)


def test_a_soft_surface_has_a_slope_below_one() -> None:
    true = np.linspace(-3.0, 3.0, 11)
    found = compare(true, 0.75 * true)
    assert found.slope == pytest.approx(0.75)
    assert found.r2_pearson == pytest.approx(1.0)
    assert found.r2_determination == pytest.approx(1 - 0.25**2)


def test_a_constant_prediction_knows_only_the_mean() -> None:
    found = compare([1.0, 2.0, 3.0], [2.0, 2.0, 2.0])
    assert found.r2_determination == pytest.approx(0.0)
    assert np.isnan(found.r2_pearson)


@pytest.mark.parametrize(
    ("true", "predicted", "words"),
    [
        ([1.0], [1.0, 2.0], "can't be compared"),
        ([], [], "can't be compared"),
        ([np.nan], [1.0], "not numbers"),
    ],
)
def test_unfit_values_are_refused(true: list[float], predicted: list[float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        compare(true, predicted)


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_calibration_finds_how_sure_a_committee_is(factor: float) -> None:
    rng = np.random.default_rng(1)
    deviations = rng.uniform(0.1, 1.0, 10_000)
    found = calibrate(deviations, factor * deviations * rng.standard_normal(len(deviations)))
    assert found.ratio == pytest.approx(factor, rel=0.05)
    assert 0.3 < found.correlation < 0.7
    assert np.diff(found.predicted).min() > 0
    assert np.allclose(found.actual, factor * np.array(found.predicted), rtol=0.1)


def test_thin_keeps_ends_and_order() -> None:
    rows = np.arange(20.0).reshape(10, 2)
    kept = thin(rows, 4)
    assert kept[0].tolist() == [0.0, 1.0]
    assert kept[-1].tolist() == [18.0, 19.0]
    assert len(kept) == 4
    assert thin(rows, 10) is rows
