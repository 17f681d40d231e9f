"""Partly occupied sites filled: whole numbers of atoms, neutral, of low electrostatic energy."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sinterface.errors import InputError
from sinterface.structures.lithium import (
    CLASH_EV,
    Floats,
    Integers,
    ewald_matrix,
    order_lithium,
    site_energies,
    total_energy,
)
from sinterface.structures.structure_certificate import oxidation_states

if TYPE_CHECKING:
    from ase import Atoms

FULL = 0.995
CLASH_A = 1.2
SHORTEST_LI_A = 2.0
MOST_ROUNDED = 14
MOVES_A_SITE = 200


@dataclass(frozen=True)
class Orbit:
    """Sites that are equivalent in the crystal: the share of each element on them, and where.

    `positions` has shape (n_sites, 3), in Å.
    """

    species: Mapping[str, float]
    positions: Floats

    @property
    def full(self) -> bool:
        """Whether one element alone fills every site."""
        return len(self.species) == 1 and next(iter(self.species.values())) >= FULL

    def repeated(self, cell: Floats, repeat: Sequence[int]) -> Orbit:
        """Return the orbit in a supercell."""
        grid = np.stack(np.meshgrid(*[np.arange(n) for n in repeat], indexing="ij"), -1)
        shifts = grid.reshape(-1, 3) @ cell
        moved = (self.positions[None] + shifts[:, None]).reshape(-1, 3)
        return Orbit(self.species, moved)


def fill_sites(
    cell: Floats, orbits: Sequence[Orbit], what: str, *, seed: int = 0, draws: int = 1
) -> Atoms:
    """Return a cell with every site full or empty.

    Elements other than Li are placed first, by swaps at falling temperature with Li smeared over
    its sites, then Li by `lithium.order_lithium`. Numbers of atoms are those nearest to the
    occupancies that make the cell neutral.

    Parameters
    ----------
    cell
        Rows are vectors, shape (3, 3), in Å.
    orbits
        The sites.
    what
        Name of the structure in messages.
    seed, draws
        Seed, and number of arrangements drawn, of which that of the lowest energy is kept.

    Raises
    ------
    InputError
        When no whole numbers of atoms make the cell neutral, or atoms can't be kept apart.
    """
    from ase import Atoms

    full = Atoms(cell=cell, pbc=True)
    for orbit in orbits:
        if orbit.full:
            full += Atoms([next(iter(orbit.species))] * len(orbit.positions), orbit.positions)
    if all(orbit.full for orbit in orbits):
        return full  # nothing to choose; unusual oxidation states are for who uses it to judge
    counts = whole_numbers(orbits, what)
    partial = [(orbit, n) for orbit, n in zip(orbits, counts, strict=True) if not orbit.full]
    charges = _charges(counts)
    trials = [
        _draw(full, partial, charges, np.random.default_rng([seed, k]).integers(2**31).item())
        for k in range(draws)
    ]
    best, _ = min(trials, key=lambda trial: trial[1])
    _refuse_crowding(best, what)
    return best


def _refuse_crowding(atoms: Atoms, what: str) -> None:
    from sinterface.structures.contacts import contacts

    i, j, distance = contacts(atoms.positions, atoms.positions, atoms.cell.array, CLASH_A)
    if len(distance):
        k = int(distance.argmin())
        raise InputError(
            f"{what} can't be filled without {atoms[int(i[k])].symbol} and "
            f"{atoms[int(j[k])].symbol} {distance[k]:.2f} Å apart: its occupied sites overlap; "
            "remove one of the overlapping sites, or lower their occupancies."
        )


def whole_numbers(orbits: Sequence[Orbit], what: str) -> list[dict[str, int]]:
    """Return the number of atoms of each element on each orbit that makes the cell neutral.

    Of all roundings up and down of the occupancies, the neutral one nearest to them.

    Raises
    ------
    InputError
        When none is neutral, or too many occupancies would have to be rounded.
    """
    entries = [
        (number, symbol, share * len(orbit.positions))
        for number, orbit in enumerate(orbits)
        for symbol, share in orbit.species.items()
    ]
    choices = []
    for number, _, amount in entries:
        near = round(amount)
        if orbits[number].full or abs(amount - near) < 0.005 * max(1.0, amount):
            choices.append([near])
        else:
            choices.append([math.floor(amount), math.ceil(amount)])
    if sum(len(choice) > 1 for choice in choices) > MOST_ROUNDED:
        raise InputError(
            f"{what} has more than {MOST_ROUNDED} occupancies that are no whole numbers of atoms; "
            "build it in a supercell in which they are."
        )
    best: tuple[float, tuple[int, ...]] | None = None
    nearest = (math.inf, 0.0)
    for trial in itertools.product(*choices):
        if _overfull(orbits, entries, trial):
            continue
        charge = _charge(entries, trial)
        off = sum(abs(n - amount) for n, (_, _, amount) in zip(trial, entries, strict=True))
        if off < nearest[0]:
            nearest = (off, charge)
        if abs(charge) < 1e-6 and (best is None or off < best[0]):
            best = (off, trial)
    if best is None:
        raise InputError(
            f"{what} can't be made neutral: with its occupancies rounded to whole atoms its formal "
            f"charge is {nearest[1]:+g} e; correct the occupancies, or build a supercell that "
            "holds whole numbers of atoms."
        )
    counts: list[dict[str, int]] = [{} for _ in orbits]
    for (number, symbol, _), n in zip(entries, best[1], strict=True):
        counts[number][symbol] = n
    return counts


def _overfull(
    orbits: Sequence[Orbit], entries: Sequence[tuple[int, str, float]], trial: Sequence[int]
) -> bool:
    used = np.zeros(len(orbits), dtype=int)
    for (number, _, _), n in zip(entries, trial, strict=True):
        used[number] += n
    return any(n > len(orbit.positions) for n, orbit in zip(used, orbits, strict=True))


def _charge(entries: Sequence[tuple[int, str, float]], trial: Sequence[int]) -> float:
    """Return the formal charge that remains when elements of several states take what they can."""
    amounts: dict[str, int] = {}
    for (_, symbol, _), n in zip(entries, trial, strict=True):
        amounts[symbol] = amounts.get(symbol, 0) + n
    states = oxidation_states(amounts)
    charge = sum(states[symbol] * n for symbol, n in amounts.items())
    return round(charge, 9)


def _charges(counts: Sequence[Mapping[str, int]]) -> dict[str, float]:
    amounts: dict[str, int] = {}
    for number in counts:
        for symbol, n in number.items():
            amounts[symbol] = amounts.get(symbol, 0) + n
    return oxidation_states(amounts)


def _draw(
    full: Atoms,
    partial: Sequence[tuple[Orbit, Mapping[str, int]]],
    charges: Mapping[str, float],
    seed: int,
) -> tuple[Atoms, float]:
    """Return one arrangement and its electrostatic energy in eV."""
    from ase import Atoms

    random = np.random.default_rng(seed)
    sites = np.concatenate([orbit.positions for orbit, _ in partial])
    orbit_of = np.repeat(np.arange(len(partial)), [len(orbit.positions) for orbit, _ in partial])
    kinds = np.full(len(sites), "", dtype="U2")
    for number, (_, counts) in enumerate(partial):
        order = random.permutation(np.flatnonzero(orbit_of == number))
        others = [symbol for symbol, n in counts.items() if symbol != "Li" for _ in range(n)]
        kinds[order[: len(others)]] = others
    energy = 0.0
    if (kinds != "").any():
        energy += _anneal_kinds(full, sites, orbit_of, kinds, partial, charges, random)
    placed = full + Atoms(kinds[kinds != ""].tolist(), sites[kinds != ""])
    free = np.flatnonzero(kinds == "")
    wanted = [counts.get("Li", 0) for _, counts in partial]
    if sum(wanted):
        field = np.array([charges[symbol] for symbol in placed.get_chemical_symbols()])
        energies = site_energies(
            sites[free], placed.positions, field, full.cell.array, shortest_A=SHORTEST_LI_A
        )
        chosen = order_lithium(energies, orbit_of[free], wanted, int(random.integers(2**31)))
        placed += Atoms("Li" * len(chosen), sites[free][chosen])
        energy += total_energy(energies, chosen)
    return placed, energy


def _anneal_kinds(
    full: Atoms,
    sites: Floats,
    orbit_of: Integers,
    kinds: np.ndarray,
    partial: Sequence[tuple[Orbit, Mapping[str, int]]],
    charges: Mapping[str, float],
    random: np.random.Generator,
) -> float:
    """Swap elements (other than Li) and empty places inside each orbit, in place."""
    cell = full.cell.array
    smeared = np.array(
        [
            counts.get("Li", 0) / max(1, np.sum((orbit_of == number) & (kinds == "")))
            for number, (_, counts) in enumerate(partial)
        ]
    )
    charge = np.array(
        [charges[k] if k else smeared[o] for k, o in zip(kinds.tolist(), orbit_of, strict=True)]
    )
    solid = (kinds != "").astype(float)
    pair = ewald_matrix(sites, sites, cell)
    field = np.zeros(len(sites))
    if len(full):
        around = np.array([charges[symbol] for symbol in full.get_chemical_symbols()])
        field = ewald_matrix(full.positions, sites, cell) @ around
    clash = CLASH_EV * _clashes(sites, cell)
    members = [np.flatnonzero(orbit_of == number) for number in range(len(partial))]
    movable = [m for m in members if len(set(kinds[m].tolist())) > 1]
    local, crowd = field + pair @ charge, clash @ solid
    n_moves = MOVES_A_SITE * sum(len(m) for m in movable)
    for temperature in np.geomspace(2.0, 0.02, n_moves).tolist():
        group = movable[int(random.integers(len(movable)))]
        i, j = (int(k) for k in random.choice(group, 2, replace=False))
        if kinds[i] == kinds[j]:
            continue
        dq, ds = charge[j] - charge[i], solid[j] - solid[i]
        change = dq * (local[i] - local[j]) + dq**2 * (0.5 * (pair[i, i] + pair[j, j]) - pair[i, j])
        change += ds * (crowd[i] - crowd[j]) - ds**2 * clash[i, j]
        if change > 0.0 and random.random() >= math.exp(-change / temperature):
            continue
        local += dq * (pair[i] - pair[j])
        crowd += ds * (clash[i] - clash[j])
        for array in (kinds, charge, solid):
            array[[i, j]] = array[[j, i]]
    return float(charge @ field + 0.5 * charge @ pair @ charge + 0.5 * solid @ clash @ solid)


def _clashes(sites: Floats, cell: Floats) -> Floats:
    """Return 1 for each pair of sites nearer than `CLASH_A`, else 0."""
    from sinterface.structures.contacts import contacts

    table = np.zeros((len(sites), len(sites)))
    i, j, _ = contacts(sites, sites, cell, CLASH_A)
    table[i, j] = 1.0
    np.fill_diagonal(table, 0.0)
    return table
