"""Slabs: surface cells, stoichiometry, coordination of what is cut."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sinterface.errors import InputError
from sinterface.structures.contacts import contacts
from sinterface.structures.crystals import cubic_llzo, layered_lco
from sinterface.structures.slab import VACUUM_A, Layer, Slab, build_slab, cut_layer


def coordination(slab: Slab, layer: Layer, center: str, cutoff_A: float) -> Counter:
    cell = np.array([*layer.cell[:2], [0.0, 0.0, slab.thickness_A + VACUUM_A]])
    symbols = np.array(slab.symbols)
    centers, oxygen = slab.positions[symbols == center], slab.positions[symbols == "O"]
    i, _, _ = contacts(centers, oxygen, cell, cutoff_A)
    return Counter(np.bincount(i, minlength=len(centers)).tolist())


@pytest.mark.parametrize(
    ("plane", "edges", "height"),
    [
        ((1, 0, 4), (2.816, 5.701), 2.003),
        ((1, 1, 0), (4.877, 4.957), 1.408),
        ((1, 0, 0), (2.816, 14.05), 0.813),
        ((0, 0, 3), (2.816, 2.816), 14.05 / 3),
    ],
)
def test_surface_cells_of_lco_hold_one_formula_unit(plane, edges, height):
    layer = cut_layer(layered_lco(), plane)
    assert sorted(layer.symbols) == ["Co", "Li", "O", "O"]
    assert np.linalg.norm(layer.cell[:2], axis=1) == pytest.approx(edges, abs=2e-3)
    assert layer.height_A == pytest.approx(height, abs=1e-3)
    assert layer.cell[0, 1:] == pytest.approx(0.0, abs=1e-9)
    assert np.linalg.det(layer.cell) == pytest.approx(layered_lco().get_volume() / 3, rel=1e-6)


def test_interplanar_distance_follows_from_the_reciprocal_lattice():
    crystal = cubic_llzo()
    for plane in ((0, 0, 1), (1, 1, 0), (2, 1, 0)):
        layer = cut_layer(crystal, plane)
        assert layer.height_A == pytest.approx(12.98 / np.linalg.norm(plane), rel=1e-6)
        assert len(layer.symbols) == 192


def test_lco_104_keeps_octahedra_inside_and_five_oxygen_at_the_surface():
    layer = cut_layer(layered_lco(), (1, 0, 4))
    slab = build_slab(layer, 9)
    assert Counter(slab.symbols) == {"Li": 9, "Co": 9, "O": 18}
    assert coordination(slab, layer, "Co", 2.3) == {6: 7, 5: 2}
    assert slab.thickness_A == pytest.approx(9 * 2.0032, abs=1e-3)


def test_lco_003_is_cut_between_its_sheets():
    layer = cut_layer(layered_lco(), (0, 0, 3))
    slab = build_slab(layer, 4)
    assert slab.broken_strength == pytest.approx(0.0, abs=1e-9)
    assert coordination(slab, layer, "Co", 2.3) == {6: 4}
    assert slab.symbols[int(slab.positions[:, 2].argmax())] == "Li"


@pytest.mark.parametrize("plane", [(0, 0, 1), (1, 1, 0)])
def test_llzo_slabs_keep_every_zirconium_octahedron_whole(plane):
    layer = cut_layer(cubic_llzo(), plane)
    slab = build_slab(layer, 1)
    assert Counter(slab.symbols) == {"Li": 56, "La": 24, "Zr": 16, "O": 96}
    assert coordination(slab, layer, "Zr", 2.6) == {6: 16}


def test_the_plane_000_is_refused():
    with pytest.raises(InputError, match="Miller"):
        cut_layer(layered_lco(), (0, 0, 0))
