"""Where the two boundaries of an interface cell are, and how much Li each has in excess."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.structures.lithium import Floats
from sinterface.structures.oxidation import charges_of

if TYPE_CHECKING:
    from ase import Atoms

PLANE_CLEARANCE_A = 0.01  # no counted atom lies nearer to a dividing plane
PLANE_SEARCH_A = 4.0


@dataclass(frozen=True)
class Dividing:
    """Where the two sides of the cell are told apart, and what is stoichiometric.

    Planes are fractions of the cell's height, so they stay right when it relaxes. The lower side
    reaches from `electrolyte_plane` to `electrode_plane`, the upper one from there to
    `electrolyte_plane` in the next cell. Li is counted against `electrolyte_ratio` Li for each
    atom `electrolyte_marker` of the electrolyte, and likewise for the electrode; a slab without a
    marker (a metal of the mobile ion) isn't counted. `electrode_middle` is where the electrode's
    framework stood when the planes were found: they move with it. `mobile` is the ion counted.
    """

    electrolyte_plane: float
    electrode_plane: float
    electrolyte_marker: str
    electrode_marker: str
    electrolyte_ratio: float
    electrode_ratio: float
    electrode_middle: float | None = None
    mobile: str = "Li"


def is_lower(atoms: Atoms, dividing: Dividing) -> NDArray[np.bool_]:
    """Return which atoms are on the lower side, shape (n_atoms,)."""
    fraction = atoms.positions[:, 2] / atoms.cell.array[2, 2]
    if dividing.electrode_middle is not None:
        fraction = fraction + dividing.electrode_middle - electrode_middle(atoms)
    reach = (dividing.electrode_plane - dividing.electrolyte_plane) % 1.0
    lower: NDArray[np.bool_] = (fraction - dividing.electrolyte_plane) % 1.0 < reach
    return lower


def lithium_excess(atoms: Atoms, dividing: Dividing) -> tuple[float, float]:
    """Return the number of Li in excess of the stoichiometric cut, lower side and upper side.

    An atom with a label "side" (0 lower, 1 upper) counts there, wherever a relaxation took it;
    without the array the dividing planes decide.
    """
    labels = atoms.arrays.get("side")
    lower = is_lower(atoms, dividing) if labels is None else labels == 0
    weight = _weights(atoms, dividing)
    return float(weight[lower].sum()), float(weight[~lower].sum())


def _weights(atoms: Atoms, dividing: Dividing) -> Floats:
    """Return what each atom adds to the excess: 1 a mobile ion, less what a marker stands for."""
    symbols, region = np.array(atoms.get_chemical_symbols()), atoms.arrays["region"]
    weight = np.zeros(len(atoms))
    for number, marker, ratio in (
        (0, dividing.electrolyte_marker, dividing.electrolyte_ratio),
        (1, dividing.electrode_marker, dividing.electrode_ratio),
    ):
        if marker:
            mine = region == number
            weight[mine & (symbols == dividing.mobile)] = 1.0
            weight[mine & (symbols == marker)] -= ratio
    return weight


def dividing_planes(atoms: Atoms, mobile: str = "Li") -> Dividing:
    """Return the planes nearest the slabs' middles that leave the fewest Li in excess a side.

    Both slabs being stoichiometric, such planes cut each into stoichiometric halves: the cut
    against which any Li that moves afterwards is counted.
    """
    found = [_marker(atoms, number, mobile) for number in (0, 1)]
    (first, first_ratio), (second, second_ratio) = found
    middle = electrode_middle(atoms)
    planes = Dividing(0.0, 0.5, first, second, first_ratio, second_ratio, middle, mobile)
    fraction = (atoms.positions[:, 2] / atoms.cell.array[2, 2]) % 1.0
    weight = _weights(atoms, planes)
    fraction, weight = fraction[weight != 0.0], weight[weight != 0.0]
    clearance = PLANE_CLEARANCE_A / atoms.cell.array[2, 2]
    offsets = np.linspace(-PLANE_SEARCH_A, PLANE_SEARCH_A, 81) / atoms.cell.array[2, 2]
    for name, around in (("electrode_plane", 0.5), ("electrolyte_plane", 0.0)):

        def rank(trial: Dividing, name: str = name, around: float = around) -> tuple[float, ...]:
            plane = getattr(trial, name)
            reach = (trial.electrode_plane - trial.electrolyte_plane) % 1.0
            lower = (fraction - trial.electrolyte_plane) % 1.0 < reach
            apart = np.abs((fraction - plane + 0.5) % 1.0 - 0.5)
            touched = bool(apart.min(initial=1.0) < clearance)
            return touched, round(abs(float(weight[lower].sum())), 3), abs(plane - around)

        places = [{name: float(around + offset)} for offset in offsets]
        trials = [replace(planes, **place) for place in places]  # type: ignore[arg-type]
        planes = min(trials, key=rank)
    return planes


def _marker(atoms: Atoms, number: int, mobile: str) -> tuple[str, float]:
    """Return the element that the mobile ion of a slab is counted against, and their ratio.

    It is the cation of the highest charge, else the rarest other element; a slab of nothing but
    the mobile ion has none.
    """
    region = atoms.arrays["region"] == number
    symbols, charges = np.array(atoms.get_chemical_symbols())[region], charges_of(atoms)[region]
    others = sorted({str(symbol) for symbol in symbols if symbol != mobile})
    if not others:
        return "", 0.0

    def rank(symbol: str) -> tuple[float, int]:
        mine = symbols == symbol
        return float(charges[mine].mean()), -int(mine.sum())

    marker = max(others, key=rank)
    return marker, float((symbols == mobile).sum() / (symbols == marker).sum())


def boundary_heights(
    atoms: Atoms, mobile: str = "Li"
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return (height of the middle, gap) in Å of the lower and of the upper boundary.

    Gaps are counted between the outermost atoms other than Li, which alone moves between slabs.
    """
    height = atoms.cell.array[2, 2]
    z = unwrapped_heights(atoms)
    still = _framework(atoms, mobile)
    electrode, electrolyte = (still & (atoms.arrays["region"] == n) for n in (1, 0))
    bottom, top = z[electrode].min(), z[electrode].max()
    low, high = z[electrolyte].max(), z[electrolyte].min() + height
    return (
        (float(0.5 * (low + bottom)), float(bottom - low)),
        (float(0.5 * (high + top)), float(high - top)),
    )


