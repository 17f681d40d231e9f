"""Sentences made from the values of any study, claiming no more than their intervals allow."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sinterface.report.published import Comparison, Published, compare, published_for
from sinterface.report.words import (
    NBSP,
    NOT_RESOLVED,
    interval,
    reason,
    sentence,
    with_error,
)

if TYPE_CHECKING:
    from sinterface.report.study_results import Condition, StudyResults, Value

EACH = 4
"""Up to so many values of one quantity are told one by one; more as a range."""

EACH_CASE = 12
"""The same where the values belong to different cases, which have no range."""

COMMON = ("volume", "li_excess_difference")
"""Conditions that the summary leaves out where all values share them."""

MOST_SENTENCES = 8

COUNTS = ("moved",)
"""Keys of values that are bare counts: in the table, not in the summary."""


def value_text(value: Value) -> str:
    """Return a value with its standard error or its bound, and its unit."""
    if value.resolved and not math.isfinite(value.std) and value.value == round(value.value):
        return f"{value.value:.0f}{NBSP}{value.unit}".strip().replace("-", "−")
    if value.resolved:
        return with_error(value.value, value.std, value.unit)
    if len(value.ci95) == 2 and math.isfinite(value.ci95[1]):
        return f"< {with_error(value.ci95[1], math.nan, value.unit)}"
    return NOT_RESOLVED


def interval_text(value: Value) -> str:
    """Return the 95 % interval of a resolved value; empty where there is none."""
    if not value.resolved or len(value.ci95) != 2 or not all(map(math.isfinite, value.ci95)):
        return ""
    return interval(*value.ci95)


def condition_text(one: Condition) -> str:
    """Return a condition in words, such as ``"1000 K"``, ``"x = 0.5"``, ``"fixed volume"``."""
    if isinstance(one.value, (int, float)) and not isinstance(one.value, bool):
        told = f"{one.value:g}".replace("-", "−")
        if one.unit:
            given = f"{told}{NBSP}{one.unit.replace('per_nm2', 'nm⁻²').replace('A', 'Å')}"
            return given if one.name == "temperature" else f"{spoken(one.name)} {given}"
        return f"{spoken(one.name)}{NBSP}={NBSP}{told}"
    if one.name == "volume":
        return f"{one.value} volume"
    return str(one.value)


def conditions_text(conditions: Sequence[Condition]) -> str:
    """Return conditions as one phrase; empty when there is none."""
    return ", ".join(condition_text(one) for one in conditions)


def headlines(results: StudyResults) -> list[str]:
    """Return the sentences at the top of a report, in the study's order, what is resolved first."""
    groups: dict[tuple[str, str], list[Value]] = {}
    told = results.values
    for name in COMMON:
        told = _without_common(told, name)
    for value in told:
        groups.setdefault((value.key, value.name), []).append(value)
    chosen = [(key, values) for key, values in groups.items() if key[0] not in COUNTS]
    chosen.sort(key=lambda item: not any(one.resolved for one in item[1]))
    said = []
    for (_, name), values in chosen[:MOST_SENTENCES]:
        most = EACH_CASE if _cases(values) else EACH
        said.append(_single(name, values) if len(values) <= most else _range(name, values))
    return said


def _without_common(values: Sequence[Value], name: str) -> tuple[Value, ...]:
    """Return values without a condition that is the same wherever it is told."""
    told = {one.value for value in values for one in value.conditions if one.name == name}
    if len(told) != 1:
        return tuple(values)
    kept = [tuple(one for one in value.conditions if one.name != name) for value in values]
    pairs = zip(values, kept, strict=True)
    return tuple(dataclasses.replace(value, conditions=own) for value, own in pairs)


def _cases(values: Sequence[Value]) -> bool:
    """Return whether values differ by what they belong to, not by a number."""
    return all(isinstance(one.value, str) for value in values for one in value.conditions)


def _single(name: str, values: Sequence[Value]) -> str:
    told = [one for one in values if one.resolved]
    near = [_near_zero(one) for one in told]
    mark = "" if all(near) else " (not told from zero)"
    parts = [
        f"{value_text(one)}{_at(one)}{mark * zero}" for one, zero in zip(told, near, strict=True)
    ]
    end = ", not told from zero" if told and all(near) else ""
    bounds = [f"below {value_text(one)[2:]}{_at(one)}" for one in values
              if not one.resolved and value_text(one) != NOT_RESOLVED]  # fmt: skip
    rest = [one for one in values if not one.resolved and value_text(one) == NOT_RESOLVED]
    text = ""
    if parts or bounds:
        text = sentence(f"the {name} is {_listed(parts + bounds)}{end}")
    for why, places in _by_reason(rest).items():
        where = "" if len(places) == len(values) else _listed([_at(one) for one in places])
        text += f" {sentence(f'the {name}{where} is {NOT_RESOLVED}: {why}')}"
    return text.strip()


def _by_reason(values: Sequence[Value]) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for one in values:
        found.setdefault(_short(one.reason) if one.reason else "no reason is given", []).append(one)
    return found


def _near_zero(value: Value) -> bool:
    """Return whether a value's 95 % interval reaches to both sides of zero."""
    return len(value.ci95) == 2 and value.ci95[0] < 0 < value.ci95[1]


