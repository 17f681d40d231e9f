"""Files: what is written is read again, labels where the format can hold them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st

from sinterface.errors import InputError
from sinterface.structures.crystals import load_crystal
from sinterface.structures.formats import (
    NAMES_KEY,
    as_atoms,
    output_format,
    read_structure,
    write_structure,
)

NAMES = ("s.extxyz", "s.cif", "s.data", "s.vasp", "POSCAR")


def labelled(name: str = "lco") -> Atoms:
    atoms = load_crystal(name) * (2, 1, 1)
    atoms.set_array("region", np.arange(len(atoms)) % 2)
    atoms.set_array("side", np.arange(len(atoms)) % 3)
    atoms.info[NAMES_KEY] = "electrolyte,electrode"
    return atoms


def same(first: Atoms, second: Atoms, *, ordered: bool) -> None:
    """Same cell up to a turn, elements, and distances of every pair."""
    assert np.allclose(first.cell.cellpar(), second.cell.cellpar(), atol=1e-4)
    order = (
        range(len(first))
        if ordered
        else np.argsort(np.array(first.get_chemical_symbols()), kind="stable")
    )
    first = first[list(order)]
    assert first.get_chemical_symbols() == second.get_chemical_symbols()
    assert np.allclose(
        first.get_all_distances(mic=True), second.get_all_distances(mic=True), atol=2e-4
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("crystal", ["lco", "zro2", "li2zro3"])
def test_round_trip(tmp_path: Path, name: str, crystal: str) -> None:
    atoms = labelled(crystal)
    path = tmp_path / name
    lost = write_structure(atoms, path)
    found = read_structure(path)
    poscar = output_format(path) == "vasp"
    same(atoms, found, ordered=not poscar)
    if poscar:
        assert "can't hold the labels 'region' and 'side'" in lost[0]
    else:
        assert np.array_equal(found.arrays["region"], atoms.arrays["region"])
    if path.suffix in (".extxyz", ".cif"):
        assert lost == []
        assert np.array_equal(found.arrays["side"], atoms.arrays["side"])
    if path.suffix == ".extxyz":
        assert found.info[NAMES_KEY] == "electrolyte,electrode"
    if path.suffix == ".data":
        assert "'side'" in lost[0]


@settings(max_examples=15, deadline=None)
@given(
    cell=st.tuples(*[st.floats(4, 9)] * 3, *[st.floats(60, 115)] * 3).filter(
        lambda c: sum(c[3:]) < 340 and max(c[3:]) < sum(c[3:]) - max(c[3:]) - 5
    ),
    seed=st.integers(0, 1000),
    name=st.sampled_from(NAMES[:4]),
)
def test_any_cell_comes_back(tmp_path_factory, cell, seed, name) -> None:
    random = np.random.default_rng(seed)
    symbols = random.choice(["Li", "Co", "O"], 6).tolist()
    atoms = Atoms(symbols, cell=cell, pbc=True, scaled_positions=random.random((6, 3)) * 3 - 1)
    path = tmp_path_factory.mktemp("cells") / name
    write_structure(atoms, path)
    found = read_structure(path)
    order = np.argsort(np.array(symbols), kind="stable") if name == "s.vasp" else range(6)
    assert found.get_chemical_symbols() == atoms[list(order)].get_chemical_symbols()
    delta = (
        found.get_scaled_positions(wrap=False) - atoms.get_scaled_positions(wrap=False)[list(order)]
    )
    assert np.abs((delta - np.round(delta)) @ atoms.cell.array).max() < 1e-3
    assert np.allclose(found.cell.cellpar(), atoms.cell.cellpar(), atol=1e-4)


@pytest.mark.parametrize("name", ["s.foo", "s", "none/s.cif"])
def test_unfit_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"tells no format|no folder"):
        output_format(tmp_path / name)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        read_structure(tmp_path / "a.cif")
    (tmp_path / "a.cif").write_text("nothing")
    with pytest.raises(InputError, match="can't be read"):
        read_structure(tmp_path / "a.cif")


def test_lammps_reads_the_file(tmp_path: Path) -> None:
    """LAMMPS itself takes the data file; region + 1 is the molecule of each atom."""
    from sinterface.dynamics.lammps_library import start_lammps

    atoms = labelled("zro2")
    write_structure(atoms, tmp_path / "s.data")
    engine = start_lammps()
    for line in ("units metal", "atom_style full", f"read_data {tmp_path / 's.data'}"):
        engine.command(line)
    molecules = engine.numpy.extract_atom("molecule")[: len(atoms)]
    order = np.argsort(engine.numpy.extract_atom("id")[: len(atoms)])
    assert np.array_equal(molecules[order], atoms.arrays["region"] + 1)
    engine.close()


def test_structures_of_pymatgen_are_taken_where_atoms_are() -> None:
    from pymatgen.core import Composition, PeriodicSite, Structure
    from pymatgen.io.ase import AseAtomsAdaptor

    from sinterface.structures.interface import load_pair

    lco = load_crystal("lco")
    structure = AseAtomsAdaptor.get_structure(lco)
    taken = as_atoms(structure)
    assert np.allclose(taken.cell, lco.cell)
    assert sorted(taken.symbols) == sorted(lco.symbols)
    first, second = load_pair("llzo", structure)
    assert second.get_chemical_formula() == lco.get_chemical_formula()
    assert set(first.symbols) == {"Li", "La", "Zr", "O"}
    site = structure[0]
    half = PeriodicSite(Composition({site.specie: 0.5}), site.frac_coords, structure.lattice)
    with pytest.raises(InputError, match="partly occupied"):
        as_atoms(Structure.from_sites([half, *structure[1:]]))
    with pytest.raises(InputError, match="got str"):
        as_atoms("lco.cif")  # type: ignore[arg-type]
