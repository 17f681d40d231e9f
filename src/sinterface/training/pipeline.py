"""The whole way from a recipe to a potential directory."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms

from sinterface.dataset.frames import label_of, read_frames
from sinterface.dataset.splits import (
    Split,
    split_by_composition,
    split_by_trajectory,
    split_random,
)
from sinterface.errors import InputError
from sinterface.kernels.symmetry import Descriptor
from sinterface.potential.spectrum import AnyRow, spectrum_text
from sinterface.potential.writer import (
    FORMAT_VERSION,
    PotentialFiles,
    symmetry_text,
    write_members,
    write_potential,
)
from sinterface.progress import Progress, ProgressCallback
from sinterface.provenance import digest, file_digest
from sinterface.training.card import make_card
from sinterface.training.curve import draw_curve, write_curve
from sinterface.training.fit import fit
from sinterface.training.forces import ForceKernel
from sinterface.training.held_out import Errors, measure_residuals
from sinterface.training.loss import LossScales
from sinterface.training.network import MeanNetworks, Networks, whitening_matrix
from sinterface.training.preparation import Preparation, RawFrame, compute_raw, prepare
from sinterface.training.recipe import DataTable, Recipe, read_recipe
from sinterface.training.samples import Sample, inverse_sigma
from sinterface.training.state import FitState
from sinterface.training.warm_start import (
    Predecessor,
    load_predecessor,
    on_raw_functions,
    on_scaled_functions,
    save_predecessor,
)

WORK_FOLDER = "training"

SEED_STEP = 1000
"""Between the seeds of a committee's members."""


@dataclass(frozen=True)
class Trained:
    """A finished training.

    Attributes
    ----------
    directory
        The potential.
    errors
        Errors on the test frames of each system, and of all together as ``all``.
    """

    directory: Path
    errors: dict[str, Errors]


