"""Lattice matches: known supercells, strain recomputed, the limit kept."""

from __future__ import annotations

import numpy as np
import pytest

from sinterface.errors import InputError
from sinterface.structures.lattice_match import match_lattices

LLZO = 12.98 * np.eye(2)
LCO_104 = np.diag([2.816, 5.701])


def test_small_match_is_ten_lco_cells_on_one_llzo_cell():
    match = match_lattices(LLZO, LCO_104)
    assert np.allclose(match.cell, LLZO)
    assert abs(round(np.linalg.det(match.electrode))) == 10
    assert sorted(match.edge_strain) == pytest.approx([0.0206, 0.0281], abs=2e-4)
    assert abs(match.angle_change_degrees) == pytest.approx(0.56, abs=0.01)
    assert match.strain == pytest.approx(0.0281, abs=2e-4)


def test_strain_carries_the_electrode_onto_the_cell():
    plane = np.array([[2.816, 0.0], [-1.408, 2.439]])
    match = match_lattices(LLZO, plane, shortest_edge_A=51.5, longest_edge_A=60.0)
    edges = match.electrode @ plane
    lengths = np.linalg.norm(edges, axis=1)
    wanted = np.linalg.norm(match.cell, axis=1)
    assert np.all(wanted >= 51.5)
    assert match.edge_strain == pytest.approx(wanted / lengths - 1.0)
    cosine = edges[0] @ edges[1] / lengths.prod()
    angle = 90.0 - match.angle_change_degrees
    assert np.degrees(np.arccos(cosine)) == pytest.approx(angle, abs=1e-6)
    assert np.linalg.det(match.cell) > 0.0
    assert np.linalg.det(match.electrode) > 0.0


def test_equal_lattices_match_without_strain():
    turned = 4.0 * np.array([[0.8, 0.6], [-0.6, 0.8]])
    match = match_lattices(4.0 * np.eye(2), turned, shortest_edge_A=3.0)
    assert match.strain == pytest.approx(0.0, abs=1e-9)
    assert abs(round(np.linalg.det(match.electrolyte))) == 1


def test_planes_beyond_the_limit_name_the_best():
    with pytest.raises(
        InputError, match=r"within a strain of 0.01 %: the best common cell, .* Å, .* angle by .*°"
    ):
        match_lattices(LLZO, LCO_104, max_strain=1e-4)


def test_no_cell_at_all_is_said():
    with pytest.raises(InputError, match="no common cell"):
        match_lattices(LLZO, 40.0 * np.eye(2), longest_edge_A=14.0)
