"""Partly occupied sites: whole numbers, neutral, apart, of low energy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sinterface.errors import InputError
from sinterface.structures.cif import read_cif
from sinterface.structures.ordering import Orbit, fill_sites, whole_numbers
from sinterface.structures.structure_certificate import certify_structure

HEADER = """data_x
_cell_length_a {a}
_cell_length_b {a}
_cell_length_c {a}
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M '{name}'
_symmetry_Int_Tables_number {number}
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
"""
TANTALUM = """Li1 Li 0.375 0.0 0.25 0.5417
Li2 Li 0.097 0.6853 0.5763 0.4062
La1 La 0.125 0.0 0.25 1.0
Zr1 Zr 0.0 0.0 0.0 0.75
Ta1 Ta 0.0 0.0 0.0 0.25
O1 O -0.0318 0.0547 0.1502 1.0
"""


def cif(path: Path, sites: str, *, a: float = 12.96, name: str = "I a -3 d", number: int = 230):
    path.write_text(HEADER.format(a=a, name=name, number=number) + sites, encoding="utf-8")
    return path


@pytest.mark.parametrize("seed", [0, 1])
def test_a_mixed_site_and_partly_filled_lithium(tmp_path: Path, seed: int) -> None:
    """Li6.5La3Zr1.5Ta0.5O12: Ta spread over the Zr site, Li as many as keep it neutral."""
    atoms, parent = read_cif(cif(tmp_path / "ta.cif", TANTALUM), seed=seed)
    certificate = certify_structure(atoms, "crystal", {}, parents=[parent])
    assert atoms.get_chemical_formula() == "La24Li52O96Ta4Zr12"
    assert certificate.good
    assert certificate.contacts["Li-Li"].shortest_A >= 2.0
    assert parent.space_group == "Ia-3d (230)"
    again, _ = read_cif(tmp_path / "ta.cif", seed=seed)
    assert np.array_equal(atoms.positions, again.positions)


def test_charges_repel_each_other() -> None:
    """Two vacancies among the eight anions of fluorite's cube: the far corner, not the edge."""
    grid = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], dtype=float) * 2.6
    orbits = [
        Orbit({"O": 0.75}, grid + 1.3),
        Orbit({"Y": 1.0}, grid[[0, 3, 5, 6]]),
    ]
    atoms = fill_sites(np.eye(3) * 5.2, orbits, "test", seed=3, draws=3)
    assert atoms.get_chemical_formula() == "O6Y4"
    oxygen = atoms.positions[atoms.numbers == 8]
    empty = [p for p in grid + 1.3 if np.linalg.norm(oxygen - p, axis=1).min() > 0.1]
    assert np.linalg.norm(empty[0] - empty[1]) > 3.5


def test_a_supercell_holds_whole_numbers(tmp_path: Path) -> None:
    sites = "Li1 Li 0.0 0.0 0.0 0.75\nMg1 Mg 0.0 0.0 0.0 0.125\nO1 O 0.5 0.5 0.5 0.5\n"
    path = cif(tmp_path / "rock.cif", sites, a=4.2, name="F m -3 m", number=225)
    atoms, _ = read_cif(path, supercell=(2, 1, 1))
    assert atoms.get_chemical_formula() == "Li6MgO4"


def test_odd_charge_is_refused() -> None:
    points = np.array([[0.0, 0, 0], [2.0, 2, 2], [0, 2, 2]])
    orbits = [Orbit({"Al": 1.0}, points[:1]), Orbit({"O": 1.0}, points[1:2])]
    with pytest.raises(InputError, match=r"can't be made neutral.* \+1 e"):
        whole_numbers(orbits, "AlO")


def test_variable_states_take_up_charge() -> None:
    points = np.zeros((8, 3))
    orbits = [Orbit({"Co": 1.0}, points[:3]), Orbit({"O": 1.0}, points[:4])]
    assert whole_numbers(orbits, "Co3O4") == [{"Co": 3}, {"O": 4}]


def test_overlapping_sites_are_refused(tmp_path: Path) -> None:
    """Half-filled sites 0.5 Å apart hold their atoms only if one of each pair stays empty."""
    close = np.array([[0.0, 0, 0], [0.5, 0, 0], [2.5, 2.5, 0], [3.0, 2.5, 0]])
    magnesium = Orbit({"Mg": 1.0}, np.array([[1.2, 1.2, 1.6], [3.7, 3.7, 1.6]]))
    good = fill_sites(np.diag([5.0, 5, 3.2]), [Orbit({"O": 0.5}, close), magnesium], "x")
    assert certify_structure(good, "crystal", {}).contacts["O-O"].shortest_A > 2.0
    calcium = [Orbit({"Ca": 1.0}, magnesium.positions + shift) for shift in (0.0, 0.9)]
    with pytest.raises(InputError, match="overlap"):
        fill_sites(np.diag([5.0, 5, 3.2]), [Orbit({"O": 0.99}, close), *calcium], "x")


def test_an_occupancy_above_one_is_refused(tmp_path: Path) -> None:
    sites = "Li1 Li 0.0 0.0 0.0 0.75\nMg1 Mg 0.0 0.0 0.0 0.6\nO1 O 0.5 0.5 0.5 1\n"
    path = cif(tmp_path / "full.cif", sites, a=4.2, name="F m -3 m", number=225)
    with pytest.raises(InputError, match=r"occupancy of 1\.35|occupancy above one"):
        read_cif(path)
