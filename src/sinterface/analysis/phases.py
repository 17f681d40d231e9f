"""Which phase each atom's surroundings belong to, or that they belong to none."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.environments import ROOM, ElementClasses, fit_classes
from sinterface.analysis.frames import time_windows
from sinterface.analysis.neighbors import find_pairs
from sinterface.analysis.phase_references import (
    AMORPHOUS,
    DOPING,
    MOVING,
    doped_copies,
    references,
    shaken_copies,
)
from sinterface.analysis.records import Record
from sinterface.analysis.statistics import window_means
from sinterface.analysis.stream import Frames
from sinterface.errors import InputError
from sinterface.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

NEAR_A = 3.6
"""Atoms within that distance speak for each other."""

SURE = 0.7
"""Least probability of the likeliest phase; below, the atom's phase is unknown."""

ABSENT = 25.0
"""How much less likely (logarithm) a phase without an atom's element is than its best one."""

MOST_EXCESS = 4.0
"""Logarithm of distance over limit beyond which an atom is no stranger still."""

MOST_FRAMES = 40
N_WINDOWS = 4
BIN_A = 3.0
UNKNOWN = "unknown"

Structure = tuple[NDArray[np.str_], FloatArray, FloatArray]


@dataclasses.dataclass(frozen=True)
class Phases(Record):
    """Shares of the phases.

    Attributes
    ----------
    names
        Phases, ``"unknown"`` last.
    temperature_K
        At which the references were shaken.
    share, share_std
        Share of the atoms over all frames and its standard error between blocks of time, (n,).
    share_of_element
        The same for the atoms of each element.
    confidence
        Mean probability of the phase of the atoms that were given one.
    time_ps, share_in_time
        Frames used and the shares in each, (n_frames,) and (n_frames, n).
    depth_A, windows_ps, share_by_depth
        Middle of bins along the third cell vector's normal; beginning and end of each window of
        time; shares in each window and bin, shape (n_windows, n_bins, n), NaN where empty.
    confusion
        Share of the held-out atoms of each reference (row) called each phase (column).
    last
        Phase of each atom in the last frame used, as an index into `names`, shape (n_atoms,).
    """

    names: tuple[str, ...]
    temperature_K: float
    share: NDArray[np.float64]
    share_std: NDArray[np.float64]
    share_of_element: dict[str, NDArray[np.float64]]
    confidence: float
    time_ps: NDArray[np.float64]
    share_in_time: NDArray[np.float64]
    depth_A: NDArray[np.float64]
    windows_ps: NDArray[np.float64]
    share_by_depth: NDArray[np.float64]
    confusion: NDArray[np.float64]
    last: NDArray[np.int64]


