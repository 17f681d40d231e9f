"""Full neighbour lists as the kernels want them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import vesin
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class NeighborList:
    """All pairs within a cutoff, each met from both ends, sorted by the first atom.

    Attributes
    ----------
    first
        Where each atom's neighbours begin, shape (n_atoms + 1,).
    neighbors
        Index j of each pair's second atom, shape (n_pairs,).
    shifts
        Lattice vector of each pair, shape (n_pairs, 3), in Å: r_ij = r_j − r_i + shift.
    """

    first: NDArray[np.int64]
    neighbors: NDArray[np.int32]
    shifts: NDArray[np.float64]

    @property
    def centers(self) -> NDArray[np.int64]:
        """Index i of each pair's first atom, shape (n_pairs,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

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
    """
    points = np.ascontiguousarray(positions, dtype=float)
    box = np.array(cell, dtype=float).reshape(3, 3)
    periodic = np.broadcast_to(np.asarray(pbc, dtype=bool), 3)
    n_atoms = len(points)
    if n_atoms == 0:
        return NeighborList(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros((0, 3)))
    # one thread: the caller owns the cores
    search = vesin.NeighborList(cutoff=cutoff, full_list=True, sorted=True, n_threads=1)
    i, j, steps = search.compute(points, box, periodic, quantities="ijS")
    first = np.zeros(n_atoms + 1, np.int64)
    first[1:] = np.cumsum(np.bincount(i, minlength=n_atoms))
    shifts = np.ascontiguousarray(np.asarray(steps, dtype=float) @ box)
    return NeighborList(first, j.astype(np.int32), shifts)
