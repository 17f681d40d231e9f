"""Results of a study of a phase transition: temperature on heating and cooling, hysteresis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.analysis.statistics import student_interval
from sinterface.study.graph import Place
from sinterface.study.steps.aggregating import Found, data_of

if TYPE_CHECKING:
    from sinterface.report.study_results import Value


def collect(place: Place) -> Found:
    """Return what a study of a phase transition found."""
    runs = [data for stage in place.of("transition") if (data := data_of(stage)) is not None]
    values = [
        _temperature("heating", runs),
        _temperature("cooling", runs),
        _mean("hysteresis", "hysteresis of the transition",
              [run["hysteresis_K"] for run in runs],
              [run["hysteresis_std_K"] for run in runs], "heating less cooling"),
    ]  # fmt: skip
    return Found(values)


def _temperature(branch: str, runs: list[dict[str, Any]]) -> Value:
    fits = [run[branch] for run in runs]
    found = [fit["temperature_K"] if fit else None for fit in fits]
    std = [fit["std_K"] if fit else None for fit in fits]
    return _mean(
        "transition_temperature", f"transition temperature on {branch}", found, std,
        "middle of a smooth step fitted to 1 − c/a", branch,
    )  # fmt: skip


def _mean(
    key: str,
    name: str,
    found: list[Any],
    errors: list[Any],
    how: str,
    branch: str = "",
) -> Value:
    from sinterface.report.study_results import Value, conditions

    where = conditions({"branch": branch} if branch else {})

    pairs = [(v, e) for v, e in zip(found, errors, strict=True) if v is not None]
    if not pairs:
        return Value(
            key, name, math.nan, math.nan, (), "K", False, "no run shows a transition", where,
        )  # fmt: skip
    own = np.array([v for v, _ in pairs], dtype=np.float64)
    std = float(own.std(ddof=1) / math.sqrt(len(own))) if len(own) > 1 else float(pairs[0][1] or 0)
    std = std or math.nan
    mean = float(own.mean())
    interval = student_interval(mean, std, len(own))
    told = f"{how}; {len(own)} of {len(found)} runs"
    return Value(key, name, mean, std, interval, "K", True, told, where)
