"""Structures as points: means and spreads of their symmetry functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from sinterface.kernels.symmetry import Descriptor
from sinterface.potential.model import Potential

SMALLEST_SPREAD = 1e-10


def frame_features(potential: Potential, frames: Sequence[Atoms]) -> NDArray[np.float64]:
    """Return a point for each frame: mean and spread of each element's symmetry functions.

    Each column is divided by its standard deviation over the frames, so that functions of any
    size count alike; an element that a frame lacks has zeros.

    Returns
    -------
    numpy.ndarray
        Shape (n_frames, 2 × functions of all elements), without unit.
    """
    descriptor = Descriptor.from_potential(potential.directory)
    points = np.array([_point(potential, descriptor, frame) for frame in frames])
    spread = points.std(axis=0)
    moving = spread > SMALLEST_SPREAD
    return np.asarray(points[:, moving] / spread[moving])


def _point(potential: Potential, descriptor: Descriptor, frame: Atoms) -> NDArray[np.float64]:
    positions = np.ascontiguousarray(frame.positions, dtype=np.float64)
    species = potential.species(frame.get_chemical_symbols())
    neighbors = potential.neighbors(positions, frame.cell.array, frame.pbc)
    values = descriptor.values(positions, species, neighbors)
    parts = []
    for element, n_functions in enumerate(descriptor.n_functions):
        rows = values[species == element, :n_functions]
        empty = np.zeros(n_functions)
        parts += [rows.mean(axis=0), rows.std(axis=0)] if len(rows) else [empty, empty]
    return np.concatenate(parts)
