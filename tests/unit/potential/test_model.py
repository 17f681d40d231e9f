from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

import sinterface
import sinterface.potential.calculator as calculator_module
from sinterface.errors import InputError

CASE = Path(__file__).parents[2] / "reference" / "n2p2" / "wide"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CASE, tmp_path / "potential"))


def test_loaded_potential_knows_itself():
    potential = sinterface.load_potential(CASE)
    assert potential.elements == ("Li", "O", "Co", "Zr", "La")
    assert potential.cutoff_A == 6.0
    assert potential.card == {}
    assert len(potential.fingerprint) == 64


def test_fingerprint_follows_the_weights(folder):
    before = sinterface.load_potential(folder).fingerprint
    path = folder / "weights.003.data"
    path.write_text(path.read_text().replace("1", "2", 1))
    assert sinterface.load_potential(folder).fingerprint != before


def test_unknown_name_lists_the_shipped_ones():
    with pytest.raises(InputError, match="neither a directory nor one of the shipped"):
        sinterface.load_potential("llzo-lc")


def test_missing_element_is_named():
    atoms = bulk("Na")
    atoms.calc = sinterface.load_potential(CASE).calculator()
    with pytest.raises(InputError, match="holds Na"):
        atoms.get_potential_energy()


@pytest.mark.parametrize("options", [{"precision": "single"}, {"threads": 0}])
def test_calculator_options_are_checked(options):
    with pytest.raises(InputError):
        sinterface.load_potential(CASE).calculator(**options)


def test_calculator_stress_is_the_slope_of_the_energy():
    rng = np.random.default_rng(3)
    cell = [[6.0, 0, 0], [0.4, 5.7, 0], [0.2, -0.3, 6.2]]
    atoms = Atoms("Li2Co2O4", scaled_positions=rng.random((8, 3)), cell=cell, pbc=True)
    atoms.calc = sinterface.load_potential(CASE).calculator()
    from ase.calculators.fd import calculate_numerical_stress

    numerical = calculate_numerical_stress(atoms, eps=1e-5)
    np.testing.assert_allclose(atoms.get_stress(), numerical, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("change", ["small step", "long step", "cell", "wrapped", "fewer atoms"])
def test_kept_neighbour_list_holds_every_pair(change, monkeypatch):
    potential = sinterface.load_potential(CASE)
    rng = np.random.default_rng(4)
    atoms = bulk("CoO", "rocksalt", 4.26, cubic=True) * (2, 2, 2)
    atoms.positions += rng.normal(0, 0.1, (len(atoms), 3))
    calculator = potential.calculator(skin_A=0.6)
    made = []
    searched = calculator_module.neighbor_list
    monkeypatch.setattr(
        calculator_module, "neighbor_list", lambda *a: made.append(a) or searched(*a)
    )
    atoms.calc = calculator
    atoms.get_forces()
    match change:
        case "small step":
            atoms.positions += 0.29 / np.sqrt(3)
        case "long step":
            atoms.positions[3] += [0.31, 0, 0]
        case "cell":
            atoms.set_cell(atoms.cell[:] * 1.01, scale_atoms=True)
        case "wrapped":
            atoms.wrap()
        case "fewer atoms":
            del atoms[-2:]
    expected = atoms.copy()
    expected.calc = potential.calculator()
    assert atoms.get_potential_energy() == pytest.approx(expected.get_potential_energy(), rel=1e-12)
    np.testing.assert_allclose(atoms.get_forces(), expected.get_forces(), atol=1e-11)
    lists_of_kept = [call for call in made if call[-1] == pytest.approx(6.6)]
    assert len(lists_of_kept) == (1 if change == "small step" else 2)


def test_molecule_without_cell_has_no_stress():
    atoms = Atoms("LiO", positions=[[0, 0, 0], [1.8, 0, 0]])
    atoms.calc = sinterface.load_potential(CASE).calculator()
    assert atoms.get_forces().shape == (2, 3)
    assert "stress" not in atoms.calc.results


def _damage(name: str, change) -> callable:
    def apply(folder: Path) -> None:
        path = folder / name
        path.write_text(change(path.read_text()))

    return apply


DAMAGES = {
    "missing weights": (lambda f: (f / "weights.027.data").unlink(), "weights.027.data"),
    "truncated weights": (
        _damage("weights.008.data", lambda t: t[: len(t) // 2]),
        "weights.008.data",
    ),
    "NaN weight": (
        _damage("weights.008.data", lambda t: t.replace(t.split("\n")[-3].split()[0], "nan")),
        "line",
    ),
    "truncated scaling": (_damage("scaling.data", lambda t: t[: len(t) // 2]), "scaling.data"),
    "no elements": (
        _damage("input.nn", lambda t: t.replace("elements ", "elephants ")),
        "elements",
    ),
    "unknown element": (_damage("input.nn", lambda t: t.replace("Li O Co", "Li Xx Co")), "Xx"),
    "unknown type": (
        _damage("input.nn", lambda t: t.replace("Li 9 Li Li", "Li 7 Li Li", 1)),
        "type 7",
    ),
    "words for numbers": (
        _damage("input.nn", lambda t: t.replace("0.003214", "small", 1)),
        "'small'",
    ),
    "huge node count": (
        _damage("input.nn", lambda t: t.replace("20 20", "20 99999999999")),
        "99999999999",
    ),
    "short row": (_damage("input.nn", lambda t: t + "symfunction_short Li 2 Li 0.1\n"), "line"),
    "empty input": (_damage("input.nn", lambda _: ""), "elements"),
    "future format": (lambda f: (f / "extension.nn").write_text("format_version 9\n"), "version 9"),
    "bad zbl": (lambda f: (f / "extension.nn").write_text("zbl 2.0 1.0\n"), "zbl"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_files_give_a_clear_error(folder, name):
    damage, wanted = DAMAGES[name]
    damage(folder)
    with pytest.raises(InputError, match=wanted):
        sinterface.load_potential(folder)


def test_import_is_light():
    import subprocess
    import sys

    code = (
        "import sys, sinterface; print([m for m in ('torch', 'numpy', 'ase') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
