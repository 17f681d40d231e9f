"""Li along the layer of LiCoO2: into a lone vacancy, or one of two.

A. Van der Ven and G. Ceder, Electrochem. Solid-State Lett. 3, 301 (2000) name the two ways: beside
a single vacancy Li squeezes between two oxygens (oxygen dumbbell hop), beside a divacancy it takes
the curved way through the tetrahedral site next to both (tetrahedral-site hop).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.paths.hop import Hop, charge_words
from sinterface.structures.crystals import layered_lco

if TYPE_CHECKING:
    from ase import Atoms

WAYS: Final = {"single": "oxygen-dumbbell hop", "divacancy": "tetrahedral-site hop"}
_HEIGHTS_A = np.linspace(-1.5, 1.5, 61)
_SAME_LAYER_A = 0.5


def lco_hop(
    vacancies: str,
    *,
    crystal: Atoms | None = None,
    repeat: tuple[int, int, int] = (4, 4, 1),
) -> Hop:
    """Return a hop of Li to the next site of its layer in LCO.

    Parameters
    ----------
    vacancies
        "single": the site it hops into is the only empty one; "divacancy": a second one, next to
        both, is empty too.
    crystal
        Hexagonal cell of LCO with c along z, 12 atoms, for instance relaxed with the potential; the
        measured one if not given.
    repeat
        Copies of it; at least 3 × 3 × 1.

    Raises
    ------
    InputError
        For other `vacancies`, or a cell too small.
    """
    if vacancies not in WAYS:
        raise InputError(f"vacancies must be single or divacancy, got '{vacancies}'.")
    if min(repeat[:2]) < 3 or repeat[2] < 1:
        raise InputError(
            f"Of LCO, {' × '.join(map(str, repeat))} copies are too few for a vacancy that "
            "doesn't meet its own image; take at least 3 × 3 × 1."
        )
    atoms = (crystal if crystal is not None else layered_lco()) * repeat
    start, end, third = _triangle(atoms)
    via = _tetrahedral(atoms, _centre(atoms, (start, end, third)))
    target = atoms.positions[end].copy()
    gone = [end, third] if vacancies == "divacancy" else [end]
    ion = start - sum(index < start for index in gone)
    initial = atoms.copy()
    del initial[gone]
    final = initial.copy()
    final.positions[ion] = target
    count = len(gone)
    n_cobalt = initial.get_chemical_symbols().count("Co")
    return Hop(
        name=f"lco-{vacancies}",
        title=f"Li along the layer of LCO, {vacancies} vacancy ({WAYS[vacancies]})".replace(
            "divacancy vacancy", "divacancy"
        ),
        initial=initial,
        final=final,
        via_A=via if vacancies == "divacancy" else None,
        charge=charge_words(initial, f"{count} Li taken out" if count > 1 else "one Li taken out"),
        details={
            "vacancies": vacancies,
            "way": WAYS[vacancies],
            "copies": list(repeat),
            "n_cobalt": n_cobalt,
            "hop_A": round(float(np.linalg.norm(_short(atoms, start, end))), 4),
        },
    )


def _triangle(atoms: Atoms) -> tuple[int, int, int]:
    """Return three neighbouring Li of one layer, each next to the other two."""
    lithium = np.flatnonzero(atoms.numbers == 3)
    if len(lithium) < 9:
        raise InputError("The crystal has no layer of Li; give the hexagonal cell of LiCoO2.")
    first = int(lithium[0])
    z = atoms.positions[lithium, 2]
    layer = lithium[np.abs(z - atoms.positions[first, 2]) < _SAME_LAYER_A]
    lengths = np.array([np.linalg.norm(_short(atoms, first, int(k))) for k in layer])
    ring = layer[np.argsort(lengths, kind="stable")][1:7]
    second = int(ring[0])
    apart = [float(np.linalg.norm(_short(atoms, second, int(k)))) for k in ring[1:]]
    nearest = min(apart)
    third = next(int(k) for k, d in zip(ring[1:], apart, strict=True) if d < 1.05 * nearest)
    return first, second, third


def _short(atoms: Atoms, i: int, j: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = atoms.get_distance(i, j, mic=True, vector=True)
    return found


def _centre(atoms: Atoms, sites: tuple[int, int, int]) -> NDArray[np.float64]:
    """Return the centre of three sites, unwrapped about the first of them."""
    first = sites[0]
    vectors = [np.zeros(3), *(_short(atoms, first, k) for k in sites[1:])]
    found: NDArray[np.float64] = atoms.positions[first] + np.mean(vectors, axis=0)
    return found


def _tetrahedral(atoms: Atoms, centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the point above or below `centre` that is farthest from the nearest oxygen."""
    from ase.geometry import find_mic

    oxygen = atoms.positions[atoms.numbers == 8]
    points = centre + np.outer(_HEIGHTS_A, [0.0, 0.0, 1.0])
    rooms = [find_mic(oxygen - point, atoms.cell, atoms.pbc)[1].min() for point in points]
    found: NDArray[np.float64] = points[int(np.argmax(rooms))]
    return found
