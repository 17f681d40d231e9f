"""``analyze diffusion``: mean squared displacements, diffusivities, conductivity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sinterface.analysis.drift import find_drift
from sinterface.analysis.estimates import Estimate
from sinterface.analysis.regions import (
    RegionDiffusion,
    boundary_spans,
    regional_diffusion,
)
from sinterface.analysis.transport import Transport, transport
from sinterface.report.curves import Line, line_figure
from sinterface.report.outcome import Curves, Drawing, Outcome
from sinterface.report.suite import Run
from sinterface.report.words import number, with_interval


def reason(run: Run) -> str:
    """Return why the analysis doesn't apply: it always does."""
    del run
    return ""


def compute(
    run: Run,
    *,
    elements: Sequence[str] = (),
    charges: Mapping[str, float] | None = None,
    temperature_K: float | None = None,
    drift: str = "auto",
    regions: Mapping[str, tuple[float, float]] | None = None,
) -> Outcome:
    """Analyse diffusion in all replicas of a run together, and region by region.

    Regions are slices along the normal, in fractions of the period; by default the boundaries and
    insides of an interface cell.
    """
    with run.open() as frames:
        found = transport(
            frames,
            elements=elements,
            charges=charges,
            temperature_K=temperature_K,
            drift=drift,
            progress=run.progress,
        )
        spans = [boundary_spans(one) if regions is None else regions for one in frames]
        parts: list[RegionDiffusion] = []
        if all(spans):
            drifts = [find_drift(one, drift) for one in frames]
            for element in found.elements:
                parts += regional_diffusion(frames, element.element, spans, drifts)
    return present(found, parts)


def present(found: Transport, parts: Sequence[RegionDiffusion] = ()) -> Outcome:
    """Return a result as JSON, table, curves and figure."""
    data = {**_data(found), "regions": [_region_data(one) for one in parts]}
    curves = (_curves(found), *(_region_curves(parts) if parts else ()))
    return Outcome(
        name="diffusion",
        title="Diffusion",
        data=data,
        rows=(*_rows(found), *(_region_row(one) for one in parts)),
        curves=curves,
        drawings=(_drawing(found),),
        notes=_notes(found),
    )


def estimate_data(estimate: Estimate) -> dict[str, Any]:
    """Return ``{"value", "std", "ci95"}``, with ``upper_bound`` where there is no value."""
    plain = estimate.to_dict()
    data = {key: plain[key] for key in ("value", "std", "ci95")}
    if not estimate.resolved:
        data["upper_bound"] = plain["upper_bound"]
    return {**data, "reason": estimate.reason}


def estimate_text(estimate: Estimate) -> str:
    """Return a number with its interval, or its bound, for a table."""
    if estimate.resolved:
        low, high = estimate.ci95
        return with_interval(estimate.value, low, high)
    return f"< {number(estimate.upper_bound, 2)}" if np.isfinite(estimate.upper_bound) else "–"


def _region_data(one: RegionDiffusion) -> dict[str, Any]:
    plain = one.to_dict()
    kept = {key: plain[key] for key in ("element", "region", "span", "mean_atoms")}
    return {**kept, "in_plane_diffusivity_cm2_s": estimate_data(one.diffusivity_cm2_s)}


def _region_row(one: RegionDiffusion) -> dict[str, str]:
    how = one.diffusivity_cm2_s.reason
    return {
        "element": f"{one.element}, {one.region}",
        "atoms": f"{one.mean_atoms:.0f}",
        "D tracer (cm²/s), 95 %": estimate_text(one.diffusivity_cm2_s),
        "D collective (cm²/s)": "–",
        "Haven ratio": "–",
        "jumps": "–",
        "how": f"in plane; {how}",
    }


def _region_curves(parts: Sequence[RegionDiffusion]) -> tuple[Curves, ...]:
    columns: dict[str, list[Any]] = {"element": [], "region": [], "lag_ps": [], "msd_A2": []}
    columns["staying"] = []
    for one in parts:
        columns["element"] += [one.element] * len(one.lag_ps)
        columns["region"] += [one.region] * len(one.lag_ps)
        columns["lag_ps"] += one.lag_ps.tolist()
        columns["msd_A2"] += one.msd_A2.tolist()
        columns["staying"] += one.staying.tolist()
    return (Curves("msd_regions", columns),)


def _data(found: Transport) -> dict[str, Any]:
    elements = {}
    for one in found.elements:
        record = one.to_dict()
        elements[one.element] = {
            "tracer_diffusivity_cm2_s": estimate_data(one.tracer_diffusivity_cm2_s),
            "axes_cm2_s": dict(zip("xyz", map(estimate_data, one.axes_cm2_s), strict=True)),
            "collective_diffusivity_cm2_s": estimate_data(one.collective_diffusivity_cm2_s),
            "haven_ratio": estimate_data(one.haven_ratio),
            "nernst_einstein_S_cm": estimate_data(one.nernst_einstein_S_cm),
            **{key: record[key] for key in ("n_atoms", "n_jumps", "n_moved", "inflation")},
            "fit_ps": record["fit_ps"],
        }
    plain = found.to_dict()
    kept = ("charges", "temperature_K", "n_replicas", "n_frames", "interval_ps", "duration_ps")
    return {
        "elements": elements,
        "conductivity_S_cm": estimate_data(found.conductivity_S_cm),
        **{key: plain[key] for key in (*kept, "drift")},
    }


def _rows(found: Transport) -> list[dict[str, str]]:
    return [
        {
            "element": one.element,
            "atoms": str(one.n_atoms),
            "D tracer (cm²/s), 95 %": estimate_text(one.tracer_diffusivity_cm2_s),
            "D collective (cm²/s)": estimate_text(one.collective_diffusivity_cm2_s),
            "Haven ratio": estimate_text(one.haven_ratio),
            "jumps": f"{one.n_jumps:.0f}",
            "how": one.tracer_diffusivity_cm2_s.reason,
        }
        for one in found.elements
    ]


def _notes(found: Transport) -> tuple[str, ...]:
    lines = [found.drift, *found.notes]
    conductivity = found.conductivity_S_cm
    if conductivity.resolved or np.isfinite(conductivity.upper_bound):
        at = f"at {found.temperature_K:.0f} K, from all charges together"
        lines.append(f"ionic conductivity {estimate_text(conductivity)} S/cm {at}")
    return tuple(lines)


def _curves(found: Transport) -> Curves:
    columns: dict[str, Any] = {"lag_ps": found.elements[0].lag_ps}
    for one in found.elements:
        columns[f"msd_{one.element}_A2"] = one.msd_A2
        columns[f"std_{one.element}_A2"] = one.msd_std_A2
    return Curves("msd", columns)


def _drawing(found: Transport) -> Drawing:
    lines = []
    for one in found.elements:
        lines.append(Line(one.lag_ps, one.msd_A2, one.element, std=_band(one.msd_std_A2)))
        if one.tracer_diffusivity_cm2_s.resolved:
            lag = np.geomspace(one.fit_ps[0], one.fit_ps[1], 30)
            fit = one.line_A2[0] + one.line_A2[1] * lag
            lines.append(Line(lag, fit, "", color="#1b2130", dashes=(1.5, 1.5), width=1.0))
    figure = line_figure(lines, "lag (ps)", "mean squared displacement (Å²)", logarithmic="xy")
    caption = (
        "Mean squared displacement over all origins (band: standard error between atoms); dotted: "
        "the fitted lines, over the lags that were used."
    )
    return Drawing("msd", figure, caption)


def _band(std: Any) -> Any:
    return std if np.isfinite(std).any() else None
