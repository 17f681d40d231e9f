"""Results of a study of grain boundaries: energies, segregation, diffusion at the boundary."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.analysis.statistics import student_interval
from sinterface.study.graph import Place
from sinterface.study.steps.aggregating import Found, analyses, data_of, reason_of, summary_of
from sinterface.study.steps.transport_results import PUBLISHED

if TYPE_CHECKING:
    from sinterface.report.outcome import Outcome
    from sinterface.report.study_results import Value

PUBLISHED_J_PER_M2 = {(0, 0, 1): (0.62, 1.17), (0, 1, 1): (0.99, 1.23), (1, 1, 1): (0.68, 1.26)}
"""Of each axis: less disordered (smaller Σ), more disordered (larger Σ) boundary."""

SAME_AXIS = f"{PUBLISHED}: same axis and order of Σ; only Σ7(21-3)/[111] is named"


def collect(place: Place) -> Found:
    """Return what a study of grain boundaries found."""
    settings = place.settings["values"]
    values = [one for stage in place.of("boundary") for one in _energy(stage, settings)]
    outcomes = [_energies(values)] if values else []
    more, notes = _followed(place)
    return Found([*values, *more], outcomes, notes)


def _energy(stage: Any, settings: Mapping[str, Any]) -> list[Value]:
    from sinterface.report.study_results import Value, conditions

    found, name = summary_of(stage), settings["boundaries"][stage.name]
    told = conditions({"boundary": name, "temperature_K": settings["temperature_K"]})
    known = _published(name, settings)
    annealed = found.get("annealed_energy")
    values = []
    if annealed:
        energy = float(annealed["energy_J_per_m2"])
        std = _number(annealed["standard_error_J_per_m2"])
        runs = len(annealed["runs_J_per_m2"])
        interval = student_interval(energy, std, runs)
        values.append(
            Value(
                "boundary_energy", "energy of the boundary", energy, std, interval, "J/m²", True,
                f"{runs} annealed pairs of bicrystal and crystal", told, known,
                SAME_AXIS if math.isfinite(known) else "",
            )
        )  # fmt: skip
    if "energy_J_per_m2" in found:
        values.append(
            Value(
                "boundary_energy_at_rest", "energy of the boundary at rest",
                float(found["energy_J_per_m2"]), math.nan, (), "J/m²", True,
                "of the best rigid shift, ideal Li order", told[:1],
            )
        )  # fmt: skip
    return values


def _published(name: str, settings: Mapping[str, Any]) -> float:
    """Return the published energy of the same axis and order of Σ; NaN where there is none."""
    axis = tuple(settings["axes"][name])
    sigmas = sorted(
        {settings["sigmas"][k] for k, v in settings["axes"].items() if tuple(v) == axis}
    )
    if settings["crystal"] != "llzo" or axis not in PUBLISHED_J_PER_M2 or len(sigmas) != 2:
        return math.nan
    return PUBLISHED_J_PER_M2[axis][sigmas.index(settings["sigmas"][name])]


def _energies(values: Sequence[Value]) -> Outcome:
    from sinterface.report.curves import Line, line_figure
    from sinterface.report.outcome import Curves, Drawing, Outcome
    from sinterface.report.words import with_error

    annealed = [v for v in values if v.key == "boundary_energy"] or list(values)
    names = [str(v.conditions[0].value) for v in annealed]
    place = np.arange(len(annealed), dtype=np.float64)
    own = np.array([v.value for v in annealed])
    std = np.array([v.std for v in annealed])
    published = np.array([v.published for v in annealed])
    lines = [Line(place, own, "this study", std=np.nan_to_num(std), marker="o", bars=True)]
    if np.isfinite(published).any():
        lines.append(Line(place, published, "Kim et al. 2024, same axis", marker="s"))
    figure = line_figure(lines, "", "energy (J/m²)", from_zero=True, width_in=4.6)
    axis = figure.axes[0]
    axis.set_xticks(place, names, rotation=30, ha="right", fontsize=7)
    figure.set_layout_engine("constrained")
    columns: dict[str, Any] = {
        "boundary": names,
        "energy_J_per_m2": own,
        "std": std,
        "published": published,
    }
    rows = tuple(
        {"boundary": name, "energy (J/m²)": with_error(v.value, v.std), "published, same axis":
         f"{v.published:g}" if math.isfinite(v.published) else "–"}
        for name, v in zip(names, annealed, strict=True)
    )  # fmt: skip
    caption = "Energies of the boundaries after annealing; bars: standard errors."
    return Outcome(
        "energies", "Energies of the boundaries", {"rows": list(rows)}, rows,
        (Curves("energies", columns),), (Drawing("energies", figure, caption),),
    )  # fmt: skip


def _followed(place: Place) -> tuple[list[Value], list[str]]:
    """Return segregation, and diffusivities by region, of each boundary that was run."""
    from sinterface.report.study_results import Value, bounded, conditions

    values, notes = [], []
    for stage in analyses(place, "boundaries"):
        data, where = data_of(stage), stage.settings["where"]
        if data is None:
            notes.append(f"{stage.name}: {reason_of(stage)}")
            continue
        measure = data["segregation"]
        if measure is None:
            continue
        good = bool(measure["resolved"])
        final, std = _number(measure["final"]), _number(measure["final_std"])
        why = str(measure["reason"])
        values.append(
            Value(
                "segregation", f"excess of {data['element']} at the boundary",
                final if good else math.nan, std if good else math.nan,
                student_interval(final, std, len(measure["replicas"])) if good else (), "nm⁻²",
                good, why,
                conditions(where),
            )
        )  # fmt: skip
    for stage in analyses(place, "diffusion"):
        data, where = data_of(stage), stage.settings["where"]
        if data is None:
            notes.append(f"{stage.name}: {reason_of(stage)}")
            continue
        for element, found in data["elements"].items():
            name = f"diffusivity of {element}"
            tracer = found["tracer_diffusivity_cm2_s"]
            values.append(bounded("diffusivity", name, tracer, "cm²/s", where))
        for part in data["regions"]:
            told = {**where, "region": part["region"]}
            name = f"in-plane diffusivity of {part['element']}"
            values.append(
                bounded(
                    "regional_diffusivity", name, part["in_plane_diffusivity_cm2_s"], "cm²/s", told
                )
            )
    return values, notes


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
