"""Interfaces over random planes and seeds: stoichiometry, charge, distances, periodicity."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinterface.errors import InputError
from sinterface.structures.certificate import recertify
from sinterface.structures.contacts import contacts
from sinterface.structures.crystals import cubic_llzo, layered_lco
from sinterface.structures.interface import Interface, build_interface
from sinterface.structures.lattice_match import match_lattices
from sinterface.structures.slab import VACUUM_A, cut_layer, ranked_slabs

FEW = settings(
    max_examples=6, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
MANY = settings(FEW, max_examples=25)
SHORTEST_A = {"O-O": 2.0, "Li-O": 1.5, "Co-O": 1.6, "O-Zr": 1.6, "La-O": 2.0}  # else 2.0
INDEX = st.integers(-2, 2)
PLANE = st.tuples(INDEX, INDEX, INDEX).filter(any)
LLZO_PLANES = st.sampled_from([(0, 0, 1), (0, 1, 1), (1, 1, 1), (1, 0, -1)])
LCO_PLANES = st.sampled_from([(1, 0, 4), (1, 0, 0), (1, 1, 0), (0, 0, 3), (0, 1, 2), (1, 0, 1)])
WALK = st.tuples(*[st.floats(-3.0, 3.0)] * 3)


@cache
def build(plane: tuple[int, int, int], other: tuple[int, int, int], seed: int) -> Interface:
    return build_interface(
        "llzo", "lco", electrolyte_plane=plane, electrode_plane=other, size="tiny", seed=seed
    )


@FEW
@given(LLZO_PLANES, LCO_PLANES, st.integers(0, 3), WALK, st.integers(0, 2**31))
def test_any_two_planes(plane, other, seed, walk, shuffle):
    interface = build(plane, other, seed)
    atoms, figures = interface.atoms, interface.certificate
    counts = [
        Counter(atoms[atoms.arrays["region"] == number].get_chemical_symbols()) for number in (0, 1)
    ]
    units = counts[0]["Zr"] // 2
    assert counts[0] == {"Li": 7 * units, "La": 3 * units, "Zr": 2 * units, "O": 12 * units}
    units = counts[1]["Co"]
    assert counts[1] == {"Li": units, "Co": units, "O": 2 * units}
    assert figures.charge_e == pytest.approx(0.0)
    assert figures.li_excess_difference_per_nm2 >= 3.0
    for pair, distance in figures.shortest_A.items():
        assert distance >= SHORTEST_A.get(pair, 2.0), pair
    assert figures.coordination["Co"]["inside"].keys() <= {6}
    zirconium = figures.coordination["Zr"]
    assert zirconium["inside"].keys() | zirconium["surface"].keys() == {6}
    _certificate_ignores_the_origin(interface, walk, shuffle)


def _certificate_ignores_the_origin(interface, walk, shuffle):
    """Shift all atoms, and each by lattice vectors of its own: the same figures come out."""
    moved = interface.atoms.copy()
    turns = np.random.default_rng(shuffle).integers(-2, 3, size=(len(moved), 3))
    moved.positions += np.array(walk) @ moved.cell.array + turns @ moved.cell.array
    for labelled in (True, False):
        if not labelled:
            del moved.arrays["side"]
        after = recertify(interface.certificate, moved)
        before = interface.certificate
        assert after.shortest_A == pytest.approx(before.shortest_A)
        assert after.coordination == before.coordination
        for side in ("li_deficient", "li_sufficient"):
            one, two = getattr(before, side), getattr(after, side)
            assert two.li_excess_atoms == pytest.approx(one.li_excess_atoms)
            assert two.gap_A == pytest.approx(one.gap_A)
        same = {"shortest_A", "li_deficient", "li_sufficient", "edges_A", "density_g_per_cm3"}
        kept = {name: getattr(before, name) for name in same}
        assert replace(after, **kept) == before


@pytest.mark.parametrize("crystal", [cubic_llzo, layered_lco])
@MANY
@given(plane=PLANE, n_layers=st.integers(2, 4))
def test_any_plane_is_cut_stoichiometrically(crystal, plane, n_layers):
    bulk = crystal()
    layer = cut_layer(bulk, plane)
    assert layer.height_A * layer.area_A2 == pytest.approx(
        bulk.get_volume() * len(layer.symbols) / len(bulk), rel=1e-6
    )
    share = len(layer.symbols) / len(bulk)
    n_layers = max(n_layers, int(np.ceil(8.0 / layer.height_A)))
    slabs = ranked_slabs(layer, n_layers)
    for slab in (slabs[0], slabs[-1]):
        wanted = {s: round(n * share * n_layers) for s, n in Counter(bulk.symbols).items()}
        assert Counter(slab.symbols) == wanted
        assert slab.charges.sum() == pytest.approx(0.0)
        assert slab.broken_strength == pytest.approx(_broken_bonds(layer, slab, n_layers), abs=1e-6)


def _broken_bonds(layer, slab, n_layers):
    """Strength of the bonds of the bulk that the slab, alone in vacuum, no longer has."""
    cell = np.array([*layer.cell[:2], [0.0, 0.0, slab.thickness_A + VACUUM_A]])
    symbols, missing = np.array(slab.symbols), 0.0
    strength = dict(
        zip(np.array(layer.symbols)[layer.bonds.cation], layer.bonds.strength, strict=True)
    )
    inside = dict.fromkeys(layer.bonds.shortest_A, 0)
    for cation in layer.bonds.cation:
        inside[layer.symbols[cation]] += n_layers
    i, j, distance = contacts(slab.positions, slab.positions, cell, 3.5)
    for kind, shortest in layer.bonds.shortest_A.items():
        kept = (symbols[i] == kind) & (symbols[j] == "O") & (distance < 1.2 * shortest)
        missing += strength[kind] * (inside[kind] - int(kept.sum()))
    return missing


@MANY
@given(st.floats(2.5, 14.0), st.floats(2.5, 14.0), st.floats(60.0, 120.0), st.floats(0.0, 1.0))
def test_matches_strain_both_lattices_onto_one_cell(a, b, angle, share):
    plane = np.array(
        [[a, 0.0], b * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])]
    )
    electrolyte = 12.98 * np.eye(2)
    with suppress(InputError):  # not all match
        match = match_lattices(electrolyte, plane, max_strain=0.06, electrolyte_share=share)
        _check_match(match, electrolyte, plane, share)


def _check_match(match, electrolyte, plane, share):
    assert match.strain <= 0.06
    lengths = np.linalg.norm(match.cell, axis=1)
    for supercell, vectors, strains in (
        (match.electrolyte, electrolyte, match.electrolyte_edge_strain),
        (match.electrode, plane, match.edge_strain),
    ):
        edges = np.linalg.norm(supercell @ vectors, axis=1)
        assert strains == pytest.approx(tuple(lengths / edges - 1.0), abs=1e-9)
        assert np.linalg.det(supercell) > 0.5
    if share == 0.0:
        assert match.electrolyte_edge_strain == pytest.approx((0.0, 0.0))
