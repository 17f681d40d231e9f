"""Every backend against the plain numpy twin, and forces against the energy's own slope."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from kernels.potentials import NUMBERS, rows_of_type, write_random

from sinterface.kernels import _core
from sinterface.kernels.neighbors import neighbor_list
from sinterface.kernels.reference import Reference

RNG = np.random.default_rng(20)
KINDS = [2, 3, 9, 12, 13, 20, 21, 22, 23, 24, 25]
TRICLINIC = np.array([[5.1, 0.0, 0.0], [1.3, 4.7, 0.0], [-0.8, 0.9, 5.4]])
SMALL = np.array([[3.1, 0.0, 0.0], [0.7, 2.9, 0.0], [0.4, -0.6, 3.3]])


def _apart(n: int, cell: np.ndarray, shortest: float) -> np.ndarray:
    """Random positions in `cell`, no two closer than `shortest` without images."""
    points: list[np.ndarray] = []
    while len(points) < n:
        new = RNG.random(3) @ cell
        if all(np.linalg.norm(new - p) > shortest for p in points):
            points.append(new)
    return np.array(points)


STRUCTURES = {
    "triclinic": (_apart(7, TRICLINIC, 1.3), [0, 1, 2, 1, 0, 1, 2], TRICLINIC, (True,) * 3),
    "cell smaller than the cutoff": (_apart(2, SMALL, 1.3), [0, 2], SMALL, (True,) * 3),
    "isolated cluster": (
        _apart(6, TRICLINIC, 1.3),
        [0, 1, 2, 1, 0, 2],
        np.zeros((3, 3)),
        (False,) * 3,
    ),
    "slab": (_apart(5, TRICLINIC, 1.3), [0, 1, 2, 1, 0], TRICLINIC, (True, True, False)),
    "one atom": (np.zeros((1, 3)), [1], np.zeros((3, 3)), (False,) * 3),
    "neighbours of one element only": (
        _apart(4, TRICLINIC, 1.3),
        [1, 1, 1, 1],
        TRICLINIC,
        (True,) * 3,
    ),
}


def _evaluate(engine, positions, species, cell, pbc, **options):
    nl = neighbor_list(positions, cell, pbc, engine.cutoff)
    found = engine.evaluate(
        positions,
        np.array(species, np.int32),
        nl.first,
        nl.neighbors,
        nl.images,
        nl.translations,
        **options,
    )
    return found["energies"], found["forces"], found["virial"]


def _check_twin(engine, positions, species, cell, pbc):
    energies, _, _ = _evaluate(engine, positions, species, cell, pbc)
    twin = Reference(engine, list(NUMBERS.values())).energies(positions, species, cell, pbc)
    np.testing.assert_allclose(energies, twin, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("kind", KINDS)
def test_energy_equals_twin(kernel, tmp_path: Path, kind, name):
    engine = _core.Engine(str(write_random(tmp_path, RNG, rows_of_type(kind))))
    assert engine.kernel == kernel
    _check_twin(engine, *STRUCTURES[name])


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("cutoff_type", range(9))
def test_every_cutoff_function(kernel, tmp_path, cutoff_type, alpha):
    rows = ["2 Li 0.1 0.4 4.0", "2 O 0.1 0.0 3.0", "9 Li O 0.05 1 2 4.0", "3 O O 0.02 -1 1 4.0"]
    folder = write_random(tmp_path, RNG, rows, cutoff_type=f"{cutoff_type} {alpha}")
    _check_twin(_core.Engine(str(folder)), *STRUCTURES["triclinic"])


@pytest.mark.parametrize("letter", list("ltsprgcSeh"))
def test_every_activation(kernel, tmp_path, letter):
    folder = write_random(tmp_path, RNG, rows_of_type(2), activations=f"{letter} t {letter}")
    engine = _core.Engine(str(folder))
    _check_twin(engine, *STRUCTURES["triclinic"])
    _check_slope(engine, *STRUCTURES["triclinic"])


@pytest.mark.parametrize(
    "scaling",
    [
        (),
        ("scale_symmetry_functions",),
        ("center_symmetry_functions",),
        ("scale_symmetry_functions", "center_symmetry_functions"),
        ("scale_symmetry_functions_sigma", "scale_min_short -0.5", "scale_max_short 2.0"),
    ],
)
def test_every_scaling(tmp_path, scaling):
    folder = write_random(tmp_path, RNG, rows_of_type(9), scaling=scaling)
    _check_twin(_core.Engine(str(folder)), *STRUCTURES["triclinic"])


@pytest.mark.parametrize(
    "extra",
    [
        ("normalize_nodes",),
        ("mean_energy -3.25", "conv_energy 2.5", "conv_length 1.7"),
        ("element_nodes_short O 9 4", "element_activation_short O s g l"),
    ],
)
def test_network_keywords(tmp_path, extra):
    folder = write_random(tmp_path, RNG, rows_of_type(2), extra=extra)
    if extra[0].startswith("element_nodes"):
        sizes = (len(rows_of_type(2)), 9, 4, 1)
        count = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
        text = "".join(f"{w:.16e}\n" for w in RNG.uniform(-1, 1, count))
        (folder / "weights.008.data").write_text(text)
    _check_twin(_core.Engine(str(folder)), *STRUCTURES["triclinic"])


def _check_slope(engine, positions, species, cell, pbc, *, step=1e-4, rough=0.0):
    """Forces and virial against five-point differences of the energy.

    `rough` (times the largest force) allows for windows whose third derivatives jump.
    """
    stencil = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))
    _, forces, virial = _evaluate(engine, positions, species, cell, pbc)
    extra = rough * np.abs(forces).max()
    for atom in range(min(3, len(positions))):
        for axis in range(3):
            slope = 0.0
            for k, weight in stencil:
                moved = positions.copy()
                moved[atom, axis] += k * step
                slope += weight * _evaluate(engine, moved, species, cell, pbc)[0].sum() / step
            assert forces[atom, axis] == pytest.approx(-slope, rel=1e-7, abs=1e-8 + extra)
    for a, b in ((0, 0), (1, 2), (2, 1)):
        slope = 0.0
        for k, weight in stencil:
            strain = np.eye(3)
            strain[a, b] += k * step
            args = (positions @ strain, species, cell @ strain, pbc)
            slope += weight * _evaluate(engine, *args)[0].sum() / step
        assert virial[a, b] == pytest.approx(-slope, rel=1e-6, abs=1e-7 + 10 * extra)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("kind", KINDS)
def test_forces_are_minus_the_gradient(kernel, tmp_path, kind, name):
    engine = _core.Engine(str(write_random(tmp_path, RNG, rows_of_type(kind))))
    compact = kind >= 20
    options = {"step": 2e-5, "rough": 1e-6} if compact else {}
    _check_slope(engine, *STRUCTURES[name], **options)


@pytest.mark.parametrize("kind", [2, 3, 9, 13, 20, 21, 22])
def test_mixed_precision_and_threads(kernel, tmp_path, kind):
    cell = 5 * np.eye(3) * 4
    positions = _apart(150, cell, 1.6)
    species = list(RNG.integers(0, 3, 150))
    engine = _core.Engine(str(write_random(tmp_path, RNG, rows_of_type(kind))))
    energies, forces, virial = _evaluate(engine, positions, species, cell, (True,) * 3)
    two = _evaluate(engine, positions, species, cell, (True,) * 3, threads=2)
    for one, other in zip((energies, forces, virial), two, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
    mixed = _evaluate(engine, positions, species, cell, (True,) * 3, precision="mixed")
    scale = np.abs(forces).max()
    assert np.sqrt(np.mean((mixed[1] - forces) ** 2)) < 1e-6 * scale
    np.testing.assert_allclose(forces.sum(axis=0), 0, atol=1e-10 * scale)
    np.testing.assert_allclose(virial, virial.T, atol=1e-10 * np.abs(virial).max())


@pytest.mark.parametrize("kind", KINDS)
def test_products_with_the_jacobian(kernel, tmp_path, kind):
    """<dE/dG, J v> = <J^T dE/dG, v>, and J v is the slope of the values."""
    positions, species, cell, pbc = STRUCTURES["triclinic"]
    engine = _core.Engine(str(write_random(tmp_path, RNG, rows_of_type(kind))), False)
    nl = neighbor_list(positions, cell, pbc, engine.cutoff)
    kinds = np.array(species, np.int32)
    args = (positions, kinds, nl.first, nl.neighbors, nl.images, nl.translations)
    values = engine.symmetry_functions(*args)
    gradients = RNG.normal(size=values.shape)
    move, strain = RNG.normal(size=positions.shape), RNG.normal(size=(3, 3))
    change = engine.jvp(*args, move, strain)
    forces, virial = engine.vjp(*args, gradients)
    expected = -np.sum(forces * move) - np.sum(virial * 0.5 * (strain + strain.T))
    skew = 0.5 * (strain - strain.T)  # a rotation changes nothing
    assert np.sum(gradients * change) == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(engine.jvp(*args, 0 * move, skew), 0, atol=1e-11)

    def at(x: float) -> np.ndarray:
        bent = np.eye(3) + x * strain
        points, box = positions @ bent + x * move, cell @ bent
        list_ = neighbor_list(points, box, pbc, engine.cutoff)
        return engine.symmetry_functions(
            points, kinds, list_.first, list_.neighbors, list_.images, list_.translations
        )

    slope = (8 * (at(1e-5) - at(-1e-5)) - (at(2e-5) - at(-2e-5))) / 12e-5
    # the strain acts on r_ij, the displacement comes on top: same to first order
    np.testing.assert_allclose(change, slope, rtol=1e-6, atol=1e-7)


def test_function_that_never_fires_is_a_constant(tmp_path):
    folder = write_random(tmp_path, RNG, rows_of_type(2))
    lines = (folder / "scaling.data").read_text().splitlines()
    lines[1] = "1 1 0.0 0.0 0.0 0.0"
    (folder / "scaling.data").write_text("\n".join(lines) + "\n")
    engine = _core.Engine(str(folder))
    energies, forces, _ = _evaluate(engine, *STRUCTURES["triclinic"])
    assert np.isfinite(energies).all()
    assert np.isfinite(forces).all()
    assert "never fired" in engine.warnings[0]
