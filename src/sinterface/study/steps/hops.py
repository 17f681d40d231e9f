"""The step that finds the barrier of one hop by a nudged elastic band."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import atomic_numbers

from sinterface.files import write_text
from sinterface.progress import ProgressCallback
from sinterface.study.graph import Place
from sinterface.study.steps.keeping import keep_section

if TYPE_CHECKING:
    from sinterface.paths.result import MinimumEnergyPath

DATA_NAME = "hop.json"
MOVED_A, MOST_MOVED = 1.5, 0.5
"""More than half of the Co farther from its place than this: no layered oxide any more."""


def hop(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Find the path of one hop, or go on with it.

    A hop whose ends are no minima has no barrier: its section says so, and the study goes on.
    """
    from sinterface.paths.band import EndPointError
    from sinterface.report.path_figures import CURVE_NAME, draw_path

    try:
        path = _path(place, progress)
    except EndPointError as error:
        keep_section(place.directory, "hop", "Hop of Li", reason=str(error))
        return {"reason": str(error)}
    draw_path(path, place.directory)
    data = path.to_dict()
    write_text(place.directory / DATA_NAME, json.dumps(data, indent=1) + "\n")
    row = {
        "hop": path.title,
        "forward (eV)": f"{path.forward_eV:.3f}",
        "reverse (eV)": f"{path.reverse_eV:.3f}",
        "converged": "yes" if path.converged else "no",
        "charge": path.charge,
    }
    notes = () if path.converged else ("the band had not come to rest: barriers are upper bounds",)
    keep_section(
        place.directory, "hop", path.title, rows=[row], notes=notes,
        figures={CURVE_NAME: f"Energy along the way of {path.ion}: {path.title}."}, data=DATA_NAME,
    )  # fmt: skip
    return {"forward_eV": path.forward_eV, "reverse_eV": path.reverse_eV, "atoms": path.n_atoms}


def _path(place: Place, progress: ProgressCallback) -> MinimumEnergyPath:
    from sinterface.paths import cases
    from sinterface.paths.band import EndPointError

    s = place.settings
    options: dict[str, Any] = {
        "n_images": s["images"],
        "force_tolerance_eV_per_A": s["force_tolerance_eV_per_A"],
        "max_steps": s["max_steps"],
        "threads": place.extras.get("threads", 1),
        "progress": progress,
    }
    source = _source(place)
    if s["case"] == "lco":
        return cases.lco_path(s["vacancies"], source, place.directory, **options)
    if s["case"] == "llzo":
        cobalt = None if s["cobalt"] == "none" else s["cobalt"]
        return cases.llzo_path(
            source, place.directory, cobalt=cobalt, to_cobalt=s["to_cobalt"], hop=s.get("hop"),
            seed=place.seed, **options,
        )  # fmt: skip
    from sinterface.study.pipeline import last_frame, read_built

    build, runs = place.only("sub-build"), place.of("sub-dynamics")
    for run in runs:
        share = moved_share(run.directory, "Co")
        if share > MOST_MOVED:
            raise EndPointError(
                f"the run before left no layer to hop in: {100 * share:.0f} % of its Co moved more "
                f"than {MOVED_A:g} Å; run it colder or shorter"
            )
    atoms = last_frame(build.directory, runs[0].directory) if runs else read_built(build.directory)
    options["free_within_A"] = s["reach_A"]
    return cases.interface_path(atoms, source, place.directory, **options)


def moved_share(directory: Path, element: str) -> float:
    """Return the share of an element's atoms that a run left elsewhere than they were, drift aside.

    Positions are means over the first and the last tenth of the run.
    """
    from sinterface.dynamics.trajectory import open_trajectory

    with open_trajectory(directory) as trajectory:
        n = trajectory.n_frames
        tenth = max(n // 10, 1)
        start, end = (
            np.mean([trajectory.positions(i) for i in frames], axis=0)
            for frames in (range(tenth), range(n - tenth, n))
        )
        chosen = trajectory.numbers == atomic_numbers[element]
    steps = (end - start)[chosen]
    away = np.linalg.norm(steps - np.median(steps, axis=0), axis=1)
    return float((away > MOVED_A).mean())


def _source(place: Place) -> Any:
    """Return the potential, or the calculator."""
    if "calculator" not in place.extras:
        from sinterface.potential.model import load_potential

        return load_potential(place.extras["potential"])
    from sinterface.reference.calculators import open_reference

    return open_reference(place.extras["calculator"]).calculator
