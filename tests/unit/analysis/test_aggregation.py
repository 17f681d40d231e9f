"""Clusters in time against planted ones, and against chance."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_frames import frames_from_arrays
from numpy.typing import NDArray

from sinterface.analysis.aggregation import fit_growth, follow_clusters, mean_size
from sinterface.errors import InputError


def lattice_run(chosen: list[NDArray[np.int64]], n: int = 8, spacing_A: float = 3.0):
    """Return a run whose Co hop on a cubic lattice of La: `chosen` sites in each frame."""
    sites = spacing_A * np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1).reshape(-1, 3)
    n_co = len(chosen[0])

    def positions(frame: int) -> NDArray[np.float64]:
        rest = np.setdiff1d(np.arange(len(sites)), chosen[frame])
        return sites[np.concatenate([chosen[frame], rest])].astype(np.float64)

    frames = np.array([positions(frame) for frame in range(len(chosen))])
    numbers = np.array([27] * n_co + [57] * (len(sites) - n_co))
    return frames_from_arrays(numbers, frames, n * spacing_A * np.eye(3), interval_ps=1.0)


def test_random_atoms_are_as_chance_has_them() -> None:
    rng = np.random.default_rng(1)
    p_values = []
    for seed in range(40):
        run = lattice_run([rng.choice(512, 40, replace=False)])
        p_values.append(follow_clusters(run, "Co", 3.5, seed=seed).p_value)
    # Uniform between 0 and 1 when there is nothing but chance.
    assert 0.35 < np.mean(p_values) < 0.68
    assert np.quantile(p_values, 0.1) < 0.3


def test_one_clump_is_no_chance() -> None:
    run = lattice_run([np.arange(40)])
    found = follow_clusters(run, "Co", 3.5)
    assert found.sizes == (40,)
    assert found.p_value < 0.01
    assert found.random_mean_size[2] < 20.0 < found.mean_size[-1]
    counts = np.arange(1, len(found.random_sizes) + 1)
    assert (found.random_sizes * counts).sum() == pytest.approx(40.0)


def test_bonds_that_stay_and_bonds_that_break() -> None:
    rng = np.random.default_rng(2)
    pair = np.array([0, 1])
    stay = follow_clusters(lattice_run([pair] * 50), "Co", 3.5)
    assert stay.persistence == pytest.approx(1.0)
    # Two Co on random sites: bonded again only by chance, 6 of 511 sites.
    loose = follow_clusters(
        lattice_run([rng.choice(64, 20, replace=False) for _ in range(200)], n=4), "Co", 3.5
    )
    assert loose.persistence[0] == 1.0
    assert loose.persistence[1:].mean() == pytest.approx(6.0 / 63.0, abs=0.03)


def test_a_planted_growth_law_comes_back() -> None:
    rng = np.random.default_rng(3)
    time = np.linspace(0.0, 100.0, 801)
    grown = 1.0 + 0.8 * time**0.5 + rng.normal(0.0, 0.05, len(time))
    fit = fit_growth(time, grown)
    assert fit.resolved
    assert fit.exponent == pytest.approx(0.5, abs=0.06)
    flat = fit_growth(time, 3.0 + rng.normal(0.0, 0.3, len(time)))
    assert not flat.resolved
    assert "no growth resolved" in flat.reason


def test_mean_size_weighs_by_atoms() -> None:
    assert mean_size(np.array([3, 1])) == pytest.approx(10.0 / 4.0)


def test_mistakes_are_told() -> None:
    run = lattice_run([np.arange(4)])
    with pytest.raises(InputError, match="holds no Zr"):
        follow_clusters(run, "Zr", 3.5)
    with pytest.raises(InputError, match="must be positive"):
        follow_clusters(run, "Co", 0.0)
    with pytest.raises(InputError, match="holds no Li"):
        follow_clusters(run, "Co", 3.5, hosts=["Li"])
