"""Labels that a cluster makes: folders of inputs and an array job out, results back in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.geometry import find_mic
from ase.io import write

from sinterface.dataset.frames import read_frames, read_structures
from sinterface.errors import InputError, RunError
from sinterface.files import write_text
from sinterface.progress import ProgressCallback
from sinterface.provenance import file_digest
from sinterface.reference.calculators import Reference, open_reference
from sinterface.reference.codes import CODES, job_command, read_outputs
from sinterface.reference.dft_inputs import write_inputs
from sinterface.reference.job_texts import array_script, read_me
from sinterface.reference.labelling import Limits, finish_label, structure_key
from sinterface.reference.recipe import Dynamics
from sinterface.reference.settings import DftSettings, Settings, read_settings
from sinterface.reference.tasks import LabelReport, run_tasks

MANIFEST = "manifest.json"
STRUCTURE = "structure.extxyz"
LABELLED = "label.extxyz"


def export_jobs(structures: Sequence[Atoms], directory: Path, settings: Settings) -> int:
    """Write one folder a structure, an array script and a page of advice; doubles once.

    Codes that run outside Python get their inputs (`sinterface.reference.dft_inputs`); the other
    references are called by ``sinterface label`` in each folder.

    Returns
    -------
    int
        Number of jobs.

    Raises
    ------
    InputError
        When `directory` isn't empty, or there is no structure.
    """
    if not structures:
        raise InputError("There is no structure to export; give a file that holds some.")
    if directory.exists() and any(directory.iterdir()):
        raise InputError(f"'{directory}' isn't empty; give a new folder for the jobs.")
    reference = open_reference(settings)
    unique = {structure_key(atoms, reference.settings_hash): atoms for atoms in structures}
    directory.mkdir(parents=True, exist_ok=True)
    jobs = []
    for index, (key, atoms) in enumerate(unique.items()):
        folder = directory / f"{index:06d}"
        inputs = _write_job(atoms, folder, settings)
        jobs.append({"folder": folder.name, "key": key, "inputs": inputs})
    options = settings.model_dump(mode="json")
    options.pop("calculator", None)
    write_text(directory / "options.json", json.dumps(options, indent=1))
    write_text(directory / "job.sh", array_script(_command(settings), len(jobs), settings.code))
    write_text(directory / "README.md", read_me(settings, len(jobs)))
    manifest = {"reference": settings.name, "settings_hash": reference.settings_hash, "jobs": jobs}
    write_text(directory / MANIFEST, json.dumps(manifest, indent=1))
    return len(jobs)


def export_file(path: Path, directory: Path, settings: Settings) -> int:
    """Export the structures of an extxyz file, see `export_jobs`; a recipe is refused."""
    if path.suffix == ".toml":
        raise InputError(
            f"'{path}' is a recipe, whose dynamics need the reference step by step; export "
            "structures (extxyz)."
        )
    return export_jobs(read_structures(path), directory, settings)


def _is_file_code(settings: Settings) -> bool:
    return settings.code in CODES


def _command(settings: Settings) -> str:
    if isinstance(settings, DftSettings) and _is_file_code(settings):
        return job_command(settings)
    options = "" if settings.code == "chgnet" else " --options ../options.json"
    return (
        f"${{SINTERFACE:-sinterface}} label {STRUCTURE} --reference {settings.name}{options} "
        f"--workers 1 --retry --output {LABELLED}"
    )


def _write_job(atoms: Atoms, folder: Path, settings: Settings) -> dict[str, str]:
    folder.mkdir()
    names = [STRUCTURE]
    plain = atoms.copy()
    write(folder / STRUCTURE, plain, format="extxyz")
    if isinstance(settings, DftSettings) and _is_file_code(settings):
        names += write_inputs(atoms, settings, folder)
    return {name: file_digest(folder / name) for name in names}


@dataclass(frozen=True)
class ImportTask:
    """Collect one job's result."""

    folder: Path
    key: str
    inputs: dict[str, str]
    settings: Settings
    limits: Dynamics

    def run(self) -> list[Atoms]:
        """Return the labelled structure, or raise for what can't be trusted."""
        reference = open_reference(self.settings)
        self._check_inputs()
        atoms = read_structures(self.folder / STRUCTURE)[0]
        if not _is_file_code(self.settings):
            return [self._own_label(reference)]
        results, version = read_outputs(self.settings.code, self.folder)
        _check_same(atoms, results)
        atoms.calc = SinglePointCalculator(atoms, **results)
        atoms.calc.code_version = version
        return [finish_label(atoms, self.key, reference, self.limits)]

    def _own_label(self, reference: Reference) -> Atoms:
        frame = read_frames(self.folder / LABELLED)[0]
        found = frame.info["settings_hash"]
        if found != reference.settings_hash:
            raise InputError(
                f"'{self.folder}' was labelled with the settings {found}, not with "
                f"{reference.settings_hash} as exported; another version is installed there."
            )
        return frame

    def _check_inputs(self) -> None:
        changed = [
            name
            for name, digest in self.inputs.items()
            if not (self.folder / name).exists() or file_digest(self.folder / name) != digest
        ]
        if changed:
            raise InputError(
                f"{', '.join(changed)} in '{self.folder}' changed after the export, so its label "
                "would carry wrong settings; set them as options and export again."
            )