class PhaseClassifier:
    """Tells phases apart by the surroundings of atoms.

    Parameters
    ----------
    potential
        Directory or shipped name of the potential whose symmetry functions are used.
    temperature_K
        At which the references are shaken.
    own
        A person's own reference structures by name, such as an amorphous cell.
    progress
        Told after every reference.
    """

    def __init__(
        self,
        potential: str = "llzo-lco",
        *,
        temperature_K: float = 1000.0,
        own: Mapping[str, Path] | None = None,
        progress: ProgressCallback | None = None,
    ) -> None:
        from sinterface.kernels.symmetry import Descriptor
        from sinterface.potential.model import load_potential

        self._potential = load_potential(potential)
        self._descriptor = Descriptor.from_potential(self._potential.directory)
        self.temperature_K = temperature_K
        crystals = references(own or {})
        self.names = (*crystals, UNKNOWN)
        held = [self._fit_sample(k, name, crystals, progress) for k, name in enumerate(crystals)]
        self.classes: dict[str, ElementClasses] = {}
        for element in self._potential.elements:
            parts = [one for sample in held for one in sample[0] if one[0] == element]
            if parts:
                self.classes[element] = fit_classes(
                    np.concatenate([one[1] for one in parts]),
                    np.concatenate([np.full(len(one[1]), one[2]) for one in parts]),
                    np.concatenate([np.full(len(one[1]), one[3]) for one in parts]),
                    len(crystals),
                )
        disordered = [k for k, name in enumerate(crystals) if name in AMORPHOUS]
        for classes in self.classes.values():
            # Their references hold the whole range already: room beyond it would let a gas in.
            classes.limits[disordered] /= ROOM
        self.confusion = np.array([self._called(sample[1]) for sample in held])

    def _fit_sample(
        self,
        number: int,
        name: str,
        crystals: Mapping[str, tuple[str, ...]],
        progress: ProgressCallback | None,
    ) -> tuple[list[tuple[str, FloatArray, int, bool]], list[Structure]]:
        """Return the vectors of a phase's samples, and its held-out structures."""
        rows: list[tuple[str, FloatArray, int, bool]] = []
        kept: list[Structure] = []
        calculator = self._calculator() if name in MOVING else None
        copies = shaken_copies(crystals[name], self.temperature_K, number, calculator)
        if name == DOPING and calculator is not None:
            copies = chain(copies, doped_copies(self.temperature_K, number, calculator))
        for atoms, last in copies:
            symbols = np.array(atoms.get_chemical_symbols())
            positions, cell = np.asarray(atoms.positions), np.asarray(atoms.cell.array)
            vectors = self._vectors(symbols, positions, cell)
            rows += [(element, part, number, last) for element, part in vectors.items()]
            if last:
                kept.append((symbols, positions, cell))
        if progress is not None:
            progress(Progress(number + 1, len(crystals), f"reference of {name}"))
        return rows, kept

    def _calculator(self) -> Calculator:
        from sinterface.potential.calculator import SinterfaceCalculator

        return SinterfaceCalculator(self._potential)

    def _called(self, structures: list[Structure]) -> FloatArray:
        counts = np.zeros(len(self.names))
        for symbols, positions, cell in structures:
            phase, _ = self.classify(symbols, positions, cell)
            counts += np.bincount(phase, minlength=len(self.names))
        return np.asarray(counts / counts.sum())

    def _vectors(
        self, symbols: NDArray[np.str_], positions: FloatArray, cell: FloatArray
    ) -> dict[str, FloatArray]:
        """Return the symmetry functions of the atoms of each element."""
        unknown = sorted(set(symbols.tolist()) - set(self._potential.elements))
        if unknown:
            raise InputError(
                f"There is {', '.join(unknown)} in the structure, but the potential whose "
                f"symmetry functions tell phases apart knows "
                f"{', '.join(self._potential.elements)}; give another one."
            )
        found = self._potential.neighbors(positions, cell, (True, True, True))
        species = self._potential.species(symbols.tolist())
        values = self._descriptor.values(positions, species, found)
        rows = {}
        for index, element in enumerate(self._descriptor.elements):
            chosen = symbols == element
            if chosen.any():
                rows[element] = values[chosen, : self._descriptor.n_functions[index]]
        return rows

    def classify(
        self, symbols: NDArray[np.str_], positions: FloatArray, cell: FloatArray
    ) -> tuple[IntArray, FloatArray]:
        """Return the phase of each atom (an index into `names`) and its probability.

        Each atom's likelihoods are joined by the mean of its neighbours'. It is unknown where
        no phase is likely enough, or where its surroundings and its neighbours' lie, on the
        geometric mean, beyond what the references of that phase show.
        """
        n_phases = len(self.names) - 1
        likely = np.full((len(symbols), n_phases), -np.inf)
        excess = np.full((len(symbols), n_phases), MOST_EXCESS)
        for element, vectors in self._vectors(symbols, positions, cell).items():
            classes = self.classes[element]
            chosen = symbols == element
            distances = classes.distances(vectors)
            likely[chosen] = classes.likelihoods(distances)
            ratio = distances / np.maximum(classes.limits, 1e-9)
            excess[chosen] = np.log(np.clip(ratio, 1e-3, np.exp(MOST_EXCESS)))
        best = likely.max(axis=1, keepdims=True)
        likely = np.maximum(likely - best, -ABSENT)
        joined = likely + _mean_of_neighbors(likely, positions, cell)
        weights = np.exp(joined - joined.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        phase = weights.argmax(axis=1)
        rows = np.arange(len(symbols))
        probability = weights[rows, phase]
        # An atom that heat has thrown far is believed where its neighbours are as they should.
        strange = excess + _mean_of_neighbors(excess, positions, cell)
        unknown = (probability < SURE) | (strange[rows, phase] > 0.0)
        return np.where(unknown, n_phases, phase).astype(np.int64), probability


def _mean_of_neighbors(values: FloatArray, positions: FloatArray, cell: FloatArray) -> FloatArray:
    i, j, _ = find_pairs(positions, cell, NEAR_A)
    number = np.bincount(i, minlength=len(values)) + np.bincount(j, minlength=len(values))
    total = np.zeros_like(values)
    np.add.at(total, i, values[j])
    np.add.at(total, j, values[i])
    return np.asarray(total / np.maximum(number, 1)[:, None])


def find_phases(
    run: Frames, classifier: PhaseClassifier, *, progress: ProgressCallback | None = None
) -> Phases:
    """Tell the phases of a run apart, by depth and time.

    Parameters
    ----------
    run
        The run; at most `MOST_FRAMES` of its frames, at a regular stride, are used.
    classifier
        What tells phases apart.
    progress
        Told after every frame.
    """
    frames = range(0, run.n_frames, -(-run.n_frames // MOST_FRAMES))
    n = len(classifier.names)
    height = run.volume_A3 / float(np.linalg.norm(np.cross(*run.mean_cell[:2])))
    n_bins = max(1, round(height / BIN_A))
    time = run.time_ps[list(frames)]
    edges, window = time_windows(time, N_WINDOWS)
    by_depth = np.zeros((len(edges) - 1, n_bins, n))
    by_element = {element: np.zeros(n) for element in run.elements}
    shares, sure = [], []
    phase = np.zeros(run.n_atoms, dtype=np.int64)
    for done, index in enumerate(frames):
        fractional = run.fractional(index)
        phase, probability = classifier.classify(
            run.symbols, fractional @ run.cell[index], run.cell[index]
        )
        shares.append(np.bincount(phase, minlength=n) / run.n_atoms)
        sure.append(probability[phase < n - 1])
        place = ((fractional[:, 2] % 1.0) * n_bins).astype(np.int64) % n_bins
        np.add.at(by_depth[window[done]], (place, phase), 1.0)
        for element, counts in by_element.items():
            counts += np.bincount(phase[run.symbols == element], minlength=n)
        if progress is not None:
            progress(Progress(done + 1, len(frames), "phases"))
    in_time = np.array(shares)
    whole = np.zeros(len(time), dtype=np.int64)
    errors = np.array([window_means(column, whole, 1)[1][0] for column in in_time.T])
    total = by_depth.sum(axis=2, keepdims=True)
    known = np.concatenate(sure)
    return Phases(
        names=classifier.names,
        temperature_K=classifier.temperature_K,
        share=in_time.mean(axis=0),
        share_std=errors,
        share_of_element={name: one / one.sum() for name, one in by_element.items()},
        confidence=float(known.mean()) if len(known) else np.nan,
        time_ps=time,
        share_in_time=in_time,
        depth_A=(np.arange(n_bins) + 0.5) * height / n_bins,
        windows_ps=np.column_stack([edges[:-1], edges[1:]]),
        share_by_depth=np.divide(
            by_depth, total, out=np.full(by_depth.shape, np.nan), where=total > 0
        ),
        confusion=classifier.confusion,
        last=phase,
    )
