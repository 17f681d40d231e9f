"""Which metal atoms hang together through shared oxygen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

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
