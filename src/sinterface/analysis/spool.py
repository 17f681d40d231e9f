"""Trajectories that ASE reads, read once and spooled to a temporary file, unwrapped."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.units import FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

WRAPPED_MARGIN = 0.1
"""Fractional coordinates that never leave [−margin, 1 + margin] count as wrapped: codes that
wrap only when they rebuild their neighbour lists let atoms run a little over the edge."""

LARGEST_JUMP = 0.35
"""Largest step between frames, as a share of the cell's least height, up to which the nearest
image is taken for the right one."""


class AseSource:
    """A file that ASE reads; see `sinterface.analysis.stream.Source`.

    Fractional coordinates (and velocities, if wanted) go to an anonymous temporary file, so that
    any frame can be had again without parsing; memory holds one frame.
    """

    def __init__(
        self,
        path: Path,
        frame_interval_fs: float | None,
        *,
        velocities: bool = False,
        unwrap: bool = True,
        timeless: bool = False,
    ) -> None:
        self._timeless = timeless
        self._path, self._wanted_unwrapped = path, unwrap
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._speeds: IO[bytes] | None = None
        self.notes: tuple[str, ...] = ()
        self.has_velocities = False
        try:
            self._spool(frame_interval_fs, velocities)
        except BaseException:
            self.close()
            raise

    def fractional(self, index: int, atoms: IntArray | None = None) -> FloatArray:
        """Return unwrapped fractional coordinates of one frame, shape (n_atoms, 3)."""
        found = _read(self._file, index, len(self.numbers))
        return found if atoms is None else found[atoms]

    def velocities(self, index: int, atoms: IntArray | None = None) -> FloatArray:
        """Return velocities of one frame, shape (n_atoms, 3), in Å/ps."""
        if self._speeds is None or not self.has_velocities:
            raise InputError(f"'{self._path}' holds no velocities; write them with the frames.")
        found = _read(self._speeds, index, len(self.numbers))
        return found if atoms is None else found[atoms]

    def close(self) -> None:
        """Remove the temporary file."""
        self._file.close()
        if self._speeds is not None:
            self._speeds.close()

    def _spool(self, frame_interval_fs: float | None, velocities: bool) -> None:
        cells: list[FloatArray] = []
        clock: list[float] = []
        heat: list[float] = []
        tracker = _Images()
        for atoms in self._frames():
            if not cells:
                self._begin(atoms, velocities)
            self._check(atoms, len(cells))
            cell = np.asarray(atoms.cell.array, dtype=np.float64)
            fractional = np.asarray(atoms.positions @ np.linalg.inv(cell), dtype=np.float64)
            tracker.add(fractional, cell)
            fractional.tofile(self._file)
            if self._speeds is not None:
                _velocities(atoms).tofile(self._speeds)
                self.has_velocities &= atoms.has("momenta")
            cells.append(cell)
            clock.append(told_time_ps(atoms))
            heat.append(float(atoms.info.get("temperature_K", np.nan)))
        if not cells:
            raise InputError(f"'{self._path}' holds no whole frame; give a trajectory.")
        self.cell = np.array(cells)
        self.time_ps = self._times(np.array(clock), frame_interval_fs)
        self.temperature_K: FloatArray | None = np.array(heat)
        self._unwrap(tracker)

    def _begin(self, atoms: Atoms, velocities: bool) -> None:
        self.numbers = np.asarray(atoms.numbers, dtype=np.int64)
        self.masses = np.asarray(atoms.get_masses(), dtype=np.float64)
        region = atoms.arrays.get("region")
        self.region: NDArray[np.int8] | None = None
        if region is not None:
            self.region = np.asarray(region, dtype=np.int8)
        if velocities and atoms.has("momenta"):
            self._speeds = tempfile.TemporaryFile()  # noqa: SIM115
            self.has_velocities = True

    def _check(self, atoms: Atoms, index: int) -> None:
        if not np.array_equal(atoms.numbers, self.numbers):
            message = (
                f"Frame {index} of '{self._path}' holds other atoms, or the same in another "
                "order, than frame 0; write every frame with the atoms in one order."
            )
            raise InputError(message)
        if not atoms.pbc.all() or abs(np.linalg.det(atoms.cell.array)) < 1e-6:
            message = (
                f"Frame {index} of '{self._path}' has no cell that is periodic in three "
                "directions; write the cell (Lattice=... in extxyz) with each frame."
            )
            raise InputError(message)

    def _frames(self) -> Iterator[Atoms]:
        """Yield frames; the last one of a file that still grows may be cut, which ends it."""
        from ase.io import iread
        from ase.io.formats import UnknownFileTypeError

        count = 0
        frames = iread(str(self._path), index=":")
        while True:
            try:
                atoms = next(frames)
            except StopIteration:
                return
            except UnknownFileTypeError as error:
                message = (
                    f"'{self._path}' is in no format that ASE knows; give our H5MD, extxyz, or "
                    "another format of ASE."
                )
                raise InputError(message) from error
            except Exception as error:
                if count == 0:
                    message = f"'{self._path}' can't be read ({error}); is it a trajectory?"
                    raise InputError(message) from error
                text = (
                    f"'{self._path}' ends within frame {count} (still being written, or cut "
                    f"short): the {count} whole frames before it were read"
                )
                self.notes = (*self.notes, text)
                return
            count += 1
            yield atoms

    def _times(self, told: FloatArray, frame_interval_fs: float | None) -> FloatArray:
        if frame_interval_fs is not None:
            given = np.arange(len(told), dtype=np.float64) * (frame_interval_fs / FS_PER_PS)
            if len(told) > 1 and np.isfinite(told).all():
                steps = np.diff(told)
                if abs(steps - frame_interval_fs / FS_PER_PS).max() > 0.01 * abs(steps).max():
                    message = (
                        f"'{self._path}' tells times {steps[0] * FS_PER_PS:g} fs apart, but the "
                        f"frame interval given is {frame_interval_fs:g} fs; leave the option out, "
                        "or drop the times from the file."
                    )
                    raise InputError(message)
            return np.asarray(given, dtype=np.float64)
        if np.isfinite(told).all():
            return told
        if self._timeless:
            return np.arange(len(told), dtype=np.float64) / FS_PER_PS
        message = (
            f"'{self._path}' doesn't tell the times of its frames; give the time between two of "
            "them with --frame-interval-fs."
        )
        raise InputError(message)

    def _unwrap(self, tracker: _Images) -> None:
        """Add the images that wrapped positions lack."""
        if not (tracker.wrapped and self._wanted_unwrapped):
            return
        if tracker.largest_jump > LARGEST_JUMP:
            message = (
                f"The positions of '{self._path}' are wrapped into the cell, and some atom moves "
                f"{tracker.largest_jump:.2f} of the cell's least height from one frame to the "
                "next, so that its image can't be told; write unwrapped positions, or frames "
                "more often."
            )
            raise InputError(message)
        images = np.zeros((len(self.numbers), 3))
        before = self.fractional(0)
        size = before.nbytes
        for index in range(1, len(self.cell)):
            now = self.fractional(index)
            images -= np.rint(now - before)
            self._file.seek(index * size)
            (now + images).tofile(self._file)
            before = now
        text = (
            "positions were wrapped into the cell and were unwrapped by the nearest image (largest "
            f"step between frames {tracker.largest_jump:.2f} of the cell's least height)"
        )
        self.notes = (*self.notes, text)


class _Images:
    """Whether positions are wrapped, and how far atoms move between frames."""

    def __init__(self) -> None:
        self._before: FloatArray | None = None
        self._crossed = False
        self._inside = True
        self.largest_jump = 0.0

    @property
    def wrapped(self) -> bool:
        return self._crossed and self._inside

    def add(self, fractional: FloatArray, cell: FloatArray) -> None:
        low, high = float(fractional.min()), float(fractional.max())
        self._inside &= low >= -WRAPPED_MARGIN and high <= 1.0 + WRAPPED_MARGIN
        if self._before is not None:
            step = fractional - self._before
            images = np.rint(step)
            self._crossed |= bool(images.any())
            heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
            lengths = np.linalg.norm((step - images) @ cell, axis=1)
            self.largest_jump = max(self.largest_jump, float(lengths.max() / heights.min()))
        self._before = fractional


def _read(file: IO[bytes], index: int, n_atoms: int) -> FloatArray:
    file.seek(index * n_atoms * 24)
    return np.fromfile(file, dtype=np.float64, count=3 * n_atoms).reshape(n_atoms, 3)


def _velocities(atoms: Atoms) -> FloatArray:
    """Return velocities in Å/ps; ASE's unit of time is Å·√(amu/eV)."""
    from ase import units

    return np.asarray(atoms.get_velocities() * units.fs * FS_PER_PS, dtype=np.float64)


def told_time_ps(atoms: Atoms) -> float:
    """Return the time that a frame tells, in ps; NaN where it tells none."""
    info: dict[str, Any] = atoms.info
    if "time_ps" in info:
        return float(info["time_ps"])
    return float(info["time_fs"]) / FS_PER_PS if "time_fs" in info else np.nan
