"""Lithium on partly occupied sites: the arrangement of lowest electrostatic energy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase.formula import Formula
from numpy.typing import NDArray
from scipy.special import erfc

from sinterface.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

COULOMB_EV_A = 14.399645478  # e^2 / (4 pi eps0), CODATA 2018
NEUTRAL_E = 1e-6
CLASH_EV = 50.0  # penalty of two Li closer than allowed: far above any Coulomb difference
FORMAL_CHARGES = {
    "Li": 1, "La": 3, "Zr": 4, "Co": 3, "O": -2, "Al": 3, "Ga": 3, "Ta": 5, "Nb": 5, "Ti": 4,
    "Ni": 3, "Mn": 3, "Fe": 3, "Na": 1, "K": 1, "Mg": 2, "Ca": 2, "Sr": 2, "Ba": 2, "Y": 3,
    "W": 6, "Te": 6, "Bi": 5, "Sn": 4, "Ge": 4, "Si": 4, "P": 5, "S": -2, "F": -1, "Cl": -1,
    "Br": -1, "I": -1, "N": -3, "Zn": 2, "Cr": 3, "V": 5, "Sb": 5, "In": 3, "Hf": 4,
}  # fmt: skip


def formal_charges(symbols: Sequence[str]) -> Floats:
    """Return formal charges in e, shape (n_atoms,), Co being 3+ as in LiCoO2.

    Raises
    ------
    InputError
        For an element without an entry.
    """
    unknown = sorted(set(symbols) - set(FORMAL_CHARGES))
    if unknown:
        raise InputError(
            f"No formal charge is known for {', '.join(unknown)}; give a structure of other "
            "elements."
        )
    return np.array([FORMAL_CHARGES[symbol] for symbol in symbols], dtype=float)


def require_neutral(symbols: Sequence[str], what: str) -> None:
    """Refuse a structure whose formal charges don't cancel; `what` names it in the message.

    Raises
    ------
    InputError
        When the charge isn't zero, or an element has no formal charge.
    """
    charge = float(formal_charges(symbols).sum())
    if abs(charge) <= NEUTRAL_E:
        return
    formula = Formula.from_list(list(symbols)).format("hill")
    states = ", ".join(f"{kind} {FORMAL_CHARGES[kind]:+d}" for kind in sorted(set(symbols)))
    raise InputError(
        f"{what}, {formula}, has a formal charge of {charge:+g} e (oxidation states: {states}), "
        "but only neutral cells can be built; give a composition that is neutral with these "
        "oxidation states, for instance with another number of Li."
    )


@dataclass(frozen=True)
class SiteEnergies:
    """Energy of an occupation n of the Li sites: E = field . n + n . pair . n / 2, in eV.

    `field` has shape (n_sites,), `pair` (n_sites, n_sites) with its self terms on the diagonal
    moved into `field`. Two sites nearer than `shortest_A` carry the penalty `CLASH_EV` in `pair`.
    """

    field: Floats
    pair: Floats


def ewald_matrix(positions: Floats, targets: Floats, cell: Floats) -> Floats:
    """Return the Coulomb energy of unit charges at `targets` (rows) with those at `positions`.

    Periodic, each charge with its neutralising background; the value of a charge with itself is
    that with its own images. Plain Ewald sum (Ewald 1921), relative accuracy 1e-6.

    Parameters
    ----------
    positions, targets
        Cartesian positions, shapes (n, 3) and (m, 3), in Å.
    cell
        Rows are vectors, shape (3, 3), in Å.

    Returns
    -------
    Energies in eV, shape (m, n).
    """
    volume = abs(float(np.linalg.det(cell)))
    alpha = math.sqrt(math.pi) * (5.0 / volume**2) ** (1.0 / 6.0)
    reach = 3.8 / alpha
    energy = _reciprocal_sum(positions, targets, cell, alpha) - math.pi / (alpha**2 * volume)
    for shift in _lattice_vectors(cell, reach):
        delta = positions[None, :, :] + shift - targets[:, None, :]
        distance = np.sqrt(np.einsum("mnk,mnk->mn", delta, delta))
        self_pair = distance < 1e-6
        near = (distance < reach) & ~self_pair
        energy[near] += erfc(alpha * distance[near]) / distance[near]
        energy[self_pair] -= 2.0 * alpha / math.sqrt(math.pi)
    scaled: Floats = COULOMB_EV_A * energy
    return scaled


def _reciprocal_sum(positions: Floats, targets: Floats, cell: Floats, alpha: float) -> Floats:
    reciprocal = 2.0 * math.pi * np.linalg.inv(cell).T
    limit = 2.0 * alpha * 3.8
    counts = np.ceil(limit * np.linalg.norm(cell, axis=1) / (2.0 * math.pi)).astype(int)
    grid = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in counts], indexing="ij"), -1)
    waves = grid.reshape(-1, 3)[grid.reshape(-1, 3).any(axis=1)]
    waves = waves[len(waves) // 2 :] @ reciprocal  # one of each pair k, -k
    squares = np.einsum("ij,ij->i", waves, waves)
    waves, squares = waves[squares < limit**2], squares[squares < limit**2]
    weights = np.exp(-squares / (4.0 * alpha**2)) / squares
    weights *= 8.0 * math.pi / abs(float(np.linalg.det(cell)))
    energy = np.zeros((len(targets), len(positions)))
    for start in range(0, len(waves), 1000):
        part = slice(start, start + 1000)
        left, right = targets @ waves[part].T, positions @ waves[part].T
        energy += (np.cos(left) * weights[part]) @ np.cos(right).T
        energy += (np.sin(left) * weights[part]) @ np.sin(right).T
    return energy


def _lattice_vectors(cell: Floats, reach: float) -> Floats:
    """Return every lattice vector that can bring two atoms of the cell within `reach`."""
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    counts = np.ceil(reach / heights).astype(int) + 1
    grid = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in counts], indexing="ij"), -1)
    vectors: Floats = grid.reshape(-1, 3) @ cell
    return vectors


def site_energies(
    sites: Floats,
    framework: Floats,
    framework_charges: Floats,
    cell: Floats,
    *,
    shortest_A: float = 2.2,
) -> SiteEnergies:
    """Return Ewald energies of Li+ on `sites` in the field of a fixed framework.

    Parameters
    ----------
    sites, framework
        Cartesian positions, shapes (n_sites, 3) and (n_framework, 3), in Å.
    framework_charges
        Formal charges, shape (n_framework,), in e.
    cell
        Rows are vectors, shape (3, 3), in Å.
    shortest_A
        Shortest Li-Li distance that carries no penalty.
    """
    field = ewald_matrix(framework, sites, cell) @ framework_charges
    pair = ewald_matrix(sites, sites, cell)
    field += 0.5 * np.diag(pair)
    np.fill_diagonal(pair, 0.0)
    pair[shorter_than(sites, cell, shortest_A)] += CLASH_EV
    return SiteEnergies(field, pair)


def shorter_than(positions: Floats, cell: Floats, limit: float) -> NDArray[np.bool_]:
    """Return which pairs are nearer than `limit` Å through the cell's faces, shape (n, n)."""
    fractional = (positions[None] - positions[:, None]) @ np.linalg.inv(cell)
    delta = (fractional - np.round(fractional)) @ cell
    close: NDArray[np.bool_] = np.einsum("ijk,ijk->ij", delta, delta) < limit**2
    np.fill_diagonal(close, False)
    return close


