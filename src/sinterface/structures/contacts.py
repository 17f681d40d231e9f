"""Which atoms are near which, through periodic faces, and how near they may come as built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sinterface.structures.lithium import FORMAL_CHARGES

if TYPE_CHECKING:
    from ase import Atoms

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_AS_BUILT = {
    ("O", "O"): 2.0,
    ("Li", "O"): 1.5,
    ("Co", "O"): 1.6,
    ("O", "Zr"): 1.6,
    ("La", "O"): 2.0,
}
_COMFORTABLE = {
    ("O", "O"): 2.5, ("Li", "O"): 1.75, ("Co", "O"): 1.8, ("O", "Zr"): 1.95, ("La", "O"): 2.25,
    ("Li", "Li"): 2.2, ("Co", "Li"): 2.5, ("Li", "Zr"): 2.6, ("La", "Li"): 2.7,
}  # fmt: skip


_ANION_RADII_A = {"S": 1.6, "Cl": 1.6, "Se": 1.7, "Br": 1.75, "Te": 1.9, "I": 1.95}
_OXIDE_RADIUS_A = 1.25  # half of the comfortable O-O distance; also for F and N
_BOND_SHARE = 0.82  # of the sum of covalent radii: a comfortable bond of a large cation


def shortest_allowed(first: str, second: str) -> float:
    """Return the shortest distance in Å that two elements may have in a cell as built."""
    pair = (min(first, second), max(first, second))
    if pair in _AS_BUILT:
        return _AS_BUILT[pair]
    return 2.0 if _anion(first) == _anion(second) else 1.5


def comfortable(first: str, second: str) -> float:
    """Return a distance in Å that a cell should keep where it can: near a bond's length."""
    pair = (min(first, second), max(first, second))
    if pair in _COMFORTABLE:
        return _COMFORTABLE[pair]
    anions = [symbol for symbol in pair if _anion(symbol)]
    radii = [_ANION_RADII_A.get(symbol, _OXIDE_RADIUS_A) for symbol in anions]
    if len(anions) == 2:
        return sum(radii)
    return _bond(*pair) + radii[0] - _OXIDE_RADIUS_A if anions else 2.8


def _bond(first: str, second: str) -> float:
    """Return a comfortable distance of a cation to an oxide ion."""
    from ase.data import atomic_numbers, covalent_radii

    cation = second if _anion(first) else first
    radii = covalent_radii[[atomic_numbers[cation], atomic_numbers["O"]]]
    return max(1.8, _BOND_SHARE * float(radii.sum()))


def _anion(symbol: str) -> bool:
    return FORMAL_CHARGES.get(symbol, 1) < 0


def contacts(
    points: Floats, positions: Floats, cell: Floats, cutoff: float
) -> tuple[Integers, Integers, Floats]:
    """Return every pair (point, atom or image of an atom) within `cutoff`.

    When `points` is the very array `positions`, an atom is no neighbour of itself, only of its
    images.

    Parameters
    ----------
    points, positions
        Cartesian positions, shapes (m, 3) and (n, 3), in Å.
    cell
        Rows are vectors, shape (3, 3), in Å; periodic along all three.
    cutoff
        Largest distance in Å.

    Returns
    -------
    Index into `points`, index into `positions` and distance in Å of each pair, sorted by point.
    """
    images, origin = _images(positions, cell, cutoff)
    wrapped = _wrapped(points, cell)
    tree = cKDTree(images)
    found = cKDTree(wrapped).sparse_distance_matrix(tree, cutoff, output_type="ndarray")
    if points is positions:
        found = found[(found["v"] > 1e-8) | (found["i"] != origin[found["j"]])]
    found = found[np.argsort(found["i"], kind="stable")]
    return found["i"].astype(np.int64), origin[found["j"]], found["v"].astype(float)


def shortest_by_pair(atoms: Atoms, cutoff: float = 4.0) -> dict[str, float]:
    """Return the shortest distance in Å of each pair of elements, keys like "Li-O"."""
    symbols = np.array(atoms.get_chemical_symbols())
    i, j, distance = contacts(atoms.positions, atoms.positions, atoms.cell.array, cutoff)
    shortest: dict[str, float] = {}
    kinds = sorted(set(symbols.tolist()))
    for number, first in enumerate(kinds):
        for second in kinds[number:]:
            mask = (symbols[i] == first) & (symbols[j] == second)
            if mask.any():
                shortest[f"{first}-{second}"] = float(distance[mask].min())
    return shortest


def too_close(shortest: dict[str, float], native: dict[str, float] | None = None) -> list[str]:
    """Return the pairs of `shortest_by_pair` that are nearer than a cell as built may have.

    A distance that a crystal has of itself (`native`, by pair, in Å) is never too short.
    """
    return [
        f"{pair} {distance:.2f} Å"
        for pair, distance in shortest.items()
        if distance < min(shortest_allowed(*pair.split("-")), (native or {}).get(pair, np.inf))
    ]


def _wrapped(positions: Floats, cell: Floats) -> Floats:
    fractional = positions @ np.linalg.inv(cell)
    wrapped: Floats = (fractional - np.floor(fractional)) @ cell
    return wrapped


def _images(positions: Floats, cell: Floats, cutoff: float) -> tuple[Floats, Integers]:
    """Return the atoms in the cell and every image within `cutoff` of its faces."""
    inverse = np.linalg.inv(cell)
    margin = cutoff * np.linalg.norm(inverse, axis=0) + 1e-9
    fractional = positions @ inverse
    images = fractional - np.floor(fractional)
    origin = np.arange(len(positions))
    for axis in range(3):
        count = int(np.ceil(margin[axis]))
        shifts = [np.eye(3)[axis] * n for n in range(-count, count + 1)]
        images = np.concatenate([images + shift for shift in shifts])
        origin = np.tile(origin, len(shifts))
        keep = (images[:, axis] > -margin[axis]) & (images[:, axis] < 1.0 + margin[axis])
        images, origin = images[keep], origin[keep]
    return images @ cell, origin
