"""The step that puts all results of a study together: values, figures, ``results.json``."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sinterface.progress import Progress, ProgressCallback
from sinterface.provenance import now, record
from sinterface.study.graph import Before, Place
from sinterface.study.stages import read_record
from sinterface.study.steps.keeping import SECTION_NAME, STRUCTURE_NAME, keep_outcome

if TYPE_CHECKING:
    from sinterface.report.outcome import Outcome
    from sinterface.report.study_results import Section, StructureFile, Value

MODULES: Final = {
    "transport": "sinterface.study.steps.transport_results",
    "amorphous": "sinterface.study.steps.amorphous_results",
    "grain-boundaries": "sinterface.study.steps.boundary_results",
    "interfaces": "sinterface.study.steps.interface_results",
    "li-content": "sinterface.study.steps.interface_results",
    "pair": "sinterface.study.steps.pair_results",
    "phase-transition": "sinterface.study.steps.transition_results",
    "neb": "sinterface.study.steps.neb_results",
    "potential": "sinterface.study.steps.potential_results",
}
"""Module of each kind with ``collect(place) -> Found``."""


@dataclass(frozen=True)
class Found:
    """What a kind makes of the stages before: values, figures of its own and theirs, notes.

    `potential` is the path of one that the study made, for the report to describe.
    """

    values: Sequence[Value]
    outcomes: Sequence[Outcome] = ()
    notes: Sequence[str] = ()
    sections: Sequence[Section] = ()
    potential: str = ""


def aggregate(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Collect values and sections of all stages before into ``results.json``."""
    from sinterface.report.study_results import StudyResults

    s = place.settings
    progress(Progress(0.0, 1.0, "collecting"))
    found: Found = importlib.import_module(MODULES[s["kind"]]).collect(place)
    sections = [_own(place, outcome) for outcome in found.outcomes]
    sections += found.sections
    sections += [_linked(one) for one in place.before if (one.directory / SECTION_NAME).is_file()]
    results = StudyResults(
        study=s["study"],
        kind=s["kind"],
        scale=s["scale"],
        title=s["title"],
        settings=dict(s["values"]),
        values=tuple(found.values),
        sections=tuple(sections),
        structures=_structures(place),
        notes=tuple(found.notes),
        provenance=_provenance(place),
    )
    results.write(place.directory)
    resolved = sum(value.resolved for value in results.values)
    made = {"potential": found.potential} if found.potential else {}
    return {
        **made,
        "values": len(results.values),
        "resolved": resolved,
        "results": {
            _label(value): {
                "value": value.value if value.resolved else None,
                "standard_error": value.std if value.resolved and value.std == value.std else None,
                "resolved": value.resolved,
                "unit": value.unit,
            }
            for value in results.values[:60]
        },
    }


def data_of(stage: Before) -> dict[str, Any] | None:
    """Return what an analysis left as JSON; None where it wasn't done."""
    section = json.loads((stage.directory / SECTION_NAME).read_text("utf-8"))
    if section.get("reason"):
        return None
    data: dict[str, Any] = json.loads((stage.directory / section["data"]).read_text("utf-8"))
    return data


def reason_of(stage: Before) -> str:
    """Return why an analysis wasn't done."""
    section = json.loads((stage.directory / SECTION_NAME).read_text("utf-8"))
    return str(section.get("reason", ""))


def analyses(place: Place, name: str) -> list[Before]:
    """Return the stages before that made one analysis."""
    return [one for one in place.of("analyse") if one.settings["analysis"] == name]


def summary_of(stage: Before) -> dict[str, Any]:
    """Return a stage's summary."""
    return dict((read_record(stage.directory) or {}).get("summary", {}))


def _label(value: Value) -> str:
    where = ", ".join(
        f"{c.name} {c.value:g} {c.unit}".rstrip()
        if isinstance(c.value, (int, float))
        else str(c.value)
        for c in value.conditions
    )
    return f"{value.name} ({where})" if where else value.name


