"""One trajectory segment in H5MD 1.1, written so that a killed run loses no frame.

Source: P. de Buyl, P. H. Colberg, F. Höfling, Comput. Phys. Commun. 185, 1546 (2014); the
specification 1.1.0 with its module ``units`` 1.0.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

import sinterface
from sinterface.dynamics.hdf5_recovery import end_of_data
from sinterface.dynamics.watch import UNITS
from sinterface.errors import RunError
from sinterface.files import atomic_path

VELOCITY_UNIT = "Angstrom ps-1"
DENSE = "dense"
"""Particles group of velocities between frames: programs that take all of a group's elements for
one clock's, as MDAnalysis does, read the group ``all`` only."""
_ASCII = h5py.string_dtype("ascii")
_LIBVER = ("v110", "v110")
_SLACK_BYTES = 128 * 1024


@dataclass(frozen=True)
class Frame:
    """State of a run at one step.

    Attributes
    ----------
    step, time_ps
        Step number and time since the start of production.
    positions
        Unwrapped Cartesian positions, shape (n_atoms, 3), in Å.
    cell
        Cell vectors as rows, shape (3, 3), in Å.
    temperature_K, potential_energy_eV
        Instantaneous temperature, potential energy of all atoms.
    pressure_GPa
        Pressure tensor with its kinetic part, shape (3, 3); minus the stress.
    velocities
        Shape (n_atoms, 3), in Å/ps, or None.
    watched
        Numbers by name, keys of `sinterface.dynamics.watch.UNITS`.
    """

    step: int
    time_ps: float
    positions: NDArray[np.float64]
    cell: NDArray[np.float64]
    temperature_K: float
    potential_energy_eV: float
    pressure_GPa: NDArray[np.float64]
    velocities: NDArray[np.float64] | None = None
    watched: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Motion:
    """Velocities at a step, a frame's or one between two.

    Attributes
    ----------
    step, time_ps
        As of `Frame`.
    velocities
        Shape (n_atoms, 3), in Å/ps.
    """

    step: int
    time_ps: float
    velocities: NDArray[np.float64]


