"""``validate``: all rows, properties, and the record of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from sinterface.files import write_text
from sinterface.potential.model import Potential
from sinterface.progress import ProgressCallback
from sinterface.provenance import available_cores, now, record
from sinterface.reference.calculators import open_reference
from sinterface.validation.properties import first_peaks
from sinterface.validation.resumable_md import ShortRun
from sinterface.validation.snapshots import QUICK, Lengths
from sinterface.validation.steps import Steps, finite, only_one
from sinterface.validation.systems import System, table_1
from sinterface.validation.table import RowListener, RowSettings, row

RECORD_NAME = "validation.json"
STEPS_NAME = "steps"
RDF_SYSTEMS = ("llzo-cubic", "lco-layered", "mixture-3", "llzo-amorphous")

REFERENCE_AGAINST_DFT = {
    "LCO": "force slope 0.69–0.85, correlation 0.95–0.99 (hot LCO, 4 to 12 atoms, GPAW PBE+U): "
    "too soft",
    "LLZO": "force slope 1.0, correlation 0.92–0.96 (hot La2Zr2O7, 22 atoms, GPAW)",
}
"""What is known of CHGNet 0.4.2 against density functional theory, from a few snapshots."""


@dataclass(frozen=True)
class ValidationSettings:
    """What `validate` does.

    Attributes
    ----------
    quick
        Few snapshots of short runs of small cells.
    reference
        Labelling calculator.
    rdf
        Also compare first peaks with the reference's own dynamics.
    rdf_frames
        Frames of those runs, 20 fs apart.
    workers
        Labelling processes; 0: one a core, one when quick.
    lengths
        Of the dynamics; default by `quick`.
    """

    quick: bool = False
    reference: str = "chgnet"
    rdf: bool = False
    rdf_frames: int = 60
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
    peaks
        First peaks by system, where asked for.
    steps_done, steps_skipped
        Of this call.
    directory
        Where all is kept.
    """

    potential: Mapping[str, Any]
    reference: Mapping[str, Any]
    settings: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    peaks: Mapping[str, Any]
    steps_done: int
    steps_skipped: int
    directory: Path
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``validation.json`` holds."""
        met = [entry["met"] for entry in self.rows if entry["met"] is not None]
        peaks = [entry["rmse_A"] for entry in self.peaks.values() if entry.get("rmse_A")]
        summary = {
            "rows": len(self.rows),
            "rows_met": sum(met),
            "first_peak_rmse_A": float(np.sqrt(np.mean(np.square(peaks)))) if peaks else None,
        }
        whole = {
            "format": 1,
            "kind": "validation",
            "potential": self.potential,
            "reference": self.reference,
            "reference_against_dft": REFERENCE_AGAINST_DFT
            if self.reference["name"] == "chgnet"
            else {},
            "settings": self.settings,
            "summary": summary,
            "rows": self.rows,
            "peaks": self.peaks,
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
        Rows; default the paper's Table 1 and tetragonal LLZO.
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
    peaks: dict[str, Any] = {}
    wanted = tuple(table_1() if systems is None else systems)
    threads = available_cores()
    workers = settings.workers or (1 if settings.quick else threads)
    with only_one(directory):
        steps = Steps(directory / STEPS_NAME, {"potential": potential.fingerprint})
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
            _keep(potential, directory, settings, rows, peaks, steps)
            if listener is not None:
                listener(rows[-1])
        for system in wanted if settings.rdf else ():
            if system.name in RDF_SYSTEMS:
                peaks[system.name] = _peaks(system, potential, steps, settings, progress)
                _keep(potential, directory, settings, rows, peaks, steps)
        return _keep(potential, directory, settings, rows, peaks, steps)


def _peaks(
    system: System,
    potential: Potential,
    steps: Steps,
    settings: ValidationSettings,
    progress: ProgressCallback | None,
) -> dict[str, Any]:
    lengths = settings.row.lengths
    structure = {"system": system.name, "lengths": asdict(lengths)}
    reference = open_reference(settings.reference)
    run = ShortRun(
        temperature_K=system.temperature_K,
        timestep_fs=2.0,
        frame_steps=10,
        n_frames=settings.rdf_frames,
        seed=7,
    )
    path = steps.folder(f"dynamics-{system.name}", structure) / "snapshots.npz"
    if not path.exists():
        return {"problem": "no snapshot to start from"}
    with np.load(path) as kept:
        start = Atoms(kept["numbers"], kept["positions"][-1], cell=kept["cells"][-1], pbc=True)
    return steps.do(
        f"peaks-{system.name}",
        structure | {"reference": reference.settings_hash, "run": asdict(run)},
        lambda folder: first_peaks(
            start,
            potential.calculator(committee="none"),
            reference.calculator,
            folder,
            run,
            skipped=run.n_frames // 6,
            progress=progress,
        ),
    )


def _keep(
    potential: Potential,
    directory: Path,
    settings: ValidationSettings,
    rows: Sequence[Mapping[str, Any]],
    peaks: Mapping[str, Any],
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
        peaks=dict(peaks),
        steps_done=steps.done,
        steps_skipped=steps.skipped,
        directory=directory,
        provenance={"written": now(), **record(directory, {})},
    )
    text = json.dumps(found.to_dict(), indent=1, allow_nan=False) + "\n"
    write_text(directory / RECORD_NAME, text)
    return found
