"""Full neighbour lists as the kernels want them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import vesin
from numpy.typing import ArrayLike, NDArray

from sinterface.errors import InputError

MOST_IMAGES = np.iinfo(np.uint16).max + 1


@dataclass(frozen=True)
class NeighborList:
    """All pairs within a cutoff, each met from both ends, sorted by the first atom.

    A pair takes six bytes: lists of large cells stream from memory at every step.

    Attributes
    ----------
    first
        Where each atom's neighbours begin, shape (n_atoms + 1,).
    neighbors
        Index j of each pair's second atom, shape (n_pairs,).
    images
        Which of the `translations` belongs to each pair, shape (n_pairs,).
    translations
        Lattice vectors between the atoms of pairs, shape (n_translations, 3), in Å:
        r_ij = r_j − r_i + translation.
    """

    first: NDArray[np.int64]
    neighbors: NDArray[np.int32]
    images: NDArray[np.uint16]
    translations: NDArray[np.float64]

    @property
    def centers(self) -> NDArray[np.int64]:
        """Index i of each pair's first atom, shape (n_pairs,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    @property
    def shifts(self) -> NDArray[np.float64]:
        """Lattice vector of each pair, shape (n_pairs, 3), in Å."""
        return self.translations[self.images]

    def vectors(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Vectors r_ij of all pairs, shape (n_pairs, 3), in Å."""
        return positions[self.neighbors] - positions[self.centers] + self.shifts


def neighbor_list(
    positions: ArrayLike, cell: ArrayLike, pbc: ArrayLike, cutoff: float
) -> NeighborList:
    """Find all pairs closer than `cutoff`.

    Parameters
    ----------
    positions
        Cartesian positions, shape (n_atoms, 3), in Å; wrapped or not.
    cell
        Lattice vectors as rows, shape (3, 3), in Å.
    pbc
        Periodicity along each lattice vector, shape (3,).
    cutoff
        Radius in Å.

    Raises
    ------
    InputError
        When the pairs lie in more than 65,536 different periodic images.
    """
    points = np.ascontiguousarray(positions, dtype=float)
    box = np.array(cell, dtype=float).reshape(3, 3)
    periodic = np.broadcast_to(np.asarray(pbc, dtype=bool), 3)
    n_atoms = len(points)
    if n_atoms == 0:
        none = np.zeros(0, np.int32)
        return NeighborList(np.zeros(1, np.int64), none, none.astype(np.uint16), np.zeros((0, 3)))
    # one thread: the caller owns the cores
    search = vesin.NeighborList(cutoff=cutoff, full_list=True, sorted=True, n_threads=1)
    i, j, steps = search.compute(points, box, periodic, quantities="ijS")
    first = np.zeros(n_atoms + 1, np.int64)
    first[1:] = np.cumsum(np.bincount(i, minlength=n_atoms))
    images, met = _number_images(np.asarray(steps))
    translations = np.ascontiguousarray(met.astype(float) @ box)
    return NeighborList(first, j.astype(np.int32), images, translations)


def _number_images(steps: NDArray[np.int32]) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Return the number of each pair's image and the steps of every number, shape (n, 3)."""
    if len(steps) == 0:
        return np.zeros(0, np.uint16), np.zeros((0, 3), np.int64)
    lowest = steps.min(axis=0).astype(np.int64)
    extent = steps.max(axis=0) - lowest + 1
    weights = np.array([extent[1] * extent[2], extent[2], 1])
    keys = steps @ weights - lowest @ weights
    met = np.arange(extent.prod()) if extent.prod() <= MOST_IMAGES else np.unique(keys)
    if len(met) > MOST_IMAGES:
        raise InputError(
            f"The neighbours lie in {len(met)} different periodic images, more than the "
            f"{MOST_IMAGES} that a list can tell apart: wrap the atoms into the cell, or check "
            "that the cell is not far smaller than the cutoff."
        )
    numbers = keys if len(met) == extent.prod() else np.searchsorted(met, keys)
    return numbers.astype(np.uint16), np.stack(np.unravel_index(met, extent), axis=1) + lowest
