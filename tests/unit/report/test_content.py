"""Tables: labels with units, certificates beside their limits, errors by system."""

from __future__ import annotations

import pytest
from unit.report.synthetic import CARD, CERTIFICATE

from sinterface.report import content, words


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("temperature_K", "temperature (K)"),
        ("force_tolerance_eV_per_A", "force tolerance (eV/Å)"),
        ("li_excess_per_nm2", "Li excess (nm⁻²)"),
        ("energy_meV_per_atom", "energy (meV/atom)"),
        ("name", "name"),
        ("git", "study folder"),
        ("max_steps", "max steps"),
    ],
)
def test_keys_become_words_with_units(key: str, expected: str) -> None:
    assert content.label(key) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"), (True, "yes"), (1500.0, "1500"), (-3, "−3"), ([1, 0, 4], "1, 0, 4"),
        ([[-4, 1], [2, 2]], "(−4, 1), (2, 2)"), ({"5": 20, "6": 70}, "20 × 5-fold, 70 × 6-fold"),
    ],
)  # fmt: skip
def test_settings_become_text(value: object, expected: str) -> None:
    assert content.text(value) == expected


def test_certificates_stand_side_by_side_with_limits() -> None:
    other = {**CERTIFICATE, "mismatch_percent": [1.0, 0.5]}
    table = {row.label: row for row in content.certificate_rows([CERTIFICATE, other])}
    assert table["strain of each edge (%)"].values == ("2.81, 2.06", "1, 0.5")
    assert table[f"O–O (≥{words.NBSP}2.0)"].values == ("2.5", "2.5")
    assert table[f"Li–O (≥{words.NBSP}1.5)"].values == ("1.757", "1.757")
    assert table[f"La–Li (≥{words.NBSP}2.0)"].values == ("3.019", "3.019")
    assert table["formula"].values[0] == "Li₂₀₂La₄₈Zr₃₂Co₉₀O₃₇₂"
    assert table["Co"].values[0] == ("inside: 50 × 6-fold; surface: 20 × 5-fold, 20 × 6-fold")
    assert "seed" not in table
    source = {row.label: row.values for row in content.source_rows([CERTIFICATE])}
    assert source["electrode supercell"] == ("(−4, 1), (−2, −2)",)


@pytest.mark.parametrize("layout", ["tables", "list", "nested"])
def test_held_out_errors_are_found_in_any_layout(layout: str) -> None:
    errors = CARD["errors"]
    card = dict(CARD)
    if layout == "list":
        systems = ("llzo-cubic", "lco-layered")
        card["errors"] = [{"system": name, **errors[name]} for name in systems]
    if layout == "nested":
        del card["errors"]
        card["validation"] = {"errors": errors}
    _, header, lines = content.error_table(card)
    assert header == ("system", "frames", "energy (meV/atom)", "force (eV/Å)")
    assert [(row.label, *row.values) for row in lines] == [
        ("llzo-cubic", "12", "3.21", "0.121"),
        ("lco-layered", "9", "4.02", "0.147"),
    ]


def test_a_card_without_errors_gives_no_table() -> None:
    assert content.error_table({"name": "x", "data": {"test": {"llzo": 2}}}) == ("", (), [])


def test_nested_values_are_found() -> None:
    assert content.find({"symmetry_functions": {"cutoff_A": 6.0}}, "cutoff_A", "cutoff") == 6.0
    assert content.find({"a": {"b": 1}}, "cutoff_A") is None
