"""The neighbour list against a plain search over images, and its own limits."""

import itertools

import numpy as np
import pytest
from kernels.potentials import rows_of_type, write_random

from sinterface.errors import InputError
from sinterface.kernels import _core, neighbors
from sinterface.kernels.neighbors import neighbor_list

TRICLINIC = np.array([[5.1, 0.3, -0.2], [1.4, 4.3, 0.1], [-0.7, 0.9, 3.9]])


def plain_pairs(positions, cell, pbc, cutoff, reach=6):
    ranges = [range(-reach, reach + 1) if periodic else [0] for periodic in pbc]
    shifts = np.array(list(itertools.product(*ranges)), float) @ cell
    vectors = positions[None, :, None] - positions[:, None, None] + shifts
    lengths = np.linalg.norm(vectors, axis=-1)
    i, j, k = np.nonzero((lengths < cutoff) & (lengths > 0))
    return sorted(zip(i, j, *np.round(vectors[i, j, k].T, 9), strict=True))


@pytest.mark.parametrize("pbc", [(True, True, True), (True, False, True), (False, False, False)])
@pytest.mark.parametrize("spread", [1.0, 3.0], ids=["wrapped", "atoms in far cells"])
def test_pairs_equal_a_plain_search(pbc, spread):
    rng = np.random.default_rng(4)
    positions = (spread * rng.uniform(-0.5, 0.5, (5, 3))) @ TRICLINIC
    found = neighbor_list(positions, TRICLINIC, pbc, 6.3)
    vectors = found.vectors(positions)
    pairs = sorted(
        (int(i), int(j), *np.round(vector, 9))
        for i, j, vector in zip(found.centers, found.neighbors, vectors, strict=True)
    )
    assert pairs == plain_pairs(positions, TRICLINIC, pbc, 6.3)


def test_a_pair_takes_six_bytes():
    positions = np.random.default_rng(1).uniform(0, 8, (30, 3))
    found = neighbor_list(positions, 8 * np.eye(3), True, 6.0)
    assert found.neighbors.itemsize + found.images.itemsize == 6
    assert len(found.translations) <= 5**3


def test_few_images_far_apart_are_numbered_one_by_one():
    # 101 × 101 × 101 possible steps, but only few that occur
    positions = np.array([[0.5, 0.5, 0.5], [500.2, 0.4, 500.1], [0.3, 505.5, -500.0]])
    found = neighbor_list(positions, 10 * np.eye(3), True, 6.0)
    assert len(found.translations) < 30
    wrapped = neighbor_list(positions % 10, 10 * np.eye(3), True, 6.0)
    lengths = [
        np.sort(np.linalg.norm(v, axis=1))
        for v in (found.vectors(positions), wrapped.vectors(positions % 10))
    ]
    np.testing.assert_allclose(*lengths, atol=1e-9)


def test_too_many_images_are_refused(monkeypatch):
    monkeypatch.setattr(neighbors, "MOST_IMAGES", 100)
    with pytest.raises(InputError, match=r"different periodic images.*wrap the atoms"):
        neighbor_list(np.zeros((1, 3)), np.eye(3), True, 6.0)


@pytest.fixture
def call(tmp_path):
    """Return the arguments of a small structure's symmetry functions, and the call."""
    engine = _core.Engine(str(write_random(tmp_path, np.random.default_rng(1), rows_of_type(2))))
    positions = np.array([[0.0, 0.0, 0.0], [1.5, 1.5, 1.5]])
    found = neighbor_list(positions, 3.0 * np.eye(3), True, engine.cutoff)

    def run(neighbors=found.neighbors, images=found.images, translations=found.translations):
        species = np.zeros(2, np.int32)
        return engine.symmetry_functions(
            positions, species, found.first, neighbors, images, translations
        )

    return found, run


@pytest.mark.parametrize("wrong", [-1, 2, 2**31 - 1, -(2**31)])
def test_the_kernel_refuses_a_neighbour_that_is_no_atom(call, wrong):
    found, run = call
    neighbors = found.neighbors.copy()
    neighbors[7] = wrong
    with pytest.raises(ValueError, match="a neighbour's index is no atom"):
        run(neighbors=neighbors)


@pytest.mark.parametrize("known", [1, 2, 32_768, 32_769, 65_535])
def test_the_kernel_refuses_an_image_without_translation(call, known):
    found, run = call
    images = np.zeros_like(found.images)
    translations = np.zeros((known, 3))
    images[5] = known - 1
    assert np.isfinite(run(images=images, translations=translations)).all()
    for wrong in (known, 65_535):
        images[5] = wrong
        with pytest.raises(ValueError, match="an image has no translation"):
            run(images=images, translations=translations)
