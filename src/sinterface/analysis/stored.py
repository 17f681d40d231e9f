"""Our own H5MD trajectories behind `Frames`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.hdf5_recovery import is_marked_as_written
from sinterface.dynamics.trajectory import open_trajectory, segment_paths
from sinterface.errors import InputError
from sinterface.units import FS_PER_PS

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_stored(path: Path) -> bool:
    """Return whether a path is a directory (of segments) or an HDF5 file."""
    if path.is_dir():
        return True
    with path.open("rb") as handle:
        return handle.read(len(SIGNATURE)) == SIGNATURE


class StoredSource:
    """A run directory or one of its segments; see `sinterface.analysis.stream.Source`.

    With `dense`, velocities that the run kept more often than frames stand for its frames, without
    positions; `per_frame` tells how many belong to one.
    """

    def __init__(self, path: Path, frame_interval_fs: float | None, *, dense: bool = False) -> None:
        self._trajectory = open_trajectory(path)
        stored = self._trajectory
        self.numbers = stored.numbers
        self.masses = np.asarray(stored.masses, dtype=np.float64)
        self.region: NDArray[np.int8] | None = stored.region
        self.time_ps = np.asarray(stored.time_ps, dtype=np.float64)
        self.cell = np.asarray(stored.cell, dtype=np.float64)
        self.temperature_K: FloatArray | None = np.asarray(stored.temperature_K, np.float64)
        self.has_velocities = stored.has_velocities
        self.notes = self._notes(path)
        self.per_frame = 1
        if dense and len(stored.velocity_step) > 1:
            self._take_dense()
        self._inverse = np.linalg.inv(self.cell)
        self._check_interval(path, frame_interval_fs)

    def _take_dense(self) -> None:
        """Let the velocities' own clock be the frames'."""
        stored = self._trajectory
        frame = np.searchsorted(stored.step, stored.velocity_step)  # at it, or the next behind
        ratio = np.median(np.diff(stored.step)) / np.median(np.diff(stored.velocity_step))
        self.per_frame = max(1, round(float(ratio)))
        self.time_ps = np.asarray(stored.velocity_time_ps, dtype=np.float64)
        self.cell = self.cell[frame]
        self.temperature_K = np.asarray(stored.temperature_K, np.float64)[frame]

    def fractional(self, index: int, atoms: IntArray | None = None) -> FloatArray:
        """Return unwrapped fractional coordinates of one frame, of all or some atoms, (n, 3)."""
        if self.per_frame > 1:
            raise InputError("Positions between frames are not kept; ask for frames.")
        return np.asarray(self._trajectory.positions(index, atoms) @ self._inverse[index])

    def velocities(self, index: int, atoms: IntArray | None = None) -> FloatArray:
        """Return velocities of one frame, of all or some atoms, shape (n, 3), in Å/ps."""
        stored = self._trajectory
        read = stored.dense_velocities if self.per_frame > 1 else stored.velocities
        return np.asarray(read(index, atoms) * FS_PER_PS)

    def close(self) -> None:
        """Close the files."""
        self._trajectory.close()

    def _notes(self, path: Path) -> tuple[str, ...]:
        last = path if path.is_file() else segment_paths(path)[-1]
        if not is_marked_as_written(last):
            return ()
        text = (
            f"'{path}' is still being written: the {len(self.time_ps)} frames acknowledged so "
            f"far were read, up to {self.time_ps[-1]:g} ps"
        )
        return (text,)

    def _check_interval(self, path: Path, frame_interval_fs: float | None) -> None:
        if frame_interval_fs is None or len(self.time_ps) < 2:
            return
        own = float(np.median(np.diff(self.time_ps))) * FS_PER_PS
        if abs(frame_interval_fs - own) > 1e-3 * own:
            self.close()
            message = (
                f"'{path}' says that its frames are {own:g} fs apart, but the frame interval "
                f"given is {frame_interval_fs:g} fs; leave the option out."
            )
            raise InputError(message)
