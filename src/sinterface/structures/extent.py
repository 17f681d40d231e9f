"""How large an interface cell is to be: thickness of both slabs, edges, strain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from sinterface.errors import InputError
from sinterface.structures.lattice_match import LatticeMatch
from sinterface.structures.slab import Layer

Size = Literal["tiny", "small", "large"]

POISSON_RATIO: Final[float] = 0.25  # of oxides, about; the relaxation finds the rest
STRAIN_LIMITS: Final[tuple[float, ...]] = (0.03, 0.05, 0.08, 0.12)
LEAST_CUTOFFS: Final[float] = 1.9  # thickness of a slab whose middle feels one boundary at most


@dataclass(frozen=True)
class Extent:
    """Least thickness of both slabs, limits of the lateral edges and of the strain.

    Lengths in Å. Where slabs of these thicknesses make more than `most_atoms`, and those of the
    size "tiny" not, they are as thin as those. Without a `max_strain` it is chosen for them.
    """

    electrolyte_A: float
    electrode_A: float
    shortest_edge_A: float
    longest_edge_A: float
    max_strain: float | None = None
    most_atoms: int | None = None


SIZES: Final[dict[str, Extent]] = {
    "tiny": Extent(12.5, 11.5, 9.0, 30.0, most_atoms=750),
    "small": Extent(25.0, 17.5, 9.0, 30.0, most_atoms=750),
    "large": Extent(38.0, 25.5, 51.5, 75.0, max_strain=0.025),
}


def normal_stretch(edge_strain: tuple[float, float]) -> float:
    """Return by how much a slab's thickness changes when its plane is strained (Poisson)."""
    return 1.0 - sum(edge_strain) * POISSON_RATIO / (1.0 - POISSON_RATIO)


def layer_heights(layers: tuple[Layer, Layer], match: LatticeMatch) -> tuple[float, float]:
    """Return the height in Å of a layer of electrolyte and of electrode as strained."""
    lower, upper = layers
    return (
        lower.height_A * normal_stretch(match.electrolyte_edge_strain),
        upper.height_A * normal_stretch(match.edge_strain),
    )


def count_atoms(layers: tuple[Layer, Layer], match: LatticeMatch, numbers: tuple[int, int]) -> int:
    """Return the atoms of a cell with so many layers of both crystals."""
    cells = (match.electrolyte, match.electrode)
    return sum(
        number * len(layer.symbols) * abs(round(float(np.linalg.det(cell))))
        for number, layer, cell in zip(numbers, layers, cells, strict=True)
    )


def layer_counts(
    layers: tuple[Layer, Layer], match: LatticeMatch, extent: Extent
) -> tuple[int, int]:
    """Return how many layers of electrolyte and electrode make slabs of the least thickness."""
    heights = layer_heights(layers, match)

    def counts(wanted: Extent) -> tuple[int, int]:
        least = wanted.electrolyte_A, wanted.electrode_A
        first, second = (
            math.ceil(length / height - 1e-9) for length, height in zip(least, heights, strict=True)
        )
        return first, second

    full = counts(extent)
    if extent.most_atoms is None or count_atoms(layers, match, full) <= extent.most_atoms:
        return full
    thin = counts(SIZES["tiny"])
    return thin if count_atoms(layers, match, thin) <= extent.most_atoms else full


def check_cutoff(
    layers: tuple[Layer, Layer], match: LatticeMatch, extent: Extent, cutoff_A: float
) -> tuple[int, int]:
    """Return the layers of both slabs, none so thin that its middle feels both boundaries.

    Raises
    ------
    InputError
        When a slab is too thin or the common cell too narrow for the cutoff.
    """
    numbers = layer_counts(layers, match, extent)
    heights = layer_heights(layers, match)
    lower, upper = (n * height for n, height in zip(numbers, heights, strict=True))
    widths = match.area_A2 / np.linalg.norm(match.cell, axis=1)
    for name, length, needed in (
        ("electrolyte slab", lower, LEAST_CUTOFFS * cutoff_A),
        ("electrode slab", upper, LEAST_CUTOFFS * cutoff_A),
        ("lateral cell", float(widths.min()), cutoff_A),
    ):
        if length < needed:
            raise InputError(
                f"The {name} measures {length:.1f} Å, too little for a cutoff of {cutoff_A:g} Å "
                f"({needed:.1f} Å needed); choose a larger size."
            )
    return numbers
