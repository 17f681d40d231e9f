import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from ase.build import bulk
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from sinterface.errors import InputError
from sinterface.structures.bicrystal import (
    Placement,
    inequivalence_A,
    join,
    orthogonal_cell,
    packing,
)
from sinterface.structures.coincidence import planes, sigmas, symmetric_tilt
from sinterface.structures.contacts import shortest_by_pair, too_close
from sinterface.structures.crystals import cubic_llzo, load_crystal, tetragonal_llzo
from sinterface.structures.grain import orient
from sinterface.structures.lithium import formal_charges

CRYSTALS = {
    "llzo": cubic_llzo,
    "la2zr2o7": lambda: load_crystal("la2zr2o7"),
    "li2o": lambda: load_crystal("li2o"),
    "zincblende": lambda: bulk("ZnS", "zincblende", a=5.41, cubic=True),
    "aluminium": lambda: bulk("Al", cubic=True),
}
SIX = [
    ((0, 0, 1), 5, (2, 1, 0), 1920),
    ((0, 0, 1), 13, (3, 2, 0), 4992),
    ((0, 1, 1), 3, (1, 1, -1), 2304),
    ((0, 1, 1), 9, (1, 2, -2), 6912),
    ((1, 1, 1), 3, (1, 1, -2), 2304),
    ((1, 1, 1), 7, (2, 1, -3), 16128),
]


@cache
def oriented(name, axis, sigma, plane):
    return orient(CRYSTALS[name](), symmetric_tilt(axis, sigma, plane))


@st.composite
def oriented_crystals(draw, names=tuple(CRYSTALS)):
    axis = draw(st.sampled_from([(0, 0, 1), (0, 1, 1), (1, 1, 1)]))
    sigma = draw(st.sampled_from(sigmas(axis, 9)))
    plane = draw(st.sampled_from(planes(axis, sigma)))
    return oriented(draw(st.sampled_from(names)), axis, sigma, plane)


@st.composite
def placements(draw, crystal):
    shift = np.array([draw(st.floats(0, 1)), draw(st.floats(0, 1))]) @ crystal.layer.cell[:2, :2]
    cut = draw(st.sampled_from(crystal.cuts_A[:3]))
    removed = draw(st.integers(0, 1))
    return Placement(cut, (shift[0], shift[1]), removed, draw(st.sampled_from([1.0, 0.8])))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_stoichiometry_charge_distances_and_equal_boundaries(data):
    crystal = data.draw(oriented_crystals())
    placement = data.draw(placements(crystal))
    n_planes = crystal.planes_for(12.0, 6.0)
    try:
        bicrystal = join(crystal, n_planes, placement, seed=data.draw(st.integers(0, 9)))
    except InputError:
        reject()  # Li found no room
    counts = bicrystal.atoms.symbols.formula.count()
    units = {counts[kind] / number for kind, number in crystal.formula.items()}
    assert len(units) == 1
    assert units.pop() % 2 == 0
    if crystal.mobile or len(counts) > 1:
        assert formal_charges(bicrystal.atoms.get_chemical_symbols()).sum() == 0
        assert too_close(shortest_by_pair(bicrystal.atoms)) == []
    assert inequivalence_A(bicrystal.atoms, bicrystal) < 1e-6
    assert (bicrystal.grain == 0).sum() == (bicrystal.grain == 1).sum()


@settings(max_examples=15, deadline=None)
@given(oriented_crystals(), st.integers(1, 2), st.integers(1, 2))
def test_the_orthogonal_cell_is_periodic_and_repeats_the_smallest(crystal, a, b):
    n_planes = crystal.planes_for(12.0, 6.0)
    bicrystal = join(crystal, n_planes, Placement(crystal.cuts_A[0], (0.3, 0.7), 0, 1.0))
    big = orthogonal_cell(bicrystal, (a, b))
    assert big.cell.angles() == pytest.approx([90.0] * 3)
    copies = len(big) / len(bicrystal.atoms)
    assert copies == a * b * abs(round(np.linalg.det(crystal.orthogonal)))
    assert big.get_volume() == pytest.approx(copies * bicrystal.atoms.get_volume())
    small = shortest_by_pair(bicrystal.atoms, 3.0)
    assert shortest_by_pair(big, 3.0) == pytest.approx(small)
    assert inequivalence_A(big, bicrystal) < 1e-6


