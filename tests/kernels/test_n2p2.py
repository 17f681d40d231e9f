"""Three five-element potentials with the energies and forces that n2p2 2.3 computes for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

import sinterface

CASES = Path(__file__).parents[1] / "reference" / "n2p2"


def read_structure() -> Atoms:
    lattice, positions, symbols = [], [], []
    for line in (CASES / "structure.data").read_text().splitlines():
        words = line.split()
        if words[0] == "lattice":
            lattice.append([float(x) for x in words[1:4]])
        elif words[0] == "atom":
            positions.append([float(x) for x in words[1:4]])
            symbols.append(words[4])
    return Atoms(symbols, positions=positions, cell=lattice, pbc=True)


@pytest.mark.parametrize("case", ["narrow", "wide", "weighted"])
def test_energies_and_forces_of_n2p2(kernel, case):
    lines = (CASES / case / "expected.txt").read_text().split("\n")
    energy = float(lines[0])
    forces = np.array([[float(x) for x in line.split()[1:]] for line in lines[1:] if line])
    atoms = read_structure()
    potential = sinterface.load_potential(CASES / case)
    assert potential.kernel == kernel
    atoms.calc = potential.calculator()
    assert atoms.get_potential_energy() == pytest.approx(energy, rel=1e-10)
    np.testing.assert_allclose(atoms.get_forces(), forces, atol=1e-9)


def test_mixed_precision_noise():
    atoms = read_structure()
    potential = sinterface.load_potential(CASES / "wide")
    atoms.calc = potential.calculator()
    exact = atoms.get_forces()
    atoms.calc = potential.calculator("mixed", threads=2)
    assert np.sqrt(np.mean((atoms.get_forces() - exact) ** 2)) < 5e-6
