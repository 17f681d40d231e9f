"""What can be measured on each frame: forces, nearest distances, a fingerprint of its distances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from numpy.typing import NDArray

from sinterface.kernels.neighbors import neighbor_list

CUTOFF_A = 5.0
"""Distances beyond it play no part."""

QUANTILES = 24
"""Numbers that stand for the sorted distances of a pair of elements."""

SHORTEST_SHARE = 0.55
"""Of the sum of two covalent radii: nearer than hot atoms come in practice."""

Pair = tuple[str, str]


@dataclass(frozen=True)
class FrameFacts:
    """Measured on one frame.

    Attributes
    ----------
    formula
        Composition with its common factor removed, elements by name.
    largest_force
        Largest force on an atom, eV/Å.
    nearest_A
        Shortest distance of each pair of elements within `CUTOFF_A`, Å.
    fingerprint
        Quantiles of the sorted distances of each pair of elements, Å; equal for equal structures,
        however they are turned, shifted, ordered or repeated.
    """

    formula: str
    largest_force: float
    nearest_A: dict[Pair, float]
    fingerprint: NDArray[np.float64]


def survey(frames: Iterable[Atoms]) -> list[FrameFacts]:
    """Return the facts of each frame."""
    return [_measure(frame) for frame in frames]


def _measure(frame: Atoms) -> FrameFacts:
    nl = neighbor_list(frame.positions, frame.cell.array, frame.pbc, CUTOFF_A)
    lengths = np.linalg.norm(nl.vectors(frame.positions), axis=1)
    first, second = frame.numbers[nl.centers], frame.numbers[nl.neighbors]
    counts = dict(sorted(frame.symbols.formula.count().items()))
    nearest: dict[Pair, float] = {}
    parts: list[NDArray[np.float64]] = [np.array([_volume_length(frame)])]
    for one, two in combinations_with_replacement(counts, 2):
        chosen = (first == atomic_numbers[one]) & (second == atomic_numbers[two])
        distances = np.sort(lengths[chosen])
        if len(distances):
            nearest[one, two] = float(distances[0])
        wanted = round(4.0 * (counts[one] * counts[two]) ** 0.5) * (2 if one == two else 1)
        parts.append(_quantiles(distances, wanted))
    formula = frame.symbols.formula.reduce()[0].format("hill")
    largest = float(np.linalg.norm(frame.get_forces(), axis=1).max())
    return FrameFacts(formula, largest, nearest, np.concatenate(parts))


def _volume_length(frame: Atoms) -> float:
    return float((frame.get_volume() / len(frame)) ** (1 / 3)) if frame.cell.rank == 3 else 0.0


def _quantiles(distances: NDArray[np.float64], wanted: int) -> NDArray[np.float64]:
    """Return means of `QUANTILES` equal shares of the `wanted` shortest distances, Å."""
    padded = np.full(max(wanted, 1), CUTOFF_A)
    padded[: len(distances)] = distances[:wanted]
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    edges = np.linspace(0.0, len(padded), QUANTILES + 1)
    totals = np.interp(edges, np.arange(len(sums)), sums)
    return np.asarray(np.diff(totals) * QUANTILES / len(padded))


def nearest_by_pair(facts: Sequence[FrameFacts]) -> dict[Pair, tuple[float, int]]:
    """Return for each pair of elements the shortest distance (Å) of all frames, and its frame."""
    found: dict[Pair, tuple[float, int]] = {}
    for index, fact in enumerate(facts):
        for pair, distance in fact.nearest_A.items():
            if distance < found.get(pair, (np.inf, 0))[0]:
                found[pair] = (distance, index)
    return dict(sorted(found.items()))


def shortest_plausible(pair: Pair) -> float:
    """Return the distance in Å below which two atoms are too near for any label."""
    one, two = (float(covalent_radii[atomic_numbers[name]]) for name in pair)
    return SHORTEST_SHARE * (one + two)
