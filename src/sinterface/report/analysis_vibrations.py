"""``analyze vibrations``: spectra per element and in total, with their peaks."""

from __future__ import annotations

from typing import Any

import numpy as np

from sinterface.analysis.vibrations import Spectra, vibrations
from sinterface.report.curves import Line, grid_figure
from sinterface.report.outcome import Curves, Drawing, Outcome
from sinterface.report.suite import Run

MARGIN_CM1 = 1.15


def reason(run: Run) -> str:
    """Return why the analysis doesn't apply: frames tell, when they are read."""
    del run
    return ""


def compute(run: Run, *, highest_cm1: float | None = None, segments: int | None = None) -> Outcome:
    """Analyse vibrations in all replicas of a run together."""
    with run.open(velocities=True) as frames:
        found = vibrations(
            frames, highest_cm1=highest_cm1, segments=segments, progress=run.progress
        )
        notes = tuple(dict.fromkeys(note for one in frames for note in one.notes))
    return present(found, notes)


def present(found: Spectra, notes: tuple[str, ...] = ()) -> Outcome:
    """Return a result as JSON, table, curves and figure."""
    rows = tuple(
        {
            "of": name,
            "peak (cm⁻¹)": f"{peak.cm1:.1f} ± {peak.std_cm1:.1f}",
            "peak (THz)": f"{peak.THz:.3f} ± {peak.std_THz:.3f}",
            "height": f"{peak.height:.3g}",
        }
        for name, peaks in found.peaks.items()
        for peak in peaks
    )
    resolution = f"a line is {found.resolution_cm1:.1f} cm⁻¹ wide under the window"
    return Outcome(
        name="vibrations",
        title="Vibrational spectra",
        data=_data(found),
        rows=rows,
        curves=(_curves(found),),
        drawings=(_drawing(found),),
        notes=(*notes, *found.notes, resolution),
    )


def _data(found: Spectra) -> dict[str, Any]:
    plain = found.to_dict()
    head = ("from_velocities", "resolution_cm1", "interval_fs", "highest_cm1", "n_segments")
    names = [*found.elements, "total"]
    highest = {
        name: max(plain["peaks"][name], key=lambda one: one["height"], default=None)
        for name in names
    }
    densities = dict(zip(found.elements, plain["density"], strict=True))
    return {
        **{key: plain[key] for key in head},
        "peaks": plain["peaks"],
        "highest_peak": highest,
        "cm1": plain["cm1"],
        "THz": plain["THz"],
        "density_per_THz": {**densities, "total": plain["total"]},
    }


def _curves(found: Spectra) -> Curves:
    columns: dict[str, Any] = {"cm1": found.cm1, "THz": found.THz}
    for index, element in enumerate(found.elements):
        columns[element] = found.density[index]
        columns[f"std_{element}"] = found.density_std[index]
    columns |= {"total": found.total, "std_total": found.total_std}
    return Curves("vibrations", columns)


def _drawing(found: Spectra) -> Drawing:
    used = found.cm1 <= _end(found)
    x = found.cm1[used]
    panels = [("mass-weighted total", [_line(x, found.total, found.total_std, used, "")])]
    panels += [
        (element, [_line(x, found.density[i], found.density_std[i], used, element)])
        for i, element in enumerate(found.elements)
    ]
    for _, lines in panels:
        lines[0] = _unlabelled(lines[0])
    figure = grid_figure(panels, "wavenumber (cm⁻¹)", "1/THz", columns=2, from_zero=True)
    how = "velocities" if found.from_velocities else "finite differences of positions"
    caption = f"Vibrational densities of states from {how} (area 1; band: standard error)."
    return Drawing("vibrations", figure, caption)


def _line(x: Any, y: Any, std: Any, used: Any, label: str) -> Line:
    return Line(x, y[used], label, std=std[used], width=1.1)


def _unlabelled(line: Line) -> Line:
    from dataclasses import replace

    from sinterface.report.palette import element_color

    color = element_color(line.label, line=True) if line.label else "#1b2130"
    return replace(line, label="", color=color, dashes=())


def _end(found: Spectra) -> float:
    """Return where the spectrum has died away, with some margin."""
    alive = found.cm1[found.total > 0.005 * found.total.max()]
    return float(min(found.cm1[-1], MARGIN_CM1 * alive[-1])) if len(alive) else np.inf
