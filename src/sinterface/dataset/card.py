"""The data card: what a set of labelled frames holds, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from sinterface.dataset.composition import composition_residuals
from sinterface.dataset.faults import Faults, find_faults
from sinterface.dataset.frames import family_of, label_of
from sinterface.dataset.survey import nearest_by_pair, survey

FORCE_EDGES = np.concatenate([np.arange(0.0, 10.0, 0.25), np.arange(10.0, 52.0, 2.0)])
"""Edges of the histogram of forces on atoms, eV/Å; the last class is open."""


@dataclass(frozen=True)
class DataCard:
    """What a set holds.

    Attributes
    ----------
    n_frames, n_atoms, n_trajectories, n_families
        Totals.
    references
        Frames of each reference, as ``name version (settings hash)``.
    systems, compositions, temperatures_K
        Frames of each; temperatures as text.
    elements
        Atoms of each element.
    force_edges, force_counts
        Histogram of the forces' lengths by element, eV/Å: one more edge than counts, the last class
        takes what is larger.
    nearest
        Shortest distance of each pair of elements, Å, and the frame that has it.
    atom_energies_eV
        Energy of one atom of each element, fitted to the compositions.
    residual_meV_per_atom
        Spread (standard deviation) of what composition doesn't explain, by system.
    volumes_A3_per_atom
        Smallest, mean and largest volume of an atom by system; nothing for open structures.
    without_stress
        Frames that have no stress.
    faults
        Duplicates and outliers.
    """

    n_frames: int
    n_atoms: int
    n_trajectories: int
    n_families: int
    references: dict[str, int]
    systems: dict[str, int]
    compositions: dict[str, int]
    temperatures_K: dict[str, int]
    elements: dict[str, int]
    force_edges: list[float]
    force_counts: dict[str, list[int]]
    nearest: dict[str, dict[str, float | int]]
    atom_energies_eV: dict[str, float]
    residual_meV_per_atom: dict[str, float]
    volumes_A3_per_atom: dict[str, list[float]]
    without_stress: int
    faults: Faults

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


def make_card(frames: Sequence[Atoms]) -> DataCard:
    """Return the card of labelled frames."""
    facts = survey(frames)
    labels = [label_of(frame) for frame in frames]
    systems = np.array([label.system for label in labels])
    atom_energies, residuals = composition_residuals(frames)
    nearest = nearest_by_pair(facts)
    return DataCard(
        n_frames=len(frames),
        n_atoms=sum(len(frame) for frame in frames),
        n_trajectories=len({label.trajectory for label in labels}),
        n_families=len({family_of(frame) for frame in frames}),
        references=_counts(
            f"{label.reference} {label.reference_version} ({label.settings_hash})"
            for label in labels
        ),
        systems=_counts(label.system for label in labels),
        compositions=_counts(fact.formula for fact in facts),
        temperatures_K=_by_temperature([label.temperature_K for label in labels]),
        elements=_counts(symbol for frame in frames for symbol in frame.get_chemical_symbols()),
        force_edges=FORCE_EDGES.tolist(),
        force_counts=_force_counts(frames),
        nearest={
            "-".join(pair): {"distance_A": round(distance, 4), "frame": index}
            for pair, (distance, index) in nearest.items()
        },
        atom_energies_eV=atom_energies,
        residual_meV_per_atom={
            name: 1000.0 * float(residuals[systems == name].std()) for name in _names(systems)
        },
        volumes_A3_per_atom=_volumes(frames, systems),
        without_stress=sum("stress" not in frame.calc.results for frame in frames),
        faults=find_faults(frames, facts),
    )


def _names(systems: NDArray[np.str_]) -> list[str]:
    return [str(name) for name in np.unique(systems)]


def _counts(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _by_temperature(temperatures_K: Sequence[float]) -> dict[str, int]:
    counted = Counter(round(value) for value in temperatures_K)
    return {str(value): counted[value] for value in sorted(counted)}


def _force_counts(frames: Sequence[Atoms]) -> dict[str, list[int]]:
    forces = np.concatenate([np.linalg.norm(frame.get_forces(), axis=1) for frame in frames])
    forces = np.minimum(forces, 0.5 * (FORCE_EDGES[-2] + FORCE_EDGES[-1]))
    symbols = np.concatenate([frame.get_chemical_symbols() for frame in frames])
    return {
        str(name): np.histogram(forces[symbols == name], FORCE_EDGES)[0].tolist()
        for name in np.unique(symbols)
    }


def _volumes(frames: Sequence[Atoms], systems: NDArray[np.str_]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for name in _names(systems):
        cells = [frame for frame, own in zip(frames, systems, strict=True) if own == name]
        sizes = [frame.get_volume() / len(frame) for frame in cells if frame.cell.rank == 3]
        if sizes:
            found[name] = [float(min(sizes)), float(np.mean(sizes)), float(max(sizes))]
    return found
