"""Crystals: stoichiometry, symmetry of the framework, bond lengths, order by seed, bad files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from ase.neighborlist import neighbor_list

from sinterface.errors import InputError
from sinterface.structures.crystals import (
    cubic_llzo,
    layered_lco,
    llzo_framework,
    llzo_lithium_sites,
    load_crystal,
    tetragonal_llzo,
)


def bonds(atoms: Atoms, first: str, second: str, cutoff_A: float) -> np.ndarray:
    i, j, distance = neighbor_list("ijd", atoms, cutoff_A)
    symbols = np.array(atoms.get_chemical_symbols())
    return np.sort(distance[(symbols[i] == first) & (symbols[j] == second)])


def space_group(atoms: Atoms) -> int:
    import spglib

    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    return int(spglib.get_symmetry_dataset(cell, symprec=1e-3).number)


@pytest.mark.parametrize("make", [cubic_llzo, tetragonal_llzo])
def test_llzo_is_stoichiometric_with_whole_octahedra(make):
    atoms = make()
    assert atoms.get_chemical_formula() == "La24Li56O96Zr16"
    zr_o = bonds(atoms, "Zr", "O", 2.6)
    assert len(zr_o) == 6 * 16
    assert zr_o.mean() == pytest.approx(2.11, abs=0.01)  # Awaka 2009, 2011
    assert len(bonds(atoms, "La", "O", 2.8)) == 8 * 24
    assert bonds(atoms, "Li", "Li", 4.0)[0] >= 2.2
    assert bonds(atoms, "Li", "O", 4.0)[0] >= 1.8


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR:DeprecationWarning")
def test_framework_and_sites_have_the_published_space_groups():
    assert space_group(llzo_framework()) == 230
    assert space_group(llzo_lithium_sites()) == 230
    assert space_group(tetragonal_llzo()) == 142
    assert space_group(layered_lco()) == 166


def test_cubic_llzo_keeps_the_tetrahedral_occupancy():
    sites = llzo_lithium_sites()
    atoms = cubic_llzo(3)
    lithium = atoms.positions[atoms.numbers == 3]
    delta = (lithium[:, None] - sites.positions[None]) / 12.98
    distance = 12.98 * np.linalg.norm(delta - np.round(delta), axis=2)
    assert distance.min(axis=1).max() < 1e-6
    assert int((sites.get_tags()[distance.argmin(axis=1)] == 0).sum()) == 13


def test_cubic_llzo_follows_its_seed():
    first, again, other = cubic_llzo(1), cubic_llzo(1), cubic_llzo(2)
    assert np.array_equal(first.positions, again.positions)
    assert not np.allclose(first.positions, other.positions)


def test_cubic_llzo_repeats_and_scales():
    atoms = cubic_llzo(0, a_A=13.1, repeat=(2, 1, 1))
    assert len(atoms) == 384
    assert np.allclose(atoms.cell.lengths(), [26.2, 13.1, 13.1])
    assert bonds(atoms, "Li", "Li", 4.0)[0] >= 2.2


def test_lco_octahedra():
    atoms = layered_lco()
    assert atoms.get_chemical_formula() == "Co3Li3O6"
    co_o = bonds(atoms, "Co", "O", 2.3)
    assert len(co_o) == 6 * 3
    assert co_o == pytest.approx(1.92, abs=0.01)  # Orman and Wiseman 1984: 1.921 Å
    assert bonds(atoms, "Li", "O", 2.3).mean() == pytest.approx(2.09, abs=0.01)


def test_names_are_read_and_unknown_ones_refused():
    assert len(load_crystal("lco")) == 12
    with pytest.raises(InputError, match="Did you mean 'llzo'"):
        load_crystal("lzo")
    with pytest.raises(InputError, match="nor a file"):
        load_crystal("no/such/file.cif")


def test_an_ordered_cif_comes_back(tmp_path: Path):
    path = tmp_path / "lco.cif"
    write(path, layered_lco())
    atoms = load_crystal(str(path))
    assert atoms.get_chemical_formula() == "Co3Li3O6"
    assert bonds(atoms, "Co", "O", 2.3) == pytest.approx(1.92, abs=0.01)


def test_a_cif_with_partly_filled_lithium_is_ordered(tmp_path: Path):
    path = tmp_path / "garnet.cif"
    path.write_text(GARNET_CIF, encoding="utf-8")
    atoms = load_crystal(str(path), seed=4)
    assert atoms.get_chemical_formula() == "La24Li56O96Zr16"
    assert bonds(atoms, "Li", "Li", 4.0)[0] >= 2.0
    assert np.array_equal(atoms.positions, load_crystal(str(path), seed=4).positions)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("Zr1 Zr 0.0 0.0 0.0 1.0", "Zr1 Zr 0.0 0.0 0.0 0.5"), "neutral"),
        (("La1 La 0.125 0.0 0.25 1.0", "La1 La 0.0 0.0 0.04 1.0"), "on top of each other"),
        (("_cell_length_a 12.98", "_cell_length_a what"), "can't be read"),
    ],
)
def test_bad_cifs_are_refused(tmp_path: Path, change: tuple[str, str], message: str):
    path = tmp_path / "bad.cif"
    path.write_text(GARNET_CIF.replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_crystal(str(path))


GARNET_CIF = """data_garnet
_cell_length_a 12.98
_cell_length_b 12.98
_cell_length_c 12.98
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'I a -3 d'
_symmetry_Int_Tables_number 230
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0.375 0.0 0.25 0.333
Li2 Li 0.097 0.6853 0.5763 0.5
La1 La 0.125 0.0 0.25 1.0
Zr1 Zr 0.0 0.0 0.0 1.0
O1 O -0.0318 0.0547 0.1502 1.0
"""
