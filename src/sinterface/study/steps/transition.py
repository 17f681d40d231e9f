"""The step that heats a crystal in steps and cools it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinterface.progress import ProgressCallback
from sinterface.study.graph import Place
from sinterface.study.steps.keeping import driver, keep_section, read_structure


def transition(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Run the ladder of temperatures, or go on with it, and fit the transition."""
    from sinterface.dynamics.heating import temperature_steps
    from sinterface.report.transition_figures import NAME
    from sinterface.study.phase_transition import RESULT_NAME, run_phase_transition

    s = place.settings
    atoms = read_structure(place.before[0])
    found = run_phase_transition(
        atoms,
        driver(place, atoms),
        place.directory,
        temperature_steps(s["start_K"], s["end_K"], s["step_K"]),
        hold_ps=s["hold_ps"],
        settle_ps=s["settle_ps"],
        ramp_ps=s["ramp_ps"],
        cooling=s["cooling"],
        copies=tuple(s["copies"]),
        timestep_fs=s["timestep_fs"],
        frame_interval_ps=s["frame_interval_ps"],
        checkpoint_interval_ps=s["checkpoint_interval_ps"],
        seed=place.seed,
        threads=place.extras.get("threads", 1),
        progress=progress,
    )
    keep_section(
        place.directory, "phase-transition",
        f"Lattice on heating and cooling, run {place.name.rpartition('-')[2]}", notes=found.notes,
        figures={NAME: "Lattice parameters against temperature; bars: standard errors."},
        data=RESULT_NAME,
    )  # fmt: skip
    return {"atoms": found.n_atoms, "rungs": len(found.steps)}
