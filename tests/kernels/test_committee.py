"""Committees: the mean is the prediction, the deviations are those of separately loaded members."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from kernels.potentials import ELEMENTS, NUMBERS, rows_of_type, write_random
from kernels.test_against_twin import STRUCTURES

import sinterface
from sinterface.errors import InputError
from sinterface.kernels import _core
from sinterface.kernels.reference import Reference
from sinterface.potential.committee import write_committee

POSITIONS, SPECIES, CELL, PBC = STRUCTURES["triclinic"]


def _atoms(repeat: int = 1) -> Atoms:
    symbols = [ELEMENTS[s] for s in SPECIES]
    atoms = Atoms(symbols, positions=POSITIONS, cell=CELL, pbc=PBC) * repeat
    atoms.rattle(0.02, seed=1)
    return atoms


def _members(folder: Path, kind: int = 9, n: int = 3, **options) -> list[Path]:
    """Members with the same symmetry functions, networks of different weights."""
    paths = []
    for k in range(n):
        path = write_random(
            folder / f"m{k}", np.random.default_rng(k), rows_of_type(kind), **options
        )
        shutil.copy(folder / "m0" / "scaling.data", path) if k else None
        paths.append(path)
    return paths


def _results(path: Path, atoms: Atoms, **options) -> dict:
    atoms = atoms.copy()
    atoms.calc = sinterface.load_potential(path).calculator(**options)
    atoms.get_forces()
    return atoms.calc.results


@pytest.mark.parametrize("kind", [2, 3, 9, 22])
@pytest.mark.parametrize("threads", [1, 2])
def test_equal_to_separate_members(kernel, tmp_path, kind, threads):
    paths = _members(tmp_path, kind)
    write_committee(tmp_path / "all", paths)
    atoms = _atoms(repeat=3)
    single = [_results(path, atoms) for path in paths]
    found = _results(tmp_path / "all", atoms, committee="forces", threads=threads)
    energies = np.array([r["energies"] for r in single])
    forces = np.array([r["forces"] for r in single])
    stress = np.array([r["stress"] for r in single])
    np.testing.assert_allclose(found["energies"], energies.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found["forces"], forces.mean(axis=0), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(found["stress"], stress.mean(axis=0), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(found["energies_std"], energies.std(axis=0), rtol=1e-10, atol=1e-12)
    assert found["energy_std"] == pytest.approx(energies.sum(axis=1).std(), rel=1e-10)
    far = np.sum((forces - forces.mean(axis=0)) ** 2, axis=2)
    np.testing.assert_allclose(
        found["forces_std"], np.sqrt(far.mean(axis=0)), rtol=1e-9, atol=1e-11
    )
    assert found["forces_std"].min() > 1e-6
    plain = _results(tmp_path / "all", atoms, threads=threads)
    np.testing.assert_allclose(plain["forces"], found["forces"], rtol=1e-11, atol=1e-11)
    assert "forces_std" not in plain


def test_mixed_precision(kernel, tmp_path):
    write_committee(tmp_path / "all", _members(tmp_path))
    exact, mixed = (
        _results(tmp_path / "all", _atoms(2), committee="forces", precision=precision)
        for precision in ("double", "mixed")
    )
    for name in ("energies_std", "forces_std"):
        np.testing.assert_allclose(mixed[name], exact[name], rtol=1e-3)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_identical_members_do_not_deviate(kernel, tmp_path, n):
    path = _members(tmp_path, n=1)[0]
    write_committee(tmp_path / "all", [path] * n)
    one = _results(path, _atoms(2))
    found = _results(tmp_path / "all", _atoms(2), committee="forces")
    for name in ("energy_std", "energies_std", "forces_std"):
        assert np.all(found[name] == 0)
    for name in ("energies", "forces", "stress"):
        np.testing.assert_allclose(found[name], one[name], rtol=1e-12, atol=1e-12)


def test_networks_and_energies_of_their_own(kernel, tmp_path):
    """Shapes, activations and energy units may differ between the members."""
    rows = rows_of_type(9)
    first = write_random(tmp_path / "a", np.random.default_rng(1), rows)
    second = write_random(
        tmp_path / "b",
        np.random.default_rng(2),
        rows,
        nodes=(13, 4, 3),
        activations="p s t l",
        extra=("mean_energy -0.5", "conv_energy 2.0", "conv_length 1.7", "normalize_nodes"),
    )
    shutil.copy(first / "scaling.data", second)
    potential = write_committee(tmp_path / "all", [first, second])
    assert potential.n_members == 2
    twin = Reference(potential._engine, list(NUMBERS.values()))
    expected = twin.member_energies(POSITIONS, SPECIES, CELL, PBC)
    neighbors = potential.neighbors(POSITIONS, CELL, PBC)
    numbers = [list(NUMBERS.values())[s] for s in SPECIES]
    found = potential.evaluate(numbers, POSITIONS, neighbors, committee="energies")
    np.testing.assert_allclose(found.member_energies, expected, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(found.energies, expected.mean(axis=1), rtol=1e-11, atol=1e-12)


def test_weights_alone_are_a_member(tmp_path):
    paths = _members(tmp_path, n=2)
    (tmp_path / "m0" / "second").mkdir()
    for path in paths[1].glob("weights.*"):
        shutil.copy(path, tmp_path / "m0" / "second")
    before = sinterface.load_potential(paths[0]).fingerprint
    (paths[0] / "extension.nn").write_text("format_version 1\ncommittee_member second\n")
    potential = sinterface.load_potential(paths[0])
    assert (potential.n_members, "members=2" in repr(potential)) == (2, True)
    again = potential.fingerprint
    weights = paths[0] / "second" / "weights.003.data"
    weights.write_text(weights.read_text().replace("1", "2", 1))
    assert len({before, again, sinterface.load_potential(paths[0]).fingerprint}) == 3


def test_a_single_potential_has_no_deviation(tmp_path):
    path = _members(tmp_path, n=1)[0]
    assert not any("std" in name for name in _results(path, _atoms(), committee="forces"))
    with pytest.raises(InputError, match="committee must be"):
        sinterface.load_potential(path).calculator(committee="all")
    potential = sinterface.load_potential(path)
    neighbors = potential.neighbors(POSITIONS, CELL, PBC)
    with pytest.raises(InputError, match="committee must be"):
        potential.evaluate([3] * len(POSITIONS), POSITIONS, neighbors, committee="all")


def _edit(path: Path, pattern: str, replacement: str) -> None:
    text, n = re.subn(pattern, replacement, path.read_text(), count=1, flags=re.MULTILINE)
    assert n == 1
    path.write_text(text)


DAMAGES = {
    "missing": (lambda m: shutil.rmtree(m), r"extension\.nn, line 2: there is no folder"),
    "no weights": (lambda m: (m / "weights.003.data").unlink(), r"weights\.003\.data: is missing"),
    "rows": (
        lambda m: _edit(m / "input.nn", r"0\.01 1 2 4\.0", "0.01 1 2 3.9"),
        r"m1/input\.nn, line \d+: symmetry function \d+ of Li is not the first member's \(line \d+",
    ),
    "a row more": (
        lambda m: _edit(m / "input.nn", r"\Z", "symfunction_short Co 2 Li 9.0 0.0 4.0\n"),
        r"m1/input\.nn, line \d+: symmetry function 1 of Co is not",
    ),
    "cutoff": (
        lambda m: _edit(m / "input.nn", "cutoff_type 2", "cutoff_type 1"),
        r"input\.nn, line \d+: the cutoff function",
    ),
    "elements": (
        lambda m: _edit(m / "input.nn", "elements Co Li O", "elements Co Na O"),
        r"input\.nn, line \d+: ",
    ),
    "scaling": (
        lambda m: _edit(m / "scaling.data", r"^2 3 \d", "2 3 9"),
        r"m1/scaling\.data, line \d+: the scaling of symmetry function 3 of O",
    ),
    "another scaling": (
        lambda m: _edit(m / "input.nn", "center_symmetry_functions", ""),
        r"input\.nn, line \d+: scales the symmetry functions otherwise",
    ),
    "architecture": (
        lambda m: _edit(m / "input.nn", "global_nodes_short 7 5", "global_nodes_short 7 6"),
        r"m1/weights\.003\.data: holds",
    ),
    "repulsion": (
        lambda m: (m / "extension.nn").write_text("format_version 1\nzbl 1.0 2.0\n"),
        r"m1/extension\.nn, line 2: the zbl line differs",
    ),
    "nested": (
        lambda m: (m / "extension.nn").write_text("format_version 1\ncommittee_member x\n"),
        r"m1/extension\.nn, line 2: a member of a committee cannot be",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_explained(tmp_path, damage):
    paths = _members(tmp_path, n=2)
    (paths[0] / "extension.nn").write_text("format_version 1\ncommittee_member ../m1\n")
    assert sinterface.load_potential(paths[0]).n_members == 2
    harm, message = DAMAGES[damage]
    harm(paths[1])
    with pytest.raises(InputError, match=message):
        sinterface.load_potential(paths[0])


def test_too_many_members(tmp_path):
    path = _members(tmp_path, n=1)[0]
    (path / "extension.nn").write_text("committee_member .\n" * 40)
    with pytest.raises(InputError, match=r"extension\.nn, line 32: a committee has at most 32"):
        sinterface.load_potential(path)


def test_write_committee_refuses_what_does_not_fit(tmp_path):
    paths = _members(tmp_path, n=2)
    with pytest.raises(InputError, match="at least two"):
        write_committee(tmp_path / "all", paths[:1])
    with pytest.raises(InputError, match="exists"):
        write_committee(paths[0], paths)
    _edit(paths[1] / "scaling.data", r"^2 3 \d", "2 3 9")
    with pytest.raises(InputError, match=r"all/member-2/scaling\.data, line"):
        write_committee(tmp_path / "all", paths)
    assert not list(tmp_path.glob("*all*"))
    shutil.copy(paths[0] / "scaling.data", paths[1])
    write_committee(tmp_path / "all", paths)
    with pytest.raises(InputError, match="a committee itself"):
        write_committee(tmp_path / "more", [paths[0], tmp_path / "all"])
    (paths[1] / "extension.nn").write_text("zbl 1.0 2.0\n")
    with pytest.raises(InputError, match="short-range repulsion"):
        write_committee(tmp_path / "more", paths)


def test_repulsion_does_not_deviate(tmp_path):
    paths = _members(tmp_path, n=2)
    for path in paths:
        (path / "extension.nn").write_text("format_version 1\nzbl 1.0 2.5\n")
    write_committee(tmp_path / "all", paths)
    single = np.array([_results(path, _atoms())["forces"] for path in paths])
    found = _results(tmp_path / "all", _atoms(), committee="forces")
    np.testing.assert_allclose(found["forces"], single.mean(axis=0), rtol=1e-11, atol=1e-11)
    half = np.linalg.norm(single[0] - single[1], axis=1) / 2
    np.testing.assert_allclose(found["forces_std"], half, rtol=1e-9, atol=1e-11)


def test_without_networks_members_are_not_read(tmp_path):
    path = _members(tmp_path, n=1)[0]
    (path / "extension.nn").write_text("committee_member nowhere\n")
    assert _core.Engine(str(path), False).n_members == 1
