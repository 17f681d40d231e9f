"""Sites chosen as far from each other as possible, through the faces of a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sinterface.structures.lithium import Floats, Integers

if TYPE_CHECKING:
    from ase import Atoms

STARTS = 8
LARGEST_TABLE = 2500
EXCHANGES = 40


def choose_sites(
    atoms: Atoms, hosts: Integers, n_sites: int, random: np.random.Generator, *, spread: bool
) -> Integers:
    """Return `n_sites` of `hosts`: drawn, or spread so that the nearest two are far apart.

    Spread sites begin with farthest-point sampling from several first sites; then, as long as
    that helps, one of the nearest two moves to where its nearest neighbour is farthest.

    Parameters
    ----------
    atoms
        Periodic structure.
    hosts
        Indices to choose from.
    n_sites
        How many.
    random
        Generator of all that is drawn.
    spread
        Whether they are spread.
    """
    if not spread or n_sites == len(hosts):
        drawn: Integers = np.sort(random.choice(hosts, n_sites, replace=False))
        return drawn
    table = None
    if len(hosts) <= LARGEST_TABLE:
        table = np.array([distances_from(atoms, int(host), hosts) for host in hosts])

    def row(k: int) -> Floats:
        return table[k] if table is not None else distances_from(atoms, int(hosts[k]), hosts)

    starts = STARTS if table is not None else 1
    trials = []
    for _ in range(starts):
        chosen = [int(random.integers(len(hosts)))]
        nearest = row(chosen[0]).copy()
        while len(chosen) < n_sites:
            nearest[chosen] = -1.0
            ties = np.flatnonzero(nearest > nearest.max() - 0.1)
            chosen.append(int(random.choice(ties)))
            nearest = np.minimum(nearest, row(chosen[-1]))
        trials.append(chosen if table is None else _exchanged(table, chosen))
    best = trials[0]
    if table is not None and n_sites > 1:
        best = max(trials, key=lambda trial: _quality(table, trial))
    result: Integers = np.sort(hosts[best])
    return result


def distances_from(atoms: Atoms, index: int, others: Integers) -> Floats:
    """Return distances to the nearest images of other atoms, in Å, shape (len(others),)."""
    distances: Floats = atoms.get_distances(index, others, mic=True)
    return distances


def _quality(table: Floats, chosen: list[int]) -> tuple[float, float]:
    """Return the shortest distance of the chosen, and less their mutual repulsion."""
    part = table[np.ix_(chosen, chosen)][np.triu_indices(len(chosen), 1)]
    return round(float(part.min()), 6), -float((part**-6.0).sum())


def _exchanged(table: Floats, chosen: list[int]) -> list[int]:
    """Return the chosen after exchanges that make them repel each other less."""
    for _ in range(EXCHANGES):
        part = table[np.ix_(chosen, chosen)].copy()
        np.fill_diagonal(part, np.inf)
        if not np.isfinite(part).any():
            return chosen
        worst = int((part**-6.0).sum(axis=1).argmax())
        rest = chosen[:worst] + chosen[worst + 1 :]
        cost = (np.maximum(table[:, rest], 1e-3) ** -6.0).sum(axis=1)
        cost[rest] = np.inf
        better = int(cost.argmin())
        if cost[better] >= cost[chosen[worst]] - 1e-12:
            return chosen
        chosen = [*rest, better]
    return chosen
