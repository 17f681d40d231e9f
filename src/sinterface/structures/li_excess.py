"""Lithium moved from one boundary of an interface cell to the other, by electrostatics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import erfc

from sinterface.errors import InputError
from sinterface.structures.boundary import (
    Dividing,
    boundary_heights,
    is_lower,
    lithium_excess,
    unwrapped_heights,
)
from sinterface.structures.contacts import comfortable, contacts, shortest_allowed
from sinterface.structures.lithium import COULOMB_EV_A, Floats, Integers
from sinterface.structures.oxidation import charges_of

if TYPE_CHECKING:
    from ase import Atoms

DAMPING_PER_A = 0.2
CUTOFF_A = 9.0
GRID_A = 0.5
EXCHANGE_DEPTH_A = 7.0  # Li leaves from so deep in the electrolyte
REFILL_DEPTH_A = 5.0  # and enters so deep
NOISE_EV = 0.05  # spread of the random choice between sites of nearly equal energy


class NoRoomError(InputError):
    """No room for so many Li at a boundary."""


def potentials(points: Floats, positions: Floats, charges: Floats, cell: Floats) -> Floats:
    """Return the electrostatic potential at `points` in V, from damped charges cut off at 9 Å.

    Shifted damped sum of Wolf et al., J. Chem. Phys. 110 (1999) 8254; a charge at a point itself
    doesn't act there.
    """
    i, j, distance = contacts(points, positions, cell, CUTOFF_A)
    apart = distance > 1e-6
    i, j, distance = i[apart], j[apart], distance[apart]
    return np.bincount(i, charges[j] * _damped(distance), minlength=len(points)).astype(float)


def _damped(distance: Floats) -> Floats:
    edge = erfc(DAMPING_PER_A * CUTOFF_A) / CUTOFF_A
    values: Floats = COULOMB_EV_A * (erfc(DAMPING_PER_A * distance) / distance - edge)
    return values


def weakest_lithium(
    atoms: Atoms, candidates: Integers, number: int, random: np.random.Generator
) -> Integers:
    """Return `number` of `candidates` (Li) whose removal costs least, one after another.

    Raises
    ------
    InputError
        When there are not as many.
    """
    if number > len(candidates):
        raise InputError(
            f"{number} Li were to leave the Li-deficient side but only {len(candidates)} are "
            "within reach of it; ask for a smaller difference of the Li excess."
        )
    cell = atoms.cell.array
    energy = potentials(atoms.positions[candidates], atoms.positions, charges_of(atoms), cell)
    energy += NOISE_EV * random.standard_normal(len(candidates))
    chosen: list[int] = []
    for _ in range(number):
        best = int(energy.argmax())
        chosen.append(int(candidates[best]))
        _, near, distance = contacts(
            atoms.positions[candidates[[best]]], atoms.positions[candidates], cell, CUTOFF_A
        )
        apart = distance > 1e-6
        np.subtract.at(energy, near[apart], _damped(distance[apart]))
        energy[best] = -np.inf
    return np.array(chosen, dtype=int)


def free_sites(
    atoms: Atoms, window_A: tuple[float, float], slack: float, mobile: str = "Li"
) -> Floats:
    """Return grid points between two heights where a Li keeps its distance from every atom.

    Parameters
    ----------
    atoms
        The cell.
    window_A
        Lower and upper height; may pass the cell's upper face.
    slack
        1 asks for comfortable distances, 0 for the shortest allowed as built.
    mobile
        The ion that stands for Li.
    """
    cell = atoms.cell.array
    counts = np.ceil(np.linalg.norm(cell[:2], axis=1) / GRID_A).astype(int)
    heights = np.arange(window_A[0], window_A[1], GRID_A)
    grid = np.meshgrid(*[np.arange(n) / n for n in counts], heights / cell[2, 2], indexing="ij")
    points = np.stack(grid, axis=-1).reshape(-1, 3) @ cell
    symbols = atoms.get_chemical_symbols()
    limits = {
        s: slack * comfortable(mobile, s) + (1.0 - slack) * shortest_allowed(mobile, s)
        for s in set(symbols)
    }
    i, j, distance = contacts(points, atoms.positions, cell, max(limits.values()))
    crowded = i[distance < np.array([limits[s] for s in symbols])[j]]
    free: Floats = points[np.setdiff1d(np.arange(len(points)), crowded)]
    return free


def best_sites(
    atoms: Atoms,
    window_A: tuple[float, float],
    number: int,
    random: np.random.Generator,
    mobile: str = "Li",
) -> Floats:
    """Return `number` positions for further Li in the window, lowest electrostatic energy first.

    Distances are relaxed step by step from comfortable to the shortest allowed as built when
    there is no room.

    Raises
    ------
    InputError
        When not even those leave room.
    """
    charges, cell = charges_of(atoms), atoms.cell.array
    for slack in (1.0, 0.75, 0.5, 0.25):
        points = free_sites(atoms, window_A, slack, mobile)
        apart = slack * comfortable(mobile, mobile)
        apart += (1.0 - slack) * shortest_allowed(mobile, mobile)
        energy = potentials(points, atoms.positions, charges, cell)
        energy += NOISE_EV * random.standard_normal(len(points))
        chosen = _greedy(points, energy, number, cell, apart)
        if len(chosen) == number:
            return points[chosen]
    raise NoRoomError(
        f"There is no room for {number} more Li at the Li-sufficient side; ask for a smaller "
        "difference of the Li excess or a wider gap."
    )


def _greedy(
    points: Floats, energy: Floats, number: int, cell: Floats, apart: float
) -> Sequence[int]:
    chosen: list[int] = []
    while len(chosen) < number and len(points) and np.isfinite(energy.min()):
        best = int(energy.argmin())
        chosen.append(best)
        _, near, distance = contacts(points[[best]], points, cell, CUTOFF_A)
        np.add.at(energy, near[distance > 1e-6], _damped(distance[distance > 1e-6]))
        energy[near[distance < apart]] = np.inf
    return chosen


def refill_crowded(atoms: Atoms, random: np.random.Generator, mobile: str = "Li") -> None:
    """Move the electrolyte's Li that the electrode came too close to, at its own boundary."""
    symbols, region = np.array(atoms.get_chemical_symbols()), atoms.arrays["region"]
    lithium = np.flatnonzero((symbols == mobile) & (region == 0))
    if len(lithium) == 0:
        return
    i, j, distance = contacts(atoms.positions[lithium], atoms.positions, atoms.cell.array, 3.0)
    limit = np.array([comfortable(mobile, symbol) for symbol in symbols])[j]
    crowded = lithium[np.unique(i[(region[j] == 1) & (distance < limit)])]
    (lower, _), (upper, _) = boundary_heights(atoms, mobile)
    below = unwrapped_heights(atoms)[crowded] > 0.5 * (lower + upper - atoms.cell.array[2, 2])
    for side, middle, inward in ((crowded[below], lower, -1.0), (crowded[~below], upper, 1.0)):
        _place(atoms, side, middle, inward, random, mobile)


