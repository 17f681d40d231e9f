"""Trajectory of a run: its H5MD segments, merged into one sequence of frames."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.hdf5_recovery import end_of_data, is_marked_as_written
from sinterface.dynamics.watch import UNITS
from sinterface.errors import InputError
from sinterface.files import atomic_path

if TYPE_CHECKING:
    from ase import Atoms

_FS_PER_PS = 1000.0


def segment_paths(directory: Path | str) -> list[Path]:
    """Return the segment files of a run directory, oldest first."""
    return sorted(Path(directory).glob("segment-*.h5"))


@dataclass(frozen=True)
class _Segment:
    path: Path
    file: h5py.File
    n_frames: int

    def series(self, name: str, rows: slice) -> NDArray[Any]:
        return np.asarray(self.file[name][rows])

    def steps(self) -> NDArray[np.int64]:
        return np.asarray(self.file["particles/all/position/step"][: self.n_frames])

    def goes_on_bitwise(self) -> bool:
        settings = json.loads(self.file["parameters/settings"][()])
        return bool(settings.get("origin", {}).get("continues") == "bitwise")


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
    settings
        Settings of the run, as its first segment tells them.
    """

    def __init__(self, segments: list[_Segment]) -> None:
        self._segments = segments
        first = segments[0].file["particles/all"]
        self.numbers: NDArray[np.int64] = np.asarray(first["species"][:], np.int64)
        self.masses: NDArray[np.float64] = first["mass"][:]
        self.region: NDArray[np.int8] = first["region"][:]
        self.settings: dict[str, Any] = json.loads(segments[0].file["parameters/settings"][()])
        kept = _rows_to_keep(segments)
        self._index = [(k, i) for k, rows in enumerate(kept) for i in range(rows.start, rows.stop)]
        self.step: NDArray[np.int64] = self._merge("particles/all/position/step", kept)
        self.time_ps: NDArray[np.float64] = self._merge("particles/all/position/time", kept)
        self.cell: NDArray[np.float64] = self._merge("particles/all/box/edges/value", kept)
        self.temperature_K: NDArray[np.float64] = self._observable("temperature", kept)
        self.potential_energy_eV: NDArray[np.float64] = self._observable("potential_energy", kept)
        self.pressure_GPa: NDArray[np.float64] = self._observable("pressure_tensor", kept)
        self.watched: dict[str, NDArray[np.float64]] = self._watched(kept)

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self._index)

    @property
    def has_velocities(self) -> bool:
        """Whether the run stored velocities."""
        return all("velocity" in segment.file["particles/all"] for segment in self._segments)

    def positions(self, i: int) -> NDArray[np.float64]:
        """Return the unwrapped positions of frame `i`, shape (n_atoms, 3), in Å."""
        return self._read("position", i)

    def velocities(self, i: int) -> NDArray[np.float64]:
        """Return the velocities of frame `i`, shape (n_atoms, 3), in Å/fs.

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
        return self._read("velocity", i) / _FS_PER_PS

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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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

    def _read(self, name: str, i: int) -> NDArray[np.float64]:
        k, row = self._index[i]
        segment = self._segments[k]
        try:
            frame = segment.file[f"particles/all/{name}/value"][row]
        except (OSError, RuntimeError) as error:
            raise InputError(_cut_short(segment.path)) from error
        return np.asarray(frame, np.float64)


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
    segments: list[_Segment] = []
    try:
        for path in paths:
            segments.append(_open_segment(path))
        _check_same_atoms(segments)
        if not any(segment.n_frames for segment in segments):
            raise InputError(f"The trajectory in '{given}' holds no frame yet; wait for the run.")
        return Trajectory(segments)
    except BaseException:
        for segment in segments:
            segment.file.close()
        raise


def check_segments(directory: Path) -> None:
    """Check that every segment of a run directory can be read, before the run goes on.

    Raises
    ------
    InputError
        When one of them is foreign, damaged or cut short.
    """
    for path in segment_paths(directory):
        _open_segment(path).file.close()


def _open_segment(path: Path) -> _Segment:
    if path.stat().st_size < end_of_data(path):  # HDF5 would wait for the missing part for ever
        raise InputError(_cut_short(path))
    try:
        file = h5py.File(path, "r", swmr=is_marked_as_written(path))
    except OSError as error:
        raise InputError(_cut_short(path)) from error
    try:
        return _Segment(path, file, _complete_frames(path, file))
    except BaseException:
        file.close()
        raise


def _complete_frames(path: Path, file: h5py.File) -> int:
    """Count the frames that are whole: a killed writer may have begun one more."""
    try:
        group = file["particles/all"]
        elements = [group["position"], group["box/edges"]]
        elements += [group["velocity"]] if "velocity" in group else []
        names = ["temperature", "potential_energy", "pressure_tensor"]
        names += [name for name in UNITS if name in file["observables"]]
        elements += [file[f"observables/{name}"] for name in names]
        group["species"], group["mass"], group["region"], file["parameters/settings"]
        counts = [len(element[part]) for element in elements for part in ("step", "time", "value")]
        n_frames = min(counts)
        _check_whole(path, [element["value"] for element in elements], n_frames)
    except KeyError as error:
        raise InputError(
            f"'{path}' is not a trajectory of sinterface (what is missing: {error}); "
            "give the directory of a dynamics run."
        ) from error
    except (OSError, RuntimeError) as error:
        raise InputError(_cut_short(path)) from error
    return n_frames


def _check_whole(path: Path, datasets: list[h5py.Dataset], n_frames: int) -> None:
    """Refuse a file that ends before the last chunk of its frames."""
    if n_frames == 0:
        return
    size = path.stat().st_size
    for dataset in datasets:
        corner = ((n_frames - 1) // dataset.chunks[0] * dataset.chunks[0],)
        chunk = dataset.id.get_chunk_info_by_coord(corner + (0,) * (dataset.ndim - 1))
        if chunk.byte_offset is None or chunk.byte_offset + chunk.size > size:
            raise InputError(_cut_short(path))


def _rows_to_keep(segments: list[_Segment]) -> list[slice]:
    """Return which frames of each segment make one sequence of rising steps."""
    steps = [segment.steps() for segment in segments]
    kept: list[slice] = []
    for number, segment in enumerate(segments):
        mine = steps[number]
        if len(mine) == 0:
            kept.append(slice(0, 0))
            continue
        if segment.goes_on_bitwise():
            known = [steps[k][rows.stop - 1] for k, rows in enumerate(kept) if rows.stop]
            first = int(np.searchsorted(mine, max(known, default=-1), side="right"))
            kept.append(slice(first, len(mine)) if first < len(mine) else slice(0, 0))
            continue
        for k, rows in enumerate(kept):
            stop = min(rows.stop, int(np.searchsorted(steps[k], mine[0], side="left")))
            kept[k] = slice(min(rows.start, stop), stop)
        kept.append(slice(0, len(mine)))
    return kept


def _check_same_atoms(segments: list[_Segment]) -> None:
    first = segments[0]
    for segment in segments[1:]:
        if not np.array_equal(
            first.file["particles/all/species"][:], segment.file["particles/all/species"][:]
        ):
            raise InputError(
                f"'{segment.path}' holds other atoms than '{first.path}'; "
                "keep the segments of one run in one directory."
            )


def _cut_short(path: Path) -> str:
    return (
        f"'{path}' is damaged or was cut short; restore a copy, or remove the folder "
        f"'{path.parent}' and run the dynamics again."
    )
