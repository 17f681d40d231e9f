"""Which atoms hang together: by their distance, or through shared oxygen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sinterface.analysis.neighbors import find_pairs

CO_O_BOND_A = 2.6
"""Longest Co–O bond, in Å: the first minimum of the Co–O distribution of hot LCO."""


def bridged_to(
    anchors: NDArray[np.bool_],
    metals: NDArray[np.int64],
    oxygens: NDArray[np.int64],
    n_oxygen: int,
) -> NDArray[np.bool_]:
    """Return which metals have a path of metal–O–metal bonds to an anchor.

    Parameters
    ----------
    anchors
        Which metals are anchors, shape (n_metals,).
    metals, oxygens
        Ends of each bond, shape (n_bonds,).
    n_oxygen
        Number of oxygen atoms.
    """
    n_metals = len(anchors)
    size = n_metals + n_oxygen
    ones = np.ones(len(metals), dtype=np.int8)
    graph = coo_array((ones, (metals, n_metals + oxygens)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    return np.isin(label[:n_metals], label[:n_metals][anchors])


def cluster_labels(n_atoms: int, i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the cluster of each atom, shape (n_atoms,), from the pairs that are bonded."""
    ones = np.ones(len(i), dtype=np.int8)
    graph = coo_array((ones, (i, j)), shape=(n_atoms, n_atoms))
    _, label = connected_components(graph, directed=False)
    return np.asarray(label, dtype=np.int64)


def cluster_sizes(
    positions: NDArray[np.float64], cell: NDArray[np.float64], cutoff_A: float
) -> NDArray[np.int64]:
    """Return the sizes of all clusters, largest first, single atoms included.

    Atoms closer than the cutoff, images included, belong to one cluster; an atom counts once,
    however many images of it the cluster reaches.

    Parameters
    ----------
    positions
        Of the element's atoms, shape (n_atoms, 3), in Å, wrapped or not.
    cell
        Rows are vectors, shape (3, 3), in Å.
    cutoff_A
        Longest distance between two atoms of a cluster.
    """
    i, j, _ = find_pairs(positions, cell, cutoff_A)
    sizes = np.bincount(cluster_labels(len(positions), i, j))
    return np.sort(sizes)[::-1]
