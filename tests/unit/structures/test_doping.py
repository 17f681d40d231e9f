"""Doping keeps a cell neutral and spreads the dopants."""

from __future__ import annotations

import numpy as np
import pytest

from sinterface.errors import InputError
from sinterface.structures.crystals import cubic_llzo, layered_lco
from sinterface.structures.doping import dope, remove_lithium

CHARGES = {"Li": 1, "La": 3, "Zr": 4, "O": -2}


@pytest.mark.parametrize(
    ("site", "cobalt_charge", "expected"),
    [
        ("Li", 3, {"Li": 56 - 12, "La": 24, "Zr": 16, "O": 96, "Co": 4}),
        ("La", 3, {"Li": 56, "La": 20, "Zr": 16, "O": 96, "Co": 4}),
        ("Zr", 4, {"Li": 56, "La": 24, "Zr": 12, "O": 96, "Co": 4}),
    ],
)
def test_composition_and_charge(site: str, cobalt_charge: int, expected: dict[str, int]) -> None:
    """x = 0.5 per formula unit: Li5.5Co0.5, La2.5Co0.5 and Zr1.5Co0.5 of the study."""
    doped = dope(cubic_llzo(seed=2), site, 4, seed=1)
    symbols = doped.get_chemical_symbols()
    assert {symbol: symbols.count(symbol) for symbol in expected} == expected
    assert sum((CHARGES | {"Co": cobalt_charge})[symbol] for symbol in symbols) == 0


def test_dopants_are_spread_and_their_lithium_is_gone() -> None:
    plain = cubic_llzo(seed=2)
    doped = dope(plain, "Li", 3, seed=1)
    cobalt = np.flatnonzero(doped.numbers == 27)
    assert doped.get_all_distances(mic=True)[np.ix_(cobalt, cobalt)][0, 1:].min() > 6.0
    lithium = np.flatnonzero(doped.numbers == 3)
    before = np.flatnonzero(plain.numbers == 3)
    for index in cobalt:
        near = np.sort(doped.get_distances(index, lithium, mic=True))[0]
        origin = np.argmin(np.linalg.norm(plain.positions - doped.positions[index], axis=1))
        old = np.sort(plain.get_distances(origin, before, mic=True))[1:4]
        assert near >= old[2] - 1e-9


def test_unfit_doping_is_refused() -> None:
    cell = cubic_llzo()
    with pytest.raises(InputError, match="Can't put Al"):
        dope(cell, "Li", 1, dopant="Al")
    with pytest.raises(InputError, match="1 to 18 Co on Li, not 19"):
        dope(cell, "Li", 19)
    with pytest.raises(InputError, match="not 0"):
        dope(cell, "Zr", 0)


def test_lithium_is_removed_by_share() -> None:
    atoms = layered_lco() * (2, 2, 1)
    remove_lithium(atoms, 0.5, seed=1)
    assert atoms.get_chemical_formula() == "Co12Li6O24"
