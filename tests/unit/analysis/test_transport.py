"""Diffusivities of walks whose diffusivity is known, in every disguise a file can have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from unit.analysis.walks import brownian, persistent, two_site, write_extxyz, write_h5md

from sinterface.analysis.diffusion import squared_displacements
from sinterface.analysis.slope_covariance import MotionModel, msd_covariance
from sinterface.analysis.slope_scatter import Scatters
from sinterface.analysis.slopes import Slope, fit_lags, fit_slope
from sinterface.analysis.stream import Selection, open_frames
from sinterface.analysis.transport import Transport, transport
from sinterface.errors import InputError

CELL = np.array([[9.0, 0.0, 0.0], [1.0, 10.0, 0.0], [0.5, -1.0, 11.0]])
INTERVAL = Selection(frame_interval_fs=100.0)


def slope_of(path: np.ndarray) -> Slope:
    n_frames, n_atoms, n_components = path.shape
    lags = fit_lags(n_frames)
    each = squared_displacements(path, int(lags[-1]) + 1)[:, lags]
    scatters = Scatters(n_frames)
    scatters.add(path, each)
    return fit_slope(
        lags,
        each.mean(axis=0),
        lengths=np.array([n_frames]),
        numbers=np.array([float(n_atoms)]),
        n_components=n_components,
        scatters=scatters,
    )


def coverage(make: Callable[[np.random.Generator], tuple[np.ndarray, float]], n: int) -> float:
    rng = np.random.default_rng(11)
    inside = 0
    for _ in range(n):
        path, slope = make(rng)
        low, high = slope_of(path).interval()
        inside += low <= slope <= high
    return inside / n


def test_the_true_value_is_inside_95_percent_intervals_95_times_of_100() -> None:
    found = coverage(lambda rng: (brownian(rng, 60, 10), 3.0), 400)
    assert 0.92 <= found <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda rng: (brownian(rng, 200, 50), 3.0),
        lambda rng: (brownian(rng, 20, 20), 3.0),
        lambda rng: two_site(rng, 400, 40),
    ],
    ids=["many", "few frames", "two sites"],
)
def test_intervals_of_other_walks(
    make: Callable[[np.random.Generator], tuple[np.ndarray, float]],
) -> None:
    assert 0.92 <= coverage(make, 400) <= 0.98


@pytest.mark.slow
def test_intervals_of_ballistic_vibrating_atoms_are_no_narrower() -> None:
    assert coverage(lambda rng: persistent(rng, 400, 20), 400) >= 0.92


def test_ions_that_move_together_still_have_a_line() -> None:
    """Their MSD scatters more than that of independent ones, which is no curvature."""
    rng = np.random.default_rng(4)
    slopes = []
    for _ in range(25):
        shared = np.repeat(brownian(rng, 1500, 12), 4, axis=1)
        slopes.append(slope_of(np.sqrt(0.9) * shared + np.sqrt(0.1) * brownian(rng, 1500, 48)))
    assert np.mean([slope.linear for slope in slopes]) >= 0.9  # 0.75 taken as independent
    assert np.mean([slope.value for slope in slopes]) == pytest.approx(3.0, rel=0.1)


def test_covariance_is_that_of_many_walks() -> None:
    rng = np.random.default_rng(3)
    lags = np.array([1, 2, 5, 10])
    walks = brownian(rng, 40, 20000)[..., :1]
    each = squared_displacements(walks, 11)[:, lags]
    model = MotionModel(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 0.0, 1.0)
    expected = msd_covariance(model, lags, np.array([40]), np.array([1.0]))
    np.testing.assert_allclose(np.cov(each.T), expected, rtol=0.08)


def analysed(path: Path, **options: object) -> Transport:
    with open_frames(path, Selection(100.0)) as frames:
        return transport([frames], **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def walk() -> np.ndarray:
    return 4.0 + brownian(np.random.default_rng(5), 150, 12, step=0.4)


@pytest.fixture(scope="module")
def plain(walk: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> float:
    path = tmp_path_factory.mktemp("plain") / "walk.extxyz"
    return value(analysed(write_extxyz(path, ["Li"] * 12, walk, CELL)))


def value(found: Transport) -> float:
    return found.elements[0].tracer_diffusivity_cm2_s.value


def test_value_of_a_walk(plain: float) -> None:
    assert plain == pytest.approx(0.4**2 / 2.0 / 0.1 * 1e-4, rel=0.15)


def test_wrapped_copy_is_unwrapped(walk: np.ndarray, plain: float, tmp_path: Path) -> None:
    path = write_extxyz(tmp_path / "w.extxyz", ["Li"] * 12, walk, CELL, wrap=True)
    found = analysed(path)
    assert value(found) == pytest.approx(plain, rel=1e-6)
    assert "unwrapped by the nearest image" in found.notes[0]


def test_sheared_copy_of_the_cell(walk: np.ndarray, plain: float, tmp_path: Path) -> None:
    sheared = CELL.copy()
    sheared[1] += CELL[0]
    sheared[2] -= CELL[1]
    path = write_extxyz(tmp_path / "s.extxyz", ["Li"] * 12, walk, sheared, wrap=True)
    assert value(analysed(path)) == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize("wrap", [False, True])
def test_breathing_cell(walk: np.ndarray, plain: float, tmp_path: Path, wrap: bool) -> None:
    scale = 1.0 + 0.01 * np.random.default_rng(2).normal(size=(len(walk), 1, 1))
    path = write_extxyz(tmp_path / "n.extxyz", ["Li"] * 12, walk * scale, CELL * scale, wrap=wrap)
    assert value(analysed(path)) == pytest.approx(plain, rel=2e-3)


def test_h5md_in_float32(walk: np.ndarray, plain: float, tmp_path: Path) -> None:
    run = write_h5md(tmp_path / "run", ["Li"] * 12, walk, CELL, 0.1)
    with open_frames(run) as frames:
        found = transport([frames])
    assert value(found) == pytest.approx(plain, rel=1e-3)
    assert found.temperature_K == pytest.approx(1000.0)


def test_drift_of_a_framework_at_rest(walk: np.ndarray, plain: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    rest = rng.random((8, 3)) * 9.0 + 0.05 * rng.normal(size=(len(walk), 8, 3))
    both = np.concatenate([walk, rest], axis=1) + 0.3 * np.arange(len(walk))[:, None, None]
    path = write_extxyz(tmp_path / "d.extxyz", ["Li"] * 12 + ["La"] * 8, both, CELL)
    found = analysed(path)
    assert value(found) == pytest.approx(plain, rel=0.01)
    assert "La" in found.drift
    lanthanum = found.elements[1].tracer_diffusivity_cm2_s
    assert not lanthanum.resolved
    assert lanthanum.upper_bound < 0.01 * plain
    assert lanthanum.ci95 == (0.0, lanthanum.upper_bound)


def test_vibrating_atoms_give_a_bound(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    still = rng.random((20, 3)) * 9.0 + 0.2 * rng.normal(size=(200, 20, 3))
    found = analysed(write_extxyz(tmp_path / "v.extxyz", ["Li"] * 20, still, CELL))
    estimate = found.elements[0].tracer_diffusivity_cm2_s
    assert np.isnan(estimate.value)
    assert 0.0 < estimate.upper_bound < 1e-6


def test_few_jumps_give_a_bound(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    path = rng.random((20, 3)) * 9.0 + 0.1 * rng.normal(size=(200, 20, 3))
    path[90:, 3, 0] += 2.0
    path[150:, 7, 1] += 2.0
    found = analysed(write_extxyz(tmp_path / "j.extxyz", ["Li"] * 20, path, CELL))
    estimate = found.elements[0].tracer_diffusivity_cm2_s
    assert not estimate.resolved
    assert estimate.upper_bound > 2 * 4.0 / 20 / (6 * 19.9) * 1e-4


def test_four_atoms_with_rare_hops_give_a_bound(tmp_path: Path) -> None:
    path, slope = two_site(np.random.default_rng(3), 300, 4, leave=(0.05, 0.05))
    found = analysed(write_extxyz(tmp_path / "r.extxyz", ["Co"] * 4, 4.0 + path, CELL))
    estimate = found.elements[0].tracer_diffusivity_cm2_s
    assert not estimate.resolved
    assert "rare hops" in estimate.reason
    assert estimate.upper_bound > slope / 6.0 / 0.1 * 1e-4
    many, _ = two_site(np.random.default_rng(3), 300, 24, leave=(0.05, 0.05))
    found = analysed(write_extxyz(tmp_path / "m.extxyz", ["Co"] * 24, 4.0 + many, CELL))
    assert found.elements[0].tracer_diffusivity_cm2_s.resolved


def test_collective_diffusivity_and_conductivity(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    steps = rng.normal(scale=0.3, size=(600, 1, 3)) + rng.normal(scale=0.3, size=(600, 9, 3))
    path = write_extxyz(tmp_path / "c.extxyz", ["Li"] * 9, np.cumsum(steps, axis=0), CELL)
    found = analysed(path, temperature_K=1000.0)
    one = found.elements[0]
    # common step: the sum moves (9 + 81)/9 = 10 times as fast as independent atoms of half D
    assert one.haven_ratio.ci95[0] <= 2.0 / 10.0 <= one.haven_ratio.ci95[1]
    expected = one.nernst_einstein_S_cm.value / one.haven_ratio.value
    assert found.conductivity_S_cm.value == pytest.approx(expected, rel=1e-6)


def test_replicas_are_pooled(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    paths = [
        write_extxyz(tmp_path / f"{i}.extxyz", ["Li"] * 5, brownian(rng, 80 + i, 5, 0.3), CELL)
        for i in range(4)
    ]
    runs = [open_frames(path, INTERVAL) for path in paths]
    both, single = transport(runs), transport(runs[:1])
    for run in runs:
        run.close()
    std = [one.elements[0].tracer_diffusivity_cm2_s.std for one in (both, single)]
    assert std[0] < 0.7 * std[1]


def test_refusals(tmp_path: Path, walk: np.ndarray) -> None:
    path = write_extxyz(tmp_path / "w.extxyz", ["Li"] * 12, walk, CELL)
    with pytest.raises(InputError, match="frame-interval-fs"):
        open_frames(path)
    with pytest.raises(InputError, match="holds no Na"):
        analysed(path, elements=["Na"])
    with (
        pytest.raises(InputError, match="needs 10 or more"),
        open_frames(path, Selection(100.0, skip=145)) as frames,
    ):
        transport([frames])
    fast = write_extxyz(tmp_path / "f.extxyz", ["Li"] * 12, 10 * walk, CELL, wrap=True)
    with pytest.raises(InputError, match="image can't be told"):
        open_frames(fast, INTERVAL)


def test_uneven_frames(tmp_path: Path, walk: np.ndarray) -> None:
    from ase.io import read, write

    path = write_extxyz(tmp_path / "w.extxyz", ["Li"] * 12, walk[:20], CELL)
    frames = read(path, index=":")
    for index, atoms in enumerate(frames):
        atoms.info["time_ps"] = 0.1 * index + (0.05 if index > 12 else 0.0)
    write(path, frames)
    with pytest.raises(InputError, match="not evenly spaced"):
        open_frames(path)


def test_a_file_that_still_grows(tmp_path: Path, walk: np.ndarray) -> None:
    path = write_extxyz(tmp_path / "w.extxyz", ["Li"] * 12, walk[:30], CELL)
    text = path.read_text()
    path.write_text(text[:-200])
    with open_frames(path, INTERVAL) as frames:
        assert frames.n_frames == 29
        assert "still being written" in frames.notes[0]
