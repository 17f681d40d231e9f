"""The error that no potential of a finite cutoff can go below: forces from beyond the cutoff."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

MOVE_A = 0.15
"""Random displacement of what lies beyond the cutoff, in Å, about thermal at some hundred K."""


def force_floor(
    atoms: Atoms,
    calculator: Calculator,
    cutoff_A: float,
    *,
    n_atoms: int = 4,
    n_moves: int = 3,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the scatter of the reference's force on an atom when only what is beyond moves.

    Everything farther than `cutoff_A` from the atom is displaced at random `n_moves` times; a
    potential that sees `cutoff_A` predicts the same force each time. The displacements are small,
    so the true floor is higher.

    Returns
    -------
    dict
        ``floor_eV_per_A``: root mean square over atoms and components of the standard deviation
        (unbiased); ``floor_atoms``: atoms that had anything beyond the cutoff.
    """
    random = np.random.default_rng(seed)
    variances = []
    for index in random.permutation(len(atoms))[:n_atoms]:
        distances = atoms.get_distances(int(index), range(len(atoms)), mic=True)
        beyond = distances > cutoff_A
        if not beyond.any():
            continue
        forces = []
        for _ in range(n_moves):
            moved = atoms.copy()
            moved.positions[beyond] += MOVE_A * random.standard_normal((int(beyond.sum()), 3))
            distances_now = moved.get_distances(int(index), range(len(atoms)), mic=True)
            if (distances_now[beyond] <= cutoff_A).any():  # keep the inside as it was
                back = beyond & (distances_now <= cutoff_A)
                moved.positions[back] = atoms.positions[back]
            moved.calc = calculator
            forces.append(moved.get_forces()[int(index)])
        variances.append(np.var(forces, axis=0, ddof=1).mean())
    value = float(np.sqrt(np.mean(variances))) if variances else np.nan
    return {"floor_eV_per_A": value, "floor_atoms": len(variances)}
