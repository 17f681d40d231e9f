"""Ziegler–Biersack–Littmark repulsion at short range, by the C++ core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sinterface.kernels import _core
from sinterface.kernels.neighbors import NeighborList


def energy_forces_virial(
    positions: NDArray[np.float64],
    numbers: NDArray[np.int32],
    nl: NeighborList,
    inner: float,
    outer: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Repulsion of all pairs, switched off smoothly between two radii.

    Parameters
    ----------
    positions
        Cartesian positions, shape (n_atoms, 3), in Å.
    numbers
        Atomic numbers, shape (n_atoms,).
    nl
        Neighbour list with a cutoff of at least `outer`.
    inner, outer
        Radii in Å, as in LAMMPS' ``pair_style zbl inner outer``.

    Returns
    -------
    tuple
        Energies of the atoms (n_atoms,) in eV, forces (n_atoms, 3) in eV/Å, virial (3, 3) in eV.
    """
    energies, forces, virial = _core.repulsion(
        positions, numbers, nl.first, nl.neighbors, nl.images, nl.translations, inner, outer
    )
    return energies, forces, virial
