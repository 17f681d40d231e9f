"""Atoms chosen by element, and cells that a neighbour search can use."""

from __future__ import annotations

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from sinterface.analysis.frames import FloatArray
from sinterface.errors import InputError


def chemical_names(numbers: NDArray[np.integer]) -> NDArray[np.str_]:
    """Return the chemical symbols of atomic numbers, shape (n_atoms,)."""
    return np.array([chemical_symbols[int(number)] for number in numbers])


def atoms_of(symbols: NDArray[np.str_], element: str) -> NDArray[np.int64]:
    """Return the indices of an element's atoms.

    Raises
    ------
    InputError
        When there is none.
    """
    found = np.flatnonzero(symbols == element)
    if len(found) == 0:
        there = ", ".join(sorted(set(symbols.tolist())))
        raise InputError(f"There is no {element} among the atoms ({there}); give one of these.")
    return found


def reach(positions: FloatArray, cell: FloatArray, r_max: float) -> FloatArray:
    """Return the cell, with room instead of a zero vector where a structure isn't periodic.

    Parameters
    ----------
    positions
        Shape (n_atoms, 3), in Å.
    cell
        Rows are vectors, shape (3, 3); zero rows mean no period.
    r_max
        Distance of the search, which then never meets an image.
    """
    rows = np.array(cell, dtype=np.float64)
    missing = np.flatnonzero(np.linalg.norm(rows, axis=1) < 1e-8)
    if len(missing) == 0:
        return rows
    # The left singular complement gives directions across the periods that there are.
    present = np.delete(rows, missing, axis=0)
    across = np.linalg.svd(present)[2][len(present) :] if len(present) else np.eye(3)
    width = float(np.ptp(positions, axis=0).max()) if len(positions) else 0.0
    rows[missing] = across * (np.sqrt(3.0) * width + 2.0 * r_max + 1.0)
    return rows
