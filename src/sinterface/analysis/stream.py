"""Frames of any trajectory, one at a time: our H5MD, or whatever ASE reads, unwrapped."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from sinterface.errors import InputError, nearest_name
from sinterface.progress import Progress, ProgressCallback
from sinterface.units import FS_PER_PS

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BLOCK_BYTES = 512 * 1024**2
"""Memory for the positions of one block of atoms over all frames."""


class Source(Protocol):
    """A file behind `Frames`; indices count the frames of the file."""

    numbers: IntArray
    masses: FloatArray
    region: NDArray[np.int8] | None
    time_ps: FloatArray
    cell: FloatArray
    temperature_K: FloatArray | None
    has_velocities: bool
    notes: tuple[str, ...]

    def fractional(self, index: int, atoms: IntArray | None = None) -> FloatArray:
        """Unwrapped fractional coordinates of one frame, of all or some atoms, (n_chosen, 3)."""

    def velocities(self, index: int, atoms: IntArray | None = None) -> FloatArray:
        """Velocities of one frame, of all or some atoms, shape (n_chosen, 3), in Å/ps."""

    def close(self) -> None:
        """Let go of the files."""


@dataclasses.dataclass(frozen=True)
class Selection:
    """Which frames of a trajectory are used.

    Attributes
    ----------
    frame_interval_fs
        Time between frames; needed where the file doesn't tell its times.
    skip
        Frames left out at the beginning.
    stride
        Every how many frames one is used.
    needs_times
        Whether times matter; without, frames of unknown times count as 1 fs apart.
    """

    frame_interval_fs: float | None = None
    skip: int = 0
    stride: int = 1
    needs_times: bool = True

    def __post_init__(self) -> None:
        if self.skip < 0 or self.stride < 1:
            message = (
                f"skip must be 0 or more and stride 1 or more, got {self.skip} and {self.stride}; "
                "give whole numbers of frames."
            )
            raise InputError(message)
        interval = self.frame_interval_fs
        if interval is not None and not (np.isfinite(interval) and interval > 0.0):
            message = (
                f"The frame interval must be greater than 0 fs, got {interval:g}; give the time "
                "between two frames of the file."
            )
            raise InputError(message)


class Frames:
    """Evenly spaced frames of one run, never all in memory; use it as a context manager.

    Attributes
    ----------
    name, needs_times
        The file, for messages; whether its times matter.
    symbols, numbers, masses
        Of each atom, shape (n_atoms,); masses in amu.
    region
        0 electrolyte, 1 electrode, shape (n_atoms,); zeros where the file doesn't tell.
    has_regions
        Whether the file tells two regions.
    time_ps
        Times of the frames, shape (n_frames,).
    cell
        Cells, rows are vectors, shape (n_frames, 3, 3), in Å.
    temperature_K
        Of each frame, NaN where unknown, shape (n_frames,).
    has_velocities
        Whether `velocities` may be asked for.
    notes
        What a reader must know: how positions were unwrapped, that the file still grows, ...
    """

    def __init__(self, source: Source, name: str, selection: Selection) -> None:
        self._source = source
        self.name = name
        self.needs_times = selection.needs_times
        self._index = range(selection.skip, len(source.time_ps), selection.stride)
        chosen = np.asarray(self._index, dtype=np.int64)
        self.numbers = source.numbers
        self.symbols = np.array([chemical_symbols[int(number)] for number in source.numbers])
        self.masses = source.masses
        self.has_regions = source.region is not None and len(np.unique(source.region)) == 2
        zeros = np.zeros(len(self.numbers), dtype=np.int8)
        self.region = zeros if source.region is None else source.region
        self.time_ps = source.time_ps[chosen]
        self.cell = source.cell[chosen]
        unknown = np.full(len(chosen), np.nan)
        known = source.temperature_K
        self.temperature_K = unknown if known is None else known[chosen]
        self.has_velocities = source.has_velocities
        self.notes = source.notes

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self._index)

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.numbers)

    @property
    def interval_ps(self) -> float:
        """Time between frames, in ps."""
        return float(self.time_ps[1] - self.time_ps[0]) if self.n_frames > 1 else np.nan

    @property
    def duration_ps(self) -> float:
        """Time from the first to the last frame, in ps."""
        return float(self.time_ps[-1] - self.time_ps[0])

    @property
    def mean_cell(self) -> FloatArray:
        """Mean cell over frames, shape (3, 3), in Å."""
        return np.asarray(self.cell.mean(axis=0))

    @property
    def volume_A3(self) -> float:
        """Mean volume, in Å³."""
        return float(np.abs(np.linalg.det(self.cell)).mean())

    @property
    def elements(self) -> tuple[str, ...]:
        """Chemical symbols in order of atomic number."""
        return tuple(chemical_symbols[int(number)] for number in np.unique(self.numbers))

    def atoms_of(self, element: str) -> IntArray:
        """Return the indices of an element's atoms.

        Raises
        ------
        InputError
            When the trajectory holds none.
        """
        found = np.flatnonzero(self.symbols == element)
        if len(found) == 0:
            message = (
                f"'{self.name}' holds no {element}; its elements are {', '.join(self.elements)}."
                f"{nearest_name(element, list(self.elements))}"
            )
            raise InputError(message)
        return found.astype(np.int64)

    def fractional(self, index: int, atoms: IntArray | None = None) -> FloatArray:
        """Return unwrapped fractional coordinates of a frame, of all or some atoms, (n, 3)."""
        return self._source.fractional(self._index[index], atoms)

    def positions(self, index: int) -> FloatArray:
        """Return unwrapped positions in that frame's own cell, shape (n_atoms, 3), in Å."""
        return np.asarray(self.fractional(index) @ self.cell[index])

    def velocities(self, index: int, atoms: IntArray | None = None) -> FloatArray:
        """Return the velocities of a frame, of all or some atoms, shape (n, 3), in Å/ps."""
        return self._source.velocities(self._index[index], atoms)

    def series(self, atoms: IntArray) -> FloatArray:
        """Return positions of some atoms in all frames, shape (n_frames, n_chosen, 3), in Å.

        They are unwrapped fractional coordinates times the mean cell: under a barostat the
        unwrapped Cartesian path of an atom that has crossed the cell many times breathes with
        the cell, which would look like motion (von Bülow, Bullerjahn, Hummer,
        J. Chem. Phys. 153, 021101, 2020).
        """
        held = np.empty((self.n_frames, len(atoms), 3))
        for index in range(self.n_frames):
            held[index] = self.fractional(index, atoms)
        return np.asarray(held @ self.mean_cell)

    def blocks(
        self,
        atoms: IntArray,
        *,
        limit_bytes: int = BLOCK_BYTES,
        progress: ProgressCallback | None = None,
    ) -> Iterator[tuple[IntArray, FloatArray]]:
        """Yield blocks of atoms with their `series`, so that each fits into memory."""
        size = max(1, limit_bytes // (48 * max(self.n_frames, 1)))
        for start in range(0, len(atoms), size):
            chosen = atoms[start : start + size]
            yield chosen, self.series(chosen)
            if progress is not None:
                progress(Progress(min(start + size, len(atoms)), len(atoms), "atoms followed"))

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_frames(
    path: Path | str,
    selection: Selection | None = None,
    *,
    velocities: bool = False,
    min_frames: int = 2,
) -> Frames:
    """Open a trajectory: a run directory or file of ours (H5MD), or any file that ASE reads.

    Parameters
    ----------
    path
        Directory of a dynamics run, one of its ``segment-*.h5``, or a file for ASE (extxyz,
        XDATCAR, LAMMPS dump, ...), which is read once and spooled to a temporary file.
    selection
        Frames used, and their interval where the file doesn't tell it.
    velocities
        Whether velocities are wanted (spooled) where there are any. Those that a run of ours kept
        more often than frames are frames of their own then, without positions; `selection` skips
        as much time as of frames.
    min_frames
        Fewest frames that the analysis can do with.

    Raises
    ------
    InputError
        When there is no such file, it holds too few frames, they are not evenly spaced, their
        interval isn't known, or wrapped positions moved too far to be unwrapped.
    """
    from sinterface.analysis.spool import AseSource
    from sinterface.analysis.stored import StoredSource, is_stored

    chosen = selection or Selection()
    given = Path(path)
    if not given.exists():
        raise InputError(f"There is no trajectory '{given}'; give a file or a run's directory.")
    source: Source
    if is_stored(given):
        source = StoredSource(given, chosen.frame_interval_fs, dense=velocities)
        chosen = dataclasses.replace(chosen, skip=chosen.skip * source.per_frame)
    else:
        source = AseSource(
            given,
            chosen.frame_interval_fs,
            velocities=velocities,
            unwrap=chosen.needs_times,
            timeless=not chosen.needs_times,
        )
    try:
        frames = Frames(source, str(given), chosen)
        check_frames(frames, min_frames)
    except BaseException:
        source.close()
        raise
    return frames


def open_all(
    paths: Sequence[Path | str], selection: Selection | None = None, *, velocities: bool = False
) -> list[Frames]:
    """Open several trajectories of the same elements (replicas of one system).

    Raises
    ------
    InputError
        As `open_frames`, and when elements or frame intervals differ.
    """
    opened: list[Frames] = []
    try:
        for path in paths:
            opened.append(open_frames(path, selection, velocities=velocities))
            check_alike(opened[0], opened[-1])
    except BaseException:
        for frames in opened:
            frames.close()
        raise
    return opened


def check_alike(first: Frames, other: Frames) -> None:
    """Raise InputError unless two trajectories may be averaged."""
    if other.elements != first.elements:
        message = (
            f"'{other.name}' holds {', '.join(other.elements)} but '{first.name}' "
            f"{', '.join(first.elements)}; replicas must be of one system: analyse them apart."
        )
        raise InputError(message)
    if abs(other.interval_ps - first.interval_ps) > 1e-3 * first.interval_ps:
        message = (
            f"'{other.name}' has a frame each {other.interval_ps:g} ps but '{first.name}' each "
            f"{first.interval_ps:g} ps; bring them to one interval (--stride), or analyse them "
            "apart."
        )
        raise InputError(message)


def check_frames(frames: Frames, min_frames: int) -> None:
    """Raise InputError unless there are enough frames, at even times."""
    if frames.n_frames < min_frames:
        message = (
            f"'{frames.name}' has {frames.n_frames} frame(s) to use; the analysis needs "
            f"{min_frames} or more: run longer, write frames more often, or skip fewer."
        )
        raise InputError(message)
    steps = np.diff(frames.time_ps)
    if (
        frames.needs_times
        and len(steps)
        and (steps.min() <= 0.0 or np.ptp(steps) > 0.01 * steps.mean())
    ):
        worst = int(np.argmax(np.abs(steps - np.median(steps))))
        message = (
            f"The frames of '{frames.name}' are not evenly spaced: the step after "
            f"{frames.time_ps[worst]:g} ps is {steps[worst]:g} ps, the usual one "
            f"{np.median(steps):g} ps; write them with one frame interval."
        )
        raise InputError(message)


def interval_in_ps(frame_interval_fs: float) -> float:
    """Return a frame interval in ps."""
    return frame_interval_fs / FS_PER_PS
