"""Frames made ready for training: neighbours and scaled symmetry functions, computed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sinterface.potential.writer import Scaling

SMALLEST_SIGMA = 1e-10
"""A function that spreads less than this never fires: it is held constant."""


class DescriptorLike(Protocol):
    """Raw symmetry functions G and two products with their Jacobian: ``kernels.symmetry``."""

    @property
    def n_functions(self) -> Sequence[int]:
        """Number of functions of each element."""

    def values(
        self, positions: NDArray[np.float64], species: NDArray[np.int32], nl: Any
    ) -> NDArray[np.float64]:
        """Return G, shape (n_atoms, n_max), zero-padded."""

    def vjp(
        self,
        positions: NDArray[np.float64],
        species: NDArray[np.int32],
        nl: Any,
        dE_dG: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return forces −dE/dr, shape (n_atoms, 3), and virial −dE/dε, shape (3, 3)."""

    def jvp(
        self,
        positions: NDArray[np.float64],
        species: NDArray[np.int32],
        nl: Any,
        dr: NDArray[np.float64],
        strain: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the change of G along `dr` and `strain`, shape (n_atoms, n_max)."""


@dataclass(frozen=True)
class Target:
    """What the networks must give for one frame: the labels without ZBL and atomic energies.

    Attributes
    ----------
    energy_eV
        Energy of the frame.
    forces
        Shape (n_atoms, 3), eV/Å.
    virial
        −dE/dε, shape (3, 3), eV; NaN where the label has no stress.
    volume_A3
        Volume of the cell.
    """

    energy_eV: float
    forces: NDArray[np.float64]
    virial: NDArray[np.float64]
    volume_A3: float


@dataclass(frozen=True)
class Sample:
    """One frame with what training needs of it.

    Attributes
    ----------
    positions, species, neighbors
        As the kernel takes them.
    members
        Indices of the atoms of each element.
    features
        Scaled symmetry functions of each element's atoms, shape (n_members, n_functions).
    target
        What the networks must give.
    """

    positions: NDArray[np.float64]
    species: NDArray[np.int32]
    neighbors: Any
    members: tuple[NDArray[np.int64], ...]
    features: tuple[NDArray[np.floating[Any]], ...]
    target: Target

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.species)


def split_by_element(
    values: NDArray[np.float64], species: NDArray[np.int32], n_functions: Sequence[int]
) -> tuple[NDArray[np.float64], ...]:
    """Return the rows of each element without their zero padding."""
    return tuple(values[species == element, :n] for element, n in enumerate(n_functions))


def measure_scaling(features: Iterable[tuple[NDArray[np.float64], ...]]) -> tuple[Scaling, ...]:
    """Return minimum, maximum, mean and sigma of each element's raw functions over all frames.

    Parameters
    ----------
    features
        For each frame what :func:`split_by_element` gave.

    Notes
    -----
    An element that never occurs gets zeros. A function that never fires gets sigma 0.
    """
    by_element = zip(*features, strict=True)
    return tuple(_scaling_of(np.concatenate(rows)) for rows in by_element)


def scale_features(
    features: Sequence[NDArray[np.float64]],
    scaling: Sequence[Scaling],
    dtype: np.dtype[Any] | type = np.float64,
) -> tuple[NDArray[Any], ...]:
    """Return (G − mean)/sigma of each element, constant 0 for functions that never fire."""
    pairs = zip(features, scaling, strict=True)
    return tuple(
        ((rows - stats.mean) * inverse_sigma(stats)).astype(dtype) for rows, stats in pairs
    )


def inverse_sigma(stats: Scaling) -> NDArray[np.float64]:
    """Return 1/sigma, 0 for functions that never fire."""
    fires = stats.sigma > 0.0
    return np.divide(1.0, stats.sigma, out=np.zeros_like(stats.sigma), where=fires)


def _scaling_of(rows: NDArray[np.float64]) -> Scaling:
    if len(rows) < 2:
        zero = np.zeros(rows.shape[1])
        return Scaling(zero, zero, zero, zero)
    sigma = rows.std(axis=0, ddof=1)
    sigma[sigma < SMALLEST_SIGMA] = 0.0
    return Scaling(rows.min(axis=0), rows.max(axis=0), rows.mean(axis=0), sigma)