def train_potential(
    recipe_path: Path,
    output: Path | None = None,
    progress: ProgressCallback | None = None,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> Trained:
    """Train the potential of a recipe and write its directory.

    A training that was killed goes on where it stood: the state is kept in ``training/`` inside
    the potential's directory, beside the learning curve.

    Parameters
    ----------
    output
        The potential's directory; None for ``potentials/<name>`` under the current one.
    changes
        Keys that replace the recipe's, by table.

    Raises
    ------
    InputError
        For a fault in the recipe or the data.
    """
    recipe = read_recipe(recipe_path, changes)
    directory = output or Path("potentials") / recipe.potential.name
    work = directory / WORK_FOLDER
    work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # the small matrices gain nothing; frames share `fit.threads`
    paths = _data_files(recipe, recipe_path.parent)
    hashes = {name: file_digest(path) for name, path in paths.items()}
    parts = _split(_read(recipe, paths), recipe)
    with ThreadPoolExecutor(recipe.fit.threads) as pool:
        course = _Course(recipe, pool, recipe_path.parent, progress)
        preparation, samples = course.prepare(parts)
        key = digest({"recipe": _decisive(recipe), "data": hashes})
        members, states = [], []
        for number in range(1, recipe.fit.members + 1):
            networks, kernel = course.build(preparation, samples["training"], number)
            states.append(
                course.fit(networks, kernel, samples, member_folder(work, number), key, number)
            )
            members.append(networks)
        mean = MeanNetworks(members) if len(members) > 1 else members[0]
        errors = _errors_by_system(mean, kernel, parts["test"], samples["test"])
    card = make_card(recipe, hashes, parts, errors, _summary(states))
    files = [_files(recipe, preparation, networks) for networks in members]
    write_potential(directory, files[0], card)
    write_members(directory, files)
    lines = _lines(recipe.rows())
    for number, networks in enumerate(members, start=1):
        raw = on_raw_functions(networks.plain(), preparation.scaling)
        found = Predecessor(lines, tuple(raw), preparation.atom_energies_eV)
        save_predecessor(member_folder(work, number), found)
    return Trained(directory, errors)


def training_frames(recipe: Recipe, folder: Path, number: int) -> list[Atoms]:
    """Return at most `number` training frames of `recipe`, evenly from all of them.

    Parameters
    ----------
    folder
        Of the recipe.
    """
    frames = _split(_read(recipe, _data_files(recipe, folder)), recipe)["training"]
    chosen = np.linspace(0, len(frames) - 1, min(number, len(frames))).round().astype(int)
    return [frames[k] for k in chosen]


def _read(recipe: Recipe, paths: Mapping[str, Path]) -> list[Atoms]:
    found = read_frames(list(paths.values()), mixed=recipe.data.mixed_references)
    return _usable(found, recipe)


def member_folder(directory: Path, number: int) -> Path:
    """Return the folder of a committee's member, counted from 1: the first is at home."""
    return directory if number == 1 else directory / f"member-{number}"


def _decisive(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe without what changes no weight: a committee may grow."""
    content = recipe.model_dump(mode="json")
    for key in ("members", "threads"):
        del content["fit"][key]
    return content


@dataclass(frozen=True)
class _Course:
    """The steps of a training that share its recipe and its threads."""

    recipe: Recipe
    pool: ThreadPoolExecutor
    folder: Path
    progress: ProgressCallback | None

    def prepare(self, parts: dict[str, list[Atoms]]) -> tuple[Preparation, dict[str, list[Sample]]]:
        """Return scaling, atomic energies and the samples of each part."""
        rows = self.recipe.rows()
        elements = tuple(each[0].center for each in rows)
        descriptor = make_descriptor(self.recipe, rows)
        descriptor.precision = "mixed" if self.recipe.fit.precision == "single" else "double"
        cutoff_A = self.recipe.symmetry.cutoff_A
        make = partial(compute_raw, elements=elements, cutoff_A=cutoff_A, descriptor=descriptor)
        raw: dict[str, list[RawFrame]] = {}
        for name, frames in parts.items():
            if self.progress is not None:
                self.progress(Progress(0, 1, f"symmetry functions of {len(frames)} {name} frames"))
            raw[name] = list(self.pool.map(make, frames))
        dtype = np.float64 if self.recipe.fit.precision == "double" else np.float32
        zbl_A = self.recipe.potential.zbl_A
        preparation = prepare(raw["training"], elements, cutoff_A, descriptor, zbl_A, dtype)
        samples = {name: [preparation.sample(r) for r in part] for name, part in raw.items()}
        return preparation, samples

    def build(
        self, preparation: Preparation, training: Sequence[Sample], number: int = 1
    ) -> tuple[Networks, ForceKernel]:
        """Return new networks, or those of an earlier training, and the force kernel.

        Parameters
        ----------
        number
            Of the committee's member, from 1: each has a seed of its own.
        """
        fit_table, potential = self.recipe.fit, self.recipe.potential
        parts = zip(*(sample.features for sample in training), strict=True)
        matrices = [
            whitening_matrix(np.concatenate(part), part[0].shape[1], fit_table.whitening_floor)
            for part in parts
        ]
        dtype = torch.float64 if fit_table.precision == "double" else torch.float32
        seed = fit_table.seed + SEED_STEP * (number - 1)
        networks = Networks(matrices, potential.hidden, potential.activation, seed, dtype)
        if fit_table.start_from is not None:
            self._start(networks, preparation, self.folder / fit_table.start_from, number)
        factors = tuple(inverse_sigma(stats) for stats in preparation.scaling)
        return networks, ForceKernel(preparation.descriptor, factors, self.pool, fit_table.threads)

    def _start(
        self, networks: Networks, preparation: Preparation, folder: Path, number: int
    ) -> None:
        lines = _lines(self.recipe.rows())
        work = member_folder(folder / WORK_FOLDER, number)
        if not work.is_dir():
            work = folder / WORK_FOLDER
        earlier = load_predecessor(work, lines, self.recipe.potential.hidden)
        shifts = earlier.atom_energies_eV - preparation.atom_energies_eV
        scaled = on_scaled_functions(earlier.networks, preparation.scaling, shifts)
        networks.set_plain(scaled)

    def fit(
        self,
        networks: Networks,
        kernel: ForceKernel,
        samples: dict[str, list[Sample]],
        work: Path,
        key: str,
        number: int = 1,
    ) -> FitState:
        """Run the fit of member `number`, its state and learning curve in `work`."""
        work.mkdir(exist_ok=True)
        settings, n_members = self.recipe.fit, self.recipe.fit.members
        seed = settings.seed + SEED_STEP * (number - 1)

        def tell(state: Progress) -> None:
            if self.progress is not None:
                name = f"member {number}/{n_members}, " if n_members > 1 else ""
                self.progress(replace(state, message=name + state.message))

        def draw(curve: list[dict[str, float]]) -> None:
            write_curve(work, curve)
            draw_curve(work, curve)

        return fit(
            networks,
            kernel,
            samples["training"],
            samples["validation"],
            settings.model_copy(update={"seed": seed}),
            LossScales(**self.recipe.loss.model_dump()),
            directory=work,
            key=key,
            progress=tell,
            on_curve=draw,
        )


def _data_files(recipe: Recipe, folder: Path) -> dict[str, Path]:
    """Return the data files by their names in the recipe; folders give their extxyz files."""
    found: dict[str, Path] = {}
    for name in recipe.data.files:
        path = folder / name
        inside = sorted(path.glob("*.extxyz*")) if path.is_dir() else [path]
        for file in inside:
            if not file.is_file():
                raise InputError(f"data.files: there is no '{name}' beside the recipe.")
            found[f"{name}/{file.name}" if path.is_dir() else name] = file
    if not found:
        raise InputError(f"data.files {list(recipe.data.files)} hold no extxyz file: label first.")
    return found


def _usable(frames: Sequence[Atoms], recipe: Recipe) -> list[Atoms]:
    largest = recipe.data.largest_force_eV_per_A
    kept = [f for f in frames if np.linalg.norm(f.get_forces(), axis=1).max() <= largest]
    if len(kept) < 3:
        raise InputError(
            f"Only {len(kept)} of {len(frames)} frames have no force above {largest} eV/Å: label "
            "more frames, or raise data.largest_force_eV_per_A."
        )
    return kept


def _split(frames: Sequence[Atoms], recipe: Recipe) -> dict[str, list[Atoms]]:
    split = divide(frames, recipe.data)
    if not split.train or not split.validation:
        raise InputError(
            f"data.split '{recipe.data.split}' leaves nothing to "
            f"{'validate' if split.train else 'train'} with: a system needs three trajectories "
            "before one is held out; label more of them."
        )
    named = zip(("training", "validation", "test"), split.parts(), strict=True)
    return {name: [frames[index] for index in part] for name, part in named}


def divide(frames: Sequence[Atoms], table: DataTable) -> Split:
    """Return the split of `frames` that the recipe's ``[data]`` table asks for."""
    validation, test, seed = table.validation_fraction, table.test_fraction, table.seed
    if table.split == "random":
        return split_random(frames, validation=validation, test=test, seed=seed)
    if table.split == "composition":
        return split_by_composition(frames, table.held_out, validation=validation, seed=seed)
    return split_by_trajectory(frames, validation=validation, test=test, seed=seed)


def make_descriptor(recipe: Recipe, rows: Sequence[Sequence[AnyRow]]) -> Descriptor:
    """Return the kernel's symmetry functions of `rows`, unscaled."""
    text = symmetry_text(rows, recipe.symmetry.cutoff_function)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "input.nn").write_text(text, encoding="utf-8")
        extension = f"format_version {FORMAT_VERSION}\n" + spectrum_text(rows)
        (Path(folder) / "extension.nn").write_text(extension, encoding="utf-8")
        return Descriptor.from_potential(folder)


def _lines(rows: Sequence[Sequence[AnyRow]]) -> list[str]:
    return [row.line for each in rows for row in each]


def _files(recipe: Recipe, preparation: Preparation, networks: Networks) -> PotentialFiles:
    return PotentialFiles(
        rows=recipe.rows(),
        cutoff_function=recipe.symmetry.cutoff_function,
        activation=recipe.potential.activation,
        scaling=preparation.scaling,
        networks=networks.plain(),
        atom_energies_eV=tuple(float(e) for e in preparation.atom_energies_eV),
        zbl_A=recipe.potential.zbl_A,
    )


def _errors_by_system(
    networks: torch.nn.Module,
    kernel: ForceKernel,
    frames: Sequence[Atoms],
    samples: Sequence[Sample],
) -> dict[str, Errors]:
    if not frames:
        return {}
    residuals = measure_residuals(networks, kernel, samples)
    systems = np.array([label_of(frame).system for frame in frames])
    chosen = {str(name): np.flatnonzero(systems == name) for name in np.unique(systems)}
    chosen["all"] = np.arange(len(frames))
    return {name: residuals.errors(indices) for name, indices in chosen.items()}


def _summary(states: Sequence[FitState]) -> dict[str, Any]:
    """Return figures of the fit; of a committee lists, one entry a member."""
    best = [min(state.curve, key=lambda entry: entry["validation"]) for state in states]
    columns: dict[str, list[Any]] = {
        "best_epoch": [int(entry["epoch"]) for entry in best],
        "validation_energy_meV_per_atom": [round(e["energy_meV_per_atom"], 4) for e in best],
        "validation_force_eV_per_A": [round(e["force_eV_per_A"], 4) for e in best],
        "wall_seconds": [round(state.seconds, 1) for state in states],
    }
    return {name: column if len(best) > 1 else column[0] for name, column in columns.items()}
