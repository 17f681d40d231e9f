"""Partial radial distribution functions, first peaks and coordination numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.records import Record


@dataclasses.dataclass(frozen=True)
class PartialRDFs(Record):
    """g(r) of every pair of elements.

    Attributes
    ----------
    pairs
        Pairs of chemical symbols, first in order of atomic number, e.g. ``("Li", "O")``.
    r_A
        Bin centres, shape (n_bins,), in Å.
    g
        Partial radial distribution functions, shape (n_pairs, n_bins); 1 at large r in bulk.
    g_std
        Standard error of `g` between replicas (NaN below three), same shape.
    first_peak_A
        Position of the first peak of each pair, shape (n_pairs,), in Å; NaN if none.
    first_minimum_A
        First minimum behind that peak, the end of the first shell, shape (n_pairs,), in Å.
    coordination
        Neighbours of the pair's second element about one atom of the first, up to
        `first_minimum_A`, shape (n_pairs,).
    n_frames
        Frames used, all replicas together.
    """

    pairs: tuple[tuple[str, str], ...]
    r_A: NDArray[np.float64]
    g: NDArray[np.float64]
    g_std: NDArray[np.float64]
    first_peak_A: NDArray[np.float64]
    first_minimum_A: NDArray[np.float64]
    coordination: NDArray[np.float64]
    n_frames: int