def unwrapped_heights(atoms: Atoms) -> Floats:
    """Return heights that run through the electrode, the electrolyte in one piece beneath it."""
    height = atoms.cell.array[2, 2]
    middle = electrode_middle(atoms) * height
    z = atoms.positions[:, 2] - middle
    electrode = atoms.arrays["region"] == 1
    turns = np.where(electrode, np.rint(z / height), np.ceil(z / height))
    heights: Floats = z - turns * height + middle
    return heights


def electrode_middle(atoms: Atoms) -> float:
    """Return where the electrode's framework is centred, as a fraction of the cell's height.

    The circular mean, so that neither wrapping nor a shift of all atoms changes what is measured
    from it.
    """
    electrode = _framework(atoms, "Li") & (atoms.arrays["region"] == 1)
    if not electrode.any():
        electrode = atoms.arrays["region"] == 1
    angles = 2.0 * math.pi * atoms.positions[electrode, 2] / atoms.cell.array[2, 2]
    angle = math.atan2(float(np.sin(angles).mean()), float(np.cos(angles).mean()))
    return (angle / (2.0 * math.pi)) % 1.0


def _framework(atoms: Atoms, mobile: str) -> NDArray[np.bool_]:
    """Return the atoms other than the mobile ion; of a slab of nothing else, all of it."""
    still = np.array([symbol != mobile for symbol in atoms.get_chemical_symbols()])
    for number in (0, 1):
        mine = atoms.arrays["region"] == number
        if not (still & mine).any():
            still |= mine
    return still
