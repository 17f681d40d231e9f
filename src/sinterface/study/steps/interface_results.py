"""Results of a study of interfaces: degradation of each side, by facet and by Li excess."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.analysis.statistics import student_interval
from sinterface.report.palette import SIDE_NAMES
from sinterface.report.words import with_error
from sinterface.study.graph import Before, Place
from sinterface.study.steps.aggregating import Found
from sinterface.study.summary import CERTIFICATE_NAME

if TYPE_CHECKING:
    from sinterface.analysis.results import InterfaceAnalysis, SideDegradation
    from sinterface.analysis.statistics import Measure
    from sinterface.report.outcome import Outcome
    from sinterface.report.study_results import Section, Value

MEASURES = {
    "width": "interdiffusion width",
    "interdiffused_per_nm2": "Co beyond its boundary",
    "layer_csm": "distortion of the CoO6 layer at the boundary",
}

SHOWN = {
    "interdiffused-per-nm2": MEASURES["interdiffused_per_nm2"],
    "width": MEASURES["width"],
    "layer-csm": MEASURES["layer_csm"],
}
"""Figures of each interface's own report that the study's page shows too, by file name."""


@dataclass(frozen=True)
class _One:
    """One interface: its label, analysis with its folder, mean Li excess of each side."""

    directory: Path
    label: str
    plane: str
    difference: float
    analysis: InterfaceAnalysis
    excess: dict[str, float]


def collect(place: Place) -> Found:
    """Return what a study of interfaces found."""
    interfaces = [_one(place, stage) for stage in place.of("sub-analysis")]
    values = [v for one in interfaces for side in one.analysis.sides for v in _values(one, side)]
    values = [*(v for one in interfaces for v in _differences(one)), *values]
    values += [v for one in interfaces for v in _segregation(one)]
    outcomes = [_comparison(interfaces)]
    if len({one.difference for one in interfaces}) > 1:
        outcomes.append(_against_excess(interfaces))
        values = [*_slopes(interfaces), *values]
    common = [
        warning
        for warning in interfaces[0].analysis.warnings
        if all(warning in one.analysis.warnings for one in interfaces)
    ]
    return Found(values, outcomes, common, [_page(place, one, common) for one in interfaces])


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
        stage.directory,
        label,
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
            "side": SIDE_NAMES[side.side],
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


def _slopes(interfaces: Sequence[_One]) -> list[Value]:
    """Return how each measure changes with the Li excess: a line through each set of builds."""
    from sinterface.report.study_results import Value, conditions

    found = []
    for plane in dict.fromkeys(one.plane for one in interfaces):
        own = [one for one in interfaces if one.plane == plane]
        for key, name in MEASURES.items():
            points = [
                (one.excess[side.side], getattr(side, key))
                for one in own
                for side in one.analysis.sides
            ]
            open_ones = [measure.reason for _, measure in points if not measure.resolved]
            unit = points[0][1].unit
            told = (f"slope of the {name} against the Li excess", conditions({"facet": plane}))
            unit = f"{unit} nm²" if unit and unit != "nm⁻²" else "" if unit else "nm²"
            if open_ones:
                found.append(
                    Value(f"slope_{key}", told[0], math.nan, math.nan, (), unit, False,
                          open_ones[0], told[1])
                )  # fmt: skip
                continue
            x = np.array([excess for excess, _ in points])
            last = np.array([measure.replicas[:, -1] for _, measure in points])
            slopes = np.polyfit(x, last, 1)[0]
            mean, std = float(slopes.mean()), float(slopes.std(ddof=1) / math.sqrt(len(slopes)))
            low, high = student_interval(mean, std, len(slopes))
            how = f"a line through {len(x)} sides for each of {len(slopes)} sets of builds"
            how += "; no dependence is told" if low < 0 < high else ""
            found.append(
                Value(f"slope_{key}", told[0], mean, std, (low, high), unit, True, how, told[1])
            )
    return found


def _differences(one: _One) -> list[Value]:
    """Return each measure of the Li-deficient side less that of the other, build by build."""
    from sinterface.report.study_results import Value, conditions

    side = {found.side: found for found in one.analysis.sides}
    where = {"facet": one.plane, "li_excess_difference_per_nm2": one.difference}
    found = []
    for key, name in MEASURES.items():
        poor, rich = (getattr(side[end], key) for end in SIDE_NAMES)
        title = f"difference of the sides in {name}"
        if not (poor.resolved and rich.resolved):
            reason = rich.reason if poor.resolved else poor.reason
            empty = (math.nan, math.nan, ())
            found.append(
                Value(f"difference_{key}", title, *empty, poor.unit, False, reason,
                      conditions(where))
            )  # fmt: skip
            continue
        own = poor.replicas[:, -1] - rich.replicas[:, -1]
        mean, std = float(own.mean()), float(own.std(ddof=1) / math.sqrt(len(own)))
        low, high = student_interval(mean, std, len(own))
        how = f"Li-deficient less Li-sufficient side, last window of {len(own)} builds"
        how += "; the sides are not told apart" if low <= 0 <= high else ""
        found.append(
            Value(f"difference_{key}", title, mean, std, (low, high), poor.unit, True, how,
                  conditions(where))
        )  # fmt: skip
    return found


def _segregation(one: _One) -> list[Value]:
    """Return how the excess of the electrolyte's framework at each side changed, where profiled."""
    from sinterface.report.study_results import Value, conditions
    from sinterface.study.pipeline import OBSERVABLES_NAME

    path = one.directory / OBSERVABLES_NAME / "profiles" / "profiles.json"
    if not path.is_file():
        return []
    data = json.loads(path.read_text("utf-8"))
    good, why = bool(data["evidence"]["resolved"]), str(data["evidence"]["reason"])
    found = []
    for side in one.analysis.sides:
        where = {"facet": one.plane, "side": SIDE_NAMES[side.side],
                 "li_excess_per_nm2": round(one.excess[side.side], 3)}  # fmt: skip
        builds = len(side.width.replicas)
        for element, told in data["sides"][side.side]["gibbs_excess_per_nm2"].items():
            if element in ("Li", "O"):
                continue
            change, std = told["change"]["value"], told["change"]["std"]
            known = good and None not in (change, std)
            value, error = (float(change), float(std)) if known else (math.nan, math.nan)
            found.append(
                Value(
                    "excess_change", f"change of the excess of {element}", value, error,
                    student_interval(value, error, builds), "nm⁻²", known,
                    "first to last quarter of the run" if known else why, conditions(where),
                )
            )  # fmt: skip
    return found


