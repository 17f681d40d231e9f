"""Fine-tune a potential on a few frames of one's own: its networks move, all else stays.

Symmetry functions, scaling and repulsion are those of the potential. The reference of the new
frames may have another zero of energy: the atomic energies take up that difference first, so that
the networks only learn what is left.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from sinterface.dataset.composition import count_elements
from sinterface.dataset.frames import label_of, read_frames
from sinterface.dataset.splits import Split, divided_families, split_by_trajectory, split_random
from sinterface.errors import InputError
from sinterface.files import write_text
from sinterface.kernels.symmetry import Descriptor
from sinterface.potential.model import Potential, load_potential
from sinterface.potential.writer import ACTIVATIONS, Network, toml_text, weights_text
from sinterface.progress import ProgressCallback
from sinterface.provenance import digest, file_digest, now, versions
from sinterface.training.baseline import label_of_networks
from sinterface.training.curve import draw_curve, write_curve
from sinterface.training.fit import fit
from sinterface.training.forces import ForceKernel
from sinterface.training.held_out import Errors, measure_errors
from sinterface.training.loss import LossScales
from sinterface.training.network import Networks, whitening_matrix
from sinterface.training.preparation import RawFrame, compute_raw
from sinterface.training.recipe import FitTable
from sinterface.training.samples import Sample

WORK_FOLDER = "training"

FINE_TUNING = FitTable.model_validate(
    {
        "epochs": 60,
        "batch_frames": 2,
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "average": 0.98,
        "validate_epochs": 3,
        "precision": "double",
    }
)
"""Small steps: the weights are to stay near those that many frames taught."""


@dataclass(frozen=True)
class FineTuned:
    """A fine-tuned potential and its errors on the validation frames.

    Attributes
    ----------
    directory
        The new potential.
    before, after
        Errors of the first member once the zero of energy is adjusted, and of the result.
    """

    directory: Path
    before: Errors
    after: Errors


def fine_tune(
    name: Path | str,
    sources: Sequence[Path],
    output: Path,
    progress: ProgressCallback | None = None,
    settings: FitTable = FINE_TUNING,
) -> FineTuned:
    """Write `name`, fine-tuned on labelled frames, to `output`; a killed run goes on.

    A fifth of the frames chooses the weights: whole families where there are three, else single
    frames. Members of a committee are tuned one by one.

    Parameters
    ----------
    sources
        Files of labelled frames.

    Raises
    ------
    InputError
        When the frames or the potential are unfit.
    """
    potential = load_potential(name)
    _check(potential)
    frames = read_frames(sources)
    if len(frames) < 3:
        raise InputError(f"{len(frames)} frames are too few to fine-tune on; label three or more.")
    torch.set_num_threads(1)
    work = output / WORK_FOLDER
    work.mkdir(parents=True, exist_ok=True)
    split = _split(frames, settings.seed)
    key = digest({"from": potential.fingerprint, "data": [file_digest(p) for p in _files(sources)],
                  "fit": settings.model_dump(mode="json")})  # fmt: skip
    with ThreadPoolExecutor(settings.threads) as pool:
        tuning = _Tuning(potential, frames, split, settings, pool)
        shifts = tuning.shifts()
        results = [
            tuning.member(k, shifts, work if k == 0 else work / f"member-{k + 1}", key, progress)
            for k in range(potential.n_members)
        ]
    _write(potential, output, shifts, [networks for networks, _, _ in results])
    before, after = results[0][1], results[0][2]
    card = _card(potential, frames, split, _files(sources), before, after)
    write_text(output / "potential.toml", toml_text(card))
    return FineTuned(output, before, after)


def _files(sources: Sequence[Path]) -> list[Path]:
    inside = ([p] if p.is_file() else sorted(p.glob("*.extxyz*")) for p in sources)
    return [path for paths in inside for path in paths]


def _check(potential: Potential) -> None:
    terms = [potential._engine.energy_terms(k)[0] for k in range(potential.n_members)]
    if potential.units_A_eV != (1.0, 1.0) or any(unit != 1.0 for unit in terms):
        raise InputError(
            f"'{potential.directory.name}' works in other units than Å and eV, or with n2p2's "
            "normalisation: such a potential can't be fine-tuned here."
        )


def _split(frames: Sequence[Atoms], seed: int) -> Split:
    split = split_by_trajectory(frames, validation=0.2, test=0.0, seed=seed)
    if not split.validation:
        share = max(0.2, 1.0 / len(frames))
        split = split_random(frames, validation=share, test=0.0, seed=seed)
    return split


@dataclass(frozen=True)
class _Tuning:
    """What all members share."""

    potential: Potential
    frames: Sequence[Atoms]
    split: Split
    settings: FitTable
    pool: Executor

    def shifts(self) -> NDArray[np.float64]:
        """Return what is added to each element's atomic energy, eV: the least that fits."""
        species = [self.potential.species(f.get_chemical_symbols()) for f in self.frames]
        counts = count_elements(species, len(self.potential.elements))
        differences = [self._difference(frame) for frame in self.frames]
        n_atoms = counts.sum(axis=1)
        return np.asarray(
            np.linalg.lstsq(counts / n_atoms[:, None], np.array(differences) / n_atoms, 1e-3)[0]
        )

    def _difference(self, frame: Atoms) -> float:
        nl = self.potential.neighbors(frame.positions, frame.cell.array, frame.pbc)
        found = self.potential.evaluate(frame.numbers, frame.positions, nl)
        return float(frame.get_potential_energy()) - found.energy

    def member(
        self,
        member: int,
        shifts: NDArray[np.float64],
        work: Path,
        key: str,
        progress: ProgressCallback | None,
    ) -> tuple[tuple[Network, ...], Errors, Errors]:
        """Return the tuned networks of a member, and its validation errors before and after."""
        work.mkdir(parents=True, exist_ok=True)
        samples, kernel = self._samples(member, shifts)
        training = [samples[k] for k in self.split.train]
        validation = [samples[k] for k in self.split.validation]
        networks = self._networks(member, training)
        given = networks.plain()
        before = measure_errors(networks, kernel, validation)
        settings = self.settings.model_copy(update={"seed": self.settings.seed + member})

        def draw(curve: list[dict[str, float]]) -> None:
            write_curve(work, curve)
            draw_curve(work, curve)

        scales = LossScales()
        fit(networks, kernel, training, validation, settings, scales, directory=work, key=key,
            progress=progress, on_curve=draw)  # fmt: skip
        after = measure_errors(networks, kernel, validation)
        if after.figure(scales) > before.figure(scales):
            return given, before, before
        return networks.plain(), before, after

    def _samples(
        self, member: int, shifts: NDArray[np.float64]
    ) -> tuple[list[Sample], ForceKernel]:
        potential, engine = self.potential, self.potential._engine
        descriptor = Descriptor.from_potential(potential.directory)
        energies = np.array(engine.energy_terms(member)[1]) + shifts
        scaling = [engine.scaling(element) for element in range(len(potential.elements))]
        factors = tuple(np.array(factor) for factor, _ in scaling)
        offsets = [np.array(offset) for _, offset in scaling]

        def make(frame: Atoms) -> Sample:
            raw = compute_raw(frame, potential.elements, potential.cutoff_A, descriptor)
            features = zip(raw.features, factors, offsets, strict=True)
            scaled = tuple(rows * factor + offset for rows, factor, offset in features)
            return _sample(raw, scaled, energies, potential.zbl_A)

        return list(self.pool.map(make, self.frames)), ForceKernel(
            descriptor, factors, self.pool, self.settings.threads
        )

    def _networks(self, member: int, training: Sequence[Sample]) -> Networks:
        engine, elements = self.potential._engine, range(len(self.potential.elements))
        layers = [engine.layers(element, member) for element in elements]
        hidden = {tuple((n_out, letter) for _, n_out, letter, *_ in each[:-1]) for each in layers}
        names = {letter: name for name, letter in ACTIVATIONS.items() if name != "linear"}
        kinds = {letter for each in hidden for _, letter in each}
        last = {each[-1][2] for each in layers}
        if len(hidden) > 1 or len(kinds) > 1 or not kinds <= set(names) or last != {"l"}:
            raise InputError(
                f"'{self.potential.directory.name}' has networks of several shapes, or with "
                f"activations other than {', '.join(names.values())}: it can't be fine-tuned here."
            )
        parts = zip(*(sample.features for sample in training), strict=True)
        rows = [np.concatenate(part) for part in parts]
        matrices = [whitening_matrix(r, r.shape[1], self.settings.whitening_floor) for r in rows]
        sizes = [n_out for n_out, _ in next(iter(hidden))]
        dtype = torch.float64 if self.settings.precision == "double" else torch.float32
        networks = Networks(matrices, sizes, names[kinds.pop()], self.settings.seed, dtype)
        networks.set_plain([_network(each) for each in layers])
        return networks


