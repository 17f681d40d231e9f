"""Densities whose connection through the cell is known."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_frames import frames_from_arrays

from sinterface.analysis.density import probability_density, smoothed
from sinterface.analysis.pathway import find_pathway, percolation_levels, windings
from sinterface.errors import InputError
from sinterface.units import BOLTZMANN_EV_PER_K


def test_a_rod_winds_along_its_axis_only() -> None:
    region = np.zeros((8, 9, 10), dtype=bool)
    region[:, 4, 5] = True
    assert np.linalg.matrix_rank(windings(region)) == 1
    assert windings(region)[:, 0].any()
    assert not windings(region)[:, 1:].any()
    region[3, 4, 5] = False
    assert len(windings(region)) == 0


def test_a_path_through_the_faces_that_ends_is_none() -> None:
    region = np.zeros((6, 6, 6), dtype=bool)
    region[[5, 0, 1], 2, 2] = True  # across the face, but not around
    assert len(windings(region)) == 0


def test_a_diagonal_helix_winds_along_all_axes_at_once() -> None:
    region = np.zeros((6, 6, 6), dtype=bool)
    for k in range(6):
        region[k, k, k] = region[(k + 1) % 6, k, k] = region[(k + 1) % 6, (k + 1) % 6, k] = True
    found = windings(region)
    assert np.linalg.matrix_rank(found) == 1
    assert (np.abs(found) == 1).all()


def test_a_planted_bottleneck_is_the_barrier() -> None:
    x = np.linspace(0.0, 2.0 * np.pi, 40, endpoint=False)
    heat = BOLTZMANN_EV_PER_K * 1000.0
    # Free energy 0.1 (1 − cos x)/2 eV along a, 0.3 along b, 0.5 along c.
    energy = sum(
        height * 0.5 * (1.0 - np.cos(one))
        for height, one in zip((0.1, 0.3, 0.5), np.meshgrid(x, x, x, indexing="ij"), strict=True)
    )
    density = np.exp(-energy / heat)
    found = find_pathway(density, [density, density], 1000.0, 1e-6)
    assert found.barrier_eV == pytest.approx([0.1, 0.3, 0.5], abs=1e-6)
    assert found.dimensions == 1
    assert found.resolved == (True, True, True)


def test_without_a_connection_the_level_is_zero() -> None:
    density = np.zeros((5, 5, 5))
    density[2, 2, 2] = 1.0
    assert percolation_levels(density).tolist() == [0.0, 0.0, 0.0]
    found = find_pathway(density, [density] * 2, 500.0, 0.1)
    assert found.resolved == (False, False, False)
    assert found.barrier_eV == pytest.approx(BOLTZMANN_EV_PER_K * 500.0 * np.log(10.0))


def test_smoothing_is_a_gaussian_in_any_cell() -> None:
    cell = np.array([[8.0, 0.0, 0.0], [3.0, 7.0, 0.0], [-2.0, 1.0, 9.0]])
    point = np.zeros((40, 40, 40))
    point[0, 0, 0] = 1.0
    found = smoothed(point, cell, 0.6)
    assert found.sum() == pytest.approx(1.0, rel=1e-9)
    fractional = np.stack(np.meshgrid(*[np.fft.fftfreq(40)] * 3, indexing="ij"), axis=-1)
    square = ((fractional @ cell) ** 2).sum(axis=-1)
    wanted = np.exp(-0.5 * square / 0.36)
    inside = square < 1.5**2
    assert found[inside] / found[0, 0, 0] == pytest.approx(wanted[inside], rel=1e-3)


def wanderers(sheared: bool = False, breathing: float = 0.0, drift: float = 0.0):
    """Li that wanders along a in a box of La, drawn from a known density."""
    rng = np.random.default_rng(5)
    n_frames = 400
    cell = 6.0 * np.eye(3)
    frame = np.array([[0.0, 0.0, 0.0], [3.0, 3.0, 0.0], [3.0, 0.0, 3.0], [0.0, 3.0, 3.0]])
    u = rng.random((n_frames, 8))
    li = np.stack([6.0 * u, 3.0 + 0.2 * rng.normal(size=u.shape), np.full(u.shape, 2.0)], axis=-1)
    positions = np.concatenate([np.broadcast_to(frame, (n_frames, 4, 3)), li], axis=1)
    positions = positions + drift * np.arange(n_frames)[:, None, None]
    cells = np.broadcast_to(cell, (n_frames, 3, 3)).copy()
    if sheared:
        cells[:, 1] += cells[:, 0]
    if breathing:
        factor = 1.0 + breathing * np.sin(np.arange(n_frames))[:, None, None]
        positions, cells = positions * factor, cells * factor
    return frames_from_arrays(np.array([57] * 4 + [3] * 8), positions, cells)


def test_the_density_counts_the_atoms() -> None:
    found = probability_density(wanderers(), "Li")
    volume = abs(np.linalg.det(found.cell))
    assert found.density_per_A3.mean() * volume == pytest.approx(8.0, rel=1e-6)
    assert found.pathway.resolved == (True, False, False)
    assert found.pathway.dimensions == 1


def test_replicas_are_laid_over_each_other_where_their_frameworks_fit() -> None:
    from sinterface.analysis.framework import Framework

    run, moved = wanderers(), wanderers(drift=0.001)
    one = probability_density(run, "Li")
    both = probability_density([run, moved], "Li")
    assert (both.n_replicas, both.n_left_out, both.n_frames) == (2, 0, 800)
    assert both.density_per_A3 == pytest.approx(
        one.density_per_A3, abs=0.05 * one.density_per_A3.max()
    )
    sheared = wanderers(sheared=True)
    apart = probability_density([run, sheared], "Li")
    assert (apart.n_replicas, apart.n_left_out) == (1, 1)
    assert Framework(sheared, "Li").offset_from(Framework(run, "Li")) is None


@pytest.mark.parametrize("change", [{"breathing": 0.02}, {"drift": 0.01}])
def test_a_barostat_and_a_drift_change_nothing(change: dict[str, float]) -> None:
    plain = probability_density(wanderers(), "Li", spacing_A=0.26).density_per_A3
    other = probability_density(wanderers(**change), "Li", spacing_A=0.26).density_per_A3
    assert other == pytest.approx(plain, rel=0.05, abs=0.02 * plain.max())


def test_a_sheared_cell_has_the_same_highest_density_and_level() -> None:
    plain = probability_density(wanderers(), "Li").pathway
    other = probability_density(wanderers(sheared=True), "Li").pathway
    assert other.highest_per_A3 == pytest.approx(plain.highest_per_A3, rel=0.05)
    assert other.threshold_per_A3[0] == pytest.approx(plain.threshold_per_A3[0], rel=0.1)


def test_folding_lays_equal_cells_over_each_other() -> None:
    whole = probability_density(wanderers(), "Li")
    half = probability_density(wanderers(), "Li", fold=(2, 1, 1))
    assert half.n_atoms == pytest.approx(whole.n_atoms / 2)
    volume = abs(np.linalg.det(half.cell))
    assert half.density_per_A3.mean() * volume == pytest.approx(4.0, rel=1e-6)


def test_mistakes_are_told() -> None:
    with pytest.raises(InputError, match="holds no Zr"):
        probability_density(wanderers(), "Zr")
    with pytest.raises(InputError, match="must be positive"):
        probability_density(wanderers(), "Li", spacing_A=0.0)
    with pytest.raises(InputError, match="million grid points"):
        probability_density(wanderers(), "Li", spacing_A=0.01)
