"""The shape measure against values that others published."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_frames import frames_of
from ase import Atoms
from scipy.spatial.transform import Rotation

from sinterface.analysis.polyhedra import OCTAHEDRON as IDEAL
from sinterface.analysis.polyhedra import measure_polyhedra, octahedral_shape_measure
from sinterface.analysis.still import StillSource
from sinterface.analysis.stream import Frames, Selection
from sinterface.errors import InputError
from sinterface.structures.crystals import cubic_llzo

OCTAHEDRON = IDEAL.vertices


def trigonal_prism() -> np.ndarray:
    """Return the prism whose nine edges are equal, about its centre."""
    angles = 2.0 * np.pi / 3.0 * np.arange(3)
    triangle = np.stack([np.cos(angles), np.sin(angles)], axis=1) / np.sqrt(3.0)
    return np.array([[*corner, height] for height in (-0.5, 0.5) for corner in triangle])


def test_an_octahedron_is_undistorted_however_turned_scaled_and_ordered() -> None:
    rng = np.random.default_rng(1)
    turned = 1.93 * Rotation.random(rng=rng).apply(OCTAHEDRON)[rng.permutation(6)]
    assert octahedral_shape_measure(turned) == pytest.approx(0.0, abs=1e-10)
    assert octahedral_shape_measure(-turned) == pytest.approx(0.0, abs=1e-10)


def test_the_trigonal_prism_has_the_value_of_shape() -> None:
    # SHAPE 2.1 (Llunell et al.), TPR-6 against OC-6, centre included: 16.737.
    assert octahedral_shape_measure(trigonal_prism()) == pytest.approx(16.737, abs=5e-4)


def test_fifteen_orders_suffice() -> None:
    from itertools import permutations

    rng = np.random.default_rng(2)
    ligands = OCTAHEDRON + rng.normal(0.0, 0.5, (6, 3))
    points = np.vstack([ligands, np.zeros(3)])
    points -= points.mean(axis=0)
    sums = []
    for order in permutations(range(6)):
        ideal = np.vstack([OCTAHEDRON[list(order)], np.zeros(3)])
        sums.append(np.linalg.svd(points.T @ ideal, compute_uv=False).sum())
    direct = 100.0 * (1.0 - max(sums) ** 2 / ((points**2).sum() * 6.0))
    assert octahedral_shape_measure(ligands) == pytest.approx(direct, rel=1e-10)


def test_many_polyhedra_at_once_equal_one_by_one() -> None:
    rng = np.random.default_rng(3)
    many = 2.0 * OCTAHEDRON + rng.normal(0.0, 0.2, (4, 5, 6, 3))
    together = octahedral_shape_measure(many)
    assert together.shape == (4, 5)
    assert together[2, 3] == pytest.approx(float(octahedral_shape_measure(many[2, 3])))


def run_of(atoms: list[Atoms], interval_ps: float = 0.1) -> list[Frames]:
    return [frames_of(atoms, interval_ps)]


def shaken(seed: int, size_A: float = 0.15) -> Atoms:
    atoms = cubic_llzo()
    atoms.positions += np.random.default_rng(seed).normal(0.0, size_A, (len(atoms), 3))
    return atoms


@pytest.mark.parametrize(("center", "ideal"), [("Zr", "octahedron"), ("La", "cube")])
def test_the_shells_of_a_garnet(center: str, ideal: str) -> None:
    found = measure_polyhedra(run_of([shaken(1)]), center)
    assert found.ideal == ideal
    assert found.coordination == {"Zr": 6, "La": 8}[center]
    assert found.coordination_shares == {str(found.coordination): 1.0}
    assert found.csm.n == found.n_centers == {"Zr": 16, "La": 24}[center]
    assert found.csm.mean == min(one.mean for one in found.csm_of_each_ideal.values())


def test_measures_equal_those_of_polyhedra_cut_out_by_hand() -> None:
    atoms = shaken(2)
    ligands = []
    oxygens = np.flatnonzero(atoms.numbers == 8)
    for zr in np.flatnonzero(atoms.numbers == 40):
        vectors = atoms.get_distances(zr, oxygens, mic=True, vector=True)
        ligands.append(vectors[np.argsort(np.linalg.norm(vectors, axis=1))[:6]])
    values = octahedral_shape_measure(np.array(ligands))
    found = measure_polyhedra(run_of([atoms]), "Zr")
    assert found.csm_of_centers == pytest.approx(values, rel=1e-9)
    assert found.csm.mean == pytest.approx(values.mean(), rel=1e-9)
    assert found.csm.std == pytest.approx(values.std(), rel=1e-9)


def test_a_sheared_and_wrapped_copy_gives_the_same() -> None:
    frames = [shaken(seed) for seed in (3, 4)]
    sheared = []
    for atoms in frames:
        copy = atoms.copy()
        rows = np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]])
        copy.set_cell(rows @ atoms.cell.array)
        copy.wrap()
        sheared.append(copy)
    first, second = (measure_polyhedra(run_of(run), "Zr") for run in (frames, sheared))
    assert second.csm.mean == pytest.approx(first.csm.mean, rel=1e-9)
    assert second.angle_deg.std == pytest.approx(first.angle_deg.std, rel=1e-9)
    assert second.cutoff_A == pytest.approx(first.cutoff_A, rel=1e-9)


def test_a_molecule_without_a_cell() -> None:
    ligands = 2.0 * OCTAHEDRON
    ligands[0] *= 1.1
    molecule = Atoms("ZrO6", np.vstack([np.zeros(3), ligands]))
    frames = Frames(StillSource(molecule), "molecule", Selection())
    found = measure_polyhedra([frames], "Zr")
    assert found.csm.mean == pytest.approx(float(octahedral_shape_measure(ligands)), rel=1e-9)
    assert (found.csm.std, found.csm.n) == (0.0, 1)


def test_mistakes_are_told() -> None:
    run = run_of([shaken(5)])
    with pytest.raises(InputError, match="holds no Co"):
        measure_polyhedra(run, "Co")
    with pytest.raises(InputError, match="no ideal polyhedron of 7"):
        measure_polyhedra(run, "Zr", coordination=7)
    with pytest.raises(InputError, match="no ideal polyhedron 'ball'"):
        measure_polyhedra(run, "Zr", ideal="ball")
    lonely = Atoms("ZrO", [[0, 0, 0], [10, 0, 0]], cell=[20, 20, 20], pbc=True)
    with pytest.raises(InputError, match="not 4 O about Zr"):
        measure_polyhedra(run_of([lonely]), "Zr")
