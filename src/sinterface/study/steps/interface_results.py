"""Results of a study of interfaces: degradation of each side, by facet and by Li excess."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.analysis.statistics import student_interval
from sinterface.study.graph import Before, Place
from sinterface.study.steps.aggregating import Found
from sinterface.study.summary import CERTIFICATE_NAME

if TYPE_CHECKING:
    from sinterface.analysis.results import InterfaceAnalysis, SideDegradation
    from sinterface.analysis.statistics import Measure
    from sinterface.report.outcome import Outcome
    from sinterface.report.study_results import Value

MEASURES = {
    "width": "interdiffusion width",
    "interdiffused_per_nm2": "Co beyond its boundary",
    "layer_csm": "distortion of the CoO6 layer at the boundary",
}


@dataclass(frozen=True)
class _One:
    """One interface: its label, analysis and the mean Li excess of each side."""

    plane: str
    difference: float
    analysis: InterfaceAnalysis
    excess: dict[str, float]


def collect(place: Place) -> Found:
    """Return what a study of interfaces found."""
    interfaces = [_one(place, stage) for stage in place.of("sub-analysis")]
    values = [v for one in interfaces for side in one.analysis.sides for v in _values(one, side)]
    outcomes = [_comparison(interfaces)]
    if len({one.difference for one in interfaces}) > 1:
        outcomes.append(_against_excess(interfaces))
    notes = dict.fromkeys(
        f"{one.plane}: {warning}" for one in interfaces for warning in one.analysis.warnings
    )
    return Found(values, outcomes, list(notes))


def _one(place: Place, stage: Before) -> _One:
    from sinterface.analysis.results import InterfaceAnalysis

    label = stage.name.removesuffix("-analysis")
    plane, _, difference = label.rpartition("-li")
    sides: dict[str, list[float]] = {"li_deficient": [], "li_sufficient": []}
    for build in place.of("sub-build"):
        if build.name.startswith(f"{label}-build"):
            text = (build.directory / CERTIFICATE_NAME).read_text("utf-8")
            certificate: dict[str, Any] = json.loads(text)
            for side, own in sides.items():
                own.append(float(certificate[side]["li_excess_per_nm2"]))
    return _One(
        f"({plane.replace('m', '-')})",
        float(difference),
        InterfaceAnalysis.read(stage.directory),
        {side: float(np.mean(own)) if own else math.nan for side, own in sides.items()},
    )


def _values(one: _One, side: SideDegradation) -> list[Value]:
    from sinterface.report.study_results import Value, conditions

    where = conditions(
        {
            "facet": one.plane,
            "side": side.side.replace("_", "-"),
            "li_excess_per_nm2": round(one.excess[side.side], 3),
        }
    )
    found = []
    for key, name in MEASURES.items():
        measure: Measure = getattr(side, key)
        std = measure.final_std if measure.resolved else math.nan
        interval = student_interval(measure.final, std, len(measure.replicas))
        found.append(
            Value(
                key, name, measure.final if measure.resolved else math.nan, std, interval,
                measure.unit, measure.resolved, measure.reason, where,
            )
        )  # fmt: skip
    return found


def _comparison(interfaces: Sequence[_One]) -> Outcome:
    """Return a table of all interfaces, both sides."""
    from sinterface.report.outcome import Curves, Outcome

    rows: list[dict[str, str]] = []
    columns: dict[str, list[Any]] = {
        name: [] for name in ("facet", "side", "li_excess_per_nm2", *MEASURES)
    }
    for one in interfaces:
        for side in one.analysis.sides:
            row = {
                "facet": one.plane,
                "side": side.side.replace("_", "-"),
                "Li excess (nm⁻²)": f"{one.excess[side.side]:.2f}",
            }
            row |= {name: _text(getattr(side, key)) for key, name in MEASURES.items()}
            rows.append(row)
            columns["facet"].append(one.plane)
            columns["side"].append(side.side)
            columns["li_excess_per_nm2"].append(one.excess[side.side])
            for key in MEASURES:
                columns[key].append(getattr(side, key).final)
    return Outcome(
        "sides", "Degradation of each side, last window", {"rows": rows}, tuple(rows),
        (Curves("sides", columns),),
        notes=("± one standard error between independent builds; without it, not resolved",),
    )  # fmt: skip


def _against_excess(interfaces: Sequence[_One]) -> Outcome:
    """Return degradation against the Li excess of the side, all sides of all interfaces."""
    from sinterface.report.curves import Line, line_figure
    from sinterface.report.outcome import Curves, Drawing, Outcome

    columns: dict[str, list[Any]] = {
        name: [] for name in ("facet", "side", "li_excess_per_nm2", "Co_per_nm2", "std")
    }
    lines = []
    for plane in dict.fromkeys(one.plane for one in interfaces):
        for side in ("li_deficient", "li_sufficient"):
            points = []
            for one in interfaces:
                if one.plane != plane:
                    continue
                found = next(s for s in one.analysis.sides if s.side == side).interdiffused_per_nm2
                std = found.final_std if found.resolved else math.nan
                points.append((one.excess[side], found.final, std))
                for name, value in zip(columns, (plane, side, *points[-1]), strict=True):
                    columns[name].append(value)
            own = np.array(sorted(points))
            label = f"{plane} {side.replace('_', '-')}"
            lines.append(Line(own[:, 0], own[:, 1], label, std=own[:, 2], marker="o", bars=True))
    figure = line_figure(
        lines, "Li excess of the side (nm⁻²)", "Co beyond its boundary (nm⁻²)", width_in=4.6,
    )  # fmt: skip
    caption = (
        "Co beyond its boundary in the last window against the Li excess of that side; bars: "
        "standard error between builds where it is resolved."
    )
    return Outcome(
        "li-excess", "Degradation against the Li excess", {"columns": list(columns)}, (),
        (Curves("li-excess", columns),), (Drawing("li-excess", figure, caption),),
    )  # fmt: skip


def _text(measure: Measure) -> str:
    unit = f" {measure.unit}" if measure.unit else ""
    if measure.resolved and math.isfinite(measure.final_std):
        return f"{measure.final:.3g} ± {measure.final_std:.2g}{unit}"
    return f"{measure.final:.3g}{unit} (not resolved)"
