"""Runs that a sound potential survives: hot melts, and crystals that stay crystals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ase import Atoms

from sinterface.analysis.frames import read_track
from sinterface.analysis.survival import control_survival
from sinterface.dynamics.trajectory import open_trajectory, segment_paths
from sinterface.potential.model import Potential
from sinterface.progress import ProgressCallback
from sinterface.validation.holes import too_close
from sinterface.validation.snapshots import hold, prepare

HOTTEST = 1.35
"""Mean temperature over the thermostat's beyond which the run is not in equilibrium."""


@dataclass(frozen=True)
class Stay:
    """One run.

    Attributes
    ----------
    temperature_K, duration_ps
        Of the thermostat, and length.
    frames
        Frames looked at, evenly spread.
    equilibration_ps, free_normal
        Before it; whether the cell's normal adjusts in it.
    timestep_fs
        Time step.
    """

    temperature_K: float
    duration_ps: float
    frames: int
    equilibration_ps: float = 0.0
    free_normal: bool = False
    timestep_fs: float = 2.0


def survive(
    build: Callable[[], Atoms],
    potential: Potential,
    folder: Path,
    stay: Stay,
    *,
    downhill: bool = False,
    threads: int = 1,
    progress: ProgressCallback | None = None,
) -> Mapping[str, Any]:
    """Hold a system hot and look whether it is still one; resumes a killed run.

    Returns
    -------
    Mapping
        ``faults`` (empty when it survived): the run stopped, too hot, atoms nearer than heat
        explains; ``closest``: pairs inside their wall, a warning only;
        ``extrapolating_share``, mean temperature.
    """
    start = prepare(build, potential, folder, downhill=downhill, threads=threads)
    found = hold(
        start, potential, folder / "run", stay.temperature_K, stay.duration_ps,
        snapshots=stay.frames, equilibration_ps=stay.equilibration_ps,
        free_normal=stay.free_normal, threads=threads, timestep_fs=stay.timestep_fs,
        progress=progress,
    )  # fmt: skip
    faults = [f"stopped: {found.stopped}"] if found.stopped else []
    if found.frames and not found.mean_temperature_K < HOTTEST * stay.temperature_K:
        faults.append(f"heated itself to {found.mean_temperature_K:.0f} K")
    for index, frame in enumerate(found.frames):
        close = too_close(frame, stay.temperature_K)
        if close:
            time = stay.duration_ps * (index + 1) / stay.frames
            faults.append(f"{', '.join(close)} at {time:.3g} ps")
            break
    return {
        "closest": _closest(found.frames),
        "atoms": len(start),
        "duration_ps": stay.duration_ps,
        "temperature_K": found.mean_temperature_K,
        "extrapolating_share": found.extrapolating_share,
        "faults": faults,
    }


def _closest(frames: list[Atoms]) -> list[str]:
    """Return the nearest approach of each pair that came inside its wall."""
    nearest: dict[str, str] = {}
    for told in (one for frame in frames for one in too_close(frame)):
        pair = told.split()[0]
        nearest[pair] = min(nearest.get(pair, told), told)
    return sorted(nearest.values())


def stay_crystal(
    build: Callable[[], Atoms],
    potential: Potential,
    folder: Path,
    stay: Stay,
    *,
    threads: int = 1,
    progress: ProgressCallback | None = None,
) -> Mapping[str, Any]:
    """Hold a crystal below melting and judge whether its framework is on a plateau.

    Returns
    -------
    Mapping
        What `survive` returns, with ``frameworks``: element, ``survived``, ``reason``.
    """
    result = dict(survive(build, potential, folder, stay, threads=threads, progress=progress))
    frameworks: list[dict[str, Any]] = []
    if not result["faults"] and segment_paths(folder / "run"):
        with open_trajectory(folder / "run") as run:
            track = read_track(run)
        for verdict in control_survival("bulk", track):
            frameworks.append(
                {
                    "element": verdict.element,
                    "survived": verdict.survived,
                    "reason": verdict.reason,
                }
            )
    return {**result, "frameworks": frameworks}