class SegmentWriter:
    """Writer of one segment; a frame is safe from ``kill -9`` when `append` has returned.

    Parameters
    ----------
    path
        File to make; nothing may stand there.
    numbers, masses, region
        Atomic numbers, masses in amu and region of each atom, shape (n_atoms,).
    settings
        JSON-able settings of the run, kept in ``parameters``.
    velocities
        Whether frames carry velocities.
    motions_per_frame
        Velocities told with each frame on a clock of their own; 0 for none.
    watched
        What frames carry of `Frame.watched`.

    Raises
    ------
    RunError
        When the disk has no room.
    """

    def __init__(
        self,
        path: Path,
        numbers: NDArray[np.integer[Any]],
        masses: NDArray[np.float64],
        region: NDArray[np.integer[Any]],
        settings: Mapping[str, Any],
        *,
        velocities: bool = False,
        motions_per_frame: int = 0,
        watched: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.n_frames = self.n_motions = 0
        with atomic_path(path) as temporary, h5py.File(temporary, "w", libver=_LIBVER) as file:
            _write_metadata(file, settings)
            _write_particles(file, numbers, masses, region, velocities)
            if motions_per_frame:
                _write_dense(file)
            _write_observables(file, watched)
        self._file = _open_for_appending(path)
        self._reserved = 0
        self._frame_bytes = len(numbers) * 12 * ((2 if velocities else 1) + motions_per_frame)
        self._values = _value_datasets(self._file, velocities, watched)
        self._dense = self._file.get(f"particles/{DENSE}/velocity")

    def append(self, frame: Frame, motions: Sequence[Motion] = ()) -> None:
        """Write one frame, `motions` since the last before it, and hand all to the system."""
        record = {
            "step": frame.step,
            "time": frame.time_ps,
            "position": frame.positions,
            "edges": frame.cell,
            "temperature": frame.temperature_K,
            "potential_energy": frame.potential_energy_eV,
            "pressure_tensor": frame.pressure_GPa,
            "velocity": frame.velocities,
            **frame.watched,
        }
        try:
            self._reserve()
            self._append_motions(motions)
            for name, dataset in self._values.items():
                dataset.resize(self.n_frames + 1, axis=0)
                dataset[self.n_frames] = record[name]
            self._file.flush()
        except (OSError, RuntimeError) as error:
            raise self._no_room(frame, error) from error
        self.n_frames += 1

    def _append_motions(self, motions: Sequence[Motion]) -> None:
        if self._dense is None or not motions:
            return
        columns = {
            "step": [one.step for one in motions],
            "time": [one.time_ps for one in motions],
            "value": [one.velocities for one in motions],
        }
        end = self.n_motions + len(motions)
        for name, column in columns.items():
            self._dense[name].resize(end, axis=0)
            self._dense[name][self.n_motions :] = np.asarray(column)
        self.n_motions = end

    def _reserve(self) -> None:
        """Ask the system for room ahead of HDF5, which does not survive a refused write."""
        if not hasattr(os, "posix_fallocate"):
            return
        size, needed = self._file.id.get_filesize(), self._frame_bytes + _SLACK_BYTES
        if size + needed > self._reserved:
            self._reserved = size + needed + 7 * self._frame_bytes
            os.posix_fallocate(self._file.id.get_vfd_handle(), 0, self._reserved)

    def sync(self) -> None:
        """Force everything written so far onto the disk (safe from a power failure too)."""
        os.fsync(self._file.id.get_vfd_handle())

    def close(self) -> None:
        """Close the file and give back the room reserved ahead."""
        if not self._file:
            return
        try:
            self._file.close()
            os.truncate(self.path, end_of_data(self.path))
        except (OSError, RuntimeError) as error:
            raise RunError(f"'{self.path}' could not be closed properly: {error}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except RunError:
            if error is None:
                raise

    def _no_room(self, frame: Frame, error: Exception) -> RunError:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        return RunError(
            f"The frame at {frame.time_ps:g} ps could not be written to '{self.path}' "
            f"({reason}); all earlier frames are kept. Free some space and run the same "
            "command again: it goes on from the last checkpoint."
        )


def _open_for_appending(path: Path) -> h5py.File:
    """Open in SWMR mode in one go: at no moment is the file marked as written without it."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    flags = h5py.h5f.ACC_RDWR | h5py.h5f.ACC_SWMR_WRITE
    return h5py.File(h5py.h5f.open(os.fsencode(path), flags, fapl=access))


def _value_datasets(
    file: h5py.File, velocities: bool, watched: Sequence[str]
) -> dict[str, h5py.Dataset]:
    particles, observables = file["particles/all"], file["observables"]
    found = {
        "step": particles["position/step"],
        "time": particles["position/time"],
        "edges": particles["box/edges/value"],
        "temperature": observables["temperature/value"],
        "potential_energy": observables["potential_energy/value"],
        "pressure_tensor": observables["pressure_tensor/value"],
        "position": particles["position/value"],
    }
    if velocities:
        found["velocity"] = particles["velocity/value"]
    return found | {name: observables[f"{name}/value"] for name in watched}


def _write_metadata(file: h5py.File, settings: Mapping[str, Any]) -> None:
    root = file.create_group("h5md")
    root.attrs["version"] = np.array([1, 1], dtype=np.int32)
    root.create_group("author").attrs["name"] = np.bytes_("sinterface")  # no login name
    creator = root.create_group("creator")
    creator.attrs["name"] = np.bytes_("sinterface")
    creator.attrs["version"] = np.bytes_(sinterface.__version__)
    units = root.create_group("modules/units")
    units.attrs["version"] = np.array([1, 0], dtype=np.int32)
    # not "SI", whose table spells the ångström "Ang", which MDAnalysis does not know
    units.attrs.create("system", "Angstrom ps eV K u GPa", dtype=_ASCII)
    parameters = file.create_group("parameters")
    parameters.create_dataset("settings", data=json.dumps(dict(settings), sort_keys=True))


def _write_particles(
    file: h5py.File,
    numbers: NDArray[np.integer[Any]],
    masses: NDArray[np.float64],
    region: NDArray[np.integer[Any]],
    velocities: bool,
) -> None:
    particles = file.create_group("particles/all")
    n_atoms = len(numbers)
    _element(particles, "position", (n_atoms, 3), np.float32, "Angstrom")
    if velocities:
        _element(particles, "velocity", (n_atoms, 3), np.float32, VELOCITY_UNIT)
    names = {chemical_symbols[number]: int(number) for number in sorted(set(numbers.tolist()))}
    species = h5py.enum_dtype(names, basetype=np.int32)
    particles.create_dataset("species", data=np.asarray(numbers, np.int32), dtype=species)
    _unit(particles.create_dataset("mass", data=np.asarray(masses, np.float64)), "u")
    particles.create_dataset("id", data=np.arange(n_atoms, dtype=np.int64))
    particles.create_dataset("region", data=np.asarray(region, np.int8))
    box = particles.create_group("box")
    box.attrs["dimension"] = np.int32(3)
    box.attrs["boundary"] = np.array(["periodic"] * 3, dtype="S8")
    _element(box, "edges", (3, 3), np.float64, "Angstrom", clock=particles["position"])


def _write_dense(file: h5py.File) -> None:
    """Make the group of velocities with a clock of their own; the rest is linked."""
    everything, dense = file["particles/all"], file.create_group(f"particles/{DENSE}")
    for name in ("species", "mass", "id", "region", "box"):
        dense[name] = everything[name]
    _element(dense, "velocity", (len(everything["id"]), 3), np.float32, VELOCITY_UNIT, own=True)


def _write_observables(file: h5py.File, watched: Sequence[str]) -> None:
    group = file.create_group("observables")
    clock = file["particles/all/position"]
    _element(group, "temperature", (), np.float64, "K", clock=clock)
    _element(group, "potential_energy", (), np.float64, "eV", clock=clock)
    _element(group, "pressure_tensor", (3, 3), np.float64, "GPa", clock=clock)
    for name in watched:
        _element(group, name, (), np.float64, UNITS[name], clock=clock)


def _element(
    parent: h5py.Group,
    name: str,
    shape: tuple[int, ...],
    dtype: type[np.generic],
    unit: str,
    *,
    clock: h5py.Group | None = None,
    own: bool = False,
) -> None:
    """Make a time-dependent H5MD element; `clock` lends ``step`` and ``time`` unless it has own."""
    group = parent.create_group(name)
    if clock is None and not own:
        clock = parent["position"] if name != "position" else None
    if clock is None:
        group.create_dataset("step", (0,), np.int64, maxshape=(None,), chunks=(512,))
        time = group.create_dataset("time", (0,), np.float64, maxshape=(None,), chunks=(512,))
        _unit(time, "ps")
    else:
        group["step"], group["time"] = clock["step"], clock["time"]
    per_chunk = 1 if len(shape) == 2 and shape[0] > 3 else 64
    chunks = (per_chunk, *shape)
    value = group.create_dataset(
        "value", (0, *shape), dtype, maxshape=(None, *shape), chunks=chunks
    )
    if unit:
        _unit(value, unit)


def _unit(dataset: h5py.Dataset, unit: str) -> None:
    dataset.attrs.create("unit", unit, dtype=_ASCII)
