"""Trajectory of a run: its H5MD segments, merged into one sequence of frames."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.segments import (
    DENSE_VELOCITY,
    Segment,
    check_same_atoms,
    check_segments,
    cut_short,
    open_segment,
    rows_to_keep,
    segment_paths,
)
from sinterface.dynamics.watch import UNITS
from sinterface.errors import InputError
from sinterface.files import atomic_path

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Trajectory", "check_segments", "open_trajectory", "segment_paths"]
_FS_PER_PS = 1000.0


class Trajectory:
    """Frames of a run in the order of their steps; use it as a context manager.

    Attributes
    ----------
    numbers, masses, region
        Atomic numbers, masses in amu, region (0 electrolyte, 1 electrode), shape (n_atoms,).
    step, time_ps, temperature_K
        Step, time since the start of production, instantaneous temperature, shape (n_frames,).
    potential_energy_eV
        Potential energy of all atoms, shape (n_frames,).
    pressure_GPa
        Pressure tensors, shape (n_frames, 3, 3).
    cell
        Cell vectors as rows, shape (n_frames, 3, 3), in Å.
    watched
        What was watched in each frame (keys of `sinterface.dynamics.watch.UNITS`), each of shape
        (n_frames,); NaN where a segment lacks it, empty where all do.
    velocity_step, velocity_time_ps
        Clock of velocities kept more often than frames, shape (n_velocities,); empty without.
    settings
        Settings of the run, as its first segment tells them.
    """

    def __init__(self, segments: list[Segment]) -> None:
        self._segments = segments
        first = segments[0].file["particles/all"]
        self.numbers: NDArray[np.int64] = np.asarray(first["species"][:], np.int64)
        self.masses: NDArray[np.float64] = first["mass"][:]
        self.region: NDArray[np.int8] = first["region"][:]
        self.settings: dict[str, Any] = json.loads(segments[0].file["parameters/settings"][()])
        kept = rows_to_keep(segments)
        self._index = [(k, i) for k, rows in enumerate(kept) for i in range(rows.start, rows.stop)]
        self.step: NDArray[np.int64] = self._merge("particles/all/position/step", kept)
        self.time_ps: NDArray[np.float64] = self._merge("particles/all/position/time", kept)
        self.cell: NDArray[np.float64] = self._merge("particles/all/box/edges/value", kept)
        self.temperature_K: NDArray[np.float64] = self._observable("temperature", kept)
        self.potential_energy_eV: NDArray[np.float64] = self._observable("potential_energy", kept)
        self.pressure_GPa: NDArray[np.float64] = self._observable("pressure_tensor", kept)
        self.watched: dict[str, NDArray[np.float64]] = self._watched(kept)
        self._dense: list[tuple[int, int]] = []
        self.velocity_step: NDArray[np.int64] = np.zeros(0, np.int64)
        self.velocity_time_ps: NDArray[np.float64] = np.zeros(0)
        if all(segment.is_dense for segment in segments):
            rows = [one.dense_rows(of) for one, of in zip(segments, kept, strict=True)]
            self._dense = [(k, i) for k, of in enumerate(rows) for i in range(of.start, of.stop)]
            self.velocity_step = self._merge(f"{DENSE_VELOCITY}/step", rows)
            self.velocity_time_ps = self._merge(f"{DENSE_VELOCITY}/time", rows)

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self._index)

    @property
    def has_velocities(self) -> bool:
        """Whether the run stored velocities."""
        return all("velocity" in segment.file["particles/all"] for segment in self._segments)

    def positions(self, i: int, atoms: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Return the unwrapped positions of frame `i`, of all or some atoms, (n, 3), in Å."""
        return self._read("all/position", self._index[i], atoms)

    def velocities(self, i: int, atoms: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Return the velocities of frame `i`, of all or some atoms, shape (n, 3), in Å/fs.

        Raises
        ------
        InputError
            When the run stored none.
        """
        if not self.has_velocities:
            raise InputError(
                f"'{self._segments[0].path.parent}' holds no velocities; "
                "run the dynamics with velocities stored."
            )
        return self._read("all/velocity", self._index[i], atoms) / _FS_PER_PS

    def dense_velocities(
        self, i: int, atoms: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """Return velocities number `i` of `velocity_time_ps`, (n, 3), in Å/fs."""
        return self._read("dense/velocity", self._dense[i], atoms) / _FS_PER_PS

    def frames(self, stride: int = 1) -> Iterator[NDArray[np.float64]]:
        """Yield the unwrapped positions of every `stride`-th frame, from the first on."""
        for i in range(0, self.n_frames, stride):
            yield self.positions(i)

    def atoms(self, i: int) -> Atoms:
        """Return frame `i` as ASE atoms, positions unwrapped, with its region, step and time."""
        from ase import Atoms, units

        atoms = Atoms(self.numbers, self.positions(i), cell=self.cell[i], pbc=True)
        atoms.set_masses(self.masses)
        atoms.set_array("region", self.region)
        if self.has_velocities:
            atoms.set_velocities(self.velocities(i) / units.fs)
        atoms.info.update(
            step=int(self.step[i]),
            time_ps=float(self.time_ps[i]),
            temperature_K=float(self.temperature_K[i]),
            potential_energy_eV=float(self.potential_energy_eV[i]),
        )
        return atoms

    def write_extxyz(self, path: Path | str, stride: int = 1) -> None:
        """Write every `stride`-th frame as extended XYZ, which ASE and OVITO open (H5MD: not)."""
        from ase.io import write

        frames = [self.atoms(i) for i in range(0, self.n_frames, stride)]
        with atomic_path(path) as temporary:
            write(temporary, frames, format="extxyz")

    def close(self) -> None:
        """Close the files."""
        for segment in self._segments:
            segment.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _observable(self, name: str, kept: list[slice]) -> NDArray[Any]:
        return self._merge(f"observables/{name}/value", kept)

    def _watched(self, kept: list[slice]) -> dict[str, NDArray[np.float64]]:
        parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in UNITS}
        for segment, rows in zip(self._segments, kept, strict=True):
            for name in UNITS:
                if name in segment.file["observables"]:
                    parts[name].append(segment.series(f"observables/{name}/value", rows))
                else:
                    parts[name].append(np.full(rows.stop - rows.start, np.nan))
        merged = {name: np.concatenate(part) for name, part in parts.items()}
        return {name: values for name, values in merged.items() if not np.isnan(values).all()}

    def _merge(self, name: str, kept: list[slice]) -> NDArray[Any]:
        pairs = zip(self._segments, kept, strict=True)
        return np.concatenate([segment.series(name, rows) for segment, rows in pairs])

    def _read(
        self, name: str, at: tuple[int, int], atoms: NDArray[np.int64] | None
    ) -> NDArray[np.float64]:
        k, row = at
        segment = self._segments[k]
        try:
            frame = segment.file[f"particles/{name}/value"][row]
        except (OSError, RuntimeError) as error:
            raise InputError(cut_short(segment.path)) from error
        return np.asarray(frame if atoms is None else frame[atoms], np.float64)


def open_trajectory(directory: Path | str) -> Trajectory:
    """Open the trajectory of a run directory, also while it is written or after ``kill -9``.

    A frame of an older segment is superseded when a newer segment starts at or before its step;
    where the newer one goes on bit by bit it computes the same frames again, and the older ones
    are kept, which a process killed soon again hasn't reached yet.

    Parameters
    ----------
    directory
        Run directory with ``segment-000.h5``, ..., or one such file.

    Raises
    ------
    InputError
        When there is no trajectory, or a file is foreign or cut short.
    """
    given = Path(directory)
    paths = [given] if given.is_file() else segment_paths(given)
    if not paths:
        raise InputError(f"No trajectory (segment-000.h5) in '{given}'; run the dynamics first.")
    segments: list[Segment] = []
    try:
        for path in paths:
            segments.append(open_segment(path))
        check_same_atoms(segments)
        if not any(segment.n_frames for segment in segments):
            raise InputError(f"The trajectory in '{given}' holds no frame yet; wait for the run.")
        return Trajectory(segments)
    except BaseException:
        for segment in segments:
            segment.file.close()
        raise