def _sample(
    raw: RawFrame,
    features: tuple[NDArray[np.float64], ...],
    energies: NDArray[np.float64],
    zbl_A: tuple[float, float] | None,
) -> Sample:
    counts = count_elements([raw.species], len(energies))[0]
    target = label_of_networks(raw.frame, raw.neighbors, float(counts @ energies), zbl_A)
    members = tuple(np.flatnonzero(raw.species == e) for e in range(len(energies)))
    return Sample(raw.positions, raw.species, raw.neighbors, members, features, target)


def _network(layers: Sequence[Any]) -> Network:
    weights = tuple(np.array(w).reshape(n_in, n_out).T.copy() for n_in, n_out, _, w, _ in layers)
    return Network(weights, tuple(np.array(biases) for *_, biases in layers))


def _write(
    potential: Potential,
    output: Path,
    shifts: NDArray[np.float64],
    members: Sequence[Sequence[Network]],
) -> None:
    """Copy the potential's files, with other weights and atomic energies."""
    folders = (potential.directory, *potential.member_directories)
    for folder, networks in zip(folders, members, strict=True):
        target = output / folder.relative_to(potential.directory)
        target.mkdir(parents=True, exist_ok=True)
        for name in ("input.nn", "scaling.data", "extension.nn"):
            if (folder / name).exists():
                shutil.copyfile(folder / name, target / name)
        if (target / "input.nn").exists():
            text = (target / "input.nn").read_text(encoding="utf-8")
            write_text(target / "input.nn", _shifted(text, potential.elements, shifts))
        for element, network in zip(potential.elements, networks, strict=True):
            name = f"weights.{atomic_numbers[element]:03d}.data"
            write_text(target / name, weights_text(network))


