"""Pair distributions of an ideal crystal and of an ideal gas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from sinterface.analysis.pair_functions import PairFunctions, pair_functions, scattering
from sinterface.analysis.stream import Selection, open_frames


def analysed(path: Path, **options: float) -> PairFunctions:
    with open_frames(path, Selection(needs_times=False), min_frames=1) as frames:
        return pair_functions([frames], **options)  # type: ignore[arg-type]


def test_rock_salt(tmp_path: Path) -> None:
    write(tmp_path / "s.extxyz", bulk("LiO", "rocksalt", a=4.2))
    found = analysed(tmp_path / "s.extxyz", r_max_A=7.0)
    unlike = found.pairs.index(("Li", "O"))
    assert found.coordination[unlike] == pytest.approx(6.0)
    assert found.coordination_back[unlike] == pytest.approx(6.0)
    assert found.first_peak_A[unlike] == pytest.approx(2.1, abs=0.02)
    for radius, n_like, n_unlike in ((2.5, 0, 6), (3.2, 12, 6), (3.8, 12, 14), (4.4, 18, 14)):
        at = np.searchsorted(found.r_A, radius)
        assert found.running[0, at] == pytest.approx(n_like, abs=1e-9)
        assert found.running[unlike, at] == pytest.approx(n_unlike, abs=1e-9)


def test_a_sheared_copy_gives_the_same(tmp_path: Path) -> None:
    atoms = bulk("LiO", "rocksalt", a=4.2, cubic=True) * (2, 1, 1)
    atoms.rattle(0.1, seed=3)
    sheared = atoms.copy()
    sheared.cell[1] += atoms.cell[0]
    sheared.cell[2] -= 2 * atoms.cell[1]
    sheared.wrap()
    write(tmp_path / "a.extxyz", atoms)
    write(tmp_path / "b.extxyz", sheared)
    one, other = (analysed(tmp_path / name) for name in ("a.extxyz", "b.extxyz"))
    np.testing.assert_allclose(one.g, other.g, atol=1e-8)


def test_ideal_gas_is_flat(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    atoms = bulk("LiO", "rocksalt", a=20.0, cubic=True) * (3, 3, 3)
    frames = []
    for _ in range(20):
        copy = atoms.copy()
        copy.positions = rng.random((len(atoms), 3)) * 60.0
        frames.append(copy)
    write(tmp_path / "g.extxyz", frames)
    found = analysed(tmp_path / "g.extxyz", r_max_A=20.0, bin_width_A=0.5)
    np.testing.assert_allclose(found.total[20:], 1.0, atol=0.05)
    worst = abs(found.total - 1.0)[20:] / found.total_std[20:]
    assert worst.max() < 6.0
    assert abs(found.neutron_s[found.q_per_A > 3.0] - 1.0).max() < 0.05
    assert abs(found.xray_s[found.q_per_A > 3.0] - 1.0).max() < 0.05


def test_scattering_powers() -> None:
    lengths, forms, numbers = scattering(("Li", "O", "Co"), np.array([0.0, 2.0]))
    np.testing.assert_allclose(lengths, [-1.9, 5.803, 2.49], atol=0.06)
    np.testing.assert_allclose(forms[:, 0], numbers, rtol=2e-3)
    assert (forms[:, 1] < forms[:, 0]).all()
