"""Crystals by name against what was published: symmetry, bonds, coordination, density."""

from __future__ import annotations

import numpy as np
import pytest
import spglib

from sinterface.structures.contacts import contacts
from sinterface.structures.crystals import crystal_with_parent
from sinterface.structures.library import CRYSTALS
from sinterface.structures.structure_certificate import certify_structure

# density in g/cm3 and bond lengths in Å as published (mean over the polyhedron's bonds)
PUBLISHED = {
    "llzo-tetragonal": (5.107, {"Zr": (6, 2.11)}),  # Awaka 2009
    "lco": (5.05, {"Co": (6, 1.921), "Li": (6, 2.092)}),  # Orman and Wiseman 1984
    "lacoo3": (7.29, {"Co": (6, 1.933)}),  # Radaelli and Cheong 2002, 300 K
    "la2zr2o7": (6.03, {"Zr": (6, 2.105), "La": (8, 2.56)}),  # Tabira 2001
    "li2zro3": (4.15, {"Zr": (6, 2.11), "Li": (6, 2.20)}),  # Hodeau 1982: 244.5 Å3
    "coo": (6.44, {"Co": (6, 2.13)}),
    "co3o4": (6.05, {}),  # two kinds of Co: its own test
    "li2o": (2.013, {"Li": (4, 2.00)}),
    "la2o3": (6.57, {"La": (7, 2.55)}),  # Aldebert and Traverse 1979
    "zro2": (5.82, {"Zr": (7, 2.16)}),  # Howard 1988
}


@pytest.mark.parametrize("name", CRYSTALS)
def test_a_crystal_is_what_was_published(name: str) -> None:
    atoms, parent = crystal_with_parent(name)
    certificate = certify_structure(atoms, "crystal", {"crystal": name}, parents=[parent])
    density, polyhedra = PUBLISHED[name]
    assert certificate.good
    assert certificate.charge_e == 0.0
    assert certificate.density_g_per_cm3 == pytest.approx(density, rel=5e-3)
    for element, (number, bond_A) in polyhedra.items():
        lengths = nearest_oxygen(atoms, element, number)
        assert lengths.mean() == pytest.approx(bond_A, abs=0.015)
        assert certificate.coordination[element]["all"] == {number: len(lengths)}
    assert parent.space_group.endswith(f"({CRYSTALS[name].number})")


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR:DeprecationWarning")
@pytest.mark.parametrize("name", CRYSTALS)
def test_its_space_group_is_found_again(name: str) -> None:
    atoms, _ = crystal_with_parent(name)
    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    assert spglib.get_symmetry_dataset(cell, symprec=1e-3).number == CRYSTALS[name].number


def test_both_cobalts_of_the_spinel() -> None:
    """Smith and Hobson 1973: 1.933 Å tetrahedral, 1.921 Å octahedral."""
    atoms, _ = crystal_with_parent("co3o4")
    lengths = nearest_oxygen(atoms, "Co", 6)
    octahedral = lengths[:, 5] < 2.3
    assert octahedral.sum() == 16
    assert lengths[octahedral].mean() == pytest.approx(1.921, abs=0.003)
    assert lengths[~octahedral][:, :4].mean() == pytest.approx(1.933, abs=0.003)


def nearest_oxygen(atoms, element: str, number: int) -> np.ndarray:
    """Return the `number` shortest distances to O of each atom, shape (n, number)."""
    i, j, distance = contacts(atoms.positions, atoms.positions, atoms.cell.array, 4.0)
    symbols = np.array(atoms.get_chemical_symbols())
    rows = [
        np.sort(distance[(i == k) & (symbols[j] == "O")])[:number]
        for k in np.flatnonzero(symbols == element)
    ]
    return np.array(rows)
