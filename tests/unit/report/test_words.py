"""Sentences say what the numbers carry, and no more."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from unit.report.synthetic import CARD, STUDY, make_analysis

from sinterface.analysis.results import InterfaceAnalysis
from sinterface.report import words


def plain(text: str) -> str:
    """Return a text with ordinary spaces."""
    return text.replace(words.NBSP, " ")


@pytest.mark.parametrize(
    ("value", "error", "unit", "expected"),
    [
        (2.3456, 0.1234, "Å", "2.35 ± 0.12 Å"),
        (2.3456, 0.41, "Å", "2.3 ± 0.4 Å"),
        (-1.0449, 0.018, "", "−1.045 ± 0.018"),
        (1234.6, 56.0, "K", "1235 ± 56 K"),
        (3.17e-5, 0.21e-5, "", "(3.17 ± 0.21)·10⁻⁵"),
        (2.3456, math.nan, "Å", "2.35 Å"),
        (math.nan, 0.1, "Å", "–"),
    ],
)
def test_value_and_error_agree_in_their_digits(
    value: float, error: float, unit: str, expected: str
) -> None:
    assert plain(words.with_error(value, error, unit)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, "0"), (1.0, "1.00"), (-0.0123, "−0.0123"), (2.5e-7, "2.50·10⁻⁷"), (math.inf, "–")],
)
def test_numbers_have_three_figures_and_a_true_minus(value: float, expected: str) -> None:
    assert words.number(value) == expected


def test_one_build_is_never_resolved(lonely_analysis: InterfaceAnalysis) -> None:
    for side in lonely_analysis.sides:
        text = words.side_paragraph(side, lonely_analysis, None)
        assert text.count(words.NOT_RESOLVED) >= 3
        assert "±" not in text
        assert "95 %" not in text
        assert "3 are needed" in text
        assert words.change_value(side.width) == words.NOT_RESOLVED
    assert words.NOT_RESOLVED in words.headline(lonely_analysis)
    assert words.NOT_RESOLVED in words.comparison_sentence(lonely_analysis)


def test_three_builds_carry_the_computed_numbers(analysis: InterfaceAnalysis) -> None:
    side = analysis.sides[0]
    text = words.side_paragraph(side, analysis, -1.78)
    width = side.width
    for value, error in (
        (width.initial, width.initial_std),
        (width.final, width.final_std),
        (width.change, width.change_std),
    ):
        assert words.with_error(value, error, "Å") in text
    assert "Γ = −1.78 Li/nm²" in text
    assert "differs from zero at 95 %" in text
    assert words.NOT_RESOLVED not in text.lower()


def test_a_change_within_its_error_is_not_called_a_change(analysis: InterfaceAnalysis) -> None:
    width = replace(analysis.sides[0].width, change=0.01, change_std=0.05, changed=False)
    text = words.change_sentence("width", width)
    assert "no change that can be told from zero" in text
    assert "differs" not in text


def test_no_escaped_cobalt_is_no_proof_of_stability(analysis: InterfaceAnalysis) -> None:
    side = analysis.sides[1]
    none = replace(side.interdiffused, replicas=0 * side.interdiffused.replicas, final=0.0)
    text = words.escaped_sentence(replace(side, interdiffused=none))
    assert text.startswith("No Co atom")
    assert "fewer than 1.0 Co atoms a build at 95 %" in text
    assert "no proof of stability" in text


def test_undefined_figures_are_said_to_be_undefined(analysis: InterfaceAnalysis) -> None:
    width = replace(analysis.sides[0].width, final=math.nan, reason="not resolved: no edge")
    assert "undefined in this run: no edge." in words.change_sentence("width", width)


def test_sides_that_differ_less_than_their_error_are_not_told_apart() -> None:
    analysis = make_analysis()
    same = replace(analysis.sides[0], side="li_sufficient")
    shifted = replace(same, width=replace(same.width, replicas=same.width.replicas[::-1].copy()))
    text = words.comparison_sentence(replace(analysis, sides=(analysis.sides[0], shifted)))
    assert "can't be told apart" in text
    assert "Li-deficient side widened more" in words.comparison_sentence(analysis)


def test_methods_repeat_the_settings(analysis: InterfaceAnalysis) -> None:
    text = words.methods(analysis, study=STUDY, card=CARD, cutoff_A=6.0)
    for part in ("time step of 1 fs", "1498.7 K", "31.2 K", "6 Å", "CHGNet 0.4.2", "1200 frames"):
        assert part in text


def test_methods_say_of_charge_and_relaxation_what_the_certificates_say(
    analysis: InterfaceAnalysis,
) -> None:
    def text(*certificates: dict[str, object]) -> str:
        return words.methods(
            analysis, study=STUDY, card=CARD, cutoff_A=6.0, certificates=certificates
        )

    good = {"charge_e": 0.0, "relaxation": {"converged": True}}
    bad = {"charge_e": -3.0, "relaxation": {"converged": False}}
    assert "formally neutral" in text(good)
    assert "to the tolerances of the settings" in text(good)
    assert "neutral" not in text(good, bad)
    assert "+0, −3 e" in text(good, bad)
    assert "not to the tolerances in build 2." in text(good, bad)
    assert "neutral" not in text()


def test_formula_has_subscripts_and_ends_with_oxygen() -> None:
    assert words.formula({"O": 372, "Co": 90, "Li": 202, "La": 48, "Zr": 32}) == (
        "Li₂₀₂La₄₈Zr₃₂Co₉₀O₃₇₂"
    )


def test_widths_below_the_resolution_are_censored(analysis: InterfaceAnalysis) -> None:
    width = replace(analysis.sides[0].width, initial=1.0, relaxed=1.0, resolution=1.0)
    assert plain(words.initial_value(width)) == "≤ 1.00 Å"
    assert plain(words.relaxed_value(width)) == "≤ 1.00 Å"
    assert words.change_value(width).endswith("or more")
    below = replace(width, final=1.0, resolved=False, changed=False)
    assert "below what the planes' spacing lets one tell" in words.change_sentence("width", below)


def test_what_happened_during_heating_is_no_absence_of_change(analysis: InterfaceAnalysis) -> None:
    steady = replace(
        analysis.sides[0].layer_csm,
        initial=5.1, final=5.2, final_std=0.1, change=0.1, change_std=0.1, changed=False,
        relaxed=0.67,
    )  # fmt: skip
    text = words.change_sentence("distortion", steady)
    assert "0.670 in the relaxed structure, before heating" in text
    assert "most of its change happened during heating" in text
    assert "no change" not in text
    assert "no change" in words.change_sentence("distortion", replace(steady, relaxed=5.15))


def test_the_headline_says_that_the_electrode_fell_apart(analysis: InterfaceAnalysis) -> None:
    assert "crystal" not in words.headline(analysis)
    melted = tuple(
        replace(one, survived=False) if one.where == "electrode" else one
        for one in analysis.survival
    )
    text = words.headline(replace(analysis, survival=melted))
    assert "did not stay a crystal" in text


def test_the_bulk_electrode_stands_beside_the_inside(analysis: InterfaceAnalysis) -> None:
    bulk = replace(analysis.inside_csm, final=4.0, resolved=False)
    text = plain(words.side_paragraph(analysis.sides[0], replace(analysis, bulk_csm=bulk), None))
    assert "in the bulk electrode at the same temperature at 4.00." in text
