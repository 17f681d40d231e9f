"""Substitution by any rule: neutral whatever is asked, apart, inside, or clearly refused."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st

from sinterface.errors import InputError
from sinterface.structures.crystals import cubic_llzo, load_crystal
from sinterface.structures.formats import NAMES_KEY
from sinterface.structures.structure_certificate import certify_structure
from sinterface.structures.substitution import (
    formula_units,
    number_of_dopants,
    parse_rule,
    substitute,
)
from sinterface.structures.within import parse_within

RULES = [
    "Co3+ on Li", "Co4+ on Zr", "Co3+ on La", "Al3+ on Li", "Ga3+ on Li", "Ta5+ on Zr",
    "Nb5+ on Zr", "W6+ on Zr", "Sr2+ on La", "Y3+ on Zr",
]  # fmt: skip

PLAIN = cubic_llzo(0)


@settings(max_examples=15, deadline=None)
@given(
    rule=st.sampled_from(RULES),
    n=st.integers(1, 6),
    mode=st.sampled_from(["uniform", "random"]),
    seed=st.integers(0, 10_000),
    shift=st.tuples(*[st.floats(-20, 20)] * 3),
)
def test_every_rule_is_neutral_and_keeps_the_framework(rule, n, mode, seed, shift) -> None:
    """Stoichiometry, charge and distances hold over rules, numbers and seeds, anywhere."""
    plain = PLAIN.copy()
    plain.positions += shift
    parsed = parse_rule(rule)
    if parsed.dopant in ("Sr", "Y"):  # these bring Li, for which there is little room
        n = 1
    doped = substitute(plain, parsed, n, mode=mode, seed=seed)
    counts = {s: doped.atoms.get_chemical_symbols().count(s) for s in ("Li", "La", "Zr", "O")}
    expected = {"Li": 56, "La": 24, "Zr": 16, "O": 96}
    excess = parsed.charge - {"Li": 1, "La": 3, "Zr": 4}[parsed.host]
    expected[parsed.host] -= n
    expected["Li"] -= n * excess
    assert counts == expected
    certificate = certify_structure(doped.atoms, "doped crystal", {}, states=doped.states)
    assert certificate.good
    assert certificate.charge_e == pytest.approx(0.0, abs=1e-9)
    assert np.allclose(doped.atoms.cell.array, plain.cell.array)


def test_uniform_dopants_are_as_far_apart_as_the_sublattice_allows() -> None:
    """Two Co on the 16 Zr of a cubic cell: half the body diagonal, a √3/2."""
    doped = substitute(cubic_llzo(0), parse_rule("Co4+ on Zr"), 2, seed=1)
    assert doped.nearest_dopants_A == pytest.approx(12.98 * np.sqrt(3) / 2, abs=1e-6)
    eight = substitute(cubic_llzo(0), parse_rule("Co4+ on Zr"), 4, seed=1)
    drawn = [
        substitute(
            cubic_llzo(0), parse_rule("Co4+ on Zr"), 4, mode="random", seed=k
        ).nearest_dopants_A
        for k in range(5)
    ]
    assert eight.nearest_dopants_A >= max(drawn)


def test_the_lithium_nearest_to_a_dopant_goes() -> None:
    plain = cubic_llzo(2)
    doped = substitute(plain, parse_rule("Al3+ on Li"), 1, seed=5)
    here = doped.atoms.positions[doped.atoms.symbols == "Al"][0]
    before = plain[plain.symbols == "Li"]
    origin = int(np.argmin(np.linalg.norm(before.positions - here, axis=1)))
    nearest = np.sort(before.get_distances(origin, range(len(before)), mic=True))[1:4]
    lithium = np.flatnonzero(doped.atoms.symbols == "Li")
    aluminium = int(np.flatnonzero(doped.atoms.symbols == "Al")[0])
    left = np.sort(doped.atoms.get_distances(aluminium, lithium, mic=True))
    assert left[0] == pytest.approx(nearest[2], abs=1e-6)


@pytest.mark.parametrize(
    ("part", "inside"),
    [
        ("c 0.25 0.5", lambda f: 0.25 <= f[2] <= 0.5),
        ("a 0.9 0.2", lambda f: f[0] >= 0.9 or f[0] <= 0.2),
        ("sphere 0 0 0 6", lambda f: np.linalg.norm((f - np.round(f)) * 12.98) <= 6.0),
    ],
)
def test_dopants_stay_within(part, inside) -> None:
    doped = substitute(
        cubic_llzo(0), parse_rule("Co4+ on Zr"), 2, within=parse_within(part), seed=3
    ).atoms
    for fraction in doped.get_scaled_positions()[doped.symbols == "Co"]:
        assert inside(fraction)


def test_a_region_by_name() -> None:
    atoms = cubic_llzo(0) * (1, 1, 2)
    atoms.set_array("region", (atoms.positions[:, 2] > 12.98).astype(int))
    atoms.info[NAMES_KEY] = "left,right"
    doped = substitute(atoms, parse_rule("Co4+ on Zr"), 3, within=parse_within("region right"))
    assert (doped.atoms.arrays["region"][doped.atoms.symbols == "Co"] == 1).all()
    with pytest.raises(InputError, match=r"no region 'rigth'\. Did you mean 'right'"):
        substitute(atoms, parse_rule("Co4+ on Zr"), 3, within=parse_within("region rigth"))


def test_oxygen_vacancies_where_there_is_no_lithium() -> None:
    zirconia = load_crystal("zro2") * (2, 2, 2)
    doped = substitute(zirconia, parse_rule("Y3+ on Zr"), 4, seed=1)
    assert doped.removed == {"O": 2}
    with pytest.raises(InputError, match="multiple of 2"):
        substitute(zirconia, parse_rule("Y3+ on Zr"), 3)
    with pytest.raises(InputError, match="no Li"):
        substitute(zirconia, parse_rule("Ta5+ on Zr"), 2)


def test_a_second_dopant_remembers_the_first() -> None:
    first = substitute(cubic_llzo(0), parse_rule("Co3+ on Li"), 4)
    second = substitute(first.atoms, parse_rule("Co4+ on Zr"), 2, states=first.states)
    assert second.states["Co"] == pytest.approx((4 * 3 + 2 * 4) / 6)
    assert certify_structure(second.atoms, "doped crystal", {}, states=second.states).good


def test_x_must_be_whole_atoms() -> None:
    atoms = cubic_llzo(0)
    assert formula_units(atoms) == 8
    assert number_of_dopants(atoms, 0.25) == 2
    with pytest.raises(InputError, match=r"give x = 0\.25 \(2 atoms\) or 0\.375 \(3 atoms\)"):
        number_of_dopants(atoms, 0.3)
    with pytest.raises(InputError, match="x = 0 "):
        number_of_dopants(atoms, 0.0)


@pytest.mark.parametrize(
    ("rule", "count", "message"),
    [
        ("Al on Li", 1, "can't be read"),
        ("Xx3+ on Li", 1, "no element 'Xx'"),
        ("Co3+ on Ti", 1, "has no Ti"),
        ("Zr4+ on Zr", 1, "by itself"),
        ("Co4+ on Zr", 17, "ask for 1 to 16"),
        ("Al3+ on Li", 30, "only 26"),
    ],
)
def test_rules_that_cannot_be(rule: str, count: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        substitute(cubic_llzo(0), parse_rule(rule), count)


@pytest.mark.parametrize("text", ["d 0 1", "c 0.1", "sphere 1 2 3", "sphere 0 0 0 -1", "region"])
def test_parts_that_cannot_be_read(text: str) -> None:
    with pytest.raises(InputError, match="can't be read"):
        parse_within(text)


def test_no_labels() -> None:
    with pytest.raises(InputError, match="no region labels"):
        parse_within("region x").holds(Atoms("Li", cell=[3, 3, 3], pbc=True))
