"""Frames that stand twice in a set, and frames that don't belong there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sinterface.dataset.composition import composition_residuals
from sinterface.dataset.frames import label_of
from sinterface.dataset.survey import FrameFacts, shortest_plausible, survey

TOLERANCE_A = 0.01
"""Two frames are one structure when all their sorted distances agree so well."""

LARGEST_FORCE = 50.0
"""eV/Å; no sampled structure needs more."""

DEVIATIONS = 8.0
"""Robust standard deviations of its system's energies beyond which a frame is an outlier."""


@dataclass(frozen=True)
class Duplicate:
    """Two frames of one structure.

    Attributes
    ----------
    first, second
        Frame numbers, from 0.
    difference_A
        Largest difference of their sorted distances.
    energy_meV_per_atom
        Difference of their energies: more than a rounding means labels that disagree.
    """

    first: int
    second: int
    difference_A: float
    energy_meV_per_atom: float


@dataclass(frozen=True)
class Outlier:
    """A frame that stands apart: its number, what is wrong, how large it is, where it ends."""

    frame: int
    system: str
    trajectory: str
    kind: str
    value: float
    limit: float
    unit: str


@dataclass(frozen=True)
class Faults:
    """Duplicates and outliers of a set."""

    n_frames: int
    duplicates: tuple[Duplicate, ...]
    outliers: tuple[Outlier, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


def find_faults(
    frames: Sequence[Atoms],
    facts: Sequence[FrameFacts] | None = None,
    *,
    tolerance_A: float = TOLERANCE_A,
    largest_force: float = LARGEST_FORCE,
    deviations: float = DEVIATIONS,
) -> Faults:
    """Return the duplicates and outliers of `frames`.

    Parameters
    ----------
    facts
        Of :func:`survey`, where they are known already.
    tolerance_A, largest_force, deviations
        See `TOLERANCE_A`, `LARGEST_FORCE` (eV/Å) and `DEVIATIONS`.
    """
    facts = survey(frames) if facts is None else facts
    outliers = [
        *_too_near(frames, facts),
        *_too_strong(frames, facts, largest_force),
        *_too_high(frames, deviations),
    ]
    outliers.sort(key=lambda each: (each.frame, each.kind))
    return Faults(len(frames), tuple(find_duplicates(frames, facts, tolerance_A)), tuple(outliers))


def find_duplicates(
    frames: Sequence[Atoms], facts: Sequence[FrameFacts], tolerance_A: float = TOLERANCE_A
) -> list[Duplicate]:
    """Return all pairs of frames of equal composition whose fingerprints agree."""
    groups: dict[str, list[int]] = {}
    for index, fact in enumerate(facts):
        groups.setdefault(fact.formula, []).append(index)
    found = []
    for group in groups.values():
        points = np.array([facts[index].fingerprint for index in group])
        for a, b in cKDTree(points).query_pairs(tolerance_A, p=np.inf):
            one, two = sorted((group[a], group[b]))
            difference = float(np.abs(points[a] - points[b]).max())
            energy = 1000.0 * (_energy(frames[two]) - _energy(frames[one]))
            found.append(Duplicate(one, two, difference, energy))
    return sorted(found, key=lambda pair: (pair.first, pair.second))


def _energy(frame: Atoms) -> float:
    return float(frame.get_potential_energy()) / len(frame)


def _outlier(frames: Sequence[Atoms], index: int, *what: Any) -> Outlier:
    label = label_of(frames[index])
    return Outlier(index, label.system, label.trajectory, *what)


def _too_near(frames: Sequence[Atoms], facts: Sequence[FrameFacts]) -> list[Outlier]:
    return [
        _outlier(frames, index, f"distance {'-'.join(pair)}", distance, limit, "Å")
        for index, fact in enumerate(facts)
        for pair, distance in fact.nearest_A.items()
        if distance < (limit := shortest_plausible(pair))
    ]


def _too_strong(
    frames: Sequence[Atoms], facts: Sequence[FrameFacts], limit: float
) -> list[Outlier]:
    return [
        _outlier(frames, index, "force", fact.largest_force, limit, "eV/Å")
        for index, fact in enumerate(facts)
        if fact.largest_force > limit
    ]


def _too_high(frames: Sequence[Atoms], deviations: float) -> list[Outlier]:
    """Energies per atom that neither composition nor the spread of the system explains."""
    residuals = composition_residuals(frames)[1]
    systems = np.array([label_of(frame).system for frame in frames])
    found = []
    for system in np.unique(systems):
        chosen = np.flatnonzero(systems == system)
        middle, spread = _robust(residuals[chosen])
        for index in chosen:
            excess = abs(residuals[index] - middle)
            if len(chosen) >= 5 and excess > deviations * spread:
                value, limit = 1000.0 * float(excess), 1000.0 * deviations * spread
                found.append(_outlier(frames, int(index), "energy", value, limit, "meV/atom"))
    return found


def _robust(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return median and 1.4826 × median absolute deviation, at least 1 meV."""
    middle = float(np.median(values))
    return middle, max(1.4826 * float(np.median(np.abs(values - middle))), 1e-3)
