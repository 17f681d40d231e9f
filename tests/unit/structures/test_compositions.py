"""Compositions by name and by formula units: neutral, or clearly refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinterface.errors import InputError
from sinterface.structures.compositions import NAMED, compose, mixture_of, parse_composition
from sinterface.structures.contacts import shortest_by_pair
from sinterface.structures.crystals import layered_lco
from sinterface.structures.mixture import pack
from sinterface.structures.structure_certificate import certify_structure


@pytest.mark.parametrize("name", NAMED)
def test_the_studys_mixtures_are_neutral(name: str) -> None:
    mixture = compose(parse_composition(name.lower()))
    assert 90 <= sum(mixture.counts.values()) <= 210
    certificate = certify_structure(pack(mixture, volume_scale=1.12, seed=1), "mixture", {})
    assert certificate.charge_e == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(
    units=st.fixed_dictionaries(
        {
            "Li7La3Zr2O12": st.integers(1, 3),
            "LiCoO2": st.integers(1, 8),
            "Li2O": st.integers(0, 4),
            "Al2O3": st.integers(0, 2),
        }
    ),
    seed=st.integers(0, 1000),
)
def test_any_composition_packs_without_overlap(units: dict[str, int], seed: int) -> None:
    text = " ".join(f"{unit}:{n}" for unit, n in units.items())
    mixture = compose(parse_composition(text))
    atoms = pack(mixture, volume_scale=1.12, seed=seed)
    assert {s: atoms.get_chemical_symbols().count(s) for s in mixture.counts} == mixture.counts
    assert min(shortest_by_pair(atoms).values()) > 1.2


def test_multiply_and_bare_formulas() -> None:
    once = compose(parse_composition("LiCoO2:4"))
    twice = compose(parse_composition("LiCoO2:4"), multiply=2)
    assert twice.counts == {"Li": 8, "Co": 8, "O": 16}
    assert twice.volume_A3 == pytest.approx(2 * once.volume_A3)
    assert compose(parse_composition("Li4Ti5O12")).counts == {"Li": 4, "Ti": 5, "O": 12}
    assert mixture_of(layered_lco()).counts == {"Li": 3, "Co": 3, "O": 6}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("M7", "Did you mean"),
        ("Xx2O3:2", "can't be read at 'Xx2O3:2'"),
        ("LiCoO2:x", "can't be read"),
        ("", "empty"),
        ("LiCoO2:1 Li2O:-2", "fewer than zero Li"),
        ("LiO:1", r"formal charge of -1 e"),
        ("LiCoO2:0", "no atom"),
    ],
)
def test_bad_compositions(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compose(parse_composition(text))
