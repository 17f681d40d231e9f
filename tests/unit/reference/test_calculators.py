"""The fast labeller gives what the stock calculator gives, and knows its own identity."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from sinterface.errors import InputError
from sinterface.reference.calculators import open_reference, settings_hash
from sinterface.structures.crystals import layered_lco


@pytest.fixture(scope="module")
def rattled() -> Atoms:
    pytest.importorskip("chgnet")
    atoms = layered_lco()
    atoms.set_cell(atoms.cell[:] @ (np.eye(3) + 0.02 * np.eye(3)[::-1]), scale_atoms=True)
    atoms.rattle(0.1, seed=5)
    atoms.calc = open_reference("chgnet").calculator
    return atoms


@pytest.mark.filterwarnings("ignore")
def test_equal_to_the_stock_calculator(rattled: Atoms, capsys: pytest.CaptureFixture) -> None:
    from chgnet.model.dynamics import CHGNetCalculator

    capsys.readouterr()
    stock = rattled.copy()
    stock.calc = CHGNetCalculator(use_device="cpu")
    energy = rattled.get_potential_energy()
    assert abs(energy - stock.get_potential_energy()) < 1e-5 * len(rattled)
    assert np.abs(rattled.get_forces() - stock.get_forces()).max() < 6e-5
    assert np.abs(rattled.get_stress() - stock.get_stress()).max() < 1e-5


@pytest.mark.parametrize("repeat", [(1, 1, 1), (3, 3, 1)])
@pytest.mark.filterwarnings("ignore")
def test_graphs_equal_the_stock_converter(rattled: Atoms, repeat: tuple[int, int, int]) -> None:
    from pymatgen.io.ase import AseAtomsAdaptor

    from sinterface.reference.chgnet_graph import crystal_graph

    atoms = rattled.copy() * repeat
    atoms.wrap()
    calculator = open_reference("chgnet").calculator
    stock = calculator.model.graph_converter(AseAtomsAdaptor.get_structure(atoms))
    ours = crystal_graph(atoms)
    for name in ("atom_graph", "directed2undirected", "undirected2directed", "bond_graph"):
        assert getattr(ours, name).shape == getattr(stock, name).shape
    pairs = [sorted(map(tuple, graph.atom_graph.tolist())) for graph in (ours, stock)]
    assert pairs[0] == pairs[1]
    angles = [np.bincount(graph.bond_graph[:, 0]) for graph in (ours, stock)]
    assert (angles[0] == angles[1]).all()
    edges = ours.undirected2directed.long()
    assert (ours.directed2undirected[edges] == np.arange(len(edges))).all()


def test_force_and_stress_are_slopes_of_the_energy(rattled: Atoms) -> None:
    """Central differences; single precision leaves about 1e-2 eV/Å."""
    forces, stress = rattled.get_forces(), rattled.get_stress(voigt=False)
    moved, step = rattled.copy(), 0.02
    moved.calc = rattled.calc
    energies = []
    for sign in (1, -1):
        moved.positions = rattled.positions + sign * step * forces / np.linalg.norm(forces)
        energies.append(moved.get_potential_energy())
    slope = (energies[0] - energies[1]) / (2 * step)
    assert slope == pytest.approx(-np.linalg.norm(forces), rel=0.02)
    energies, strain = [], np.diag([0.004, 0.0, 0.0])
    for sign in (1, -1):
        moved = rattled.copy()
        moved.calc = rattled.calc
        moved.set_cell(rattled.cell[:] @ (np.eye(3) + sign * strain), scale_atoms=True)
        energies.append(moved.get_potential_energy())
    slope = (energies[0] - energies[1]) / 0.008 / rattled.get_volume()
    assert slope == pytest.approx(stress[0, 0], rel=0.03)


def test_identity_is_stable_and_opened_once() -> None:
    pytest.importorskip("chgnet")
    reference = open_reference("chgnet")
    assert reference is open_reference("chgnet")
    assert (reference.name, reference.version) == ("chgnet", "0.4.2")
    assert reference.settings_hash.startswith("chgnet-")
    changed = settings_hash({"reference": "chgnet", "precision": "float64"})
    assert changed != settings_hash({"reference": "chgnet", "precision": "float32"})


def test_any_ase_calculator_is_a_reference() -> None:
    reference = open_reference("ase:ase.calculators.emt.EMT")
    atoms = bulk("Cu")
    atoms.calc = reference.calculator
    assert np.isfinite(atoms.get_potential_energy())
    assert reference.settings_hash.startswith("ase-ase.calculators.emt.EMT-")


@pytest.mark.parametrize("name", ["chgent", "ase:nowhere.Calculator", "ase:ase.calculators.emt.X"])
def test_unknown_references_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=name if ":" in name else "Did you mean 'chgnet'"):
        open_reference(name)
