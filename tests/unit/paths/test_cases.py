"""Hops by site: what is taken out, where the ion goes, what it meets."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from ase import Atoms

from sinterface.errors import InputError
from sinterface.paths.hop import displacements, hop_between
from sinterface.paths.interpolation import cluster, interpolate
from sinterface.paths.layered_interface import cobalt_vacancy_hop, outer_layers
from sinterface.paths.lco import lco_hop
from sinterface.paths.llzo import ROOM_A, doped_llzo, llzo_hops
from sinterface.paths.result import find_bottleneck, minima_between
from sinterface.structures.crystals import layered_lco


@pytest.mark.parametrize(("vacancies", "gone"), [("single", 1), ("divacancy", 2)])
def test_lco_hops_go_to_the_next_site_of_the_layer(vacancies: str, gone: int) -> None:
    hop = lco_hop(vacancies)
    assert len(hop.initial) == 192 - gone
    assert hop.moving.tolist() == [int(hop.moving[0])]
    assert hop.details["hop_A"] == pytest.approx(2.816, abs=1e-3)
    assert abs(displacements(hop.initial, hop.final)[hop.moving[0], 2]) < 1e-6
    assert f"{gone} of 48 Co being 4+" in hop.charge


def test_the_divacancy_hop_leads_through_a_tetrahedron_of_oxygen() -> None:
    hop = lco_hop("divacancy")
    probe = hop.initial + Atoms("Li", [hop.via_A])
    oxygen = np.flatnonzero(probe.numbers == 8)
    nearest = np.sort(probe.get_distances(len(probe) - 1, oxygen, mic=True))
    assert nearest[3] < 1.9
    assert nearest[4] > 2.6
    straight = lco_hop("single")
    assert straight.via_A is None


def test_unfit_lco_cells_are_refused() -> None:
    with pytest.raises(InputError, match="single or divacancy, got 'double'"):
        lco_hop("double")
    with pytest.raises(InputError, match="at least 3 × 3 × 1"):
        lco_hop("single", repeat=(2, 2, 1))
    with pytest.raises(InputError, match="no layer of Li"):
        lco_hop("single", crystal=Atoms("O", cell=[3, 3, 3], pbc=True))


def test_llzo_hops_lead_from_an_occupied_to_an_empty_site_with_room() -> None:
    hops = llzo_hops(doped_llzo())
    assert hops
    for hop in hops[:5]:
        ion = int(hop.moving[0])
        assert hop.initial.numbers[ion] == 3
        sites = hop.details["sites"]
        assert all({a, b} == {"24d", "96h"} for a, b in pairwise(sites))
        assert (hop.via_A is None) == (len(sites) == 2)
        lithium = np.flatnonzero(hop.final.numbers == 3)
        others = lithium[lithium != ion]
        assert hop.final.get_distances(ion, others, mic=True).min() >= ROOM_A
        length = np.linalg.norm(displacements(hop.initial, hop.final)[ion])
        assert 1.0 < length < 1.4 * len(sites)
        assert hop.charge == "neutral with the usual oxidation states"
    rooms = [hop.details["room_A"] for hop in hops if len(hop.details["sites"]) == 2]
    assert rooms == sorted(rooms, reverse=True)
    assert len({hop.name for hop in hops}) == len(hops)


@pytest.mark.parametrize("cobalt", ["Li", "Zr"])
def test_hops_beside_cobalt_come_first_or_last(cobalt: str) -> None:
    near = llzo_hops(doped_llzo(cobalt))
    far = llzo_hops(doped_llzo(cobalt, to_cobalt="far"), to_cobalt="far")
    distances = [hop.details["cobalt_A"] for hop in near if len(hop.details["sites"]) == 2]
    assert [round(x) for x in distances] == sorted(round(x) for x in distances)
    assert far[0].details["cobalt_A"] > 6 > 4 > distances[0]
    assert "neutral" in near[0].charge


def test_a_drifted_and_strained_cell_has_the_same_hops() -> None:
    cell = doped_llzo()
    moved = cell.copy()
    moved.positions += [0.7, -0.4, 0.3]
    moved.set_cell(moved.cell * 1.01, scale_atoms=True)
    one, other = ([(*h.moving, *h.details["sites"]) for h in llzo_hops(a)] for a in (cell, moved))
    assert set(other) >= set(one)


def test_unfit_llzo_cells_are_refused() -> None:
    with pytest.raises(InputError, match="Co sits on Li, La or Zr"):
        doped_llzo("O")
    with pytest.raises(InputError, match="no copy of cubic LLZO"):
        llzo_hops(layered_lco())
    with pytest.raises(InputError, match="near or far"):
        llzo_hops(doped_llzo(), to_cobalt="beside")


def _flat_interface(shift_A: float = 0.0) -> Atoms:
    """Return flat LCO between two blocks of another oxide, moved through the periodic face."""
    electrode = layered_lco() * (4, 4, 2)
    electrode.set_array("region", np.ones(len(electrode), np.int64))
    cell = electrode.cell.array.copy()
    thickness = cell[2, 2]
    cell[2, 2] += 12.0
    grid = np.array([[i / 4, j / 4, 0] for i in range(4) for j in range(4)]) @ cell
    filling = Atoms("Zr16", np.add(grid, [0, 0, thickness + 6.0]))
    filling.set_array("region", np.zeros(16, np.int64))
    whole = electrode + filling
    whole.set_cell(cell)
    whole.set_pbc(True)
    whole.positions[:, 2] += shift_A
    whole.wrap()
    return whole


@pytest.mark.parametrize("shift_A", [0.0, 11.0, 25.0])
@pytest.mark.parametrize("side", ["lower", "upper"])
def test_the_outermost_layers_are_found_through_the_face(side: str, shift_A: float) -> None:
    layers = outer_layers(_flat_interface(shift_A), side)
    assert abs(layers.cobalt_A - layers.next_cobalt_A) == pytest.approx(14.05 / 3, abs=1e-3)
    assert len(layers.lithium) == 16
    inside = layers.next_cobalt_A - layers.cobalt_A
    assert np.sign(inside) == layers.inward


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_lithium_on_a_cobalt_vacancy_hops_into_the_inner_layer(side: str) -> None:
    atoms = _flat_interface()
    hop = cobalt_vacancy_hop(atoms, side)
    ion = int(hop.moving[0])
    assert len(hop.initial) == len(atoms) - 1
    assert hop.initial.symbols.get_chemical_formula().count("Co")
    assert (hop.initial.numbers == 27).sum() == (atoms.numbers == 27).sum() - 1
    layers = outer_layers(atoms, side)
    assert hop.initial.positions[ion, 2] == pytest.approx(layers.cobalt_A, abs=0.01)
    step = displacements(hop.initial, hop.final)[ion]
    assert step[2] * layers.inward > 1.5
    assert np.linalg.norm(step) < 3.2
    assert "Co3+ of the outermost layer taken out" in hop.charge


def test_more_vacancies_of_the_inner_layer() -> None:
    atoms = _flat_interface()
    one, three = (cobalt_vacancy_hop(atoms, "lower", vacancies=n) for n in (1, 3))
    assert len(three.initial) == len(one.initial) - 2
    assert "2 Li+ of the inner layer taken out" in three.charge
    ends = [hop.final.positions[hop.moving[0]] for hop in (one, three)]
    np.testing.assert_allclose(ends[0], ends[1])
    with pytest.raises(InputError, match="vacancies must be 1 to 15"):
        cobalt_vacancy_hop(atoms, "lower", vacancies=40)


def test_lithium_that_stands_in_the_layer_already_is_taken() -> None:
    made = cobalt_vacancy_hop(_flat_interface(), "lower")
    hop = cobalt_vacancy_hop(made.initial, "lower")
    assert hop.details["cobalt_vacancy"] == "found"
    assert len(hop.initial) == len(made.initial) - 1
    np.testing.assert_allclose(
        hop.initial.positions[hop.moving[0]], made.initial.positions[made.moving[0]]
    )


def test_interfaces_without_such_layers_are_refused() -> None:
    atoms = _flat_interface()
    with pytest.raises(InputError, match="lower or upper"):
        cobalt_vacancy_hop(atoms, "left")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is no Co of the outermost"):
        cobalt_vacancy_hop(atoms, "lower", cobalt=0)
    bare = atoms.copy()
    del bare.arrays["region"]
    with pytest.raises(InputError, match="array 'region'"):
        cobalt_vacancy_hop(bare)
    without = atoms[atoms.numbers != 27]
    with pytest.raises(InputError, match="no two CoO2 layers"):
        cobalt_vacancy_hop(without)


def test_two_structures_in_another_order_make_a_hop() -> None:
    hop = lco_hop("single", repeat=(3, 3, 1))
    shuffled = hop.final[np.random.default_rng(0).permutation(len(hop.final))]
    made = hop_between(hop.initial, shuffled)
    assert made.moving.tolist() == hop.moving.tolist()
    np.testing.assert_allclose(made.final.positions, hop.final.positions)
    assert "Li between two given structures" in made.title


def test_unfit_pairs_are_refused() -> None:
    hop = lco_hop("single", repeat=(3, 3, 1))
    with pytest.raises(InputError, match="other atoms"):
        hop_between(hop.initial, hop.final[1:])
    larger = hop.final.copy()
    larger.set_cell(1.01 * larger.cell, scale_atoms=True)
    with pytest.raises(InputError, match="other cells"):
        hop_between(hop.initial, larger)
    with pytest.raises(InputError, match=r"No atom moves more than 0\.5"):
        hop_between(hop.initial, hop.initial)


def test_idpp_keeps_the_ion_away_from_what_stands_in_its_way() -> None:
    first = Atoms("LiO2", [(3, 5, 5), (5, 5.3, 5), (5, 8, 5)], cell=[10] * 3, pbc=True)
    last = first.copy()
    last.positions[0, 0] = 7
    straight = interpolate(first, last, 5, idpp=False)
    bent = interpolate(first, last, 5)
    rooms = [
        min(image.get_distance(0, 1, mic=True) for image in images) for images in (straight, bent)
    ]
    assert rooms[0] == pytest.approx(0.3)
    assert rooms[1] > 1.0
    for images in (straight, bent):
        np.testing.assert_array_equal(images[0].positions, first.positions)
        np.testing.assert_array_equal(images[-1].positions, last.positions)


def test_interpolation_looks_only_at_what_is_near() -> None:
    """A cell of 6,900 atoms: tables of all pairs would take a gigabyte an image."""
    hop = lco_hop("single", repeat=(24, 24, 1))
    assert len(hop.initial) > 6_000
    images = interpolate(hop.initial, hop.final, 3)
    members, _, distance = cluster(images, hop.moving, 7.0)
    assert 50 < len(members) < 500
    assert distance.min() == 0
    far = np.setdiff1d(np.arange(len(hop.initial)), members)
    np.testing.assert_array_equal(images[2].positions[far], hop.initial.positions[far])
    assert np.abs(images[2].positions[members] - hop.initial.positions[members]).max() > 1


def test_a_path_led_through_a_point_passes_it() -> None:
    hop = lco_hop("divacancy", repeat=(3, 3, 1))
    images = interpolate(hop.initial, hop.final, 3, via_A=hop.via_A)
    ion = int(hop.moving[0])
    np.testing.assert_allclose(images[2].positions[ion], hop.via_A)
    np.testing.assert_allclose(images[-1].positions[ion], hop.final.positions[ion])


def test_paths_through_the_face_of_the_cell_stay_short() -> None:
    first = Atoms("LiO", [(0.3, 5, 5), (5, 5, 5)], cell=[10] * 3, pbc=True)
    last = first.copy()
    last.positions[0, 0] = 9.5
    images = interpolate(first, last, 3)
    steps = [np.linalg.norm(b.positions - a.positions) for a, b in pairwise(images)]
    assert max(steps) < 0.5


def test_minima_and_bottleneck_of_a_planted_path() -> None:
    assert minima_between(np.array([0, 0.2, 0.1, 0.3, 0.0])) == (2,)
    assert minima_between(np.array([0, 0.2, 0.195, 0.3, 0.0])) == ()
    assert minima_between(np.array([0, 0.2, 0.3, 0.2, 0.0])) == ()
    window = [(5, 5 + 1.9, 5), (5, 5 - 1.9, 5), (5, 5, 5 + 1.7), (5, 5, 5 - 1.9)]
    first = Atoms("LiO4Co", [(3.5, 5, 5), *window, (7.5, 5, 7)], cell=[10] * 3, pbc=True)
    last = first.copy()
    last.positions[0, 0] = 6.5
    images = interpolate(first, last, 1, idpp=False)
    found = find_bottleneck(images, np.array([0]), np.array([0, 1.5, 3.0]))
    assert found.distance_A == pytest.approx(1.5)
    assert found.opening_A == pytest.approx(1.7)
    assert found.anions == ("O",) * 4
    assert found.nearest_cation == "Co"
    assert found.cation_A == pytest.approx(np.hypot(1, 2))
