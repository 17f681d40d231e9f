"""Element profiles along the normal of the interface."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.records import Record


@dataclasses.dataclass(frozen=True)
class Profiles(Record):
    """Where each element is along the normal, averaged over windows of time.

    The drift of each slab's own framework (La and Zr; Co) is removed. The axis runs over the
    period of the cell with the electrode at its middle, so that the boundary at `lower_A` is
    the Li-deficient one and that at `upper_A` the Li-sufficient one.

    Attributes
    ----------
    elements
        Chemical symbols in order of atomic number.
    z_A
        Bin centres along the normal, shape (n_bins,), in Å.
    bin_width_A
        Width of a bin.
    windows_ps
        Start and end of each time window, shape (n_windows, 2).
    per_A
        Atoms per Å of normal, shape (n_windows, n_elements, n_bins): mean over frames and
        replicas. Its sum over bins times `bin_width_A` is the number of atoms.
    per_A_std
        Standard error of `per_A` between replicas (NaN below three replicas), same shape.
    density_per_A3
        Number density, atoms/Å³, same shape.
    fraction
        Share of each element among the atoms of the bin, same shape; NaN where a bin is empty.
    lower_A, upper_A
        Relaxed outermost Co planes (mean over replicas), in Å on the axis of `z_A`.
    length_A
        Period along the normal (mean over replicas).
    area_A2
        Area of one boundary (mean over replicas).
    """

    elements: tuple[str, ...]
    z_A: NDArray[np.float64]
    bin_width_A: float
    windows_ps: NDArray[np.float64]
    per_A: NDArray[np.float64]
    per_A_std: NDArray[np.float64]
    density_per_A3: NDArray[np.float64]
    fraction: NDArray[np.float64]
    lower_A: float
    upper_A: float
    length_A: float
    area_A2: float
