"""Results of a study of a potential: its errors beside the paper's, and its certificate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sinterface.study.graph import Place
from sinterface.study.steps.aggregating import Found, data_of, summary_of
from sinterface.study.steps.transport_results import PUBLISHED

if TYPE_CHECKING:
    from sinterface.report.study_results import Value

NOTE = (
    "The paper's errors are against its own DFT, these against the reference named in the "
    "settings: beside each other, not the same measurement."
)
KINDS = (
    ("energy", "energy_meV_per_atom", "meV/atom", 1000.0),
    ("force", "force_eV_per_A", "eV/Å", 1.0),
)


def collect(place: Place) -> Found:
    """Return what a study of a potential found."""
    values = [one for stage in place.of("validate") for one in _errors(stage)]
    values += [one for stage in place.of("certify") for one in _verdicts(stage)]
    made = next((str(summary_of(one)["potential"]) for one in place.of("factory")), "")
    return Found(values, (), (NOTE,) if place.of("validate") else (), potential=made)


def _errors(stage: Any) -> list[Value]:
    data = data_of(stage)
    return [] if data is None else [one for row in data["rows"] for one in _row(row)]


def _row(row: Mapping[str, Any]) -> list[Value]:
    from sinterface.report.study_results import Value, conditions

    where = {"system": f"{row['group']}: {row['title']}"}
    if " K" not in row["title"]:
        where["temperature_K"] = row["target_temperature_K"]
    told = conditions(where)
    found = []
    for key, name, unit, factor in KINDS:
        known = row.get(key)
        value = factor * known["rmse"] if known else math.nan
        paper = row["paper"][name] if row.get("paper") else math.nan
        goal = f"goal {row['goal'][name]:g}" if row.get("goal") else "no goal"
        reason = f"{row.get('labelled', 0)} snapshots; {goal}"
        if not known:
            reason = "; ".join(row["reasons"]) or reason
        found.append(
            Value(
                f"{key}_error", f"root mean square error of the {key}", value, math.nan, (), unit,
                bool(known), reason, told, paper, PUBLISHED if row.get("paper") else "",
            )
        )  # fmt: skip
    return found


def _verdicts(stage: Any) -> list[Value]:
    from sinterface.report.study_results import Value

    found = summary_of(stage)
    return [
        Value(
            f"certificate_{name}", f"number of certificate checks {words}",
            float(found.get(name.replace("_", " "), 0)), math.nan, (), "", True,
            f"verdict {found['verdict']}",
        )
        for name, words in (("pass", "passed"), ("fail", "failed"), ("not_judged", "not judged"))
    ]  # fmt: skip
