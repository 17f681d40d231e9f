"""The torch twin against the kernel: energies, forces, virial, and what only the twin can do."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from kernels.potentials import ELEMENTS, rows_of_type, spectrum_rows, write_random
from kernels.test_against_twin import KINDS, STRUCTURES
from kernels.test_n2p2 import CASES, read_structure

import sinterface
from sinterface.errors import InputError
from sinterface.structures.crystals import cubic_llzo

torch = pytest.importorskip("torch")


def _atoms(name: str) -> Atoms:
    positions, species, cell, pbc = STRUCTURES[name]
    return Atoms([ELEMENTS[s] for s in species], positions=positions, cell=cell, pbc=pbc)


def _random(tmp_path, rows, **options):
    rng = np.random.default_rng(11)
    return sinterface.load_potential(write_random(tmp_path, rng, rows, **options))


def _kernel(potential, atoms):
    neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
    return potential.evaluate(atoms.numbers, atoms.positions, neighbors)


def _check(potential, atoms):
    twin = potential.torch()
    found, expected = twin.evaluate(*twin.tensors(atoms)), _kernel(potential, atoms)
    np.testing.assert_allclose(found.energies, expected.energies, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.forces, expected.forces, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.virial, expected.virial, rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("case", ["narrow", "wide", "weighted"])
def test_cases_of_n2p2(case):
    _check(sinterface.load_potential(CASES / case), read_structure())


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_type(tmp_path, kind, name):
    _check(_random(tmp_path, rows_of_type(kind)), _atoms(name))


@pytest.mark.parametrize("name", STRUCTURES)
def test_power_spectrum(tmp_path, name):
    rows, spectrum = ["2 Li 0.1 0.4 4.0", "9 Li O 0.05 1 2 3.5"], tuple(spectrum_rows())
    _check(_random(tmp_path, rows, spectrum=spectrum), _atoms(name))


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("cutoff_type", range(9))
def test_every_cutoff_function(tmp_path, cutoff_type, alpha):
    rows = ["2 Li 0.1 0.4 4.0", "2 O 0.1 0.0 3.0", "9 Li O 0.05 1 2 4.0", "3 O O 0.02 -1 1 4.0"]
    potential = _random(tmp_path, rows, cutoff_type=f"{cutoff_type} {alpha}")
    _check(potential, _atoms("triclinic"))


@pytest.mark.parametrize("letter", list("ltsprgcSeh"))
def test_every_activation(tmp_path, letter):
    _check(_random(tmp_path, rows_of_type(2), activations=f"{letter} t l"), _atoms("triclinic"))


def test_all_types_at_once_with_scaling_normalisation_and_broken_zetas(tmp_path):
    rows = [row for kind in KINDS for row in rows_of_type(kind)[:6]]
    rows += ["9 Li O 0.05 0.7 2.5 4.0", "9 O O 0.05 -1 12 3.5 0.3", "3 Li Li 0.01 0.5 0.5 3.0"]
    extra = ("normalize_nodes", "mean_energy -3.25", "conv_energy 2.5", "conv_length 1.7")
    potential = _random(tmp_path, rows, extra=extra, scaling=("scale_symmetry_functions_sigma",))
    _check(potential, _atoms("triclinic"))


def test_shipped_potential_with_repulsion():
    atoms = _hot_llzo()
    atoms.positions[1] = atoms.positions[0] + [0.9, 0.6, 0.4]  # within the ZBL's outer radius
    potential = sinterface.load_potential("llzo-lco")
    assert potential.zbl_A is not None
    _check(potential, atoms)


def _hot_llzo() -> Atoms:
    atoms = cubic_llzo(seed=1)[:24]
    atoms.set_cell([7.0, 7.5, 8.0])
    atoms.wrap()
    atoms.rattle(0.05, seed=2)
    return atoms


@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives_are_slopes_of_the_kernels_forces(tmp_path, kind):
    atoms = _atoms("isolated cluster")
    potential = _random(tmp_path, rows_of_type(kind)[-12:], cutoff_type="6 0.0")
    twin = potential.torch()
    positions, cell, hood = twin.tensors(atoms)
    hood = twin.neighborhood(
        atoms.get_chemical_symbols(), atoms.positions, atoms.cell.array, False, skin_A=1.0
    )
    hessian = torch.autograd.functional.hessian(
        lambda x: twin(x.reshape(-1, 3), cell, hood).sum(), positions.reshape(-1)
    ).numpy()
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-10 * np.abs(hessian).max())
    step = 1e-5
    for k in (0, 7, 17):
        forces = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions.ravel()[k] += sign * step
            forces.append(_kernel(potential, moved).forces.ravel())
        slope = -(forces[0] - forces[1]) / (2 * step)
        # compact windows have third derivatives that jump
        rough = 1e-4 if kind >= 20 else 1e-7
        np.testing.assert_allclose(hessian[k], slope, atol=rough * np.abs(hessian).max())


def test_a_perfect_crystal_has_finite_second_derivatives(tmp_path):
    """Atoms on one line: 1 − cos θ and the angle itself are at their ends there."""
    rows = [row for kind in (9, 3, 22) for row in rows_of_type(kind)]
    twin = _random(tmp_path, rows, cutoff_type="1 0.0").torch()
    atoms = Atoms("OLiOLi", [[0, 0, 0], [1.9, 0, 0], [0, 1.9, 0], [1.9, 1.9, 0]])
    atoms.set_cell([3.8, 3.8, 1.9])
    atoms.pbc = True
    positions, cell, hood = twin.tensors(atoms)
    positions.requires_grad_()
    found = twin.evaluate(positions, cell, hood, create_graph=True)
    np.testing.assert_allclose(found.forces.detach(), 0, atol=1e-10)
    slope = torch.autograd.grad(found.forces[0, 0], positions)[0]
    assert torch.isfinite(slope).all()


def test_weights_learn_through_forces(tmp_path):
    """The gradient of a loss on forces by one weight is that loss' own slope."""
    twin = _random(tmp_path, rows_of_type(9)).torch()
    positions, cell, hood = twin.tensors(_atoms("triclinic"))

    def loss() -> torch.Tensor:
        found = twin.evaluate(positions, cell, hood, create_graph=True)
        return found.forces.square().sum() + found.virial.square().sum()

    weight = twin.elements[0].members[0].weights[0]
    loss().backward()
    for element in twin.elements:
        assert all(p.grad.abs().sum() > 0 for p in element.members[0].weights)
    step = 1e-5
    ends = []
    for sign in (1, -1):
        with torch.no_grad():
            weight[3, 2] += sign * step
        ends.append(float(loss().detach()))
        with torch.no_grad():
            weight[3, 2] -= sign * step
    assert float(weight.grad[3, 2]) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


