"""Inputs of VASP, Quantum ESPRESSO and CP2K for a 192-atom LLZO cell, parsed back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from sinterface.reference.dft_inputs import kpoint_grid, with_moments, write_inputs
from sinterface.reference.settings import DftSettings, Settings, read_settings
from sinterface.structures.crystals import cubic_llzo, layered_lco
from sinterface.structures.doping import dope


@pytest.fixture(scope="module")
def llzo() -> Atoms:
    """The 192-atom cell, with one Zr replaced by Co so that U and moments have a bearer."""
    atoms = dope(cubic_llzo(seed=1), "Zr", 1, seed=1)
    assert len(atoms) == 192
    return atoms


def dft(name: str, **options: object) -> DftSettings:
    settings: Settings = read_settings(name, options)
    assert isinstance(settings, DftSettings)
    return settings


def test_the_grid_follows_the_cell() -> None:
    atoms = layered_lco()
    assert kpoint_grid(atoms, 0.3) == (9, 9, 2)
    assert kpoint_grid(atoms * (3, 3, 1), 0.3) == (3, 3, 2)
    assert kpoint_grid(cubic_llzo(seed=1), 0.5) == (1, 1, 1)


def test_moments_of_the_structure_win() -> None:
    atoms, settings = layered_lco(), dft("vasp")
    cobalt = atoms.symbols == "Co"
    assert (with_moments(atoms, settings).get_initial_magnetic_moments()[cobalt] == 1).all()
    atoms.set_initial_magnetic_moments(np.where(cobalt, 3.0, 0.0))
    assert (with_moments(atoms, settings).get_initial_magnetic_moments()[cobalt] == 3).all()
    closed = with_moments(atoms, dft("vasp", spin_polarised=False))
    assert not closed.get_initial_magnetic_moments().any()


@pytest.mark.parametrize("plain", [True, False])
def test_vasp(llzo: Atoms, tmp_path: Path, plain: bool) -> None:
    atoms = cubic_llzo(seed=1) if plain else llzo
    names = write_inputs(atoms, dft("vasp", parallel={"ncore": 4}), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert "POTCAR" not in names
    tags = dict(line.strip().split(" = ") for line in (tmp_path / "INCAR").read_text().splitlines())
    order = [line.split("/")[1] for line in (tmp_path / "POTCAR.list").read_text().split()]
    elements = [folder.partition("_")[0] for folder in order]
    assert set(order) <= {"Li_sv", "La", "Zr_sv", "O", "Co"}
    assert (float(tags["ENCUT"]), float(tags["EDIFF"])) == (520.0, 1e-6)
    assert (tags["NSW"], tags["ISPIN"], tags["NCORE"]) == ("0", "2", "4")
    if plain:
        assert "LDAU" not in tags
    else:
        u = dict(zip(elements, map(float, tags["LDAUU"].split()), strict=True))
        shell = dict(zip(elements, tags["LDAUL"].split(), strict=True))
        assert u == {"Li": 0, "La": 0, "Zr": 0, "O": 0, "Co": 3.32}
        assert (shell["Co"], shell["O"], tags["LDAU"]) == ("2", "-1", ".TRUE.")
        counts = [entry.split("*") for entry in tags["MAGMOM"].split()]
        assert sum(int(n) for n, _ in counts) == 192
        assert sum(int(n) * float(m) for n, m in counts) == 1.0
    again = read(tmp_path / "POSCAR")
    assert again.get_chemical_formula() == atoms.get_chemical_formula()
    sort = np.loadtxt(tmp_path / "ase-sort.dat", dtype=int)[:, 0]
    assert np.abs(again.positions - atoms.positions[sort]).max() < 1e-6
    assert list(dict.fromkeys(again.symbols)) == elements
    kpoints = (tmp_path / "KPOINTS").read_text().splitlines()
    assert kpoints[2].lower().startswith("g")
    assert kpoints[3].split() == ["2", "2", "2"]


def test_espresso(llzo: Atoms, tmp_path: Path) -> None:
    from ase.io.espresso import read_fortran_namelist

    assert write_inputs(llzo, dft("espresso"), tmp_path) == ["espresso.pwi"]
    path = tmp_path / "espresso.pwi"
    again = read(path, format="espresso-in")
    assert again.get_chemical_formula() == llzo.get_chemical_formula()
    assert np.abs(again.positions - llzo.positions).max() < 1e-8
    assert np.abs(again.cell[:] - llzo.cell[:]).max() < 1e-8
    with path.open() as handle:
        namelist, cards = read_fortran_namelist(handle)
    assert (namelist["system"]["nat"], namelist["system"]["ntyp"]) == (192, 5)
    assert namelist["system"]["ecutwfc"] == 60.0
    assert (namelist["control"]["tprnfor"], namelist["control"]["tstress"]) == (True, True)
    text = " ".join(cards)
    assert "HUBBARD (ortho-atomic) U Co-3d 3.32" in text
    assert "2 2 2 0 0 0" in " ".join(text.split())
    assert all(f"{symbol}.upf" in text for symbol in ("Li", "La", "Zr", "Co", "O"))
    assert any("starting_magnetization" in key for key in namelist["system"])


def test_espresso_gives_u_to_each_magnetic_species(tmp_path: Path) -> None:
    atoms = layered_lco()
    moments = np.zeros(len(atoms))
    moments[np.flatnonzero(atoms.symbols == "Co")[:2]] = 1.0, -1.0
    atoms.set_initial_magnetic_moments(moments)
    write_inputs(atoms, dft("espresso"), tmp_path)
    text = (tmp_path / "espresso.pwi").read_text()
    card = text[text.index("HUBBARD") :].splitlines()[1:]
    assert sorted(card) == ["U Co-3d 3.32", "U Co1-3d 3.32", "U Co2-3d 3.32"]


def test_cp2k(llzo: Atoms, tmp_path: Path) -> None:
    assert write_inputs(llzo, dft("cp2k"), tmp_path) == ["cp2k.inp"]
    text = (tmp_path / "cp2k.inp").read_text()
    kinds = [part.split("&END KIND")[0] for part in text.split("&KIND ")[1:]]
    cobalt = next(kind for kind in kinds if kind.startswith("Co"))
    assert sorted(kind.split()[0] for kind in kinds) == ["Co", "La", "Li", "O", "Zr"]
    assert all("GTH-PBE" in kind and "BASIS_SET" in kind for kind in kinds)
    assert "U_MINUS_J [eV] 3.32" in cobalt
    assert sum("U_MINUS_J" in kind for kind in kinds) == 1
    assert text.count("&END") == sum(
        line.lstrip().startswith("&") and "&END" not in line for line in text.splitlines()
    )
    assert "STRESS_TENSOR ANALYTICAL" in text
    assert len(text.split("&COORD")[1].split("&END")[0].strip().splitlines()) == 192
