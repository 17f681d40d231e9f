"""Mean squared displacements and, where the run supports them, diffusivities."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.records import Record


@dataclasses.dataclass(frozen=True)
class Diffusivity(Record):
    """Self-diffusivity of one element, or why there is none.

    Attributes
    ----------
    element
        Chemical symbol.
    D_cm2_per_s, D_std_cm2_per_s
        Slope of the MSD / 6 and its standard error; NaN unless `supported`.
    supported
        Whether the run supports a diffusivity.
    reason
        Why not, or how it was fitted.
    """

    element: str
    D_cm2_per_s: float
    D_std_cm2_per_s: float
    supported: bool
    reason: str


@dataclasses.dataclass(frozen=True)
class MeanSquaredDisplacement(Record):
    """MSD of each element over all time origins, drift of each slab's framework removed.

    Attributes
    ----------
    elements
        Chemical symbols in order of atomic number.
    lag_ps
        Lag times, shape (n_lags,), starting at 0.
    msd_A2
        Mean squared displacement, shape (n_elements, n_lags), in Å².
    msd_std_A2
        Standard error, same shape: between replicas if there are at least three, else between
        atoms.
    diffusivity
        One for each element.
    """

    elements: tuple[str, ...]
    lag_ps: NDArray[np.float64]
    msd_A2: NDArray[np.float64]
    msd_std_A2: NDArray[np.float64]
    diffusivity: tuple[Diffusivity, ...]