def test_energy_is_a_function_of_the_cell(tmp_path):
    potential = _random(tmp_path, rows_of_type(9))
    twin, atoms = potential.torch(), _atoms("triclinic")
    positions, cell, hood = twin.tensors(atoms)
    cell.requires_grad_()
    fractions = torch.linalg.solve(cell.detach().T, positions.T).T
    twin(fractions @ cell, cell, hood).sum().backward()
    virial = _kernel(potential, atoms).virial
    # dE/dcell at fixed fractions gives the strain's slope: dE/dε = cellᵀ dE/dcell
    np.testing.assert_allclose(-(cell.detach().T @ cell.grad), virial, atol=1e-9)


def test_list_with_a_skin_holds_while_atoms_move(tmp_path):
    potential = _random(tmp_path, rows_of_type(3))
    twin, atoms = potential.torch(), _atoms("triclinic")
    cell = atoms.cell.array
    hood = twin.neighborhood(atoms.get_chemical_symbols(), atoms.positions, cell, True, skin_A=0.6)
    atoms.rattle(0.08, seed=3)
    found = twin(torch.tensor(atoms.positions), torch.tensor(cell), hood)
    np.testing.assert_allclose(found.detach(), _kernel(potential, atoms).energies, rtol=1e-10)


def test_single_precision(tmp_path):
    potential = _random(tmp_path, rows_of_type(9))
    twin = potential.torch(dtype=torch.float32)
    found = twin.evaluate(*twin.tensors(_atoms("triclinic")))
    expected = _kernel(potential, _atoms("triclinic"))
    assert found.forces.dtype == torch.float32
    np.testing.assert_allclose(found.energies, expected.energies, rtol=1e-5)
    scale = np.abs(expected.forces).max()
    np.testing.assert_allclose(found.forces, expected.forces, atol=1e-5 * scale)


def test_mistakes_are_explained(tmp_path):
    potential = _random(tmp_path, rows_of_type(2))
    with pytest.raises(InputError, match=r"float64 or torch\.float32"):
        potential.torch(dtype=torch.float16)
    with pytest.raises(InputError, match="device 'nowhere'"):
        potential.torch("nowhere")
    with pytest.raises(InputError, match="Zr"):
        potential.torch().tensors(Atoms("Zr"))


def test_memory_stays_on_the_given_device(tmp_path):
    twin = _random(tmp_path, rows_of_type(9)).torch(torch.device("cpu"))
    tensors = [*twin.parameters(), *twin.buffers()]
    assert {tensor.device.type for tensor in tensors} == {"cpu"}
    floats = [tensor for tensor in tensors if tensor.is_floating_point()]
    assert {tensor.dtype for tensor in floats} == {torch.float64}


def test_committee(tmp_path):
    """The mean of the members, and each of them."""
    from sinterface.potential.committee import write_committee

    paths = [
        write_random(tmp_path / f"{k}", np.random.default_rng(k), rows_of_type(9), nodes=(4 + k, 3))
        for k in range(3)
    ]
    for path in paths:
        (path / "scaling.data").write_text((paths[0] / "scaling.data").read_text())
    potential, atoms = write_committee(tmp_path / "all", paths), _atoms("triclinic")
    _check(potential, atoms)
    twin = potential.torch()
    neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
    found = potential.evaluate(atoms.numbers, atoms.positions, neighbors, committee="energies")
    members = twin.member_energies(*twin.tensors(atoms)).detach()
    np.testing.assert_allclose(members, found.member_energies, rtol=1e-10, atol=1e-12)
