"""Atomic energies by composition."""

from __future__ import annotations

import numpy as np

from sinterface.dataset.composition import fit_atom_energies


def test_known_atomic_energies_come_back() -> None:
    random = np.random.default_rng(0)
    counts = random.integers(1, 60, (40, 3)).astype(float)
    known = np.array([-2.0, -6.5, -9.0])
    found = fit_atom_energies(counts, counts @ known, noise_eV=1e-3)
    np.testing.assert_allclose(found, known, atol=1e-4)


def test_fixed_ratio_explains_the_energy_without_running_away() -> None:
    counts = np.array([[3.0, 2.0, 12.0]]) * np.arange(1.0, 9.0)[:, None]
    known = np.array([-8.0, -9.0, -7.0])
    energies = counts @ known
    found = fit_atom_energies(counts, energies)
    np.testing.assert_allclose(counts @ found, energies, rtol=1e-3)
    assert np.abs(found - energies[0] / counts[0].sum()).max() < 3.0
