"""Values that others published, and what may be said of a study's value beside one."""

from __future__ import annotations

import dataclasses
import functools
import math
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sinterface.report.words import number, with_error

if TYPE_CHECKING:
    from sinterface.report.study_results import StudyResults, Value

PAPER_DOI = "10.1016/j.ensm.2024.103842"

NEAR = 0.03
"""Conditions that are numbers fit when they differ by no more than this share."""


@dataclasses.dataclass(frozen=True)
class Published:
    """A published number.

    Attributes
    ----------
    low, high
        Range in which it stands; equal for a single number.
    std
        Its standard error, NaN where none was published.
    unit, what
        Its unit; what it is, for a reader.
    source
        Key of ``references.bib``, or words.
    by
        ``"calculation"`` or ``"experiment"``.
    says
        Words, where no number was published.
    """

    low: float
    high: float
    std: float
    unit: str
    what: str
    source: str
    by: str
    says: str = ""

    def text(self) -> str:
        """Return the number or range with its unit, or the words that were published instead."""
        if self.says:
            return self.says
        if self.low == self.high:
            return with_error(self.low, self.std, self.unit)
        low, high = with_error(self.low, math.nan), with_error(self.high, math.nan)
        return f"{low} to {high}\u00a0{self.unit}"


@functools.cache
def _entries() -> tuple[Mapping[str, Any], ...]:
    text = (files("sinterface.report") / "data" / "published.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["value"])


def published_for(value: Value, results: StudyResults) -> tuple[Published, ...]:
    """Return what others published for a value of a study, calculations first.

    A number that the study's own kind gives comes first, the table's beside it.
    """
    found = [_record(entry) for entry in _entries() if _fits(entry, value, results)]
    if math.isfinite(value.published):
        own = _own(value)
        known = any(one.low <= own.low <= one.high for one in found if one.by == own.by)
        found = found if known else [own, *found]
    return tuple(sorted(found, key=lambda one: one.by))


def _own(value: Value) -> Published:
    """Return the number that a study's kind gives; the paper by its key, what is told besides."""
    source, what = value.published_source, value.name
    if not source or PAPER_DOI in source:
        what = source.partition(PAPER_DOI)[2].strip(" :,") or what
        source = "kim2024"
    told = value.published
    return Published(told, told, math.nan, value.unit, what, source, "calculation")


def _record(entry: Mapping[str, Any]) -> Published:
    low = float(entry.get("low", entry.get("value", math.nan)))
    high = float(entry.get("high", entry.get("value", math.nan)))
    std = float(entry.get("std", math.nan))
    return Published(
        low, high, std, entry["unit"], entry["what"], entry["source"], entry["by"],
        str(entry.get("says", "")),
    )  # fmt: skip


def _fits(entry: Mapping[str, Any], value: Value, results: StudyResults) -> bool:
    if entry["key"] != value.key or entry["unit"] != value.unit:
        return False
    if "kinds" in entry and results.kind not in entry["kinds"]:
        return False
    if "element" in entry and entry["element"] not in value.name.replace(",", " ").split():
        return False
    told = {f"{one.name}_{one.unit}" if one.unit else one.name: one.value
            for one in value.conditions}  # fmt: skip
    settings = results.settings
    return all(_same(told.get(key), wanted) for key, wanted in entry.get("where", {}).items()) and (
        all(_same(settings.get(key), wanted) for key, wanted in entry.get("settings", {}).items())
    )


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, float) and isinstance(found, (int, float)):
        return math.isclose(found, wanted, rel_tol=NEAR, abs_tol=1e-9)
    return bool(found == wanted)


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What may be said of a value beside a published one.

    Attributes
    ----------
    verdict
        ``"agrees"``, ``"differs"``, ``"allowed"`` (a bound that the number respects),
        ``"excluded"`` (a bound that it breaks), ``"no interval"`` (a number without one) or
        ``"not resolved"``.
    words
        The same with figures.
    """

    verdict: str
    words: str


def compare(value: Value, other: Published) -> Comparison:
    """Compare a study's value with a published one, claiming no more than its interval allows."""
    if not value.resolved:
        if len(value.ci95) == 2 and math.isfinite(value.ci95[1]):
            if other.low <= value.ci95[1]:
                return Comparison("allowed", "below the bound found here: not excluded")
            return Comparison("excluded", "above the bound found here")
        return Comparison("not resolved", "not resolved here")
    low, high = value.ci95 if len(value.ci95) == 2 else (math.nan, math.nan)
    if math.isfinite(other.std):
        low, high = low - 1.96 * other.std, high + 1.96 * other.std
    if not (math.isfinite(low) and math.isfinite(high)):
        return Comparison(
            "no interval", f"no statistical interval here; {_apart(value.value, other)}"
        )
    if low <= other.high and other.low <= high:
        return Comparison("agrees", "inside the 95 % interval found here")
    return Comparison(
        "differs", f"outside the 95 % interval found here; {_apart(value.value, other)}"
    )


def _apart(value: float, other: Published) -> str:
    nearest = min(max(value, other.low), other.high)
    if nearest == value:
        return "inside the published range"
    if nearest == 0.0 or value * nearest <= 0.0:
        return f"{with_error(value - nearest, math.nan, other.unit)} apart"
    ratio = value / nearest
    if not 0.5 < ratio < 2.0:
        return f"{number(max(ratio, 1.0 / ratio), 2)} times as {'large' if ratio > 1 else 'small'}"
    return f"{abs(100.0 * (ratio - 1.0)):.2g} % {'above' if ratio > 1 else 'below'}"
