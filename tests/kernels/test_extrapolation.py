"""Symmetry functions outside the range that training saw."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from kernels.potentials import ELEMENTS, NUMBERS, rows_of_type, write_random
from kernels.test_against_twin import STRUCTURES

import sinterface
from sinterface.kernels.neighbors import neighbor_list
from sinterface.kernels.reference import Reference


def _potential(tmp_path, kind):
    rng = np.random.default_rng(9)
    return sinterface.load_potential(write_random(tmp_path, rng, rows_of_type(kind)))


def _ranges(folder):
    table = np.loadtxt(folder / "scaling.data")
    return [table[table[:, 0] == e + 1][:, 2:4] for e in range(len(ELEMENTS))]


@pytest.mark.parametrize("precision", ["double", "mixed"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kind", [2, 9, 22])
def test_count_equals_twin(kernel, tmp_path, kind, precision, threads):
    positions, species, cell, pbc = STRUCTURES["triclinic"]
    potential = _potential(tmp_path, kind)
    numbers = [list(NUMBERS.values())[s] for s in species]
    nl = neighbor_list(positions, cell, pbc, potential.cutoff_A)
    options = {"precision": precision, "threads": threads}
    plain = potential.evaluate(numbers, positions, nl, **options)
    counted = potential.evaluate(numbers, positions, nl, count_extrapolation=True, **options)
    assert plain.extrapolations is None
    np.testing.assert_array_equal(plain.forces, counted.forces)
    twin = Reference(potential._engine, list(NUMBERS.values()))
    expected = []
    for s, g in zip(species, twin.values(positions, species, cell, pbc), strict=True):
        low, high = _ranges(tmp_path)[s].T
        expected.append(int(np.sum((g < low) | (g > high))))
    assert sum(expected) > 0
    np.testing.assert_array_equal(counted.extrapolations, expected)


def test_ase_results(tmp_path):
    positions, species, cell, pbc = STRUCTURES["triclinic"]
    potential = _potential(tmp_path, 2)
    atoms = Atoms([ELEMENTS[s] for s in species], positions=positions, cell=cell, pbc=pbc)
    atoms.calc = potential.calculator(count_extrapolation=True)
    atoms.get_potential_energy()
    counts = atoms.calc.results["extrapolations"]
    assert counts.shape == (len(atoms),)
    atoms.calc = potential.calculator()
    atoms.get_potential_energy()
    assert "extrapolations" not in atoms.calc.results


def test_an_atom_at_the_edge_of_the_range_is_inside(tmp_path):
    """The structure that set the range is no extrapolation, in single precision either."""
    positions, species, cell, pbc = STRUCTURES["triclinic"]
    potential = _potential(tmp_path, 2)
    twin = Reference(potential._engine, list(NUMBERS.values()))
    values = twin.values(positions, species, cell, pbc)
    lines = []
    for e in range(len(ELEMENTS)):
        own = np.array([g for g, s in zip(values, species, strict=True) if s == e])
        for k, column in enumerate(own.T):
            lines.append(f"{e + 1} {k + 1} {column.min():.16e} {column.max():.16e} 0.1 0.2\n")
    (tmp_path / "scaling.data").write_text("".join(lines))
    potential = sinterface.load_potential(tmp_path)
    nl = neighbor_list(positions, cell, pbc, potential.cutoff_A)
    numbers = [list(NUMBERS.values())[s] for s in species]
    for precision in ("double", "mixed"):
        found = potential.evaluate(
            numbers, positions, nl, precision=precision, count_extrapolation=True
        )
        assert found.extrapolations.sum() == 0
