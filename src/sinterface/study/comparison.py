"""What a study would do anew in a directory that holds results, and which settings are why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from sinterface.errors import InputError
from sinterface.study.stages import State, read_record

EARLIER = {"build", "control", "dynamics", "analysis"} | {
    f"dynamics {part}" for part in ("electrolyte", "electrode", *map(str, range(1, 101)))
}
"""Inputs of the plain study that are hashes of its own earlier stages."""


class Planned(Protocol):
    """A stage of any kind of study."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def settings(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def inputs(self) -> Mapping[str, str]: ...  # noqa: D102


@dataclass(frozen=True)
class Change:
    """A stage that a study would do anew, or has no use for any more.

    Attributes
    ----------
    name, state
        Which; ``"again"`` (a setting or an input differs), ``"after another"`` (only what it reads
        differs), ``"new"``, ``"unfinished"`` or ``"no longer used"``.
    settings
        Of those done again: key, value there, value now.
    seconds
        What it took there, None where unknown.
    """

    name: str
    state: str
    settings: tuple[tuple[str, Any, Any], ...] = ()
    seconds: float | None = None


@dataclass(frozen=True)
class Comparison:
    """A study against the results in a directory.

    Attributes
    ----------
    run_directory
        Where.
    kept
        Stages found there as they would be done now.
    changes
        All others.
    """

    run_directory: str
    kept: tuple[str, ...]
    changes: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings."""
        return asdict(self)


def compare(stages: Sequence[Planned], states: Sequence[State], run_directory: Path) -> Comparison:
    """Say what a study would do anew in a directory, and which settings are the reason.

    Parameters
    ----------
    stages, states
        Its stages as they would be done now, and what state each is in there.
    run_directory
        The directory.

    Raises
    ------
    InputError
        When it holds no finished stage.
    """
    found = _records(run_directory)
    if not found:
        raise InputError(
            f"'{run_directory}' holds no finished stage to compare with; give a run directory."
        )
    kept: list[str] = []
    changes: list[Change] = []
    for stage, state in zip(stages, states, strict=True):
        if state == "done":
            kept.append(stage.name)
            continue
        before = found.get(stage.name)
        if before is None:
            known = "unfinished" if state == "to resume" else "new"
            changes.append(Change(stage.name, known))
            continue
        differing = _differing(before, stage)
        kind = "again" if differing else "after another"
        changes.append(Change(stage.name, kind, differing, before.get("wall_s")))
    names = {stage.name for stage in stages}
    changes += [
        Change(name, "no longer used", (), record.get("wall_s"))
        for name, record in found.items()
        if name not in names
    ]
    return Comparison(str(run_directory), tuple(kept), tuple(changes))


def _records(run_directory: Path) -> dict[str, dict[str, Any]]:
    """Return the newest record of each stage's name."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(run_directory.glob("*/stage.json"), key=lambda one: one.stat().st_mtime):
        record = read_record(path.parent)
        if record is not None:
            name = record.get("name") or f"{record['stage']} {record['part']}".strip()
            found[name] = record
    return found


def _differing(before: Mapping[str, Any], stage: Planned) -> tuple[tuple[str, Any, Any], ...]:
    """Return settings, seed and outside inputs that differ; not hashes of earlier stages."""
    now = _flat({**dict(stage.settings), "seed": stage.seed})
    then = _flat({**before["settings"], "seed": before["seed"]})
    own = set(before.get("upstream", {})) | EARLIER
    now |= {key: value for key, value in stage.inputs.items() if key not in own}
    then |= {key: value for key, value in before.get("inputs", {}).items() if key not in own}
    return tuple(
        (key, then.get(key), now.get(key))
        for key in dict.fromkeys([*now, *then])
        if then.get(key) != now.get(key)
    )


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one, keys joined by dots; lists of tables by their number."""
    plain = json.loads(json.dumps(value)) if not prefix else value
    found: dict[str, Any] = {}
    items = plain.items() if isinstance(plain, dict) else enumerate(plain)
    for key, item in items:
        name = f"{prefix}{key}"
        nested = isinstance(item, dict) or (
            isinstance(item, list) and any(isinstance(one, dict) for one in item)
        )
        found |= _flat(item, f"{name}.") if nested else {name: item}
    return found