def order_lithium(
    energies: SiteEnergies,
    groups: Integers,
    counts: Sequence[int],
    seed: int,
    *,
    n_moves: int | None = None,
    start: Integers | None = None,
) -> Integers:
    """Choose which sites hold Li: simulated annealing of moves inside each group of sites.

    The number of Li in each group stays fixed, because formal charges alone overfill the
    octahedral sites of garnets. A moved Li sends any Li too close to its new site to the best
    empty site of that one's group (without this, crowded sites never come free). Temperatures
    fall from 2 eV/k to 0.02 eV/k.

    Parameters
    ----------
    energies
        Energies of the sites.
    groups
        Group of each site, 0, 1, ..., shape (n_sites,).
    counts
        Li atoms in each group.
    seed
        Seed of the random numbers; the same seed gives the same arrangement.
    n_moves
        Attempted moves; 40 a site when not given.
    start
        Sites occupied at first, with `counts` in the groups; drawn when not given.

    Returns
    -------
    Sorted indices of the occupied sites, shape (sum(counts),).

    Raises
    ------
    InputError
        When no arrangement without two Li too close was found.
    """
    random = np.random.default_rng(seed)
    occupied = np.zeros(len(groups), dtype=bool)
    for group, count in enumerate(counts):
        members = np.flatnonzero(groups == group)
        if not 0 <= count <= len(members):
            raise InputError(f"{count} Li were asked on {len(members)} sites; ask for fewer.")
        occupied[random.choice(members, size=count, replace=False)] = start is None
    if start is not None:
        occupied[start] = True
    for _ in range(3):
        _anneal(energies, groups, occupied, random, n_moves or 40 * len(groups))
        chosen = np.flatnonzero(occupied)
        if not bool((energies.pair[np.ix_(chosen, chosen)] > 0.5 * CLASH_EV).any()):
            return chosen
    raise InputError(
        f"{len(chosen)} Li do not fit on {len(groups)} sites without two being too close; "
        "lower the occupancies or order the Li sites of the structure first."
    )


def total_energy(energies: SiteEnergies, chosen: Integers) -> float:
    """Return the energy in eV of Li on the sites `chosen`."""
    pairs = energies.pair[np.ix_(chosen, chosen)]
    return float(energies.field[chosen].sum() + 0.5 * pairs.sum())


def _anneal(
    energies: SiteEnergies,
    groups: Integers,
    occupied: NDArray[np.bool_],
    random: np.random.Generator,
    n_moves: int,
) -> None:
    """Anneal `occupied` in place, keeping the potential `local` of every site up to date."""
    pair = energies.pair
    local = energies.field + pair @ occupied.astype(float)
    clashes = [np.flatnonzero(row > 0.5 * CLASH_EV) for row in pair]
    inside = [groups == group for group in range(groups.max() + 1)]

    def move(old: int, new: int) -> float:
        change = float(local[new] - local[old] - pair[old, new])
        np.add(local, pair[new] - pair[old], out=local)
        occupied[old], occupied[new] = False, True
        return change

    temperatures, draws = np.geomspace(2.0, 0.02, n_moves), random.random((n_moves, 3))
    for temperature, (first, second, draw) in zip(
        temperatures.tolist(), draws.tolist(), strict=True
    ):
        full = occupied.nonzero()[0]
        old = int(full[int(first * len(full))])
        empty = (~occupied & inside[groups[old]]).nonzero()[0]
        if len(empty) == 0:
            continue
        new = int(empty[int(second * len(empty))])
        saved = local.copy(), occupied.copy()
        change = move(old, new)
        for clash in clashes[new]:
            if occupied[clash]:
                free = ~occupied & inside[groups[clash]]
                cost = np.where(free, local - pair[clash], np.inf)
                best = int(cost.argmin())
                if math.isfinite(cost[best]):
                    change += move(int(clash), best)
        if change > 0.0 and draw >= math.exp(-change / temperature):
            local[:], occupied[:] = saved