def _check_same(atoms: Atoms, results: dict[str, Any]) -> None:
    """Refuse results of another number of atoms, or, where positions are told, of other ones."""
    if len(results["forces"]) != len(atoms):
        raise RunError(f"The output has {len(results['forces'])} atoms, not {len(atoms)}.")
    positions = results.pop("positions", None)
    if positions is not None:
        shift = find_mic(np.asarray(positions) - atoms.positions, atoms.cell, pbc=True)[1]
        if shift.max() > 1e-3:
            raise RunError(f"The output's atoms are {shift.max():.3f} Å from the exported ones.")


def import_jobs(
    directory: Path,
    out: Path,
    *,
    limits: Dynamics | None = None,
    failures: Limits = Limits(),  # noqa: B008
    progress: ProgressCallback | None = None,
) -> tuple[LabelReport, int]:
    """Collect the finished jobs of `directory` into `out`; jobs that haven't ended wait.

    Call it again when more are finished. Unconverged ones are quarantined as in a local run, and
    looked at again each time.

    Returns
    -------
    LabelReport, int
        What was collected, and how many jobs haven't ended yet.

    Raises
    ------
    InputError
        When `directory` holds no exported jobs, its options were changed, or no job has ended.
    RunError
        When more than `failures.max_failed_share` of the finished jobs failed.
    """
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise InputError(
            f"'{directory}' holds no jobs made by 'sinterface label --export' ({error})."
        ) from error
    settings = _exported_settings(directory, manifest)
    jobs = [job for job in manifest["jobs"] if _has_ended(directory / job["folder"])]
    if not jobs:
        raise InputError(f"No job of '{directory}' has ended yet; run its job.sh first.")
    tasks = [
        ImportTask(directory / job["folder"], job["key"], job["inputs"], settings,
                   limits or Dynamics())
        for job in jobs
    ]  # fmt: skip
    report = run_tasks(
        tasks,
        out,
        workers=1,
        progress=progress,
        settings_hash=manifest["settings_hash"],
        max_failed_share=failures.max_failed_share,
        retry=True,
    )
    return report, len(manifest["jobs"]) - len(jobs)


def _has_ended(folder: Path) -> bool:
    """Tell whether job.sh left its mark; a job that still runs must not pass for unconverged."""
    return (folder / "finished").exists() or (folder / "failed").exists()


def _exported_settings(directory: Path, manifest: dict[str, Any]) -> Settings:
    settings = read_settings(manifest["reference"], directory / "options.json")
    found = open_reference(settings).settings_hash
    if found != manifest["settings_hash"]:
        raise InputError(
            f"'{directory}' was exported with the settings {manifest['settings_hash']}, but its "
            f"options and the packages installed here give {found}; labels of different settings "
            "are never mixed: export again, or install the version that exported."
        )
    return settings
