"""Where the two boundaries of an interface cell are, and how much Li each has in excess."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sinterface.errors import InputError
from sinterface.structures.lithium import FORMAL_CHARGES, Floats

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class Dividing:
    """Where the two sides of the cell are told apart, and what is stoichiometric.

    Planes are fractions of the cell's height, so they stay right when it relaxes. The lower side
    reaches from `electrolyte_plane` to `electrode_plane`, the upper one from there to
    `electrolyte_plane` in the next cell. Li is counted against `electrolyte_ratio` Li for each
    atom `electrolyte_marker` of the electrolyte, and likewise for the electrode.
    """

    electrolyte_plane: float
    electrode_plane: float
    electrolyte_marker: str
    electrode_marker: str
    electrolyte_ratio: float
    electrode_ratio: float


def lithium_excess(atoms: Atoms, dividing: Dividing) -> tuple[float, float]:
    """Return the number of Li in excess of the stoichiometric cut, lower side and upper side."""
    fraction = atoms.positions[:, 2] / atoms.cell.array[2, 2]
    reach = (dividing.electrode_plane - dividing.electrolyte_plane) % 1.0
    lower = (fraction - dividing.electrolyte_plane) % 1.0 < reach
    symbols, region = np.array(atoms.get_chemical_symbols()), atoms.arrays["region"]
    weight = (symbols == "Li").astype(float)
    electrolyte = (symbols == dividing.electrolyte_marker) & (region == 0)
    weight[electrolyte] -= dividing.electrolyte_ratio
    weight[(symbols == dividing.electrode_marker) & (region == 1)] -= dividing.electrode_ratio
    return float(weight[lower].sum()), float(weight[~lower].sum())


def dividing_planes(atoms: Atoms) -> Dividing:
    """Return the planes nearest the slabs' middles that leave the fewest Li in excess a side.

    Both slabs being stoichiometric, such planes cut each into stoichiometric halves: the cut
    against which any Li that moves afterwards is counted.

    Raises
    ------
    InputError
        When a slab has no cation but Li.
    """
    symbols, region = np.array(atoms.get_chemical_symbols()), atoms.arrays["region"]
    markers, ratios = [], []
    for number in (0, 1):
        mine = symbols[region == number]
        cations = sorted({s for s in mine if s != "Li" and FORMAL_CHARGES[s] > 0})
        if not cations:
            raise InputError(
                f"A slab of {', '.join(sorted(set(mine.tolist())))} has no cation but Li, so no "
                "Li excess can be stated for it; choose another material."
            )
        marker = max(cations, key=lambda symbol: FORMAL_CHARGES[symbol])
        markers.append(marker)
        ratios.append(float((mine == "Li").sum() / (mine == marker).sum()))
    planes = Dividing(0.0, 0.5, markers[0], markers[1], ratios[0], ratios[1])
    offsets = np.linspace(-4.0, 4.0, 81) / atoms.cell.array[2, 2]
    for name, middle in (("electrode_plane", 0.5), ("electrolyte_plane", 0.0)):
        trials = [replace(planes, **{name: middle + offset}) for offset in offsets]
        planes = min(
            trials,
            key=lambda trial: (
                round(abs(lithium_excess(atoms, trial)[0]), 3),
                abs(getattr(trial, name) - middle),
            ),
        )
    return planes


def boundary_heights(atoms: Atoms) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return (height of the middle, gap) in Å of the lower and of the upper boundary.

    Gaps are counted between the outermost atoms other than Li, which alone moves between slabs.
    """
    height = atoms.cell.array[2, 2]
    z = unwrapped_heights(atoms)
    still = atoms.numbers != 3
    electrode, electrolyte = atoms.arrays["region"] == 1, atoms.arrays["region"] == 0
    bottom, top = z[still & electrode].min(), z[still & electrode].max()
    low, high = z[still & electrolyte].max(), z[still & electrolyte].min() + height
    return (
        (float(0.5 * (low + bottom)), float(bottom - low)),
        (float(0.5 * (high + top)), float(high - top)),
    )


def unwrapped_heights(atoms: Atoms) -> Floats:
    """Return heights with the electrolyte's upper half brought below z = 0."""
    z = atoms.positions[:, 2] % atoms.cell.array[2, 2]
    upper = (atoms.arrays["region"] == 0) & (z > 0.5 * atoms.cell.array[2, 2])
    heights: Floats = np.where(upper, z - atoms.cell.array[2, 2], z)
    return heights
