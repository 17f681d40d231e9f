"""Where a band stands: ``neb.json``, and what may go on with what."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sinterface.errors import InputError
from sinterface.files import write_text
from sinterface.paths.hop import Hop
from sinterface.paths.result import RECORD_NAME

FORMAT = 1


@dataclass
class BandState:
    """Where a band stands; kept in ``neb.json``."""

    settings: dict[str, Any]
    ends_done: bool = False
    steps: int = 0
    climbing: bool = False
    wall_s: float = 0.0
    residual_eV_per_A: float = float("inf")
    end_tolerance_eV_per_A: float = 0.0

    def write(self, directory: Path) -> None:
        """Write the record, whole or not at all."""
        content = {"format": FORMAT, **self.__dict__}
        if not np.isfinite(self.residual_eV_per_A):
            content["residual_eV_per_A"] = None
        write_text(directory / RECORD_NAME, json.dumps(content, indent=1) + "\n")


def hop_digest(hop: Hop) -> str:
    """Return what tells two hops' structures apart."""
    found = hashlib.sha256()
    for atoms in (hop.initial, hop.final):
        for array in (atoms.numbers, atoms.positions, atoms.cell.array):
            found.update(np.round(np.asarray(array, float), 6).tobytes())
    return found.hexdigest()


def read_state(directory: Path, settings: dict[str, Any]) -> BandState:
    """Return where the band of a directory stands, or one that begins.

    Raises
    ------
    InputError
        When the directory holds a path with other settings, or no record of one.
    """
    path = directory / RECORD_NAME
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record.pop("format") != FORMAT:
            raise ValueError("another format")
        if record["residual_eV_per_A"] is None:
            record["residual_eV_per_A"] = float("inf")
        state = BandState(**record)
    except FileNotFoundError:
        return BandState(settings)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"'{path}' is no record of a path ({error}); choose another directory."
        ) from error
    for name, value in settings.items():
        if state.settings.get(name) != value:
            raise InputError(
                f"'{directory}' holds a path with {name} = {state.settings.get(name)}, now "
                f"{value} is asked; choose another directory or the earlier setting."
            )
    return state