def _place(
    atoms: Atoms,
    moved: Integers,
    middle: float,
    inward: float,
    random: np.random.Generator,
    mobile: str,
) -> None:
    """Give Li atoms `moved` new places at the boundary of height `middle`.

    In the electrolyte's face first; where it has no room, in the electrode's face too.
    """
    if len(moved) == 0:
        return
    rest = atoms.copy()
    del rest[moved]
    for outward in (0.5, REFILL_DEPTH_A):
        window = sorted((middle - inward * outward, middle + inward * REFILL_DEPTH_A))
        try:
            found = best_sites(rest, (window[0], window[1]), len(moved), random, mobile)
        except NoRoomError:
            if outward == REFILL_DEPTH_A:
                raise
            continue
        atoms.positions[moved] = found
        return


def move_lithium(
    atoms: Atoms, dividing: Dividing, difference_per_nm2: float, random: np.random.Generator
) -> None:
    """Move Li from the lower to the upper boundary until their excess differs by enough.

    It leaves the electrolyte's face, or the electrode's where the electrolyte has none.

    Raises
    ------
    InputError
        When too few Li are within reach, or the other side has no room for them.
    """
    area_nm2 = 0.01 * abs(float(np.linalg.det(atoms.cell.array[:2, :2])))
    lower, upper = lithium_excess(atoms, dividing)
    number = max(0, math.ceil((difference_per_nm2 * area_nm2 - (upper - lower)) / 2.0 - 1e-9))
    if number == 0:
        return
    mobile = dividing.mobile
    (low, _), (high, _) = boundary_heights(atoms, mobile)
    symbols, region = np.array(atoms.get_chemical_symbols()), atoms.arrays["region"]
    inside = 0 if ((symbols == mobile) & (region == 0)).any() else 1
    height = unwrapped_heights(atoms)
    near = is_lower(atoms, dividing) & (np.abs(height - low) < EXCHANGE_DEPTH_A)
    candidates = np.flatnonzero((symbols == mobile) & (region == inside) & near)
    chosen = weakest_lithium(atoms, candidates, number, random)
    _place(atoms, chosen, high, 1.0, random, mobile)
