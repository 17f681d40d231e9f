"""Planted segregation, energy and excess volume of made-up bicrystals."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_frames import frames_from_arrays

from sinterface.analysis.grain_boundaries import J_PER_M2, follow_boundaries
from sinterface.analysis.stream import Frames
from sinterface.errors import InputError
from sinterface.units import BOLTZMANN_EV_PER_K

AREA, N_FRAMES = 12.0 * 12.0, 120


def bicrystal(
    seed: int, *, boundary_share: float = 0.75, growing: bool = False, height: float = 48.0
) -> Frames:
    """La on a lattice, Zr with six O, and 40 Co of which a share sits within the boundaries."""
    rng = np.random.default_rng(seed)
    spots = np.stack(
        np.meshgrid(np.arange(3), np.arange(3), np.arange(int(height / 4)), indexing="ij"), -1
    ).reshape(-1, 3)
    zr = 4.0 * spots + 1.0
    ligands = 1.7 * np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    oxygen = (zr[:, None] + ligands).reshape(-1, 3)
    cation = np.concatenate([zr, zr + 2.0])
    frames = []
    for frame in range(N_FRAMES):
        share = boundary_share * (frame / N_FRAMES if growing else 1.0)
        n_near = int(rng.binomial(40, share))
        depth = np.concatenate(
            [rng.uniform(-5.0, 5.0, n_near), rng.uniform(6.0, height / 2 - 6.0, 40 - n_near)]
        )
        z = (depth + 0.5 * height * rng.integers(0, 2, 40)) % height
        cobalt = np.column_stack([rng.random((40, 2)) * 12.0, z])
        shaking = [part + rng.normal(0.0, 0.05, part.shape) for part in (oxygen, cation)]
        frames.append(np.concatenate([cobalt, *shaking]))
    numbers = [27] * 40 + [8] * len(oxygen) + [40] * len(zr) + [57] * len(zr)
    cell = np.diag([12.0, 12.0, height])
    return frames_from_arrays(np.array(numbers), np.array(frames), cell, interval_ps=0.5)


@pytest.fixture(scope="module")
def runs() -> list[Frames]:
    return [bicrystal(seed) for seed in range(4)]


@pytest.fixture(scope="module")
def control() -> Frames:
    return bicrystal(9, boundary_share=10.0 / 23.0, height=48.0)


def test_planted_segregation_and_its_free_energy(runs: list[Frames], control: Frames) -> None:
    found = follow_boundaries(runs, [control])
    assert found.segregation is not None
    assert found.segregation.resolved
    # 30 of 40 within 2 · 10 Å, 10 in the 2 · 12 Å of grain that count: framework even in z.
    cations_near, cations_grain = 20.0, 24.0
    excess = (30.0 - 10.0 * cations_near / cations_grain) / (2.0 * AREA) * 100.0
    assert found.segregation.final == pytest.approx(excess, rel=0.15)
    assert found.at_rest, found.free_energy_reason
    near = found.distance_A < 5.0
    heat = BOLTZMANN_EV_PER_K * 1000.0
    wanted = -heat * np.log((30.0 / 20.0) / (10.0 / 24.0))
    assert np.nanmean(found.free_energy_eV[near]) == pytest.approx(wanted, abs=0.04)
    assert abs(found.disorder.final) < 0.05  # the same polyhedra everywhere


def test_a_sheared_cell_gives_the_same(runs: list[Frames], control: Frames) -> None:
    shear = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 2.0, 1.0]])
    numbers = runs[0].numbers
    sheared = [
        frames_from_arrays(
            numbers,
            np.array([run.positions(i) for i in range(run.n_frames)]),
            shear @ run.cell[0],
            interval_ps=0.5,
        )
        for run in runs[:3]
    ]
    one, other = follow_boundaries(runs[:3], [control]), follow_boundaries(sheared, [control])
    assert one.segregation is not None
    assert other.segregation is not None
    np.testing.assert_allclose(other.segregation.mean, one.segregation.mean)
    np.testing.assert_allclose(other.disorder.mean, one.disorder.mean)
    np.testing.assert_allclose(other.share, one.share)


def test_what_still_grows_has_no_free_energy(control: Frames) -> None:
    growing = [bicrystal(seed, growing=True) for seed in range(3)]
    found = follow_boundaries(growing, [control])
    assert not found.at_rest
    assert "not at rest" in found.free_energy_reason
    assert np.isnan(found.free_energy_eV).all()
    assert found.segregation is not None
    assert found.segregation.changed


def test_without_replicas_or_control_nothing_is_resolved(runs: list[Frames]) -> None:
    alone = follow_boundaries(runs[:1])
    assert alone.segregation is not None
    assert not alone.segregation.resolved
    assert "not resolved" in alone.free_energy_reason
    assert alone.energy is None


def test_planted_energy_and_volume(runs: list[Frames], control: Frames) -> None:
    per_atom, wanted = -5.0, 0.8
    energy = [
        np.full(N_FRAMES, run.n_atoms * per_atom + wanted * 2.0 * AREA / J_PER_M2) for run in runs
    ]
    bulk = [np.full(N_FRAMES, control.n_atoms * per_atom)]
    found = follow_boundaries(runs, [control], energies_eV=(energy, bulk))
    assert found.energy is not None
    assert found.energy.final == pytest.approx(wanted, rel=1e-6)
    assert found.excess_volume is not None
    assert found.excess_volume.final == pytest.approx(0.0, abs=1e-9)


def test_mistakes_are_told(runs: list[Frames]) -> None:
    with pytest.raises(InputError, match="no grain is left"):
        follow_boundaries(runs, half_width_A=15.0)
    pure = follow_boundaries(runs[:1], element="Ni")
    assert pure.segregation is None
    assert pure.element == ""
