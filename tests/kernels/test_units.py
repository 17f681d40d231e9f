"""Potentials whose files are in other units than Å and eV."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from kernels.plain_n2p2 import PlainN2p2
from kernels.potentials import ELEMENTS, NUMBERS, rows_of_type, write_random
from kernels.test_against_twin import KINDS, STRUCTURES

import sinterface
from sinterface.errors import InputError
from sinterface.potential.export import lammps_commands

BOHR, HARTREE = 0.529177210903, 27.211386245988  # CODATA 2018


def _write(folder: Path, text: str | None = "units bohr hartree") -> Path:
    rows = [row for kind in KINDS for row in rows_of_type(kind)[:4]]
    # sums over Z would drown all others
    rows = [row for row in rows if int(row.split()[0]) not in (12, 13, 23, 24, 25)]
    extra = ("mean_energy -3.25", "conv_energy 2.5", "conv_length 1.7")
    write_random(folder, np.random.default_rng(41), rows, extra=extra)
    if text is not None:
        (folder / "extension.nn").write_text(f"format_version 1\n{text}\n")
    return folder


def _evaluate(folder: Path, length: float):
    """Of the structure whose coordinates are `length` times those of the test structure."""
    positions, species, cell, pbc = STRUCTURES["triclinic"]
    potential = sinterface.load_potential(folder)
    numbers = [NUMBERS[ELEMENTS[s]] for s in species]
    neighbors = potential.neighbors(positions * length, cell * length, pbc)
    return potential.evaluate(numbers, positions * length, neighbors)


def test_bohr_and_hartree(kernel, tmp_path):
    """What n2p2 says in its own units, Å and eV being a matter of ours."""
    positions, species, cell, pbc = STRUCTURES["triclinic"]
    _write(tmp_path)
    plain = PlainN2p2(tmp_path)
    numbers = [NUMBERS[ELEMENTS[s]] for s in species]
    found = _evaluate(tmp_path, BOHR)
    expected = plain.energies(positions, numbers, cell, pbc)
    np.testing.assert_allclose(found.energies, expected * HARTREE, rtol=1e-10)
    raw = _evaluate(_write(tmp_path / "raw", None), 1.0)
    np.testing.assert_allclose(found.energies, raw.energies * HARTREE, rtol=1e-12)
    scale = HARTREE / BOHR
    np.testing.assert_allclose(found.forces, raw.forces * scale, rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_allclose(found.virial, raw.virial * HARTREE, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("units angstrom eV", (1.0, 1.0)),
        ("units Bohr Hartree", (units.Bohr, units.Hartree)),
        ("units bohr rydberg", (units.Bohr, units.Rydberg)),
        ("units angstrom kcal/mol", (1.0, units.kcal / units.mol)),
        ("units angstrom kJ/mol", (1.0, units.kJ / units.mol)),
        ("units 0.52917720859 27.21138386", (0.52917720859, 27.21138386)),
    ],
)
def test_names_of_units(tmp_path, text, expected):
    potential = sinterface.load_potential(_write(tmp_path, text))
    assert potential.units_A_eV == pytest.approx(expected, rel=2e-8)  # ASE's are of CODATA 2014
    assert potential.cutoff_A == pytest.approx(4.0 * expected[0], rel=2e-8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("units bohr", "needs at least 2 values"),
        ("units parsec eV", "unknown unit 'parsec'; known are angstrom, bohr"),
        ("units bohr eV/atom", "unknown unit 'ev/atom'"),
        ("units -1.0 1.0", "positive number"),
        ("units 1.0 0", "positive number"),
    ],
)
def test_units_that_mean_nothing(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        sinterface.load_potential(_write(tmp_path, text))


def test_the_lines_for_lammps_say_the_units(tmp_path):
    """n2p2's `cflength` and `cfenergy` are what one Å and one eV are in the potential's units."""
    potential = sinterface.load_potential(_write(tmp_path))
    words = lammps_commands(potential, "DIR")[0].split()
    assert float(words[words.index("cflength") + 1]) == pytest.approx(1.8897261246)
    assert float(words[words.index("cfenergy") + 1]) == pytest.approx(0.0367493221757)
    assert float(words[2]) >= potential.cutoff_A  # n2p2 refuses a smaller one


def test_members_of_a_committee_share_units(tmp_path):
    _write(tmp_path, "units bohr hartree\ncommittee_member two")
    _write(tmp_path / "two")
    one = _evaluate(tmp_path, BOHR)
    shutil.copy(tmp_path / "input.nn", tmp_path / "two" / "input.nn")
    single = tmp_path / "single"
    shutil.copytree(tmp_path / "two", single)
    np.testing.assert_allclose(one.energies, _evaluate(single, BOHR).energies, rtol=1e-12)
    (tmp_path / "two" / "extension.nn").write_text("format_version 1\nunits bohr eV\n")
    with pytest.raises(InputError, match="other units than the committee's first member"):
        sinterface.load_potential(tmp_path)


def test_the_twin_has_the_same_units(tmp_path):
    pytest.importorskip("torch")
    positions, species, cell, pbc = STRUCTURES["triclinic"]
    twin = sinterface.load_potential(_write(tmp_path)).torch()
    atoms = Atoms([ELEMENTS[s] for s in species], positions=positions * BOHR, pbc=pbc)
    atoms.cell = cell * BOHR
    found = twin(*twin.tensors(atoms)).detach()
    np.testing.assert_allclose(found, _evaluate(tmp_path, BOHR).energies, rtol=1e-10)
