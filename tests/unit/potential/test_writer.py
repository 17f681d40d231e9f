"""Potentials as written: what the reader of the core makes of them."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from sinterface.errors import InputError
from sinterface.kernels.neighbors import neighbor_list
from sinterface.kernels.repulsion import energy_forces_virial
from sinterface.kernels.symmetry import Descriptor
from sinterface.potential.model import load_potential
from sinterface.potential.rows import AngularFunction, RadialFunction, make_rows
from sinterface.potential.writer import (
    Network,
    PotentialFiles,
    Scaling,
    toml_text,
    write_potential,
)

ELEMENTS = ("La", "O", "Li")
RADIAL = (RadialFunction(0.05), RadialFunction(1.5, 2.0))
ANGULAR = (AngularFunction(0.02, 1, 1.0), AngularFunction(0.02, -1, 4.0))


def make_files(**changes: Any) -> PotentialFiles:
    random = np.random.default_rng(4)
    rows = make_rows(ELEMENTS, 5.0, RADIAL, ANGULAR)
    scaling, networks = [], []
    for each in rows:
        n = len(each)
        sigma = random.uniform(0.5, 2.0, n)
        sigma[3] = 0.0
        mean = random.uniform(0.0, 1.0, n)
        scaling.append(Scaling(mean - 1.0, mean + 1.0, mean, sigma))
        sizes = (n, 5, 4, 1)
        weights = [random.normal(0, 0.5, (b, a)) for a, b in itertools.pairwise(sizes)]
        networks.append(Network(tuple(weights), tuple(random.normal(0, 1, b) for b in sizes[1:])))
    values: dict[str, Any] = {
        "rows": rows,
        "cutoff_function": "poly2",
        "activation": "tanh",
        "scaling": tuple(scaling),
        "networks": tuple(networks),
        "atom_energies_eV": (-1.5, -4.25, -7.0),
        "zbl_A": (1.0, 2.0),
    }
    return PotentialFiles(**{**values, **changes})


def cluster() -> Atoms:
    positions = np.random.default_rng(1).uniform(0.0, 5.0, (9, 3))
    return Atoms("Li3O4La2", positions, cell=[7.0, 7.5, 8.0], pbc=True)


def own_energy(files: PotentialFiles, directory: Path, atoms: Atoms) -> float:
    """Energy by the formulas, from the raw symmetry functions."""
    nl = neighbor_list(atoms.positions, atoms.cell.array, atoms.pbc, 5.0)
    species = np.array([files.elements.index(s) for s in atoms.symbols], dtype=np.int32)
    values = Descriptor.from_potential(directory).values(atoms.positions, species, nl)
    total = sum(files.atom_energies_eV[s] for s in species)
    for row, s in zip(values, species, strict=True):
        stats, network = files.scaling[s], files.networks[s]
        fires = stats.sigma > 0
        x = np.zeros(len(stats.mean))
        x[fires] = ((row[: len(x)] - stats.mean)[fires]) / stats.sigma[fires]
        for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
            x = np.tanh(weight @ x + bias)
        total += float((network.weights[-1] @ x + network.biases[-1])[0])
    numbers = atoms.numbers.astype(np.int32)
    return total + float(energy_forces_virial(atoms.positions, numbers, nl, 1.0, 2.0)[0].sum())


def test_core_reads_what_was_written(tmp_path: Path) -> None:
    files = make_files()
    write_potential(tmp_path / "pot", files, {"name": "toy"})
    atoms = cluster()
    atoms.calc = load_potential(tmp_path / "pot").calculator()
    assert files.elements == ("Li", "O", "La")
    expected = own_energy(files, tmp_path / "pot", atoms)
    assert atoms.get_potential_energy() == pytest.approx(expected, rel=1e-9)


def test_rows_stand_in_the_order_of_the_core(tmp_path: Path) -> None:
    files = make_files()
    write_potential(tmp_path / "pot", files, {})
    descriptor = Descriptor.from_potential(tmp_path / "pot")
    for element, rows in enumerate(files.rows):
        read = descriptor.rows(element)
        assert [(r.type, r.eta, r.shift, r.lambda_, r.zeta) for r in read] == [
            (r.kind, r.eta, r.shift_A, r.lambda_, r.zeta) for r in rows
        ]
        assert [files.elements[r.first] for r in read] == [r.neighbors[0] for r in rows]


def test_baseline_can_be_left_out(tmp_path: Path) -> None:
    write_potential(tmp_path / "pot", make_files(zbl_A=None), {})
    assert "zbl" not in (tmp_path / "pot" / "extension.nn").read_text()


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    files = make_files()
    network = files.networks[0]
    spoilt = Network(network.weights, (*network.biases[:-1], np.array([np.nan])))
    broken = make_files(networks=(spoilt, *files.networks[1:]))
    with pytest.raises(InputError, match="aren't finite"):
        write_potential(tmp_path / "pot", broken, {})
    assert not (tmp_path / "pot").exists()


def test_lengths_must_agree(tmp_path: Path) -> None:
    broken = make_files(scaling=make_files().scaling[::-1])
    short = Scaling(*(np.zeros(2) for _ in range(4)))
    broken = make_files(scaling=(short, *broken.scaling[1:]))
    with pytest.raises(InputError, match="different lengths"):
        write_potential(tmp_path / "pot", broken, {})


def test_card_is_toml() -> None:
    card = {
        "name": 'a "b" \\ c',
        "errors": {"explanation": "x", "llzo-cubic": {"frames": 3, "force": 0.25}},
        "data": {"sha256": {"data/a b.extxyz": "00"}},
        "flag": True,
        "rows": [[0.1, 2], [1e-7, 3]],
    }
    assert tomllib.loads(toml_text(card)) == card


@pytest.mark.parametrize(("elements", "cutoff"), [(["Li", "Li"], 6.0), (["Qq"], 6.0), (["O"], 0.0)])
def test_senseless_sets_are_refused(elements: list[str], cutoff: float) -> None:
    with pytest.raises(InputError):
        make_rows(elements, cutoff)
