"""Hops of Li in cubic LLZO between an occupied and an empty site, with and without Co nearby.

A Li site is a tetrahedron (24d) or an octahedral cage (48g, whose two off-centre places are the
96h sites); each tetrahedron shares faces with four cages, each cage with two tetrahedra. The
cells need no vacancy: 56 Li leave some of the 72 sites empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.paths.hop import Hop, charge_words
from sinterface.structures.crystals import cubic_llzo, llzo_framework, llzo_lithium_sites

if TYPE_CHECKING:
    from ase import Atoms

CHARGES = {"Li": 3, "La": 3, "Zr": 4}
"""Formal charge of Co on each site."""
ROOM_A = 1.9
"""A Li must find no other Li, nor Co, nearer than this on its new site."""
_A_A = 12.98
_NEIGHBOUR_A = 2.4
_PAIR_A = 1.2


def doped_llzo(
    cobalt: str | None = None,
    *,
    to_cobalt: str = "near",
    seed: int = 0,
    repeat: tuple[int, int, int] = (1, 1, 1),
) -> Atoms:
    """Return cubic LLZO, with one Co on a site of `cobalt` ("Li", "La" or "Zr") where asked.

    The host nearest to the roomiest hop of the cell is taken, or with `to_cobalt` = "far" the
    farthest. Co3+ on Li takes the two nearest Li out too, Co4+ on Zr and Co3+ on La need nothing:
    the cell is neutral.

    Raises
    ------
    InputError
        For another site.
    """
    _check_side(to_cobalt)
    atoms: Atoms = cubic_llzo(seed) * repeat
    if cobalt is None:
        return atoms
    if cobalt not in CHARGES:
        raise InputError(f"Co sits on Li, La or Zr of LLZO, got '{cobalt}'.")
    hop = llzo_hops(atoms)[0]
    ion = int(hop.moving[0])
    middle = 0.5 * (hop.initial.positions[ion] + hop.final.positions[ion])
    hosts = _by_distance(atoms, middle, cobalt, ion)
    host = int(hosts[0] if to_cobalt == "near" else hosts[-1])
    doped: Atoms = atoms.copy()
    doped.symbols[host] = "Co"
    gone = _by_distance(doped, doped.positions[host], "Li", ion)[: CHARGES[cobalt] - 1]
    del doped[gone.tolist() if cobalt == "Li" else []]
    return doped


def _by_distance(
    atoms: Atoms, place: NDArray[np.float64], symbol: str, but: int
) -> NDArray[np.int64]:
    """Return the atoms of an element but one, the nearest to a place first."""
    from ase.geometry import find_mic

    mine = np.array([k for k, s in enumerate(atoms.symbols) if s == symbol and k != but])
    lengths = find_mic(atoms.positions[mine] - place, atoms.cell, True)[1]
    found: NDArray[np.int64] = mine[np.argsort(lengths, kind="stable")]
    return found


def _check_side(to_cobalt: str) -> None:
    if to_cobalt not in ("near", "far"):
        raise InputError(f"to_cobalt must be near or far, got '{to_cobalt}'.")


def llzo_hops(atoms: Atoms, *, to_cobalt: str = "near") -> list[Hop]:
    """Return hops of one Li into an empty site, the best to begin with first.

    In turn hops into the neighbouring site (24d to 96h or back) and through an empty neighbour into
    the next but one (96h to 96h through 24d, or 24d to 24d through 96h): one of a pair of sites
    that share a face is often no minimum.

    Parameters
    ----------
    atoms
        Copies of the cubic cell as :func:`doped_llzo` gives it, as built or relaxed.
    to_cobalt
        In a cell with Co: "near", the hops nearest to it first (in whole Å), or "far". Those with
        the most room come first among them.

    Raises
    ------
    InputError
        For a structure that is no such cell, or one without a hop that has room.
    """
    from ase.geometry import find_mic

    _check_side(to_cobalt)
    places, kinds = _sites(atoms)
    lithium = np.flatnonzero(atoms.numbers == 3)
    at = _nearest(atoms, atoms.positions[lithium], places)
    empty = np.setdiff1d(np.arange(len(places)), at)
    for cobalt in atoms.positions[atoms.numbers == 27]:
        empty = empty[find_mic(places[empty] - cobalt, atoms.cell, True)[1] > ROOM_A]
    found, further = [], []
    for ion, site in zip(lithium.tolist(), at.tolist(), strict=True):
        for target in _beside(atoms, site, empty, places, kinds):
            hop = _hop(atoms, ion, (site, target), places, kinds)
            if hop is not None:
                found.append(hop)
            for last in _beside(atoms, target, empty, places, kinds):
                hop = _hop(atoms, ion, (site, target, last), places, kinds)
                if hop is not None:
                    further.append(hop)
    if not found:
        raise InputError(
            "No Li of the cell has an empty site beside it with room; take another seed."
        )
    far = -1.0 if to_cobalt == "far" else 1.0
    for some in (found, further):
        some.sort(
            key=lambda hop: (far * round(hop.details.get("cobalt_A", 0.0)), -hop.details["room_A"])
        )
    hops = _taking_turns(found, further)
    return [_numbered(hop, number) for number, hop in enumerate(hops, start=1)]


def _taking_turns(one: list[Hop], other: list[Hop]) -> list[Hop]:
    """Return the hops of two lists in turn, then what is left of the longer."""
    pairs = list(zip(one, other, strict=False))
    n = len(pairs)
    return [hop for pair in pairs for hop in pair] + one[n:] + other[n:]


def _beside(
    atoms: Atoms,
    site: int,
    empty: NDArray[np.int64],
    places: NDArray[np.float64],
    kinds: NDArray[np.str_],
) -> list[int]:
    """Return the empty sites of the other kind that share a face with a site."""
    from ase.geometry import find_mic

    others = empty[(kinds[empty] != kinds[site]) & (empty != site)]
    if len(others) == 0:
        return []
    lengths = find_mic(places[others] - places[site], atoms.cell, True)[1]
    return [int(k) for k in others[lengths < _NEIGHBOUR_A]]


def _numbered(hop: Hop, number: int) -> Hop:
    return Hop(
        f"{hop.name}-{number}", hop.title, hop.initial, hop.final, hop.via_A, hop.charge,
        {**hop.details, "hop": number},
    )  # fmt: skip


def _sites(atoms: Atoms) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Return the places of tetrahedra and cages in the cell, and which is which."""
    copies = [max(1, round(length / _A_A)) for length in atoms.cell.lengths()]
    ideal = llzo_framework(_A_A) * copies
    if not np.allclose(atoms.cell.lengths(), ideal.cell.lengths(), rtol=0.06) or not np.allclose(
        atoms.cell.angles(), 90, atol=4
    ):
        raise InputError("The cell is no copy of cubic LLZO's; give one of 13 Å edges.")
    sites = llzo_lithium_sites(_A_A) * copies
    sites.set_pbc(True)
    tetrahedra = sites[sites.get_tags() == 0]
    cages = _cages(sites[sites.get_tags() == 1])
    fractions = np.concatenate([tetrahedra.get_scaled_positions(), cages])
    fractions += _drift(atoms, ideal)
    kinds = np.array(["24d"] * len(tetrahedra) + ["96h"] * len(cages))
    return fractions @ atoms.cell.array, kinds


