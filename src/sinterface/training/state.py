"""State of a training on disk: everything that an exact continuation needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from sinterface.errors import InputError
from sinterface.files import atomic_path

STATE_FILE = "training-state.pt"


@dataclass
class FitState:
    """Where a fit stands after a whole number of epochs.

    Attributes
    ----------
    epoch
        Epochs done.
    weights, average, best
        Current weights, their running mean, and the mean that validated best.
    optimizer
        State of the optimiser.
    order
        State of the generator that shuffles frames.
    best_error
        Validation error of `best`.
    curve
        One entry for each validation so far.
    seconds
        Wall time of all epochs so far, interruptions left out.
    """

    epoch: int
    weights: dict[str, torch.Tensor]
    average: dict[str, torch.Tensor]
    best: dict[str, torch.Tensor]
    optimizer: dict[str, Any]
    order: dict[str, Any]
    best_error: float = float("inf")
    curve: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0


def save_state(directory: Path, state: FitState, key: str) -> None:
    """Write `state` whole or not at all; `key` names the recipe and data that it belongs to."""
    with atomic_path(directory / STATE_FILE) as temporary:
        content = {f: getattr(state, f) for f in FitState.__dataclass_fields__}
        torch.save({"key": key, **content}, temporary)


def load_state(directory: Path, key: str) -> FitState | None:
    """Return the state in `directory`, None when there is none.

    Raises
    ------
    InputError
        When it belongs to another recipe or other data.
    """
    path = directory / STATE_FILE
    if not path.exists():
        return None
    content = torch.load(path, weights_only=True)
    if content.pop("key") != key:
        raise InputError(
            f"'{directory}' holds a training with another recipe or other data; "
            "choose another folder with -o, or remove it."
        )
    return FitState(**content)
