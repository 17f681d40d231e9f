"""Compositions of disordered cells: the study's mixtures by name, or any that a person writes."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from sinterface.errors import InputError, nearest_name
from sinterface.structures.mixture import FORMULA_VOLUME_A3, MIXTURES, UNSEEN, Mixture
from sinterface.structures.structure_certificate import oxidation_states

if TYPE_CHECKING:
    from ase import Atoms

NAMED: Final[dict[str, dict[str, int]]] = {
    **{f"M{k}": MIXTURES[f"mixture-{k}"] for k in range(1, 6)},
    **{f"U{k}": UNSEEN[f"unseen-{k}"] for k in range(1, 6)},
}
"""M1–M5, which the shipped potential was trained on, and U1–U5, which it was not."""

A3_PER_ATOM: Final = 11.5
"""Volume of an atom in an oxide whose own volume isn't known; a short NPT run corrects it."""

_UNIT = re.compile(r"^([A-Z][A-Za-z0-9()]*)(?::(-?\d+))?$")


def parse_composition(text: str) -> dict[str, int]:
    """Return formula units and their numbers from what a person wrote.

    "M3"; "Li7La3Zr2O12:3 LiCoO2:15" (a negative number takes units out); "Li56La24Zr16O96".

    Raises
    ------
    InputError
        When it can't be read.
    """
    name = text.strip()
    if name.upper() in NAMED:
        return dict(NAMED[name.upper()])
    units: dict[str, int] = {}
    for word in name.replace(",", " ").split():
        found = _UNIT.match(word)
        if not found or not _is_formula(found.group(1)):
            hint = nearest_name(name, list(NAMED))
            raise InputError(
                f"The composition '{text}' can't be read at '{word}'.{hint} Write one of "
                f"{', '.join(NAMED)}, or formula units such as 'Li7La3Zr2O12:3 LiCoO2:15'."
            )
        units[found.group(1)] = units.get(found.group(1), 0) + int(found.group(2) or 1)
    if not units:
        raise InputError("The composition is empty; write formula units and their numbers.")
    return units


def compose(units: dict[str, int], *, multiply: int = 1) -> Mixture:
    """Add formula units, known or not; a unit of unknown volume counts 11.5 Å³ an atom.

    Raises
    ------
    InputError
        For fewer than zero atoms of an element, or a composition that can't be neutral.
    """
    from ase.formula import Formula

    counts: Counter[str] = Counter()
    volume = 0.0
    for unit, number in units.items():
        atoms = Formula(unit).count()
        volume += number * FORMULA_VOLUME_A3.get(unit, A3_PER_ATOM * sum(atoms.values()))
        for symbol, n_atoms in atoms.items():
            counts[symbol] += multiply * number * n_atoms
    negative = [symbol for symbol, count in counts.items() if count < 0]
    if negative or not any(counts.values()):
        raise InputError(
            f"The composition has fewer than zero {', '.join(negative)}; take out less."
            if negative
            else "The composition holds no atom; give at least one formula unit."
        )
    kept = {symbol: count for symbol, count in counts.items() if count}
    states = oxidation_states(kept)
    charge = sum(states[symbol] * n for symbol, n in kept.items())
    if abs(charge) > 1e-6:
        shown = ", ".join(f"{symbol} {state:+.3g}" for symbol, state in states.items())
        raise InputError(
            f"The composition {''.join(f'{s}{n}' for s, n in kept.items())} has a formal charge "
            f"of {charge:+.6g} e ({shown}); change the number of Li or O."
        )
    return Mixture(kept, multiply * volume)


def mixture_of(atoms: Atoms) -> Mixture:
    """Return the composition and volume of a crystal."""
    counts = dict(Counter(atoms.get_chemical_symbols()))
    return Mixture(counts, float(atoms.get_volume()))


def _is_formula(text: str) -> bool:
    from ase.data import atomic_numbers
    from ase.formula import Formula

    try:
        return all(symbol in atomic_numbers for symbol in Formula(text).count())
    except ValueError:
        return False
