"""Record of a dynamics run, ``dynamics.json``: the one file that says where to go on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sinterface.errors import InputError
from sinterface.files import write_text

FILE_NAME = "dynamics.json"
FORMAT = 1


@dataclass(frozen=True)
class NvtSettings:
    """Settings of a run at constant volume and temperature; steps are counted in time steps.

    Attributes
    ----------
    temperature_K, timestep_fs, seed
        Temperature of the thermostat, time step, seed of the first velocities.
    frame_steps, checkpoint_frames
        Steps between frames, frames between checkpoints.
    n_frames
        Frames of production after the first, at step 0.
    equilibration_frames, free_normal
        Length of the equilibration in frames; whether the normal is free in it, at zero stress.
    thermostat_time_fs, barostat_time_fs
        Relaxation times of the Nosé–Hoover chains.
    velocities
        Whether frames carry velocities.
    structure, interaction
        Digest of the first structure, identity of the interaction.
    """

    temperature_K: float
    timestep_fs: float
    seed: int
    frame_steps: int
    checkpoint_frames: int
    n_frames: int
    equilibration_frames: int
    free_normal: bool
    thermostat_time_fs: float
    barostat_time_fs: float
    velocities: bool
    structure: str
    interaction: str


@dataclass(frozen=True)
class RunState:
    """Where a run stands; ``phase`` is "equilibration" or "production".

    Attributes
    ----------
    settings
        What was asked.
    phase, frame
        Phase and number of its frames that the checkpoint has behind it.
    checkpoint
        Name of the LAMMPS restart file, empty before the first.
    normal_sum_A, normal_count
        Sum and number of the normal's lengths sampled in the second half of the equilibration.
    wall_s, steps
        Wall time and time steps up to the checkpoint, over all processes.
    segments
        For each segment file: its name, first frame, and what made it (versions, threads).
    finished
        Whether the last frame is written.
    """

    settings: NvtSettings
    phase: str
    frame: int = 0
    checkpoint: str = ""
    normal_sum_A: float = 0.0
    normal_count: int = 0
    wall_s: float = 0.0
    steps: int = 0
    segments: tuple[dict[str, Any], ...] = field(default_factory=tuple)
    finished: bool = False


def write_state(directory: Path, state: RunState) -> None:
    """Write the record, whole or not at all."""
    text = json.dumps({"format": FORMAT, **asdict(state)}, indent=1)
    write_text(directory / FILE_NAME, text + "\n")


def read_state(directory: Path) -> RunState | None:
    """Return the record of a run directory, or None where there is none.

    Raises
    ------
    InputError
        When the record cannot be understood.
    """
    path = directory / FILE_NAME
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record.pop("format") != FORMAT:
            raise ValueError("another format")
        settings = NvtSettings(**record.pop("settings"))
        segments = tuple(record.pop("segments"))
        return RunState(settings=settings, segments=segments, **record)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"'{path}' is not the record of a run of this version ({error}); "
            "choose another directory."
        ) from error


def continue_state(directory: Path, settings: NvtSettings) -> RunState:
    """Return where the run of `directory` stands under `settings`, which may only last longer.

    Raises
    ------
    InputError
        When the directory holds a run with other settings.
    """
    state = read_state(directory)
    if state is None:
        return RunState(
            settings, "equilibration" if settings.equilibration_frames else "production"
        )
    old, new = asdict(state.settings), asdict(settings)
    for name in old:
        if name != "n_frames" and old[name] != new[name]:
            raise InputError(
                f"'{directory}' holds a run with {name} = {old[name]}, now {new[name]} is asked; "
                "choose another directory or the earlier setting."
            )
    done = state.phase == "production" and bool(state.checkpoint)
    return replace(state, settings=settings, finished=done and state.frame >= settings.n_frames)
