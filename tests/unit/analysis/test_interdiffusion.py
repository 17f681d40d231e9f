"""Planted error functions, rate laws, excesses and layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import erfc
from unit.analysis.walks import write_h5md

from sinterface.analysis.interdiffusion import (
    gibbs_excess,
    mixing_fit,
    profile_fit,
    rate_law,
    rich_layer,
)
from sinterface.report.analysis_profiles import compute
from sinterface.report.suite import find_run


def planted(
    rng: np.random.Generator, n: int, centre: float, width: float
) -> tuple[np.ndarray, ...]:
    depth = rng.uniform(-12.0, 12.0, n)
    share = 0.5 * erfc((depth - centre) / (np.sqrt(2.0) * width))
    return depth, rng.random(n) < share


def test_share_of_co() -> None:
    rng = np.random.default_rng(0)
    found = [mixing_fit(*planted(rng, 1500, 1.5, 2.5)) for _ in range(12)]
    centre, width = np.mean(found, axis=0)
    assert centre == pytest.approx(1.5, abs=0.15)
    assert width == pytest.approx(2.5, abs=0.2)


def test_profile_of_one_element() -> None:
    d = np.arange(-12.0, 12.0, 0.25)
    density = 0.01 + 0.02 * erfc((d - 1.0) / (np.sqrt(2.0) * 2.5))
    centre, width = profile_fit(d, density, smoothing_A=1.0)
    assert centre == pytest.approx(1.0, abs=0.02)
    assert width == pytest.approx(2.5, abs=0.05)


@pytest.mark.parametrize(("law", "power"), [("t^1/2", 0.5), ("linear", 1.0)])
def test_rate_laws(law: str, power: float) -> None:
    time = np.linspace(1.0, 100.0, 20)
    counts = 2.0 + 8.0 * time**power + np.random.default_rng(1).normal(size=20)
    found = rate_law(time, counts, np.ones(20))
    assert found.law == law
    assert found.exponent == pytest.approx(power, abs=0.12)


def test_no_law_without_a_rise() -> None:
    found = rate_law(np.arange(1.0, 21.0), np.full(20, 3.0), np.ones(20))
    assert found.law == "not resolved"


def test_excess_and_layer() -> None:
    d = np.arange(-20.0, 20.0, 0.5) + 0.25
    density = np.where(d < 0.0, 0.01, 0.04)
    layer = 0.05 * np.exp(-0.5 * ((d - 3.0) / 0.8) ** 2)
    reach = (-20.0, 20.0)
    assert gibbs_excess(d, density, reach) == pytest.approx(0.0, abs=1e-12)
    excess = gibbs_excess(d, density + layer, reach)
    assert excess == pytest.approx(0.05 * 0.8 * np.sqrt(2.0 * np.pi), rel=1e-3)
    place, height = rich_layer(d, density + layer, reach)
    assert place == pytest.approx(3.0, abs=0.5)
    assert height > 1.25
    assert rich_layer(d, density, reach)[1] < 1.05


def test_dopants_are_no_slab(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    start = rng.random((84, 3)) * 13.0
    start[:4, 2] = (2.0, 4.0, 8.0, 11.0)
    path = start + 0.05 * rng.normal(size=(40, *start.shape))
    path[..., 2] += 0.05 * np.arange(40)[:, None]
    path[:, :4] += np.cumsum(0.4 * rng.normal(size=(40, 4, 3)), axis=0)
    run = write_h5md(
        tmp_path / "run", ["Co"] * 4 + ["La"] * 40 + ["Zr"] * 40, path, 13.0 * np.eye(3), 0.1
    )
    found = compute(find_run(run), n_windows=2)
    assert found.data["sides"] == {}
    assert "no boundary is looked for" in found.notes[-1]
    first, last = np.array(found.data["profiles"]["per_A"])[:, 2]  # La: the drift is taken out
    assert np.abs(first - last).max() < 0.35 * first.max()


@pytest.mark.parametrize(("drift", "shear"), [(0.0, 0), (0.02, 0), (0.0, 1)])
def test_both_sides_of_a_planted_cell(tmp_path: Path, drift: float, shear: int) -> None:
    rng = np.random.default_rng(2)
    planes = np.repeat(np.arange(15.0, 35.1, 2.0), 12)
    lanthanum = rng.permutation(np.linspace(-14.0, 14.0, 150)) % 50.0
    heights = np.concatenate([planes, lanthanum, rng.uniform(0.0, 50.0, 100)])
    symbols = ["Co"] * len(planes) + ["La"] * 150 + ["O"] * 100
    start = np.column_stack([rng.random((len(heights), 2)) * 12.0, heights])
    path = start + 0.05 * rng.normal(size=(12, *start.shape))
    path[..., 2] += drift * np.arange(12)[:, None]
    top = np.flatnonzero(planes == 35.0)[:6]
    path[6:, top, 2] += 8.0
    cell = np.diag([12.0, 12.0, 50.0])
    cell[1:] += shear * cell[0]
    run = write_h5md(
        tmp_path / "run", symbols, path, cell, 0.1,
        region=np.array([1] * len(planes) + [0] * 250, np.int8),
    )  # fmt: skip
    sides = compute(find_run(run), n_windows=2).data["sides"]
    assert sides["li_sufficient"]["co_beyond"]["count"][-1] == pytest.approx(6.0)
    assert sides["li_deficient"]["co_beyond"]["count"][-1] == 0.0
    widths = {side: sides[side]["share_of_co"][-1]["width_A"] for side in sides}
    assert widths["li_sufficient"] > 1.5
    assert widths["li_deficient"] < 0.8
