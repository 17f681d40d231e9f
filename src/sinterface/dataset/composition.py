"""What composition alone explains of the energies: one energy an element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from numpy.typing import NDArray

ATOM_ENERGY_SPREAD_EV = 3.0
"""Assumed spread of atomic energies around their mean; matters for collinear compositions."""


def fit_atom_energies(
    compositions: NDArray[np.float64], energies: NDArray[np.float64], noise_eV: float = 0.2
) -> NDArray[np.float64]:
    """Return the energy of one atom of each element by regularised least squares.

    Minimises Σ_k ((E_k − N_k·e)/(n_k σ))² + Σ_e ((e_e − ē)/s)², where ē is the mean energy per
    atom: compositions that occur in fixed ratios only (La, Zr in a garnet) don't run away.

    Parameters
    ----------
    compositions
        N, number of atoms of each element, shape (n_frames, n_elements).
    energies
        E, shape (n_frames,), eV.
    noise_eV
        σ, spread of the energy per atom that composition doesn't explain.
    """
    n_atoms = compositions.sum(axis=1, keepdims=True)
    mean = float((energies[:, None] / n_atoms).mean())
    design = compositions / n_atoms / noise_eV
    target = (energies / n_atoms[:, 0] - mean) / noise_eV
    prior = np.eye(compositions.shape[1]) / ATOM_ENERGY_SPREAD_EV
    design = np.vstack([design, prior])
    target = np.concatenate([target, np.zeros(len(prior))])
    return np.asarray(np.linalg.lstsq(design, target)[0] + mean)


def count_elements(species: Sequence[NDArray[np.int32]], n_elements: int) -> NDArray[np.float64]:
    """Return the number of atoms of each element in each frame, shape (n_frames, n_elements)."""
    return np.array([np.bincount(s, minlength=n_elements) for s in species], dtype=np.float64)


def composition_residuals(frames: Sequence[Atoms]) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Return the energy of an atom of each element, and what it leaves of each frame's energy.

    Returns
    -------
    Energies by element, eV, and residuals, shape (n_frames,), eV/atom.
    """
    present = np.unique(np.concatenate([frame.numbers for frame in frames]))
    species = [np.searchsorted(present, frame.numbers).astype(np.int32) for frame in frames]
    counts = count_elements(species, len(present))
    energies = np.array([frame.get_potential_energy() for frame in frames])
    fitted = fit_atom_energies(counts, energies)
    residuals = (energies - counts @ fitted) / counts.sum(axis=1)
    names = [chemical_symbols[number] for number in present]
    return dict(zip(names, fitted.tolist(), strict=True)), residuals
