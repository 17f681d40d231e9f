"""Sites of the ions: table, curves and figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from sinterface.analysis.sites import Sites, find_sites
from sinterface.analysis.stream import open_frames
from sinterface.errors import InputError
from sinterface.report import sites_figures as figures
from sinterface.report.outcome import Curves, Drawing, Outcome
from sinterface.report.suite import Run
from sinterface.report.words import with_interval

TITLE = "Sites, residence times and jumps"
IONS = ("Li", "Co")
FEWEST_FRAMES = 10


def reason(run: Run) -> str:
    """Return why there are no sites to look for; empty when there are."""
    with open_frames(run.replicas[0], run.selection) as frames:
        if not set(IONS) & set(frames.elements):
            return f"there is neither {' nor '.join(IONS)}"
        if frames.n_frames < FEWEST_FRAMES:
            return f"{frames.n_frames} frames, {FEWEST_FRAMES} are needed"
    return ""


def compute(run: Run) -> Outcome:
    """Find the sites of Li, and of Co where there is any."""
    return outcome(tuple(measure(run, element) for element in elements(run)))


def elements(run: Run) -> tuple[str, ...]:
    """Return the ions in the run."""
    with open_frames(run.replicas[0], run.selection) as frames:
        found = tuple(element for element in IONS if element in frames.elements)
        there = ", ".join(frames.elements)
    if not found:
        raise InputError(f"There is neither Li nor Co, but {there}; name one with --element.")
    return found


def measure(run: Run, element: str, **options: Any) -> Sites:
    """Find the sites of all replicas together; see `analysis.sites.find_sites`."""
    with run.open() as frames:
        return find_sites(frames, element, progress=run.progress, **options)


def outcome(found: tuple[Sites, ...]) -> Outcome:
    """Return the outcome of one or more elements; the JSON of one is not nested."""
    data = {one.element: one.to_dict() for one in found}
    return Outcome(
        name="sites",
        title=TITLE,
        data=next(iter(data.values())) if len(found) == 1 else data,
        rows=tuple(row for one in found for row in _rows(one)),
        curves=tuple(curves for one in found for curves in _curves(one)),
        drawings=tuple(drawing for one in found for drawing in _drawings(one)),
        notes=tuple(note for one in found for note in _notes(one)),
    )


def _rows(one: Sites) -> list[dict[str, str]]:
    return [
        {
            "ion": one.element,
            "site": kind.kind,
            "visited": f"{kind.n_visited} of {kind.n_sites}",
            "occupancy": f"{kind.occupancy:.3f}",
            "volume, 95 % hull (Å³)": _plus_minus(kind.volume_A3, kind.volume_std_A3),
            "accessible (Å³)": _plus_minus(kind.accessible_A3, kind.accessible_std_A3),
            "anion polyhedron (Å³)": _plain_volume(kind.polyhedron_A3),
            "residence (ps)": _residence(kind.residence.mean_ps, kind.residence.ci95_ps),
            "Kaplan–Meier (ps)": _kaplan_meier(kind.residence),
            "departures": str(kind.residence.n_departures),
        }
        for kind in one.kinds
    ]


def _plus_minus(value: float, std: float) -> str:
    return f"{value:.2f} ± {std:.2f}" if np.isfinite(value) else "too few positions"


def _plain_volume(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else ""


def _residence(mean_ps: float, interval: tuple[float, float]) -> str:
    low, high = interval
    if np.isfinite(mean_ps):
        return with_interval(mean_ps, low, high)
    return f"≥ {low:.3g}" if np.isfinite(low) else "never visited"


def _kaplan_meier(residence: Any) -> str:
    if not np.isfinite(residence.kaplan_meier_mean_ps):
        return ""
    sign = "" if residence.kaplan_meier_whole else "> "
    return f"{sign}{residence.kaplan_meier_mean_ps:.3g}"


def _notes(one: Sites) -> list[str]:
    heat = f", {one.temperature_K:.0f} K" if np.isfinite(one.temperature_K) else ""
    network = one.network
    notes = [
        f"{one.element}: sites from the {one.found_from}; "
        f"{_runs(one)}{one.duration_ps:.4g} ps{heat}, a frame each "
        f"{1000.0 * one.interval_ps:g} fs; a return within {one.recrossing_ps:g} ps is no "
        "jump (without that rule: "
        + ", ".join(f"{k.kind} {k.residence_without_filter_ps:.3g} ps" for k in one.kinds)
        + f"); volumes are 95 % hulls of {one.volume_positions} positions, one each "
        f"{one.volume_interval_ps:.3g} ps, and grow with their number (see the convergence)",
        f"{one.element}: the accessible volume is the hull of every position taken, as the program "
        "Sitator counts it ("
        + ", ".join(f"{k.kind}: {k.accessible_positions:.0f} positions a site" for k in one.kinds)
        + "); it grows with the length of the run and can't be compared between runs",
        f"{one.element}: {network.n_jumps} jumps, {100 * network.back_share:.0f} % of them taken "
        f"back by the next one; the connections used run through the cell in "
        f"{network.dimensions} direction(s)"
        if network.n_jumps
        else f"{one.element}: no jump was seen; residence times are lower bounds",
    ]
    notes += [
        f"{one.element}, {kind.kind}: {kind.residence.reason}"
        for kind in one.kinds
        if kind.n_visited and kind.residence.n_departures < 10
    ]
    if one.between_share > 0.05:
        notes.append(
            f"{one.element}: {100 * one.between_share:.0f} % of the time ions were in no site "
            "(beside framework cations, or far from every site)"
        )
    return notes


def _runs(one: Sites) -> str:
    return f"{one.n_replicas} runs of " if one.n_replicas > 1 else ""


def _curves(one: Sites) -> list[Curves]:
    name = one.element
    curves = [
        Curves(
            f"sites-{name}",
            {
                "site": range(len(one.kind)),
                "replica": one.replica,
                "kind": one.kind,
                "a": one.fractional[:, 0],
                "b": one.fractional[:, 1],
                "c": one.fractional[:, 2],
                "occupancy": one.occupancy,
                "volume_A3": one.volume_A3,
                "residence_ps": one.residence_ps,
                "departures": one.departures,
            },
        ),
        Curves(
            f"jumps-{name}",
            {"from": one.network.start, "to": one.network.end, "jumps": one.network.count},
        ),
    ]
    for kind in one.kinds:
        stay = kind.residence
        columns = {
            "time_ps": stay.curve_ps,
            "survival": stay.survival,
            "low95": stay.survival_low,
            "high95": stay.survival_high,
        }
        curves.append(Curves(f"residence-{name}-{kind.kind.replace(' ', '-')}", columns))
        rows = kind.volume_convergence
        columns = {"positions": rows[:, 0], "volume_A3": rows[:, 1], "std_A3": rows[:, 2]}
        curves.append(Curves(f"volume-{name}-{kind.kind.replace(' ', '-')}", columns))
    return curves


def _drawings(one: Sites) -> list[Drawing]:
    name = one.element
    return [
        Drawing(
            f"site-volumes-{name}",
            figures.volumes(one),
            f"Left: sites of {name} by the volume of the 95 % hull of {one.volume_positions} "
            "positions visited; colour: mean residence time of the bin's sites. Right: the volume "
            "against the number of positions, band: spread over sites.",
        ),
        Drawing(
            f"residence-{name}",
            figures.residence(one),
            f"Share of the visits of {name} that last longer (Kaplan–Meier; visits cut by the end "
            "of the run are censored), band: 95 %; dotted: exponential of the mean residence.",
        ),
        Drawing(
            f"jumps-{name}",
            figures.network(one),
            f"Jumps of {name} in the first run, seen along {'abc'[figures.seen_along(one)]}: width "
            f"by their number (the {figures.MOST_CONNECTIONS} most used connections at most), "
            "circles by occupancy (filled: tetrahedral, open: other sites).",
        ),
    ]
