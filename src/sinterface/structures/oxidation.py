"""Oxidation states of a crystal's atoms: the usual ones, or those its bonds tell."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from sinterface.errors import InputError
from sinterface.structures.lithium import FORMAL_CHARGES, NEUTRAL_E, Floats, formal_charges
from sinterface.structures.structure_certificate import oxidation_states

if TYPE_CHECKING:
    from ase import Atoms

CHARGES: Final[str] = "formal_charge"
"""Name of the array that carries an atom's oxidation state, in e."""

ANIONS: Final[frozenset[str]] = frozenset(
    ("O", "S", "Se", "Te", "F", "Cl", "Br", "I", "N", "P", "As", "H")
)
MOBILE: Final[tuple[str, ...]] = ("Li", "Na", "K")
_LARGEST_ANALYSED = 300
_LARGEST_GUESSED = 50


def charges_of(atoms: Atoms) -> Floats:
    """Return the oxidation states that an earlier step assigned, else the usual ones.

    Atoms of a metal (no anions) are neutral.
    """
    if CHARGES in atoms.arrays:
        return np.asarray(atoms.arrays[CHARGES], dtype=float)
    symbols = atoms.get_chemical_symbols()
    return formal_charges(symbols) if ANIONS & set(symbols) else np.zeros(len(symbols))


def assign_charges(crystal: Atoms, what: str) -> Atoms:
    """Return the crystal with its oxidation states as the array :data:`CHARGES`.

    The usual states are taken where they cancel; else pymatgen's bond-valence analysis (O'Keeffe
    and Brese, J. Am. Chem. Soc. 113 (1991) 3226), else the states that its composition allows. A
    metal without anions is neutral atom by atom.

    Raises
    ------
    InputError
        When no states make the crystal neutral; `what` names it.
    """
    found: Atoms = crystal.copy()
    found.set_array(CHARGES, _charges(crystal, what))
    return found


def neutral_states(crystal: Atoms, what: str) -> dict[str, float]:
    """Return the mean oxidation state of each element where the usual ones don't cancel.

    Nothing where they do, Co, Ni, Mn and Fe taking up what the others leave.

    Raises
    ------
    InputError
        When no states make the crystal neutral; `what` names it.
    """
    symbols = np.array(crystal.get_chemical_symbols())
    usual = oxidation_states(symbols.tolist())
    if abs(sum(usual[symbol] for symbol in symbols.tolist())) <= NEUTRAL_E:
        return {}
    charges = charges_of(assign_charges(crystal, what))
    return {kind: float(charges[symbols == kind].mean()) for kind in sorted(set(symbols.tolist()))}


def _charges(crystal: Atoms, what: str) -> Floats:
    symbols = crystal.get_chemical_symbols()
    if not ANIONS & set(symbols):
        return np.zeros(len(symbols))
    if set(symbols) <= set(FORMAL_CHARGES):
        usual = formal_charges(symbols)
        if abs(float(usual.sum())) <= NEUTRAL_E:
            return usual
    for guess in (_by_bond_valence, _by_composition):
        charges = guess(crystal)
        if charges is not None and abs(float(charges.sum())) <= NEUTRAL_E * len(charges):
            return charges
    raise InputError(
        f"{what}, {crystal.get_chemical_formula('hill', empirical=True)}, can't be made neutral "
        f"({_usual_sum(symbols)}); give a structure whose oxidation states cancel, for instance "
        "with another number of Li."
    )


def _usual_sum(symbols: list[str]) -> str:
    """Say what the usual oxidation states add up to."""
    counts = Counter(symbols)
    known = {kind: FORMAL_CHARGES[kind] for kind in sorted(counts) if kind in FORMAL_CHARGES}
    total = sum(charge * counts[kind] for kind, charge in known.items())
    states = ", ".join(f"{kind} {charge:+d}" for kind, charge in known.items())
    return f"the usual states, {states}, add up to {total:+d} e"


def _by_bond_valence(crystal: Atoms) -> Floats | None:
    from pymatgen.analysis.bond_valence import BVAnalyzer
    from pymatgen.io.ase import AseAtomsAdaptor

    if len(crystal) > _LARGEST_ANALYSED:
        return None
    plain = crystal[:]
    plain.arrays = {name: crystal.arrays[name].copy() for name in ("numbers", "positions")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        structure = AseAtomsAdaptor.get_structure(plain)
        try:
            analyzer = BVAnalyzer()  # type: ignore[no-untyped-call]
            return np.array(analyzer.get_valences(structure)).astype(np.float64)
        except ValueError:
            return None


def _by_composition(crystal: Atoms) -> Floats | None:
    from pymatgen.core.composition import Composition

    symbols = crystal.get_chemical_symbols()
    reduced = Composition(Counter(symbols)).reduced_composition
    if reduced.num_atoms > _LARGEST_GUESSED:
        return None
    guesses = reduced.oxi_state_guesses()
    if not guesses:
        return None
    return np.array([guesses[0].get(symbol, 0.0) for symbol in symbols], dtype=float)


def mobile_ion(first: Atoms, second: Atoms) -> str | None:
    """Return the ion that moves between two crystals: Li, else Na, else K, else none."""
    present = set(first.get_chemical_symbols()) | set(second.get_chemical_symbols())
    return next((ion for ion in MOBILE if ion in present), None)
