"""The step that analyses the runs before it, with any analysis of the suite."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.errors import InputError
from sinterface.files import write_text
from sinterface.progress import ProgressCallback
from sinterface.study.graph import Before, Place
from sinterface.study.steps.keeping import SECTION_NAME, keep_outcome

if TYPE_CHECKING:
    from sinterface.report.outcome import Outcome
    from sinterface.report.suite import Run

RUNS = ("simulate", "equilibrate", "sub-dynamics")


def analyse(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Analyse the runs before this stage together, as replicas of one system.

    An analysis that the runs don't support leaves a section that says why: the study goes on.
    """
    s = place.settings
    run = run_of(place, progress)
    try:
        outcome = _outcome(run, s["analysis"], s.get("options", {}))
    except InputError as error:
        return _not_done(place.directory, s["analysis"], str(error))
    section = keep_outcome(place.directory, outcome)
    return {"analysis": s["analysis"], "done": True, "rows": section["rows"][:12]}


def run_of(place: Place, progress: ProgressCallback) -> Run:
    """Return the runs before a stage as the analyses want them; frames at a regular stride."""
    from sinterface.analysis.stream import Selection
    from sinterface.report.suite import Run

    names = set(place.settings.get("controls", ()))
    replicas = [one for one in place.of(*RUNS) if one.name not in names]
    controls = {one.name: one.directory for one in place.of(*RUNS) if one.name in names}
    stride = _stride(replicas[0], place.settings.get("max_frames"))
    structures = tuple(
        path for one in place.of("sub-build") for path in sorted(one.directory.glob("*.extxyz"))
    )
    return Run(
        replicas[0].directory,
        tuple(one.directory for one in replicas),
        controls,
        structures,
        Selection(stride=stride),
        progress,
    )


def _stride(run: Before, max_frames: int | None) -> int:
    from sinterface.dynamics.trajectory import open_trajectory

    if not max_frames:
        return 1
    with open_trajectory(run.directory) as trajectory:
        return max(1, -(-trajectory.n_frames // max_frames))


def _outcome(run: Run, name: str, options: Mapping[str, Any]) -> Outcome:
    """Return an analysis' outcome; options beyond those of its ``compute`` go to ``measure``."""
    import importlib

    from sinterface.report.suite import all_analyses

    found = next((one for one in all_analyses() if one.name == name), None)
    if found is None:
        raise InputError(f"There is no analysis '{name}'.")
    reason = found.reason(run)
    if reason:
        raise InputError(reason)
    module = importlib.import_module(found.module)
    if "half_width_A" in options and name == "diffusion":
        options = {key: value for key, value in options.items() if key != "half_width_A"} | {
            "regions": bicrystal_spans(run, float(options["half_width_A"]))
        }
    if not options or set(options) <= set(inspect.signature(module.compute).parameters):
        outcome: Outcome = module.compute(run, **options)
        return outcome
    return _measured(module, run, name, dict(options))


def bicrystal_spans(run: Run, half_width_A: float) -> dict[str, tuple[float, float]]:
    """Return boundary and grain of a bicrystal, in fractions along its normal.

    Its boundaries lie at 0 and ½; the one at ½ and the grain below it stand for both.
    """
    with run.open() as frames:
        half = half_width_A / float(frames[0].cell[0][2, 2])
    return {"boundary": (0.5 - half, 0.5 + half), "grain": (half, 0.5 - half)}


def _measured(module: Any, run: Run, name: str, options: dict[str, Any]) -> Outcome:
    """Return the outcome of one measurement, or of one for each element in turn."""
    elements = options.pop("elements", None)
    if name in ("sites", "density"):
        found = tuple(module.measure(run, element, **options) for element in elements)
        several: Outcome = module.outcome(found)
        return several
    if name == "polyhedra":
        kinds = {element: module.measure(run, element, **options) for element in elements}
        shapes: Outcome = module.outcome(kinds)
        return shapes
    if name == "boundaries":
        options["bulk"] = tuple(run.controls.values())
    one: Outcome = module.outcome(module.measure(run, **options))
    return one


def _not_done(directory: Path, name: str, reason: str) -> dict[str, Any]:
    section = {
        "name": name, "title": name.capitalize(), "rows": [], "notes": [], "figures": [],
        "files": [], "reason": reason,
    }  # fmt: skip
    write_text(directory / SECTION_NAME, json.dumps(section, indent=1) + "\n")
    return {"analysis": name, "done": False, "reason": reason}
