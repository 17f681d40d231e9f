"""Results of a study of amorphous cells: density, clusters against chance, diffusivities."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.analysis.statistics import student_interval
from sinterface.study.graph import Place
from sinterface.study.steps import transport_results
from sinterface.study.steps.aggregating import Found, analyses, data_of, reason_of, summary_of

if TYPE_CHECKING:
    from sinterface.report.outcome import Outcome
    from sinterface.report.study_results import Value


GLASS = (
    "La and Zr move in the runs too, a melt that isn’t frozen: the glass, which 300 K is about, "
    "lies beyond its transition"
)

MELT = "La and Zr leave their places too: a melt that isn’t frozen, not a glass"

ENOUGH = 3
"""Independent quenches that an error needs."""


def collect(place: Place) -> Found:
    """Return what a study of amorphous cells found."""
    moved = transport_results.collect(place)
    clusters, notes, outcome = _clusters(place)
    outcomes = [*([outcome] if outcome else []), *moved.outcomes]
    own = [replace(one, published=math.nan, published_source="") for one in moved.values]
    if any(note.startswith(transport_results.MOVING) for note in moved.notes):
        own = [
            replace(one, reason=f"{one.reason}; {GLASS}")
            if one.key == "extrapolated_diffusivity" and one.resolved
            else one
            for one in own
        ]
    values = [*clusters, *_densities(place), *own]  # what is published is of the crystal
    notes = [note.replace(transport_results.MOVING, MELT) for note in (*moved.notes, *notes)]
    return Found(values, outcomes, notes)


def _densities(place: Place) -> list[Value]:
    from sinterface.report.study_results import Value

    each = [summary_of(stage) for stage in place.of("amorphous")]
    own = np.array([one["density_g_per_cm3"] for one in each])
    several = len(own) > 1
    std = float(own.std(ddof=1) / math.sqrt(len(own))) if several else math.nan
    mean = float(own.mean())
    interval = student_interval(mean, std, len(own))
    crystal = each[0]["crystal_density_g_per_cm3"]
    how = f"{len(own)} quenches; the crystal as built has {crystal:.3f} g/cm³"
    return [Value("density", "density at 300 K", mean, std, interval, "g/cm³", True, how)]


def _clusters(place: Place) -> tuple[list[Value], list[str], Outcome | None]:
    """Return the mean size of an atom's cluster at first and at last, against chance."""
    from sinterface.report.curves import Line, line_figure
    from sinterface.report.outcome import Curves, Drawing, Outcome
    from sinterface.report.study_results import Value, conditions

    values, notes, lines = [], [], []
    columns: dict[str, list[Any]] = {"x": [], "replica": [], "time_ps": [], "mean_size": []}
    for stage in analyses(place, "clusters"):
        data, where = data_of(stage), stage.settings["where"]
        if data is None:
            notes.append(f"{stage.name}: {reason_of(stage)}")
            continue
        runs = [data, *data["replicas"]]
        last = np.array([_late(one["mean_size"]) for one in runs])
        chance = float(np.mean([one["random_mean_size"][0] for one in runs]))
        several = len(runs) >= ENOUGH
        std = float(last.std(ddof=1) / math.sqrt(len(last))) if several else math.nan
        mean, told = float(last.mean()), conditions(where)
        interval = student_interval(mean, std, len(last))
        how = (
            f"atoms in the cluster of a {data['element']} within {data['cutoff_A']:g} Å, last "
            f"quarter of the run; {chance:.3g} by chance; {len(runs)} run(s)"
        )
        if not several:
            how, mean = f"fewer than {ENOUGH} quenches; {how}", math.nan
        name = "mean size of a cluster"
        values.append(Value("cluster_size", name, mean, std, interval, "atoms", several, how, told))
        for number, one in enumerate(runs, 1):
            time, size = np.array(one["time_ps"]), np.array(one["mean_size"])
            columns["x"] += [where["x"]] * len(time)
            columns["replica"] += [number] * len(time)
            columns["time_ps"] += time.tolist()
            columns["mean_size"] += size.tolist()
        mean_line = np.mean([np.array(one["mean_size"])[: len(time)] for one in runs], axis=0)
        lines.append(Line(time, mean_line, f"x = {where['x']:g}"))
    if not lines:
        return values, notes, None
    figure = line_figure(lines, "time (ps)", "atoms in an atom's cluster", from_zero=True)
    caption = "Mean size of the cluster that an atom of the dopant belongs to, mean over replicas."
    drawing = Drawing("cluster-growth", figure, caption)
    outcome = Outcome(
        "cluster-growth", "Growth of the clusters", {"columns": list(columns)}, (),
        (Curves("cluster-growth", columns),), (drawing,),
    )  # fmt: skip
    return values, notes, outcome


def _late(sizes: list[float]) -> float:
    quarter = max(1, len(sizes) // 4)
    return float(np.mean(sizes[-quarter:]))
