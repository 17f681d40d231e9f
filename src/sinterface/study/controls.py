"""Bulk crystals at the strain of an interface, and the size of the interface itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.structures.extent import Extent, count_atoms, layer_counts
from sinterface.structures.interface import fit_planes, load_pair, wanted_extent
from sinterface.structures.lattice_match import LatticeMatch
from sinterface.structures.slab import Layer
from sinterface.study.config import InterfaceTable
from sinterface.study.stages import CONTROLS

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class Fit:
    """Layers of electrolyte and electrode, their common cell, the least sizes of a build."""

    layers: tuple[Layer, Layer]
    match: LatticeMatch
    extent: Extent


def fit_crystals(
    crystals: tuple[str, str] | tuple[Atoms, Atoms], table: InterfaceTable, seed: int = 0
) -> Fit:
    """Cut both crystals and match their planes, as the build of the interface does.

    Parameters
    ----------
    crystals
        Name or CIF path of the electrolyte and of the electrode, or the crystals.
    table
        Planes, size and largest strain.
    seed
        Seed of the Li arrangement.

    Raises
    ------
    InputError
        When a crystal can't be read or the planes don't match.
    """
    extent = wanted_extent(table.size, table.max_strain)
    planes = table.electrolyte_plane, table.electrode_plane
    pair = load_pair(crystals[0], crystals[1], seed)
    layers, match = fit_planes(pair, planes, extent, table.strain_share)
    return Fit(layers, match, extent)


def bulk_control(fit: Fit, role: str, cutoff_A: float) -> Atoms:
    """Return a bulk crystal on the interface's cell: no boundary, the same strain.

    It is at least twice `cutoff_A` thick, so no atom sees its own image's neighbours. Its array
    ``region`` is 0 for the electrolyte, 1 for the electrode, as in the interface.
    """
    from ase import Atoms
    from ase.build import make_supercell

    region = CONTROLS.index(role)
    layer = fit.layers[region]
    plane = (fit.match.electrolyte, fit.match.electrode)[region]
    repeat = np.eye(3, dtype=int)
    repeat[:2, :2] = plane
    repeat[2, 2] = math.ceil(2.0 * cutoff_A / layer.height_A)
    bulk: Atoms = make_supercell(
        Atoms(layer.symbols, layer.positions, cell=layer.cell, pbc=True), repeat
    )
    strained = bulk.cell.array.copy()
    strained[:, :2] @= np.linalg.solve(strained[:2, :2], fit.match.cell)
    bulk.set_cell(strained, scale_atoms=True)
    bulk.set_cell(_upright(strained))
    bulk.wrap()
    bulk.set_array("region", np.full(len(bulk), region, dtype=np.int8))
    return bulk


def _upright(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the same lattice with the third vector as steep as it can be."""
    upright = np.where(np.abs(cell) < 1e-9, 0.0, cell)
    for row in (1, 0):
        upright[2] -= np.round(upright[2, row] / upright[row, row]) * upright[row]
    return upright


def interface_size(fit: Fit) -> int:
    """Return the number of atoms of the interface that a build will make."""
    numbers = layer_counts(fit.layers, fit.match, fit.extent)
    return count_atoms(fit.layers, fit.match, numbers)
