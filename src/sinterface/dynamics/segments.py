"""Segments of a trajectory in files: opened, checked, and which of their frames count."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.h5md import DENSE
from sinterface.dynamics.hdf5_recovery import end_of_data, is_marked_as_written
from sinterface.dynamics.watch import UNITS
from sinterface.errors import InputError

DENSE_VELOCITY = f"particles/{DENSE}/velocity"
"""Velocities on a clock of their own, where a run keeps them."""


def segment_paths(directory: Path | str) -> list[Path]:
    """Return the segment files of a run directory, oldest first."""
    return sorted(Path(directory).glob("segment-*.h5"))


@dataclass(frozen=True)
class Segment:
    """An open segment; `n_frames` are complete."""

    path: Path
    file: h5py.File
    n_frames: int

    def series(self, name: str, rows: slice) -> NDArray[Any]:
        """Return some rows of a dataset."""
        return np.asarray(self.file[name][rows])

    def steps(self) -> NDArray[np.int64]:
        """Return the steps of the complete frames."""
        return np.asarray(self.file["particles/all/position/step"][: self.n_frames])

    def goes_on_bitwise(self) -> bool:
        """Whether it computes the frames of the segment before again, bit by bit."""
        settings = json.loads(self.file["parameters/settings"][()])
        return bool(settings.get("origin", {}).get("continues") == "bitwise")

    @property
    def is_dense(self) -> bool:
        """Whether it holds velocities on a clock of their own."""
        return DENSE_VELOCITY in self.file

    def dense_rows(self, frames: slice) -> slice:
        """Return which dense velocities belong to these frames: since the frame before each."""
        if frames.start >= frames.stop:
            return slice(0, 0)
        steps, dense = self.steps(), np.asarray(self.file[f"{DENSE_VELOCITY}/step"][:])
        before = steps[frames.start - 1] if frames.start else -1
        first, last = np.searchsorted(dense, [before, steps[frames.stop - 1]], side="right")
        return slice(int(first), int(last))


def check_segments(directory: Path) -> None:
    """Check that every segment of a run directory can be read, before the run goes on.

    Raises
    ------
    InputError
        When one of them is foreign, damaged or cut short.
    """
    for path in segment_paths(directory):
        open_segment(path).file.close()


def open_segment(path: Path) -> Segment:
    """Open a segment, also one that is being written; InputError for a damaged one."""
    if path.stat().st_size < end_of_data(path):  # HDF5 would wait for the missing part for ever
        raise InputError(cut_short(path))
    try:
        file = h5py.File(path, "r", swmr=is_marked_as_written(path))
    except OSError as error:
        raise InputError(cut_short(path)) from error
    try:
        return Segment(path, file, _complete_frames(path, file))
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
        if DENSE_VELOCITY in file and n_frames:
            dense = file[DENSE_VELOCITY]
            last = group["position/step"][n_frames - 1]
            n_dense = int(np.searchsorted(dense["step"][:], last, side="right"))
            _check_whole(path, [dense["value"]], min(n_dense, len(dense["value"])))
    except KeyError as error:
        raise InputError(
            f"'{path}' is not a trajectory of sinterface (what is missing: {error}); "
            "give the directory of a dynamics run."
        ) from error
    except (OSError, RuntimeError) as error:
        raise InputError(cut_short(path)) from error
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
            raise InputError(cut_short(path))


def rows_to_keep(segments: list[Segment]) -> list[slice]:
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


def check_same_atoms(segments: list[Segment]) -> None:
    """Raise InputError unless all segments hold the same atoms."""
    first = segments[0]
    for segment in segments[1:]:
        if not np.array_equal(
            first.file["particles/all/species"][:], segment.file["particles/all/species"][:]
        ):
            raise InputError(
                f"'{segment.path}' holds other atoms than '{first.path}'; "
                "keep the segments of one run in one directory."
            )


def cut_short(path: Path) -> str:
    """Return what to say of a damaged file."""
    return (
        f"'{path}' is damaged or was cut short; restore a copy, or remove the folder "
        f"'{path.parent}' and run the dynamics again."
    )