def _shifted(text: str, elements: Sequence[str], shifts: NDArray[np.float64]) -> str:
    """Return ``input.nn`` with `shifts` added to its atomic energies."""
    added = dict(zip(elements, shifts.tolist(), strict=True))
    lines = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["atom_energy"] and words[1] in added:
            added[words[1]] += float(words[2])
        else:
            lines.append(line)
    energies = [f"atom_energy {name} {energy:.16E}" for name, energy in added.items()]
    return "\n".join([*lines, *energies]) + "\n"


def _card(
    potential: Potential,
    frames: Sequence[Atoms],
    split: Split,
    files: Sequence[Path],
    before: Errors,
    after: Errors,
) -> dict[str, Any]:
    """Return the card: where it comes from, the frames, the errors before and after."""
    label = label_of(frames[0])
    parts = [[frames[k] for k in part] for part in split.parts()]
    rows = {"before (zero of energy adjusted)": before, "after": after}
    return {
        "name": f"{potential.directory.name}-fine-tuned",
        "made": now(),
        "elements": list(potential.elements),
        "fine_tuned_from": potential.directory.name,
        "fine_tuned_from_fingerprint": potential.fingerprint,
        "licence": str(potential.card.get("licence", "unknown")),
        "reference": {
            "name": label.reference,
            "version": label.reference_version,
            "settings_hash": label.settings_hash,
        },
        "data": {
            "frames": len(frames),
            "training_frames": len(split.train),
            "validation_frames": len(split.validation),
            "families_on_both_sides": len(divided_families(parts)),
            "sha256": {path.name: file_digest(path) for path in files},
        },
        "errors": {
            "explanation": "Root mean square errors on the frames that chose the weights, so not "
            "quite independent; of a committee, those of its first member.",
            **{
                name: {k: round(v, 4) for k, v in errors.as_dict().items() if v == v}
                for name, errors in rows.items()
            },
        },
        "versions": versions(),
    }
