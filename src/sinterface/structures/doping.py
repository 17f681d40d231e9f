"""Substitution in a crystal, charge-balanced by taking Li out."""

from __future__ import annotations

from typing import Final

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from sinterface.errors import InputError

SITE_CHARGE: Final[dict[str, int]] = {"Li": 1, "La": 3, "Zr": 4}
"""Formal charge of the element that is replaced."""

CO_CHARGE: Final[dict[str, int]] = {"Li": 3, "La": 3, "Zr": 4}
"""Formal charge that Co takes on each site: Co3+ for Li and La, Co4+ for Zr."""


def dope(atoms: Atoms, site: str, n_dopants: int, *, dopant: str = "Co", seed: int = 0) -> Atoms:
    """Replace `n_dopants` atoms of element `site` and keep the cell neutral.

    Each Co3+ on a Li site takes the place of three Li: the replaced one and the two nearest to
    it, so Li(7-3x)Co(x)La3Zr2O12. Co3+ on La and Co4+ on Zr need no compensation. Dopants are
    spread: after a random first one, each is the site farthest from those before it.

    Parameters
    ----------
    site
        ``Li``, ``La`` or ``Zr``.
    n_dopants
        Dopants in the cell.
    dopant
        Element put in; charges are known for Co.
    seed
        Of the first site.

    Raises
    ------
    InputError
        For another site or dopant, or more dopants than the cell can take.
    """
    if site not in SITE_CHARGE or dopant != "Co":
        raise InputError(
            f"Can't put {dopant} on {site}: charges are known for Co on {', '.join(SITE_CHARGE)}."
        )
    removed_each = CO_CHARGE[site] - SITE_CHARGE[site]
    hosts = np.flatnonzero(atoms.numbers == atomic_numbers[site])
    room = len(hosts) // (1 + removed_each) if site == "Li" else len(hosts)
    if not 1 <= n_dopants <= room:
        raise InputError(
            f"The cell takes 1 to {room} Co on {site}, not {n_dopants}; "
            "change the number or repeat the cell."
        )
    chosen = _spread(atoms, hosts, n_dopants, seed)
    doped: Atoms = atoms.copy()
    doped.numbers[chosen] = atomic_numbers[dopant]
    gone = _nearest_lithium(doped, chosen, removed_each)
    del doped[gone]
    return doped


def remove_lithium(atoms: Atoms, share: float, *, seed: int = 0) -> None:
    """Take the given share of Li out of `atoms`, at random and in place.

    Neutral only where something else takes up the charge: Co goes from 3+ towards 4+ in LiCoO2.
    """
    lithium = np.flatnonzero(atoms.numbers == atomic_numbers["Li"])
    n_removed = round(share * len(lithium))
    gone = np.random.default_rng(seed).choice(lithium, n_removed, replace=False)
    del atoms[gone]


def swap_sites(atoms: Atoms, pair: tuple[str, str], share: float, *, seed: int = 0) -> None:
    """Swap the given share of the first element's atoms with ones of the second, in place.

    Both are drawn at random; the composition stays. In LiCoO2 this makes Li/Co antisite pairs.
    """
    first, second = (np.flatnonzero(atoms.numbers == atomic_numbers[name]) for name in pair)
    n_swapped = min(round(share * len(first)), len(second))
    rng = np.random.default_rng(seed)
    ours = rng.choice(first, n_swapped, replace=False)
    theirs = rng.choice(second, n_swapped, replace=False)
    atoms.numbers[ours], atoms.numbers[theirs] = atomic_numbers[pair[1]], atomic_numbers[pair[0]]


def _spread(atoms: Atoms, hosts: np.ndarray, n_sites: int, seed: int) -> list[int]:
    rng = np.random.default_rng(seed)
    chosen = [int(rng.choice(hosts))]
    nearest = np.full(len(hosts), np.inf)
    while len(chosen) < n_sites:
        distances = atoms.get_distances(chosen[-1], hosts, mic=True)
        nearest = np.minimum(nearest, distances)
        ties = np.flatnonzero(nearest > nearest.max() - 0.1)
        chosen.append(int(hosts[rng.choice(ties)]))
    return chosen


def _nearest_lithium(atoms: Atoms, dopants: list[int], removed_each: int) -> list[int]:
    gone: list[int] = []
    for dopant in dopants if removed_each else []:
        lithium = np.flatnonzero(atoms.numbers == atomic_numbers["Li"])
        lithium = np.setdiff1d(lithium, gone)
        order = np.argsort(atoms.get_distances(dopant, lithium, mic=True), kind="stable")
        gone += [int(index) for index in lithium[order[:removed_each]]]
    return gone