def _cages(sites: Atoms) -> NDArray[np.float64]:
    """Return the fractional middle of each pair of 96h sites that share a cage."""
    from ase.neighborlist import neighbor_list

    i, _, vectors = neighbor_list("ijD", sites, _PAIR_A)
    largest = np.abs(vectors).argmax(axis=1)
    first = vectors[np.arange(len(i)), largest] > 0  # each pair once
    middles = sites.positions[i[first]] + 0.5 * vectors[first]
    found: NDArray[np.float64] = np.linalg.solve(sites.cell.array.T, middles.T).T
    return found


def _drift(atoms: Atoms, ideal: Atoms) -> NDArray[np.float64]:
    """Return how far the framework stands from its ideal place, fractional, shape (3,)."""
    mine = atoms[atoms.numbers == 40].get_scaled_positions()
    theirs = ideal[ideal.numbers == 40].get_scaled_positions()
    if len(mine) < 8:
        raise InputError("The structure has no Zr framework of LLZO; give cubic LLZO.")
    apart = mine[:, None] - theirs[None]
    apart -= np.round(apart)
    nearest = np.abs(apart).sum(axis=2).argmin(axis=1)
    found: NDArray[np.float64] = np.median(apart[np.arange(len(mine)), nearest], axis=0)
    return found


def _nearest(
    atoms: Atoms, points: NDArray[np.float64], places: NDArray[np.float64]
) -> NDArray[np.int64]:
    from ase.geometry import find_mic

    rows = [find_mic(places - point, atoms.cell, True)[1].argmin() for point in points]
    return np.array(rows, dtype=np.int64)


def _hop(
    atoms: Atoms,
    ion: int,
    way: tuple[int, ...],
    places: NDArray[np.float64],
    kinds: NDArray[np.str_],
) -> Hop | None:
    """Return the hop of an atom from its site along others; None where it has no room there."""
    from ase.geometry import find_mic

    if way[-1] == way[0]:
        return None
    points = [atoms.positions[ion]]
    for site in way[1:]:
        points.append(points[-1] + find_mic(places[site] - points[-1], atoms.cell, True)[0])
    place = points[-1]
    others = np.isin(atoms.numbers, (3, 27)) & (np.arange(len(atoms)) != ion)
    room = float(find_mic(atoms.positions[others] - place, atoms.cell, True)[1].min())
    if room < ROOM_A:
        return None
    final = atoms.copy()
    final.positions[ion] = place
    details: dict[str, Any] = {
        "sites": [str(kinds[site]) for site in way],
        "room_A": round(room, 3),
    }
    cobalt = atoms.positions[atoms.numbers == 27]
    words = ""
    if len(cobalt):
        middle = 0.5 * (atoms.positions[ion] + final.positions[ion])
        near = float(find_mic(cobalt - middle, atoms.cell, True)[1].min())
        details["cobalt_A"] = round(near, 3)
        words = f", Co {near:.1f} Å away"
    return Hop(
        name=f"llzo{'-co' if len(cobalt) else ''}",
        title=f"Li in cubic LLZO, {' → '.join(details['sites'])}{words}",
        initial=atoms.copy(),
        final=final,
        via_A=points[1] if len(points) == 3 else None,
        charge=charge_words(atoms),
        details=details,
    )
