"""Labels of trajectories and of given structures, by one reference."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from sinterface.dataset.frames import Label, labelled, read_structures
from sinterface.errors import InputError
from sinterface.progress import ProgressCallback
from sinterface.reference.calculators import Reference, check_converged, open_reference
from sinterface.reference.recipe import Dynamics, Recipe, Trajectory, read_recipe, trajectories
from sinterface.reference.sampling import check_sane, sample_trajectory
from sinterface.reference.settings import Settings, read_settings
from sinterface.reference.tasks import (
    MAX_FAILED_SHARE,
    LabelReport,
    Task,
    parts_directory,
    run_tasks,
)


@dataclass(frozen=True)
class TrajectoryTask:
    """Sample one trajectory; files of the reference go into ``work / key``."""

    trajectory: Trajectory
    settings: Settings
    work: Path

    @property
    def key(self) -> str:
        """Key of the trajectory."""
        return self.trajectory.key

    def run(self) -> list[Atoms]:
        """Return the labelled frames of the trajectory."""
        with _working_folder(self.work / self.key) as folder:
            return sample_trajectory(self.trajectory, open_reference(self.settings), folder)


@dataclass(frozen=True)
class StructureTask:
    """Label one given structure; files of the reference go into ``work / key``."""

    atoms: Atoms
    settings: Settings
    limits: Dynamics
    work: Path

    @property
    def key(self) -> str:
        """Hash of species, positions, cell, first moments and the reference's settings."""
        return structure_key(self.atoms, open_reference(self.settings).settings_hash)

    def run(self) -> list[Atoms]:
        """Return the labelled structure."""
        reference = open_reference(self.settings)
        atoms = self.atoms.copy()
        with _working_folder(self.work / self.key) as folder:
            atoms.calc = reference.make(atoms, folder)
            return [finish_label(atoms, self.key, reference, self.limits)]


def structure_key(atoms: Atoms, settings_hash: str) -> str:
    """Return a name made from what decides a label: the structure and the settings."""
    digest = hashlib.sha256(settings_hash.encode())
    digest.update(atoms.numbers.astype("<i4").tobytes())
    values = [atoms.positions, atoms.cell[:]]
    moments = atoms.get_initial_magnetic_moments()
    for array in [*values, moments] if moments.any() else values:
        digest.update((np.round(array, 5) + 0.0).astype("<f8").tobytes())
    return f"structure-{digest.hexdigest()[:16]}"


def finish_label(atoms: Atoms, key: str, reference: Reference, limits: Dynamics) -> Atoms:
    """Compute `atoms` with the calculator that it has, refuse bad results, return the label.

    Raises
    ------
    RunError
        When the calculation hasn't converged, or `check_sane` refuses its results.
    """
    atoms.get_potential_energy()
    check_converged(atoms.calc)
    check_sane(atoms, limits.max_force_eV_per_A, limits.min_distance_A)
    info = atoms.info
    label = Label(
        str(info.get("system", atoms.get_chemical_formula())),
        str(info.get("trajectory", key)),
        float(info.get("temperature_K", 0.0)),
        reference.name,
        reference.version_of(atoms.calc),
        reference.settings_hash,
        str(info.get("family", "")),
        reference.settings,
    )
    return labelled(atoms, label)


@contextmanager
def _working_folder(folder: Path) -> Iterator[Path]:
    """Give a folder for a code's files; it is removed after a success and kept otherwise."""
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Limits:
    """How a labelling run deals with failures.

    Attributes
    ----------
    max_failed_share
        Above this share of failed structures or trajectories the run fails.
    retry
        Try again what failed before.
    """

    max_failed_share: float = MAX_FAILED_SHARE
    retry: bool = False


def label_file(
    path: Path,
    out: Path | None = None,
    *,
    workers: int = 2,
    reference: str | Settings | None = None,
    failures: Limits = Limits(),
    progress: ProgressCallback | None = None,
) -> LabelReport:
    """Label what `path` holds: a recipe (``.toml``), or structures (``.extxyz``, ``.xz``).

    Parameters
    ----------
    out
        Default: the recipe's name, or the structures' name and ``-labelled``, in the current
        directory, as ``.extxyz.xz``.
    reference
        For structures: a name, or settings; default ``chgnet``. A recipe names its own, and
        another one is refused.

    Raises
    ------
    InputError
        For a missing or unreadable file, or a reference beside a recipe.
    """
    if path.suffix != ".toml":
        stem = path.name.removesuffix(".xz").removesuffix(".extxyz")
        out = out or Path(f"{stem}-labelled.extxyz.xz")
        return label_structures(
            read_structures(path), out, workers, reference=reference or "chgnet",
            failures=failures, progress=progress,
        )  # fmt: skip
    recipe = read_recipe(path)
    asked = reference.name if isinstance(reference, Settings) else reference
    if asked not in (None, recipe.reference):
        raise InputError(
            f"Recipe '{path}' names the reference '{recipe.reference}', but '{asked}' was "
            "asked for; change the recipe."
        )
    out = out or Path(f"{recipe.name}.extxyz.xz")
    return label_recipe(recipe, out, workers=workers, failures=failures, progress=progress)


def label_recipe(
    recipe: Recipe,
    out: Path,
    *,
    workers: int = 2,
    failures: Limits = Limits(),
    progress: ProgressCallback | None = None,
) -> LabelReport:
    """Sample and label all trajectories of `recipe` into `out`.

    See `run_tasks` for what happens on kills and failures.
    """
    settings = read_settings(recipe.reference, recipe.reference_options)
    work = parts_directory(out) / "work"
    tasks = [TrajectoryTask(item, settings, work) for item in trajectories(recipe)]
    return _run(tasks, out, workers, settings, failures, progress)


def label_structures(
    structures: Sequence[Atoms],
    out: Path,
    workers: int = 2,
    *,
    reference: str | Settings = "chgnet",
    limits: Dynamics | None = None,
    failures: Limits = Limits(),
    progress: ProgressCallback | None = None,
) -> LabelReport:
    """Label given structures into `out`, in their order, doubles once.

    ``system``, ``trajectory`` and ``temperature_K`` are taken from each structure's ``info``
    where they stand there. See `run_tasks` for what happens on kills and failures.
    """
    settings = read_settings(reference) if isinstance(reference, str) else reference
    limits, work = limits or Dynamics(), parts_directory(out) / "work"
    tasks = [StructureTask(atoms, settings, limits, work) for atoms in structures]
    unique = {task.key: task for task in tasks}
    return _run(list(unique.values()), out, workers, settings, failures, progress)


def _run(
    tasks: Sequence[Task],
    out: Path,
    workers: int,
    settings: Settings,
    failures: Limits,
    progress: ProgressCallback | None,
) -> LabelReport:
    return run_tasks(
        tasks,
        out,
        workers=workers,
        progress=progress,
        settings_hash=open_reference(settings).settings_hash,
        max_failed_share=failures.max_failed_share,
        retry=failures.retry,
    )
