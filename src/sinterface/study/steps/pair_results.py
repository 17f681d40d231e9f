"""Results of a study of any pair of materials: diffusivities of what moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sinterface.study.graph import Place
from sinterface.study.steps.aggregating import Found, analyses, data_of, reason_of

if TYPE_CHECKING:
    from sinterface.report.study_results import Value

NOTE = (
    "Any pair: degradation is told by profiles and pair distributions only; no figure of Co or of "
    "CoO6 is made of it, and no bulk crystal runs beside it."
)


def collect(place: Place) -> Found:
    """Return what a study of a pair found."""
    from sinterface.report.study_results import bounded

    values: list[Value] = []
    notes = [NOTE]
    kelvin = place.settings["values"]["temperature_K"]
    for stage in analyses(place, "diffusion"):
        data = data_of(stage)
        if data is None:
            notes.append(f"{stage.name}: {reason_of(stage)}")
            continue
        for element, found in data["elements"].items():
            where = {"temperature_K": kelvin}
            tracer = found["tracer_diffusivity_cm2_s"]
            name = f"diffusivity of {element}"
            values.append(bounded("diffusivity", name, tracer, "cm²/s", where))
    return Found(values, (), notes)
