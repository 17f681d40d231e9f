"""Symmetry functions of atoms and their derivatives, by the C++ core."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.kernels import _core
from sinterface.kernels.neighbors import NeighborList

Floats = NDArray[np.float64]

SPECTRUM = 100
"""Type of the power spectrum's rows, which n2p2 doesn't have."""


class Row(NamedTuple):
    """One symmetry function: n2p2's type and its parameters.

    `first` and `second` are indices of the neighbours' elements (−1: none or all), `cutoff` and
    `shift` in Å, `eta` in 1/Å². Compact functions (types 20 to 25) have a core function `subtype`,
    the inner radius `left` (Å) and two angles (degrees) instead of `eta`, `lambda_` and `zeta`.
    Rows of the power spectrum (type 100, ours) have a Legendre `degree` and a second Gaussian.
    """

    type: int
    first: int
    second: int
    eta: float
    shift: float
    cutoff: float
    lambda_: float
    zeta: float
    subtype: str = ""
    left: float = 0.0
    angle_left: float = 0.0
    angle_right: float = 0.0
    degree: int = 0
    second_eta: float = 0.0
    second_shift: float = 0.0


class Descriptor:
    """The symmetry functions that an ``input.nn`` lists, unscaled.

    `species` is everywhere the index of each atom's element in order of atomic number,
    shape (n_atoms,). Rows of an atom stand in n2p2's order, padded with zeros to the
    element with most functions.
    """

    def __init__(self, engine: _core.Engine, *, threads: int = 1, precision: str = "double"):
        self._engine = engine
        self.threads = threads
        self.precision = precision
        self.elements: tuple[str, ...] = tuple(engine.elements)
        self.n_functions: tuple[int, ...] = tuple(engine.row_counts)
        self.cutoff: float = engine.cutoff

    @classmethod
    def from_potential(cls, directory: Path | str, *, threads: int = 1) -> Descriptor:
        """Read only ``input.nn`` of `directory`: no scaling or weights are needed."""
        try:
            return cls(_core.Engine(str(directory), False), threads=threads)
        except _core.PotentialError as error:
            raise InputError(str(error)) from None

    def rows(self, element: int) -> list[Row]:
        """Rows of the element with index `element`, in n2p2's order."""
        return [Row(*row) for row in self._engine.rows(element)]

    def values(self, positions: Floats, species: NDArray[np.int32], nl: NeighborList) -> Floats:
        """Unscaled symmetry functions, shape (n_atoms, n_max)."""
        return self._engine.symmetry_functions(
            positions,
            species,
            nl.first,
            nl.neighbors,
            nl.images,
            nl.translations,
            threads=self.threads,
        )

    def vjp(
        self,
        positions: Floats,
        species: NDArray[np.int32],
        nl: NeighborList,
        gradients: Floats,
    ) -> tuple[Floats, Floats]:
        """Forces −Jᵀ·dE/dG, shape (n_atoms, 3), and the virial −dE/dstrain, shape (3, 3)."""
        forces, virial = self._engine.vjp(
            positions,
            species,
            nl.first,
            nl.neighbors,
            nl.images,
            nl.translations,
            gradients,
            precision=self.precision,
            threads=self.threads,
        )
        return forces, virial

    def jvp(
        self,
        positions: Floats,
        species: NDArray[np.int32],
        nl: NeighborList,
        displacements: Floats,
        strain: Floats,
    ) -> Floats:
        """Change of the values along r → r + displacement and r_ij → r_ij (1 + strain)."""
        return self._engine.jvp(
            positions,
            species,
            nl.first,
            nl.neighbors,
            nl.images,
            nl.translations,
            displacements,
            strain,
            precision=self.precision,
            threads=self.threads,
        )
