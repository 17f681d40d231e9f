"""Holes of a structure, where an added Li finds room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sinterface.errors import InputError
from sinterface.structures.contacts import comfortable, contacts
from sinterface.structures.lithium import Integers

if TYPE_CHECKING:
    from ase import Atoms

GRID_A = 0.35
REACH_A = 7.0
LEAST_ROOM = 0.92


def fill_holes(atoms: Atoms, near: Integers, n_each: int) -> None:
    """Put `n_each` Li into the widest holes near each of some atoms, in place.

    A hole's width is its distance to each neighbour over `contacts.comfortable` of that element,
    the smallest of them; holes count less the farther away they are.

    Raises
    ------
    InputError
        When there is no hole within 7 Å whose width is at least 0.92.
    """
    from ase import Atom

    for centre in atoms.positions[near].copy():
        for _ in range(n_each):
            steps = np.arange(-REACH_A, REACH_A + GRID_A, GRID_A)
            points = centre + np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)
            far = np.linalg.norm(points - centre, axis=1)
            points, far = points[far < REACH_A], far[far < REACH_A]
            room = _room(atoms, points)
            if room.max() < LEAST_ROOM:
                raise InputError(
                    f"No hole near the dopant holds another Li (the widest reaches "
                    f"{room.max():.2f} of what Li needs); put in fewer, or balance the charge "
                    "with another dopant."
                )
            score = np.minimum(room, 1.0) - 0.02 * far
            score[room < LEAST_ROOM] = -np.inf
            atoms.append(Atom("Li", points[int(score.argmax())]))
            _carry_labels(atoms, centre)


def _room(atoms: Atoms, points: np.ndarray) -> np.ndarray:
    symbols = np.array(atoms.get_chemical_symbols())
    needed = {kind: comfortable("Li", kind) for kind in set(symbols.tolist())}
    reach = max(needed.values())
    i, j, distance = contacts(points, atoms.positions, atoms.cell.array, reach)
    share = distance / np.array([needed[symbol] for symbol in symbols[j].tolist()])
    room = np.ones(len(points))
    np.minimum.at(room, i, share)
    bonded = np.bincount(i[symbols[j] == "O"], minlength=len(points)) > 0
    return np.where(bonded | (room < 1.0), room, 0.0)


def _carry_labels(atoms: Atoms, centre: np.ndarray) -> None:
    """Give the last atom the labels of the atom nearest to `centre`."""
    delta = atoms.positions[:-1] - centre
    nearest = int((delta**2).sum(axis=1).argmin())
    for name in ("region", "side"):
        if name in atoms.arrays:
            atoms.arrays[name][-1] = atoms.arrays[name][nearest]