def _short(text: str) -> str:
    """Return a reason without what stands in brackets; the table has the whole of it."""
    return reason(re.sub(r"\s*\([^()]*\)", "", text))


def _range(name: str, values: Sequence[Value]) -> str:
    told = sorted((one for one in values if one.resolved), key=lambda one: one.value)
    open_ones = len(values) - len(told)
    if not told:
        return sentence(f"none of {len(values)} values of the {name} is resolved")
    least, most = told[0], told[-1]
    text = (
        f"the {name} lies between {value_text(least)}{_at(least)} and {value_text(most)}{_at(most)}"
    )
    if all(_near_zero(one) for one in told):
        text += "; none is told from zero"
    if open_ones:
        be = "is" if open_ones == 1 else "are"
        text += f"; {open_ones} of {len(values)} values {be} {NOT_RESOLVED}"
    return sentence(text)


def _at(value: Value) -> str:
    told = conditions_text(value.conditions)
    if told.startswith("("):  # a facet
        return f" on {told}"
    return f" ({told})" if told else ""


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def comparisons(results: StudyResults) -> list[tuple[Value, Published, Comparison]]:
    """Return each value that somebody else published too, with what may be said of both."""
    return [
        (value, other, compare(value, other))
        for value in results.values
        for other in published_for(value, results)
    ]


def comparison_sentence(compared: Sequence[tuple[Value, Published, Comparison]]) -> str:
    """Return how many values agree with published ones; empty when there is none to compare."""
    if not compared:
        return ""
    verdicts = [verdict.verdict for _, _, verdict in compared]
    parts = []
    for verdict, words in (
        ("agrees", "inside the 95 % interval found here"),
        ("differs", "outside the 95 % interval found here"),
        ("allowed", "not excluded by a bound"),
        ("excluded", "excluded by a bound"),
        ("no interval", "without an interval here to judge by"),
        ("not resolved", "not resolved here"),
    ):
        n = verdicts.count(verdict)
        if n:
            parts.append(f"{n} {words}")
    n = len(verdicts)
    told = "one published value" if n == 1 else f"{n} published values"
    text = f"of {told} to compare with, {_listed(parts)}"
    return sentence(text) + (
        " A published number without an error bar counts as exact, and an interval here holds the "
        "statistical error alone, not that of the potential or of its reference."
    )


def limits(
    results: StudyResults, card: Mapping[str, Any] | None, certificate: Mapping[str, Any] | None
) -> list[str]:
    """Return what the study can't say, made from its own content."""
    said = [_scale_limit(results), *_reference_limits(card), _certificate_limit(certificate)]
    extrapolated = [one for one in results.values if "extrapolated" in one.key]
    if extrapolated:
        said.append(
            "Extrapolated values hold only if nothing melts, orders or changes its way of moving "
            "between the temperatures that were run and that of the value."
        )
    open_ones = [one for one in results.values if not one.resolved]
    if open_ones:
        said.append(
            f"{len(open_ones)} of {len(results.values)} values are {NOT_RESOLVED}: "
            + "; ".join(dict.fromkeys(_short(one.reason) for one in open_ones if one.reason))
        )
    alone = [one for one in results.values if one.resolved and not one.ci95]
    alone = [one for one in alone if one.key not in COUNTS and one.unit]
    if alone:
        names = ", ".join(dict.fromkeys(one.name for one in alone))
        said.append(f"No interval, so no comparison, where nothing was repeated: {names}")
    missing = [one.title for one in results.sections if one.reason]
    if missing:
        said.append(f"Not done (the sections say why): {', '.join(missing)}")
    return [sentence(one) for one in (*said, *results.notes) if one]


def _scale_limit(results: StudyResults) -> str:
    if results.scale in ("", "paper"):
        return ""
    return (
        f"This is the {results.scale} scale: smaller and shorter than the published study, so that "
        "rare events may be missing and slow ones not finished"
    )


def _reference_limits(card: Mapping[str, Any] | None) -> list[str]:
    from sinterface.report.words import reference_method

    if card is None:
        return ["Forces come from a reference calculator itself; see the settings"]
    method = reference_method(card)
    if method is None:
        return ["The potential's card doesn't say which reference it was trained on"]
    said = [f"The potential is a surrogate trained on {method}; its errors come on top of that"]
    if "chgnet" in method.lower():
        said = [
            f"The potential is a surrogate trained on {method}, itself trained on PBE+U: an error "
            "against CHGNet is not an error against DFT, and these runs are not DFT"
        ]
    cutoff = card.get("cutoff_A")
    reach = f"a {cutoff:g} Å" if isinstance(cutoff, (int, float)) else "a short-ranged"
    return [*said, f"No long-range charge is in {reach} potential; space charge is beyond it"]


def _certificate_limit(certificate: Mapping[str, Any] | None) -> str:
    if certificate is None:
        return ""
    failed = [line["name"] for line in certificate.get("lines", ()) if line["verdict"] == "fail"]
    if not failed:
        return ""
    return (
        f"The potential failed {len(failed)} of {len(certificate['lines'])} lines of its stability "
        f"certificate: {', '.join(failed)}"
    )


def spoken(name: str) -> str:
    """Return a name from code in words: ``"li_excess"`` is ``"Li excess"``."""
    words = name.replace("_", " ")
    return f"Li{words[2:]}" if words.startswith("li ") else words
