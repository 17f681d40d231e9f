"""Labels of trajectories and of given structures, by one reference."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from sinterface.dataset.frames import Label, labelled, read_structures
from sinterface.errors import InputError
from sinterface.progress import ProgressCallback
from sinterface.reference.calculators import open_reference
from sinterface.reference.recipe import Dynamics, Recipe, Trajectory, read_recipe, trajectories
from sinterface.reference.sampling import check_sane, sample_trajectory
from sinterface.reference.tasks import LabelReport, run_tasks


@dataclass(frozen=True)
class TrajectoryTask:
    """Sample one trajectory."""

    trajectory: Trajectory
    reference: str

    @property
    def key(self) -> str:
        """Key of the trajectory."""
        return self.trajectory.key

    def run(self) -> list[Atoms]:
        """Return the labelled frames of the trajectory."""
        return sample_trajectory(self.trajectory, open_reference(self.reference))


@dataclass(frozen=True)
class StructureTask:
    """Label one given structure."""

    atoms: Atoms
    reference: str
    limits: Dynamics

    @property
    def key(self) -> str:
        """Hash of species, positions, cell and the reference's settings."""
        digest = hashlib.sha256(open_reference(self.reference).settings_hash.encode())
        digest.update(self.atoms.numbers.astype("<i4").tobytes())
        for values in (self.atoms.positions, self.atoms.cell[:]):
            digest.update((np.round(values, 5) + 0.0).astype("<f8").tobytes())
        return f"structure-{digest.hexdigest()[:16]}"

    def run(self) -> list[Atoms]:
        """Return the labelled structure."""
        reference = open_reference(self.reference)
        atoms = self.atoms.copy()
        atoms.calc = reference.calculator
        check_sane(atoms, self.limits.max_force_eV_per_A, self.limits.min_distance_A)
        info = self.atoms.info
        label = Label(
            str(info.get("system", atoms.get_chemical_formula())),
            str(info.get("trajectory", self.key)),
            float(info.get("temperature_K", 0.0)),
            reference.name,
            reference.version,
            reference.settings_hash,
            str(info.get("family", "")),
        )
        return [labelled(atoms, label)]


def label_file(
    path: Path,
    out: Path | None = None,
    *,
    workers: int = 2,
    reference: str | None = None,
    progress: ProgressCallback | None = None,
) -> LabelReport:
    """Label what `path` holds: a recipe (``.toml``), or structures (``.extxyz``, ``.xz``).

    Parameters
    ----------
    out
        Default: the recipe's name, or the structures' name and ``-labelled``, in the current
        directory, as ``.extxyz.xz``.
    reference
        For structures: default ``chgnet``. A recipe names its own, and another one is refused.

    Raises
    ------
    InputError
        For a missing or unreadable file, or a reference beside a recipe.
    """
    if path.suffix != ".toml":
        stem = path.name.removesuffix(".xz").removesuffix(".extxyz")
        out = out or Path(f"{stem}-labelled.extxyz.xz")
        structures = read_structures(path)
        chosen = reference or "chgnet"
        return label_structures(structures, out, workers, reference=chosen, progress=progress)
    recipe = read_recipe(path)
    if reference not in (None, recipe.reference):
        raise InputError(
            f"Recipe '{path}' names the reference '{recipe.reference}', but '{reference}' was "
            "asked for; change the recipe."
        )
    out = out or Path(f"{recipe.name}.extxyz.xz")
    return label_recipe(recipe, out, workers=workers, progress=progress)


def label_recipe(
    recipe: Recipe, out: Path, *, workers: int = 2, progress: ProgressCallback | None = None
) -> LabelReport:
    """Sample and label all trajectories of `recipe` into `out`.

    See `run_tasks` for what happens on kills and failures.
    """
    open_reference(recipe.reference)
    tasks = [TrajectoryTask(item, recipe.reference) for item in trajectories(recipe)]
    return run_tasks(tasks, out, workers=workers, progress=progress)


def label_structures(
    structures: Sequence[Atoms],
    out: Path,
    workers: int = 2,
    *,
    reference: str = "chgnet",
    limits: Dynamics | None = None,
    progress: ProgressCallback | None = None,
) -> LabelReport:
    """Label given structures into `out`, in their order, doubles once.

    ``system``, ``trajectory``, ``temperature_K`` and ``family`` are taken from each structure's
    ``info`` where they stand there. See `run_tasks` for what happens on kills and failures.
    """
    open_reference(reference)
    limits = limits or Dynamics()
    unique = {task.key: task for task in (StructureTask(s, reference, limits) for s in structures)}
    return run_tasks(list(unique.values()), out, workers=workers, progress=progress)
