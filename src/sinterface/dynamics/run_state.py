"""Record of a dynamics run, ``dynamics.json``: the one file that says where to go on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sinterface.dynamics.ensembles import Phase
from sinterface.errors import InputError
from sinterface.files import write_text

FILE_NAME = "dynamics.json"
FORMAT = 2


@dataclass(frozen=True)
class Settings:
    """Settings of a run.

    Attributes
    ----------
    phases
        Its parts, in order.
    phase_frames
        Length of each in frames.
    timestep_fs, seed
        Time step; seed of the first velocities and of stochastic thermostats.
    frame_steps, checkpoint_frames
        Time steps between frames, frames between checkpoints.
    velocities
        Whether frames carry velocities.
    velocity_steps
        Time steps between velocities kept on a clock of their own, a divisor of `frame_steps`; 0
        for none.
    frozen
        Digest of which atoms stay where they are; empty where all move.
    structure, interaction, engine
        Digest of the first structure, identity of the interaction, "lammps" or "ase".
    """

    phases: tuple[Phase, ...]
    phase_frames: tuple[int, ...]
    timestep_fs: float
    seed: int
    frame_steps: int
    checkpoint_frames: int
    velocities: bool
    frozen: str
    structure: str
    interaction: str
    engine: str = "lammps"
    velocity_steps: int = 0

    def kept_before(self, phase: int) -> int:
        """Return how many frames are kept before phase number `phase`, without the first."""
        pairs = zip(self.phases[:phase], self.phase_frames, strict=False)
        return sum(frames for part, frames in pairs if part.keep)


@dataclass(frozen=True)
class RunState:
    """Where a run stands.

    Attributes
    ----------
    settings
        What was asked.
    phase, frame
        Number of the phase, and of its frames that the checkpoint has behind it.
    checkpoint
        Name of the engine's restart file, empty before the first.
    cell_sum_A, cell_count
        Sum and number of the cells (lower triangle, as the engine holds it) sampled in the second
        half of a phase that settles its cell.
    wall_s, steps
        Wall time and time steps up to the checkpoint, over all processes.
    segments
        For each segment file: its name, first frame, and what made it (versions, threads).
    finished
        Whether the last frame is written.
    """

    settings: Settings
    phase: int = 0
    frame: int = 0
    checkpoint: str = ""
    cell_sum_A: tuple[float, ...] = (0.0,) * 6
    cell_count: int = 0
    wall_s: float = 0.0
    steps: int = 0
    segments: tuple[dict[str, Any], ...] = field(default_factory=tuple)
    finished: bool = False

    @property
    def part(self) -> Phase:
        """The phase it stands in."""
        return self.settings.phases[self.phase]


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
        settings = _settings(record.pop("settings"))
        segments = tuple(record.pop("segments"))
        record["cell_sum_A"] = tuple(record["cell_sum_A"])
        return RunState(settings=settings, segments=segments, **record)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"'{path}' is not the record of a run of this version ({error}); "
            "choose another directory."
        ) from error


def _settings(record: dict[str, Any]) -> Settings:
    phases = tuple(Phase(**phase) for phase in record.pop("phases"))
    return Settings(phases=phases, phase_frames=tuple(record.pop("phase_frames")), **record)


def continue_state(directory: Path, settings: Settings) -> RunState:
    """Return where the run of `directory` stands under `settings`.

    Its last phase may last longer than it did, and more phases may follow.

    Raises
    ------
    InputError
        When the directory holds a run with other settings.
    """
    state = read_state(directory)
    if state is None:
        return RunState(settings)
    _compare(directory, _described(state.settings), _described(settings))
    _compare_phases(directory, state.settings, settings)
    last = len(settings.phases) - 1
    done = (
        bool(state.checkpoint)
        and state.phase == last
        and state.frame >= settings.phase_frames[last]
    )
    return replace(state, settings=settings, finished=done)


def _described(settings: Settings) -> dict[str, Any]:
    found = asdict(settings)
    del found["phases"], found["phase_frames"]
    return found


def _compare(directory: Path, old: dict[str, Any], new: dict[str, Any], of: str = "") -> None:
    for name in old:
        if old[name] != new[name]:
            raise InputError(
                f"'{directory}' holds a run with {name} = {old[name]}{of}, now {new[name]} is "
                "asked; choose another directory or the earlier setting."
            )


def _compare_phases(directory: Path, old: Settings, new: Settings) -> None:
    if len(new.phases) < len(old.phases):
        raise InputError(
            f"'{directory}' holds a run of {len(old.phases)} phases, now {len(new.phases)} are "
            "asked; choose another directory or the earlier phases."
        )
    last = len(old.phases) - 1
    for number, (mine, asked) in enumerate(zip(old.phases, new.phases, strict=False)):
        one, other = asdict(mine), asdict(asked)
        if number == last and one["temperature_K"] == mine.last_temperature_K:
            one["duration_ps"] = other["duration_ps"]  # may grow; a ramp would get another slope
        of = f" in phase {number + 1}, '{mine.name}'," if len(old.phases) > 1 else ""
        _compare(directory, one, other, of)