@settings(max_examples=15, deadline=None)
@given(oriented_crystals())
def test_a_grain_is_the_crystal_itself(crystal):
    cell = crystal.bulk(crystal.period)
    square = crystal.bulk(crystal.period).cell.array
    assert np.abs(square[2, :2]).max() < 1e-6  # a whole period stands straight
    assert shortest_by_pair(cell, 3.0) == pytest.approx(
        shortest_by_pair(crystal.bulk(crystal.period + 1), 3.0), abs=1e-6
    )


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_placement_is_the_same_boundary_in_grains_of_any_thickness(data):
    crystal = data.draw(oriented_crystals())
    placement = data.draw(placements(crystal))
    n_planes = crystal.planes_for(12.0, 6.0)
    thin, thick = (join(orient_without_li(crystal), n, placement) for n in (n_planes, n_planes + 1))
    assert thick.expansion_A == pytest.approx(thin.expansion_A, abs=1e-6)
    for pair, distance in shortest_by_pair(thin.atoms, 3.5).items():
        assert shortest_by_pair(thick.atoms, 3.5)[pair] == pytest.approx(distance, abs=1e-6)


def orient_without_li(crystal):
    """Li as part of the framework: nothing is left to a seed."""
    return replace(crystal, mobile=frozenset())


def test_a_bulk_cell_has_the_distances_of_its_crystal():
    llzo = cubic_llzo()
    turned = oriented("llzo", (1, 1, 1), 7, (2, 1, -3)).bulk(5)
    assert shortest_by_pair(turned, 3.5) == pytest.approx(shortest_by_pair(llzo, 3.5), abs=1e-6)
    assert turned.get_volume() / len(turned) == pytest.approx(llzo.get_volume() / len(llzo))


@pytest.mark.parametrize(("axis", "sigma", "plane", "n_atoms"), SIX)
def test_the_six_cells_of_llzo(axis, sigma, plane, n_atoms):
    crystal = oriented("llzo", axis, sigma, plane)
    n_planes = crystal.planes_for(None, 6.0)
    bicrystal = join(crystal, n_planes, Placement(crystal.cuts_A[0], (0.0, 0.0)))
    atoms = orthogonal_cell(bicrystal)
    assert len(atoms) == n_atoms
    a = 12.98
    across = math.sqrt(sum(i * i for i in crystal.tilt.across))
    lengths = [a * math.sqrt(sum(i * i for i in axis)), a * across]
    assert atoms.cell.lengths()[:2] == pytest.approx(lengths)
    assert set(np.unique(atoms.arrays["region"])) == {0, 1, 2}
    assert atoms.info["region_names"] == "grain 1,grain 2,boundary"


def test_taking_units_out_makes_room():
    crystal = oriented("llzo", (0, 0, 1), 5, (2, 1, 0))
    shift = tuple(np.array([0.1, 0.3]) @ crystal.layer.cell[:2, :2])
    loose = packing(crystal, 3, Placement(crystal.cuts_A[0], shift, 0))
    tight = packing(crystal, 3, Placement(crystal.cuts_A[0], shift, 1))
    assert tight < loose


def test_the_second_grain_is_turned_by_the_misorientation():
    """Turned about the tilt axis, up to the lattice's own three-fold turns about it."""
    crystal = oriented("aluminium", (1, 1, 1), 7, (2, 1, -3))
    lattice = crystal.layer.cell
    second = np.linalg.inv(lattice * [-1.0, -1.0, 1.0])
    off = []
    for sense in (1.0, -1.0):
        for own in (0.0, 120.0, 240.0):
            angle = math.radians(sense * crystal.tilt.angle_degrees + own)
            cosine, sine = math.cos(angle), math.sin(angle)
            turn = np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]])
            coefficients = lattice @ turn @ second
            off.append(np.abs(coefficients - np.rint(coefficients)).max())
    assert min(off) < 1e-9


def test_other_crystals_are_refused():
    tilt = symmetric_tilt((0, 0, 1), 5, (2, 1, 0))
    with pytest.raises(InputError, match="not cubic"):
        orient(tetragonal_llzo(), tilt)
    charged = cubic_llzo()
    del charged[0]
    with pytest.raises(InputError, match="can't be made neutral"):
        orient(charged, tilt)


def test_thin_cells_are_refused():
    crystal = oriented("aluminium", (0, 0, 1), 5, (2, 1, 0))
    with pytest.raises(InputError, match="too thin for a cutoff"):
        crystal.planes_for(8.0, 6.0)
    with pytest.raises(InputError, match="repeat it 2 times along x"):
        crystal.repeats_for((1, 1), 6.0)
    assert crystal.repeats_for(None, 6.0) == (2, 1)