def _own(place: Place, outcome: Outcome) -> Section:
    return _section(keep_outcome(place.directory / outcome.name, outcome), outcome.name, "")


def _linked(stage: Before) -> Section:
    from sinterface.report.study_results import conditions
    from sinterface.report.study_words import conditions_text

    content = json.loads((stage.directory / SECTION_NAME).read_text("utf-8"))
    told = conditions_text(conditions(stage.settings.get("where", {})))
    content["title"] += f": {told}" if told else ""
    return _section(content, f"../{stage.directory.name}", stage.name)


def _section(content: Mapping[str, Any], folder: str, name: str) -> Section:
    from sinterface.report.study_results import Figure, Section

    return Section(
        name=name or content["name"],
        title=content["title"],
        rows=tuple(content["rows"]),
        figures=tuple(Figure(f"{folder}/{f['name']}", f["caption"]) for f in content["figures"]),
        files=tuple(f"{folder}/{file}" for file in content["files"]),
        notes=tuple(content["notes"]),
        reason=content.get("reason", ""),
    )


def _structures(place: Place) -> tuple[StructureFile, ...]:
    from sinterface.report.study_results import StructureFile

    run = place.directory.parent
    plan = json.loads((run / "plan.json").read_text("utf-8")) if _has_plan(run) else {"stages": []}
    found = []
    for entry in plan["stages"]:
        for name in (STRUCTURE_NAME, "interface.extxyz"):
            if (run / entry["directory"] / name).is_file():
                path = f"../{entry['directory']}/{name}"
                found.append(StructureFile(entry["name"], path))
    return tuple(found)


def _has_plan(run: Path) -> bool:
    return (run / "plan.json").is_file()


def _provenance(place: Place) -> dict[str, Any]:
    run = place.directory.parent
    names = [one.directory for one in place.before]
    if _has_plan(run):
        plan = json.loads((run / "plan.json").read_text("utf-8"))
        names = [run / entry["directory"] for entry in plan["stages"]]
    stages = {}
    for directory in names:
        told = read_record(directory)
        if told is not None:
            keys = ("hash", "seed", "started", "ended", "wall_s")
            stages[told["name"]] = {key: told.get(key) for key in keys}
    told = {"stages": stages, "dynamics": dynamics_of(names)}
    return {"written": now(), **record(place.study_folder, {}), **told}


def dynamics_of(directories: Sequence[Path]) -> dict[str, Any]:
    """Return what the runs of dynamics in these folders have in common; empty without any.

    Ranges of kept time, temperature and atoms, and every time step, thermostat and freedom of the
    cell that occurs.
    """
    from sinterface.dynamics.run_state import FILE_NAME

    kept, kelvin, atoms, steps, thermostats, cells = [], [], [], set(), set(), set()
    for directory in directories:
        path = directory / FILE_NAME
        if not path.is_file():
            continue
        settings = json.loads(path.read_text("utf-8"))["settings"]
        phases = [one for one in settings["phases"] if one["kind"] == "dynamics"]
        kept.append(sum(one["duration_ps"] for one in phases if one["keep"]))
        kelvin += [one["temperature_K"] for one in phases if one["keep"]]
        told = (read_record(directory) or {}).get("summary", {})
        atoms += [told[key] for key in ("n_atoms", "atoms") if key in told][:1]
        steps.add(float(settings["timestep_fs"]))
        thermostats |= {str(one["thermostat"]) for one in phases}
        cells |= {str(one["cell"]) for one in phases if one["cell"] != "fixed"}
    if not kept:
        return {}
    return {
        "runs": len(kept),
        "kept_ps": [min(kept), max(kept)],
        "temperature_K": [min(kelvin), max(kelvin)] if kelvin else [],
        "atoms": [min(atoms), max(atoms)] if atoms else [],
        "timestep_fs": sorted(steps),
        "thermostats": sorted(thermostats),
        "free_cells": sorted(cells),
    }
