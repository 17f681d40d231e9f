"""A certificate tells the truth: charge, contacts, polyhedra, regions."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st

from sinterface.structures.crystals import load_crystal
from sinterface.structures.structure_certificate import certify_structure, oxidation_states


def test_a_good_crystal() -> None:
    certificate = certify_structure(load_crystal("lco"), "crystal", {"crystal": "lco"}, seed=3)
    assert certificate.good
    assert certificate.formula == "Co3Li3O6"
    assert certificate.density_g_per_cm3 == pytest.approx(5.05, abs=0.01)
    assert certificate.contacts["Co-O"].limit_A == 1.6
    assert certificate.coordination["Co"] == {"all": {6: 3}}
    figures = json.loads(json.dumps(certificate.to_dict()))
    assert figures["good"] is True
    assert figures["coordination"]["Co"]["all"] == {"6": 3}


def test_a_charged_structure_and_a_crowded_one() -> None:
    atoms = load_crystal("li2o")
    del atoms[int(np.flatnonzero(atoms.symbols == "Li")[0])]
    charged = certify_structure(atoms, "crystal", {})
    assert charged.charge_e == -1.0
    assert not charged.good
    crowded = load_crystal("li2o")
    crowded.positions[1] = crowded.positions[0] + [1.0, 0, 0]
    assert certify_structure(crowded, "crystal", {}).too_close[0].startswith("Li-Li 1.00 Å")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"Co": 3, "O": 4}, 8 / 3),
        ({"Co": 1, "O": 1}, 2.0),
        ({"Li": 1, "Co": 2, "O": 4}, 3.5),
        ({"Co": 1, "O": 3}, 3.0),  # out of reach of 2+ to 4+: the usual one, and a charge is left
    ],
)
def test_cobalt_takes_up_what_the_others_leave(counts: dict[str, int], expected: float) -> None:
    assert oxidation_states(counts)["Co"] == pytest.approx(expected)


def test_a_metal_is_neutral() -> None:
    certificate = certify_structure(bulk("Al", cubic=True) * (2, 2, 2), "crystal", {})
    assert certificate.charge_e == 0.0
    assert certificate.coordination == {}


def test_regions_and_strain() -> None:
    atoms = load_crystal("lco") * (2, 1, 1)
    atoms.set_array("region", np.repeat([0, 1], 12))
    certificate = certify_structure(
        atoms, "interface", {}, regions=["left", "right"], strain_percent={"right": [0.5, -0.1]}
    )
    assert certificate.n_atoms_by_region["right"] == {"Co": 3, "Li": 3, "O": 6}
    assert certificate.coordination["Co"] == {"left": {6: 3}, "right": {6: 3}}
    assert certificate.strain_percent == {"right": (0.5, -0.1)}


@settings(max_examples=15, deadline=None)
@given(
    shift=st.tuples(*[st.floats(-30, 30)] * 3),
    name=st.sampled_from(["lco", "zro2", "li2zro3", "co3o4"]),
    repeat=st.tuples(*[st.integers(1, 2)] * 3),
    order=st.randoms(use_true_random=False),
)
def test_figures_do_not_depend_on_the_choice_of_cell(shift, name, repeat, order) -> None:
    """Distances, polyhedra and density stay for any shift, order of atoms and number of cells."""
    plain = load_crystal(name)
    numbers = list(range(len(plain) * int(np.prod(repeat))))
    order.shuffle(numbers)
    moved: Atoms = (plain * repeat)[numbers]
    moved.positions += shift
    first = certify_structure(plain, "crystal", {})
    second = certify_structure(moved, "crystal", {})
    assert second.density_g_per_cm3 == pytest.approx(first.density_g_per_cm3)
    for pair, contact in first.contacts.items():
        assert second.contacts[pair].shortest_A == pytest.approx(contact.shortest_A, abs=1e-6)
    n_cells = int(np.prod(repeat))
    for element, places in first.coordination.items():
        scaled = {number: n_cells * count for number, count in places["all"].items()}
        assert second.coordination[element]["all"] == scaled
