"""From labelled frames to samples: neighbours, raw functions, scaling, targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from sinterface.dataset.composition import count_elements, fit_atom_energies
from sinterface.errors import InputError
from sinterface.kernels import neighbors
from sinterface.potential.writer import Scaling
from sinterface.training.baseline import label_of_networks
from sinterface.training.samples import (
    DescriptorLike,
    Sample,
    measure_scaling,
    scale_features,
    split_by_element,
)


@dataclass(frozen=True)
class Preparation:
    """What turns frames into samples.

    Attributes
    ----------
    elements
        Chemical symbols by atomic number.
    cutoff_A
        Cutoff of the neighbour list, Å.
    descriptor
        The symmetry functions.
    atom_energies_eV
        Energy of one atom of each element.
    scaling
        Statistics of the raw functions over the training frames.
    zbl_A
        Radii of the ZBL baseline, or None.
    dtype
        Of the scaled functions.
    """

    elements: tuple[str, ...]
    cutoff_A: float
    descriptor: DescriptorLike
    atom_energies_eV: NDArray[np.float64]
    scaling: tuple[Scaling, ...]
    zbl_A: tuple[float, float] | None
    dtype: Any

    def sample(self, raw: RawFrame) -> Sample:
        """Return `raw` scaled, with the labels that its networks must give."""
        counts = count_elements([raw.species], len(self.elements))[0]
        energy = float(counts @ self.atom_energies_eV)
        target = label_of_networks(raw.frame, raw.neighbors, energy, self.zbl_A)
        features = scale_features(raw.features, self.scaling, self.dtype)
        members = tuple(np.flatnonzero(raw.species == e) for e in range(len(self.elements)))
        return Sample(raw.positions, raw.species, raw.neighbors, members, features, target)


@dataclass(frozen=True)
class RawFrame:
    """A frame with its neighbours and unscaled symmetry functions."""

    frame: Atoms
    positions: NDArray[np.float64]
    species: NDArray[np.int32]
    neighbors: neighbors.NeighborList
    features: tuple[NDArray[np.float64], ...]


def species_of(frame: Atoms, elements: Sequence[str]) -> NDArray[np.int32]:
    """Return the index of each atom's element in `elements`.

    Raises
    ------
    InputError
        When the frame holds another element.
    """
    index = {atomic_numbers[name]: number for number, name in enumerate(elements)}
    foreign = sorted(set(frame.get_chemical_symbols()) - set(elements))
    if foreign:
        raise InputError(
            f"A frame of {frame.get_chemical_formula()} holds {', '.join(foreign)}, which "
            f"potential.elements lacks ({', '.join(elements)}): add it, or leave the frame out."
        )
    return np.array([index[number] for number in frame.numbers], dtype=np.int32)


def compute_raw(
    frame: Atoms, elements: Sequence[str], cutoff_A: float, descriptor: DescriptorLike
) -> RawFrame:
    """Return neighbours and raw symmetry functions of `frame`."""
    species = species_of(frame, elements)
    positions = np.ascontiguousarray(frame.positions, dtype=np.float64)
    cell = np.ascontiguousarray(frame.cell.array, dtype=np.float64)
    nl = neighbors.neighbor_list(positions, cell, frame.pbc, cutoff_A)
    values = descriptor.values(positions, species, nl)
    features = split_by_element(values, species, descriptor.n_functions)
    return RawFrame(frame, positions, species, nl, features)


def prepare(
    training: Sequence[RawFrame],
    elements: tuple[str, ...],
    cutoff_A: float,
    descriptor: DescriptorLike,
    zbl_A: tuple[float, float] | None,
    dtype: Any,
) -> Preparation:
    """Return atomic energies and scaling from the training frames."""
    counts = count_elements([raw.species for raw in training], len(elements))
    without = [
        label_of_networks(raw.frame, raw.neighbors, 0.0, zbl_A).energy_eV for raw in training
    ]
    energies = fit_atom_energies(counts, np.array(without))
    scaling = measure_scaling(raw.features for raw in training)
    return Preparation(elements, cutoff_A, descriptor, energies, scaling, zbl_A, dtype)
