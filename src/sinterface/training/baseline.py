"""What is taken off the labels before training: atomic energies and the ZBL repulsion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from sinterface.kernels import neighbors, repulsion
from sinterface.training.samples import Target

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


def label_of_networks(
    frame: Atoms,
    nl: neighbors.NeighborList,
    atom_energy_eV: float,
    zbl_A: tuple[float, float] | None,
) -> Target:
    """Return the labels of `frame` without `atom_energy_eV` (all its atoms') and without ZBL."""
    volume = float(frame.get_volume())
    energy = float(frame.get_potential_energy()) - atom_energy_eV
    forces = np.array(frame.get_forces(), dtype=np.float64)
    virial = -np.array(frame.get_stress(voigt=False), dtype=np.float64) * volume
    if zbl_A is not None:
        positions = np.ascontiguousarray(frame.positions)
        numbers = frame.numbers.astype(np.int32)
        repelled = repulsion.energy_forces_virial(positions, numbers, nl, *zbl_A)
        energy -= float(repelled[0].sum())
        forces -= repelled[1]
        virial -= repelled[2]
    return Target(energy, forces, virial, volume)
