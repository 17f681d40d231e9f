"""Ewald sums against Madelung constants and pymatgen; the annealing against brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from sinterface.errors import InputError
from sinterface.structures.crystals import llzo_framework, llzo_lithium_sites
from sinterface.structures.lithium import (
    COULOMB_EV_A,
    ewald_matrix,
    formal_charges,
    order_lithium,
    site_energies,
    total_energy,
)


@pytest.mark.parametrize(
    ("structure", "a_A", "nearest", "madelung"),
    [("rocksalt", 4.0, 2.0, 1.747564594633), ("cesiumchloride", 3.0, None, 1.762674773071)],
)
def test_ewald_gives_madelung_constants(structure, a_A, nearest, madelung):
    from ase.build import bulk

    names = {"rocksalt": "NaCl", "cesiumchloride": "CsCl"}
    atoms = bulk(names[structure], structure, a=a_A)
    charges = np.array([1.0, -1.0])
    energy = (
        0.5 * charges @ ewald_matrix(atoms.positions, atoms.positions, atoms.cell.array) @ charges
    )
    distance = nearest or a_A * np.sqrt(3.0) / 2.0
    assert energy == pytest.approx(-madelung * COULOMB_EV_A / distance, rel=1e-6)


def test_ewald_agrees_with_pymatgen_on_a_skewed_cell():
    from pymatgen.analysis.ewald import EwaldSummation
    from pymatgen.core import Lattice, Structure

    random = np.random.default_rng(0)
    lattice = Lattice.from_parameters(5.0, 7.0, 9.0, 80.0, 95.0, 110.0)
    charges = np.array([1.0, 3.0, -2.0, -2.0])
    structure = Structure(lattice, ["Li+", "La3+", "O2-", "O2-"], random.random((4, 3)))
    ours = ewald_matrix(structure.cart_coords, structure.cart_coords, lattice.matrix)
    energy = 0.5 * charges @ ours @ charges
    assert energy == pytest.approx(EwaldSummation(structure).total_energy, rel=1e-5)


def test_annealing_finds_the_lowest_of_all_arrangements():
    random = np.random.default_rng(1)
    sites, framework = 6.0 * random.random((9, 3)), 6.0 * random.random((3, 3))
    energies = site_energies(
        sites, framework, np.array([-2.0, -1.0, -1.0]), 6.0 * np.eye(3), shortest_A=1.0
    )
    lowest = min(total_energy(energies, np.array(pick)) for pick in combinations(range(9), 4))
    chosen = order_lithium(energies, np.zeros(9, dtype=int), (4,), seed=0, n_moves=2000)
    assert total_energy(energies, chosen) == pytest.approx(lowest, abs=1e-9)


def test_annealing_beats_random_draws_in_the_garnet():
    sites, framework = llzo_lithium_sites(), llzo_framework()
    charges = formal_charges(framework.get_chemical_symbols())
    energies = site_energies(sites.positions, framework.positions, charges, framework.cell.array)
    few = order_lithium(energies, sites.get_tags(), (8, 48), seed=0, n_moves=200)
    many = order_lithium(energies, sites.get_tags(), (8, 48), seed=0)
    assert total_energy(energies, many) <= total_energy(energies, few)


def test_too_many_lithium_are_refused():
    energies = site_energies(
        np.array([[0.0, 0, 0], [1.0, 0, 0]]), np.zeros((0, 3)), np.zeros(0), 9.0 * np.eye(3)
    )
    with pytest.raises(InputError, match="too close"):
        order_lithium(energies, np.zeros(2, dtype=int), (2,), seed=0)
    with pytest.raises(InputError, match="ask for fewer"):
        order_lithium(energies, np.zeros(2, dtype=int), (3,), seed=0)


def test_unknown_elements_have_no_charge():
    with pytest.raises(InputError, match="Xe"):
        formal_charges(["Li", "Xe"])
