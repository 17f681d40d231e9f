from __future__ import annotations

import json
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from typer.testing import CliRunner
from unit.potential.committees import make_committee

from sinterface.cli.app import app
from sinterface.errors import InputError
from sinterface.potential.model import load_potential
from sinterface.structures.crystals import layered_lco
from sinterface.study.prediction import predict_structure, read_structure
from sinterface.study.summary import summarise
from sinterface.units import EV_PER_A3_IN_GPA

POTENTIAL = Path(__file__).parents[2] / "reference" / "n2p2" / "wide"


@pytest.fixture
def structure(tmp_path: Path) -> Path:
    """Layered LCO with its atoms off their places."""
    atoms = layered_lco()
    atoms.rattle(0.05, seed=1)
    path = tmp_path / "lco.extxyz"
    ase.io.write(path, atoms)
    return path


def test_prediction_is_that_of_the_calculator(structure: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.extxyz"
    prediction = predict_structure(str(POTENTIAL), structure, output)
    atoms = ase.io.read(structure)
    atoms.calc = load_potential(POTENTIAL).calculator()
    assert prediction.energy_eV == pytest.approx(atoms.get_potential_energy(), rel=1e-12)
    assert prediction.n_atoms * prediction.energy_eV_per_atom == pytest.approx(prediction.energy_eV)
    assert np.allclose(prediction.forces_eV_per_A, atoms.get_forces(), atol=1e-12)
    assert prediction.stress_GPa is not None
    assert np.allclose(np.array(prediction.stress_GPa) / EV_PER_A3_IN_GPA, atoms.get_stress())
    written = ase.io.read(output)
    assert written.get_potential_energy() == pytest.approx(prediction.energy_eV)
    assert np.allclose(written.get_forces(), prediction.forces_eV_per_A, atol=1e-7)
    assert np.allclose(written.get_stress(), atoms.get_stress())


def test_molecule_has_no_stress(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "a.xyz", Atoms("LiO", [[0, 0, 0], [0, 0, 1.8]]), format="extxyz")
    prediction = predict_structure(str(POTENTIAL), tmp_path / "a.xyz", tmp_path / "o.extxyz")
    assert prediction.stress_GPa is None
    assert prediction.max_force_eV_per_A > 0


def test_two_atoms_at_one_place(tmp_path: Path) -> None:
    atoms = layered_lco()
    atoms.positions[3] = atoms.positions[7]
    ase.io.write(tmp_path / "a.extxyz", atoms)
    pair = " and ".join(f"{atoms[index].symbol} {index}" for index in (3, 7))
    arguments = ["predict", str(POTENTIAL), str(tmp_path / "a.extxyz"), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"aren't finite: its nearest atoms, {pair} (counted from 0), are 0 Å" in result.stderr


def test_positions_that_are_no_numbers(tmp_path: Path) -> None:
    atoms = layered_lco()
    atoms.positions[0, 0] = np.nan
    ase.io.write(tmp_path / "a.extxyz", atoms)
    with pytest.raises(InputError, match="aren't numbers"):
        read_structure(tmp_path / "a.extxyz")


def test_command_prints_json(structure: Path) -> None:
    result = CliRunner().invoke(app, ["predict", str(POTENTIAL), str(structure), "--json"])
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)["forces_eV_per_A"]) == 12
    table = CliRunner().invoke(app, ["predict", str(POTENTIAL), str(structure)]).stdout
    assert "energy_eV_per_atom" in table


def test_element_that_the_potential_lacks(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "al.cif", Atoms("LiAl", cell=[4, 4, 4], pbc=True))
    result = CliRunner().invoke(app, ["predict", str(POTENTIAL), str(tmp_path / "al.cif")])
    assert result.exit_code == 2
    assert "holds Al, which the potential 'wide' lacks; it knows Li, O, Co" in result.stderr
    assert "Traceback" not in result.stderr


def test_output_into_a_folder_that_does_not_exist(structure: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        predict_structure(str(POTENTIAL), structure, tmp_path / "none" / "out.extxyz")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.cif", None, "no structure file"),
        ("a.cif", "junk", "can't be read as a structure"),
        ("a.xyz", "0\n\n", "holds no atoms"),
    ],
)
def test_bad_structure_file(tmp_path: Path, name: str, content: str | None, expected: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=expected):
        read_structure(tmp_path / name)


def test_show_a_potential() -> None:
    content = summarise(str(POTENTIAL)).content
    assert content["elements"] == ["Li", "O", "Co", "Zr", "La"]
    assert content["cutoff_A"] == 6.0
    assert len(content["fingerprint"]) == 64


@pytest.mark.parametrize(("name", "expected"), [("nothing", "There is no"), ("", "is neither")])
def test_show_something_else(tmp_path: Path, name: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        summarise(str(tmp_path / name))


def test_committee_deviations_are_told(structure: Path, tmp_path: Path) -> None:
    """In the table, in JSON and as columns of the extxyz file."""
    committee, members = make_committee(tmp_path)
    output = tmp_path / "out.extxyz"
    prediction = predict_structure(str(committee), structure, output)
    atoms = ase.io.read(structure)
    forces, energies = [], []
    for member in members:
        atoms.calc = load_potential(member).calculator()
        forces.append(atoms.get_forces())
        energies.append(atoms.get_potential_energies())
    spread = np.sqrt(np.mean(np.sum((forces - np.mean(forces, axis=0)) ** 2, axis=2), axis=0))
    assert prediction.n_members == 3
    assert np.allclose(prediction.forces_std_eV_per_A, spread, rtol=1e-8)
    assert np.allclose(prediction.energies_std_eV, np.std(energies, axis=0), rtol=1e-9)
    assert prediction.energy_std_eV == pytest.approx(np.std(np.sum(energies, axis=1)), rel=1e-9)
    assert prediction.max_force_std_eV_per_A == pytest.approx(spread.max())
    written = ase.io.read(output)
    assert np.allclose(written.arrays["forces_std"], spread, atol=1e-7)
    assert np.allclose(written.arrays["energies_std"], prediction.energies_std_eV, atol=1e-7)
    assert written.arrays["extrapolations"].tolist() == prediction.extrapolations
    assert written.info["energy_std"] == pytest.approx(prediction.energy_std_eV)
    shown = CliRunner().invoke(app, ["predict", str(committee), str(structure)]).stdout
    assert "max_force_std_eV_per_A" in shown
    assert "n_members" in shown
    data = CliRunner().invoke(app, ["predict", str(committee), str(structure), "--json"])
    assert np.allclose(json.loads(data.stdout)["forces_std_eV_per_A"], spread, rtol=1e-8)
    alone = CliRunner().invoke(app, ["predict", str(POTENTIAL), str(structure)]).stdout
    assert "std" not in alone
