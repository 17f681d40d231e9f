"""Spectra of oscillators whose frequencies are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from unit.analysis.walks import write_extxyz, write_h5md

from sinterface.analysis.stream import Selection, open_frames
from sinterface.analysis.vibrations import CM1_PER_THZ, vibrations
from sinterface.errors import InputError

THZ = {"Li": 12.0, "O": 21.0}
SYMBOLS = ["Li"] * 3 + ["O"] * 3
CELL = 9.0 * np.eye(3)


def oscillators(interval_ps: float, n_frames: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    shape = (1, len(SYMBOLS), 3)
    angular = 2.0 * np.pi * np.array([THZ[one] for one in SYMBOLS])[None, :, None]
    phase = angular * interval_ps * np.arange(n_frames)[:, None, None]
    phase = phase + rng.uniform(0.0, 2.0 * np.pi, shape)
    size = rng.normal(0.0, 0.1, shape)
    return 9.0 * rng.random(shape) + size * np.cos(phase), -size * angular * np.sin(phase)


@pytest.mark.parametrize("stored", [True, False])
def test_frequencies(tmp_path: Path, stored: bool) -> None:
    positions, velocities = oscillators(0.01, 1500)
    run = write_h5md(
        tmp_path / "run", SYMBOLS, positions, CELL, 0.01, velocities=velocities if stored else None
    )
    with open_frames(run, velocities=True) as frames:
        found = vibrations([frames])
    assert found.from_velocities is stored
    for element, true in THZ.items():
        (peak,) = found.peaks[element]
        assert abs(peak.THz - true) < 3.0 * peak.std_THz
        assert peak.std_THz < 0.1
        assert peak.cm1 == pytest.approx(peak.THz * CM1_PER_THZ)
    heavy, light = (found.total[np.argmin(abs(found.THz - THZ[one]))] for one in ("O", "Li"))
    energy = {
        one: (velocities[:, np.array(SYMBOLS) == one] ** 2).sum() * mass
        for one, mass in (("O", 15.999), ("Li", 6.94))
    }
    assert heavy / light == pytest.approx(energy["O"] / energy["Li"], rel=0.15)


def test_sparse_frames_and_dense_velocities(tmp_path: Path) -> None:
    """Frames a whole picosecond apart, velocities ten femtoseconds: the same spectrum."""
    positions, velocities = oscillators(0.01, 1501)
    runs = [
        write_h5md(tmp_path / f"{every}", SYMBOLS, positions, CELL, 0.01, velocities=velocities,
                   every=every)
        for every in (1, 100)
    ]  # fmt: skip
    found = []
    for run in runs:
        with open_frames(
            run, Selection(skip=1 if run.name == "100" else 100), velocities=True
        ) as f:
            assert f.n_frames == 1401
            np.testing.assert_allclose(f.velocities(3), velocities[103], rtol=1e-5, atol=1e-6)
            found.append(vibrations([f]))
    np.testing.assert_array_equal(found[0].density, found[1].density)
    for element, true in THZ.items():
        assert abs(found[1].peaks[element][0].THz - true) < 3.0 * found[1].peaks[element][0].std_THz
    with open_frames(runs[1]) as frames:  # positions keep their own clock
        assert frames.n_frames == 16
        np.testing.assert_allclose(frames.positions(2), positions[200], atol=1e-5)


def test_velocities_of_extxyz(tmp_path: Path) -> None:
    positions, velocities = oscillators(0.01, 300)
    path = write_extxyz(tmp_path / "o.extxyz", SYMBOLS, positions, CELL, velocities=velocities)
    with open_frames(path, Selection(10.0), velocities=True) as frames:
        np.testing.assert_allclose(frames.velocities(7), velocities[7], atol=1e-6)
        assert vibrations([frames], segments=3).from_velocities


def test_frames_too_far_apart(tmp_path: Path) -> None:
    run = write_h5md(tmp_path / "run", SYMBOLS, oscillators(0.05, 100)[0], CELL, 0.05)
    with open_frames(run) as frames, pytest.raises(InputError, match="write frames 19 fs apart"):
        vibrations([frames])


def test_a_spectrum_that_does_not_end(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(size=(400, 6, 3))
    run = write_h5md(tmp_path / "run", SYMBOLS, noise, CELL, 0.01, velocities=noise)
    with open_frames(run, velocities=True) as frames, pytest.raises(InputError, match="died away"):
        vibrations([frames])


def test_too_few_frames(tmp_path: Path) -> None:
    run = write_h5md(tmp_path / "run", SYMBOLS, oscillators(0.01, 20)[0], CELL, 0.01)
    with open_frames(run) as frames, pytest.raises(InputError, match="too few"):
        vibrations([frames])
