"""``validate``: all rows, properties, and the record of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sinterface.files import write_text
from sinterface.potential.model import Potential
from sinterface.progress import ProgressCallback
from sinterface.provenance import available_cores, now, record
from sinterface.reference.calculators import open_reference
from sinterface.validation import dynamics_agreement
from sinterface.validation.against_dft import against_dft
from sinterface.validation.own_dynamics import (
    SYSTEMS,
    OwnDynamics,
    compare_dynamics,
    move_all_by_reference,
    reference_steps,
)
from sinterface.validation.snapshots import QUICK, Lengths
from sinterface.validation.steps import Steps, finite, only_one
from sinterface.validation.systems import System, table_1
from sinterface.validation.table import RowListener, RowSettings, row

RECORD_NAME = "validation.json"
STEPS_NAME = "steps"
REFERENCE_STEPS_NAME = "reference-dynamics"


@dataclass(frozen=True)
class ValidationSettings:
    """What `validate` does.

    Attributes
    ----------
    quick
        Few snapshots of short runs of small cells.
    reference
        Labelling calculator.
    dynamics
        How to compare structure, vibrations and diffusion with the reference's own dynamics; None:
        not at all.
    workers
        Labelling processes; 0: one a core, one when quick.
    lengths
        Of the dynamics; default by `quick`.
    """

    quick: bool = False
    reference: str = "chgnet"
    dynamics: OwnDynamics | None = None
    workers: int = 0
    lengths: Lengths | None = None

    @property
    def row(self) -> RowSettings:
        """Settings of a row."""
        lengths = self.lengths or (QUICK if self.quick else Lengths())
        return RowSettings(lengths, self.reference, 2 if self.quick else 4)


@dataclass(frozen=True)
class Validation:
    """What `validate` found: JSON-able.

    Attributes
    ----------
    potential
        Its name, fingerprint, members.
    reference
        Name, version, settings hash.
    settings
        What was asked.
    rows
        One a system.
    own_dynamics
        Comparison with the reference's own dynamics by system, where asked for.
    against_dft
        How the reference and the potential follow density functional theory.
    steps_done, steps_skipped
        Of this call.
    directory
        Where all is kept.
    """

    potential: Mapping[str, Any]
    reference: Mapping[str, Any]
    settings: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    own_dynamics: Mapping[str, Any]
    against_dft: Sequence[Mapping[str, Any]]
    steps_done: int
    steps_skipped: int
    directory: Path
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``validation.json`` holds."""
        met = [entry["met"] for entry in self.rows if entry["met"] is not None]
        summary = {
            "rows": len(self.rows),
            "rows_met": sum(met),
            "own_dynamics": dynamics_agreement.summary(list(self.own_dynamics.values())),
        }
        whole = {
            "format": 1,
            "kind": "validation",
            "potential": self.potential,
            "reference": self.reference,
            "against_dft": self.against_dft,
            "settings": self.settings,
            "summary": summary,
            "rows": self.rows,
            "own_dynamics": self.own_dynamics,
            "steps": {"done": self.steps_done, "skipped": self.steps_skipped},
            "provenance": self.provenance,
        }
        found: dict[str, Any] = finite(whole)
        return found


def validate(
    potential: Potential,
    directory: Path,
    settings: ValidationSettings | None = None,
    *,
    systems: Sequence[System] | None = None,
    listener: RowListener | None = None,
    progress: ProgressCallback | None = None,
) -> Validation:
    """Validate a potential, or go on; ``validation.json`` is written after every row.

    Parameters
    ----------
    potential
        Potential.
    directory
        Keeps every finished step; a second call with equal settings only reads.
    settings
        What to do.
    systems
        Rows; default the paper's Table 1 and tetragonal LLZO, and, only then, the comparison with
        density functional theory.
    listener
        Told every finished row.
    progress
        Told about the step that runs.

    Raises
    ------
    RunError
        When another process works in `directory`, or a disk is full.
    InputError
        When the potential lacks an element, or the reference isn't installed.
    """
    settings = settings or ValidationSettings()
    rows: list[Mapping[str, Any]] = []
    compared: dict[str, Any] = {}
    wanted = tuple(table_1() if systems is None else systems)
    threads = available_cores()
    workers = settings.workers or (1 if settings.quick else threads)
    with only_one(directory):
        steps = Steps(directory / STEPS_NAME, {"potential": potential.fingerprint})
        dft = (
            against_dft(potential, settings.reference, steps, progress=progress)
            if systems is None
            else []
        )
        for system in wanted:
            entry = row(
                system,
                potential,
                steps,
                settings.row,
                threads=threads,
                workers=workers,
                progress=progress,
            )
            rows.append(finite(entry))
            _keep(potential, directory, settings, rows, compared, dft, steps)
            if listener is not None:
                listener(rows[-1])
        if settings.dynamics is not None:
            moved = [system for system in wanted if system.name in SYSTEMS]
            home = directory / REFERENCE_STEPS_NAME
            move_all_by_reference(
                moved, settings.reference, home, settings.dynamics, workers=threads,
                progress=progress,
            )  # fmt: skip
            for system in moved:
                compared[system.name] = compare_dynamics(
                    system,
                    potential,
                    open_reference(settings.reference),
                    steps,
                    reference_steps(settings.reference, home),
                    settings.dynamics,
                    small=True,
                    threads=threads,
                    progress=progress,
                )
                _keep(potential, directory, settings, rows, compared, dft, steps)
        return _keep(potential, directory, settings, rows, compared, dft, steps)


def _keep(
    potential: Potential,
    directory: Path,
    settings: ValidationSettings,
    rows: Sequence[Mapping[str, Any]],
    compared: Mapping[str, Any],
    dft: Sequence[Mapping[str, Any]],
    steps: Steps,
) -> Validation:
    reference = open_reference(settings.reference)
    found = Validation(
        potential={
            "name": potential.directory.name,
            "fingerprint": potential.fingerprint,
            "members": potential.n_members,
            "elements": list(potential.elements),
            "cutoff_A": potential.cutoff_A,
        },
        reference={
            "name": reference.name,
            "version": reference.version,
            "settings_hash": reference.settings_hash,
        },
        settings={**asdict(settings), "lengths": asdict(settings.row.lengths)},
        rows=list(rows),
        own_dynamics=dict(compared),
        against_dft=dft,
        steps_done=steps.done,
        steps_skipped=steps.skipped,
        directory=directory,
        provenance={"written": now(), **record(directory, {})},
    )
    text = json.dumps(found.to_dict(), indent=1, allow_nan=False) + "\n"
    write_text(directory / RECORD_NAME, text)
    return found