def _page(place: Place, one: _One, common: Sequence[str]) -> Section:
    """Return what the study's page shows of one interface, with the way to its own report."""
    from sinterface.report.sections import read_sections
    from sinterface.report.study_results import Figure, Section
    from sinterface.study.pipeline import OBSERVABLES_NAME

    name = f"{one.label}-report"
    report = next(stage.directory for stage in place.of("sub-report") if stage.name == name)
    folder = f"../{one.directory.name}/{OBSERVABLES_NAME}"
    observed = read_sections(one.directory / OBSERVABLES_NAME)
    figures = [
        Figure(f"../{report.name}/figures/{name}", f"{title[:1].upper()}{title[1:]} in time.")
        for name, title in SHOWN.items()
    ]
    figures += [
        Figure(f"{folder}/{figure.path}", figure.caption)
        for section in observed
        if section.name == "profiles"
        for figure in section.figures[:1]
    ]
    measures = [getattr(side, key) for side in one.analysis.sides for key in MEASURES]
    own = [warning for warning in one.analysis.warnings if warning not in common]
    notes = [f"{section.title}: {section.reason}" for section in observed if section.reason]
    return Section(
        name=f"interface-{one.label}",
        title=f"{one.plane}, {one.difference:g} Li/nm² between its sides",
        rows=tuple(row for one in observed if one.name == "profiles" for row in one.rows),
        figures=tuple(figures),
        files=(f"../{report.name}/report.html", f"{folder}/results.html"),
        notes=tuple(dict.fromkeys((*(measure.reason for measure in measures), *own, *notes))),
    )


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
                "side": SIDE_NAMES[side.side],
                "Li excess (nm⁻²)": f"{one.excess[side.side]:+.2f}".replace("-", "−"),
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
            label = f"{plane} {SIDE_NAMES[side]}"
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
    if measure.resolved and math.isfinite(measure.final_std):
        return with_error(measure.final, measure.final_std, measure.unit)
    return f"{with_error(measure.final, math.nan, measure.unit)} (not resolved)"
