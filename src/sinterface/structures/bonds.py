"""Which cation holds which anion, how strongly, and which atoms must stay together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sinterface.structures.oxidation import charges_of

if TYPE_CHECKING:
    from ase import Atoms

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BOND_STRETCH: Final[float] = 1.2
"""A bond is at most so many times the shortest one of its cation element."""
LONGEST_A: Final[float] = 3.6
STRONG_CHARGE_E: Final[float] = 1.5
"""Cations of a larger charge hold polyhedra; alkali ions move between them."""


@dataclass(frozen=True)
class Bonds:
    """Bonds of strong cations with anions.

    Attributes
    ----------
    cation, anion
        Index of both atoms of each bond, shape (n_bonds,).
    vector
        From the cation to the anion, shape (n_bonds, 3), in Å.
    strength
        Pauling strength of each: charge of the cation over its number of bonds.
    shortest_A
        Shortest bond of each cation element.
    """

    cation: Integers
    anion: Integers
    vector: Floats
    strength: Floats
    shortest_A: dict[str, float]


def find_bonds(crystal: Atoms) -> Bonds:
    """Return the bonds of every cation of charge 2 or more in a periodic crystal."""
    from ase.neighborlist import neighbor_list

    charges = charges_of(crystal)
    kinds = np.array(crystal.get_chemical_symbols())
    i, j, distance, vector = neighbor_list("ijdD", crystal, LONGEST_A)
    keep = (charges[i] > STRONG_CHARGE_E) & (charges[j] < 0.0)
    i, j, distance, vector = i[keep], j[keep], distance[keep], vector[keep]
    bond, shortest = np.zeros(len(i), dtype=bool), {}
    for kind in np.unique(kinds[i]).tolist():
        mine = kinds[i] == kind
        shortest[kind] = float(distance[mine].min())
        bond |= mine & (distance < BOND_STRETCH * shortest[kind])
    i, j = i[bond], j[bond]
    number = np.bincount(i, minlength=len(kinds))
    return Bonds(i, j, vector[bond], charges[i] / number[i], shortest)


def owners(n_atoms: int, bonds: Bonds) -> tuple[Integers, Floats]:
    """Return for each anion its only strongest cation, where there is one; else the atom itself.

    The oxygen of garnets belongs to one Zr, that of phosphates to one P; that of layered LiCoO2
    to three Co, so to none.

    Returns
    -------
    Owner of each atom, shape (n_atoms,), and the vector to it, shape (n_atoms, 3), in Å.
    """
    owner, to_owner = np.arange(n_atoms), np.zeros((n_atoms, 3))
    order = np.argsort(bonds.anion, kind="stable")
    anions, first = np.unique(bonds.anion[order], return_index=True)
    for anion, mine in zip(anions, np.split(order, first[1:]), strict=False):
        strongest = mine[bonds.strength[mine] > bonds.strength[mine].max() - 1e-6]
        if len(strongest) == 1:
            owner[anion] = bonds.cation[strongest[0]]
            to_owner[anion] = -bonds.vector[strongest[0]]
    return owner, to_owner
