"""A short view of what a path holds: a run, a stage, a structure's certificate, a potential."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.units import kB

from sinterface.dynamics.run_state import FILE_NAME
from sinterface.errors import InputError
from sinterface.paths.result import RECORD_NAME as PATH_RECORD_NAME
from sinterface.structures.formats import certificate_path
from sinterface.study.lock import holder
from sinterface.study.runner import PLAN_NAME
from sinterface.study.stages import RECORD_NAME, read_record
from sinterface.study.status import results_of
from sinterface.units import FS_PER_PS

if TYPE_CHECKING:
    from sinterface.dynamics.trajectory import Trajectory

CERTIFICATE_NAME = "certificate.json"
LEAST_FRAMES_OF_DRIFT = 3


@dataclass(frozen=True)
class Summary:
    """What a path holds.

    Attributes
    ----------
    kind
        ``"run"``, ``"stage"``, ``"simulation"``, ``"path"``, ``"certificate"`` or ``"potential"``.
    path
        What was asked for.
    content
        JSON-able details, nested.
    """

    kind: str
    path: str
    content: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings."""
        return asdict(self)


def summarise(name: str) -> Summary:
    """Return a short view of a run, a stage, a certificate or a potential.

    Raises
    ------
    InputError
        When the path is none of these.
    """
    from sinterface.potential.model import shipped_potentials

    path = Path(name)
    if (path / PLAN_NAME).is_file():
        return Summary("run", name, _run(path))
    if (path / RECORD_NAME).is_file():
        return Summary("stage", name, read_record(path) or {})
    if (path / FILE_NAME).is_file():
        return Summary("simulation", name, _simulation(path))
    if (path / PATH_RECORD_NAME).is_file():
        return Summary("path", name, _path(path))
    if path.is_file() and path.suffix == ".json":
        return Summary("certificate", name, _json(path))
    if (path / "input.nn").is_file() or name in shipped_potentials():
        return Summary("potential", name, _potential(name))
    if (path / CERTIFICATE_NAME).is_file():
        return Summary("certificate", name, _json(path / CERTIFICATE_NAME))
    if path.is_file() and certificate_path(path).is_file():
        return Summary("certificate", name, _json(certificate_path(path)))
    if not path.exists():
        raise InputError(f"There is no '{name}': neither a path nor a shipped potential.")
    raise InputError(
        f"'{name}' is neither a run directory nor a stage of one, nor a structure certificate "
        "(certificate.json), nor a potential (input.nn); give the path of one of these."
    )


def _run(path: Path) -> dict[str, Any]:
    plan = _json(path / PLAN_NAME)
    entries = plan["stages"]
    stages = [_stage(path / entry["directory"], entry["name"]) for entry in entries]
    records = [read_record(path / entry["directory"]) for entry in entries]
    busy = holder(path)
    report = path / plan["stages"][-1]["directory"] / "report.html"
    return {
        "study": plan["study"],
        "running": str(busy) if busy else None,
        "report": str(report) if report.is_file() else None,
        "stages": stages,
        "results": results_of(entries, records),
    }


def _stage(directory: Path, name: str) -> dict[str, Any]:
    record = read_record(directory)
    if record is not None:
        return {"name": name, "state": "done", "ended": record["ended"], **record["summary"]}
    return {"name": name, "state": "begun" if directory.is_dir() else "to run"}


def _simulation(path: Path) -> dict[str, Any]:
    """Return where molecular dynamics stands, and what its frames tell."""
    from sinterface.dynamics.run_state import read_state
    from sinterface.dynamics.trajectory import open_trajectory

    state = read_state(path)
    if state is None:
        raise InputError(f"'{path}' holds no run yet; wait for its first checkpoint.")
    s, busy = state.settings, holder(path)
    ps_per_frame = s.frame_steps * s.timestep_fs / FS_PER_PS
    found: dict[str, Any] = {
        "running": str(busy) if busy else None,
        "finished": state.finished,
        "phase": state.part.name,
        "phases": [phase.name for phase in s.phases],
        "done_ps": (sum(s.phase_frames[: state.phase]) + state.frame) * ps_per_frame,
        "whole_ps": sum(s.phase_frames) * ps_per_frame,
        "checkpoint": state.checkpoint,
        "processes": len(state.segments),
    }
    if state.segments:
        with open_trajectory(path) as trajectory:
            energy = trajectory.potential_energy_eV / len(trajectory.numbers)
            found |= {
                "n_atoms": len(trajectory.numbers),
                "n_frames": trajectory.n_frames,
                "kept_ps": float(trajectory.time_ps[-1]),
                "temperature_K": float(trajectory.temperature_K[-1]),
                "potential_energy_eV_per_atom": float(energy[-1]),
                "watched": {name: float(x[-1]) for name, x in trajectory.watched.items()},
            }
            drift = _energy_drift(trajectory)
            if drift is not None:
                found["total_energy_drift_meV_per_atom_ps"] = drift
    if state.wall_s > 0:
        found["ns_per_day"] = state.steps * s.timestep_fs / state.wall_s * 86400 / 1e6
    return found


def _path(path: Path) -> dict[str, Any]:
    """Return where a nudged elastic band stands, and its barriers where it is finished."""
    from sinterface.paths.result import RESULT_NAME, read_path

    record, busy = _json(path / PATH_RECORD_NAME), holder(path)
    found: dict[str, Any] = {
        "hop": record["settings"]["hop"],
        "running": str(busy) if busy else None,
        "end_points_relaxed": record["ends_done"],
        "climbing": record["climbing"],
        "steps": record["steps"],
        "largest_force_eV_per_A": record["residual_eV_per_A"],
    }
    if (path / RESULT_NAME).is_file():
        result = read_path(path)
        found |= {
            "converged": result.converged,
            "forward_eV": result.forward_eV,
            "reverse_eV": result.reverse_eV,
            "charge": result.charge,
        }
    return found


def _energy_drift(trajectory: Trajectory) -> float | None:
    """Return the slope of the total energy in meV an atom and ps; None where it tells nothing.

    It is a figure of NVE alone: a thermostat gives and takes energy by itself.
    """
    phases = trajectory.settings["phases"]
    thermostats = {phase["thermostat"] for phase in phases if phase["keep"]}
    if thermostats != {"none"} or trajectory.n_frames < LEAST_FRAMES_OF_DRIFT:
        return None
    n_atoms = len(trajectory.numbers)
    kinetic = 1.5 * kB * trajectory.temperature_K * (n_atoms - 1)
    total = 1000 * (trajectory.potential_energy_eV + kinetic) / n_atoms
    return float(np.polyfit(trajectory.time_ps, total, 1)[0])


def _potential(name: str) -> dict[str, Any]:
    from sinterface.potential.certificate import standing
    from sinterface.potential.model import load_potential

    potential = load_potential(name)
    return {
        "elements": list(potential.elements),
        "cutoff_A": potential.cutoff_A,
        "fingerprint": potential.fingerprint,
        "directory": str(potential.directory),
        "certificate": standing(potential).to_dict(),
        "card": json.loads(json.dumps(potential.card, default=str)),
    }


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' can't be read as JSON ({error}).") from error
    if not isinstance(content, dict):
        raise InputError(f"'{path}' is JSON, but no certificate: a table was expected.")
    return content
