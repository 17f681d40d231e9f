"""Contacts against ASE's neighbour list, and the table of shortest distances."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list

from sinterface.structures.contacts import (
    contacts,
    shortest_allowed,
    shortest_by_pair,
    too_close,
)


@pytest.mark.parametrize("cutoff", [2.0, 5.5, 9.0])
def test_contacts_equal_ase_in_a_skewed_cell(cutoff):
    random = np.random.default_rng(0)
    cell = np.array([[5.0, 0.0, 0.0], [2.0, 6.0, 0.0], [-1.0, 1.5, 4.0]])
    atoms = Atoms("H12", scaled_positions=3.0 * random.random((12, 3)) - 1.0, cell=cell, pbc=True)
    i, j, distance = contacts(atoms.positions, atoms.positions, cell, cutoff)
    a, b, expected = neighbor_list("ijd", atoms, cutoff)
    ours, theirs = np.lexsort((distance, j, i)), np.lexsort((expected, b, a))
    assert np.array_equal(i[ours], a[theirs])
    assert np.array_equal(j[ours], b[theirs])
    assert distance[ours] == pytest.approx(expected[theirs], abs=1e-9)


def test_a_point_on_an_atom_is_a_contact_of_other_points():
    positions = np.array([[1.0, 1.0, 1.0]])
    i, _, distance = contacts(positions.copy(), positions, 5.0 * np.eye(3), 1.0)
    assert len(i) == 1
    assert distance[0] == 0.0


def test_shortest_distances_are_judged_by_pair():
    assert shortest_allowed("O", "Li") == 1.5
    assert shortest_allowed("Zr", "O") == 1.6
    assert shortest_allowed("La", "Co") == 2.0
    atoms = Atoms("LiOLa", [[0, 0, 0], [1.6, 0, 0], [3.5, 0, 0]], cell=[20, 20, 20], pbc=True)
    assert shortest_by_pair(atoms) == pytest.approx({"La-Li": 3.5, "La-O": 1.9, "Li-O": 1.6})
    assert too_close(shortest_by_pair(atoms)) == ["La-O 1.90 Å"]
