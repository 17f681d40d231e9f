"""Structures as runs of one frame, beside trajectories whose times don't matter."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.stream import Frames, Selection, check_frames, open_frames
from sinterface.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ROOM_A = 12.0
"""Empty space between a molecule and its images, in Å."""

NOMINAL_INTERVAL_FS = 1000.0


class StillSource:
    """One structure; see `sinterface.analysis.stream.Source`. A molecule gets a roomy cell."""

    def __init__(self, atoms: Atoms) -> None:
        self.numbers = np.asarray(atoms.numbers, dtype=np.int64)
        self.masses = np.asarray(atoms.get_masses(), dtype=np.float64)
        region = atoms.arrays.get("region")
        self.region: NDArray[np.int8] | None = None
        if region is not None:
            self.region = np.asarray(region, dtype=np.int8)
        self.time_ps = np.zeros(1)
        rows = np.where(atoms.pbc[:, None], atoms.cell.array, 0.0)
        self.cell = filled_cell(atoms.positions, rows)[None]
        self.temperature_K: FloatArray | None = None
        self.has_velocities = False
        self.notes: tuple[str, ...] = ()
        self._fractional = atoms.positions @ np.linalg.inv(self.cell[0])

    def fractional(self, index: int, atoms: IntArray | None = None) -> FloatArray:  # noqa: ARG002
        """Return fractional coordinates, shape (n_atoms, 3)."""
        return np.asarray(self._fractional if atoms is None else self._fractional[atoms])

    def velocities(self, index: int, atoms: IntArray | None = None) -> FloatArray:  # noqa: ARG002
        """Raise: a structure has none."""
        raise InputError("A single structure holds no velocities; give a trajectory.")

    def close(self) -> None:
        """Nothing is open."""


def filled_cell(positions: FloatArray, cell: FloatArray) -> FloatArray:
    """Return the cell, with room for the atoms and empty space along what has no period.

    Parameters
    ----------
    positions
        Shape (n_atoms, 3), in Å.
    cell
        Rows are vectors, shape (3, 3); zero rows mean no period.
    """
    rows = np.array(cell, dtype=np.float64)
    missing = np.flatnonzero(np.linalg.norm(rows, axis=1) < 1e-8)
    if len(missing):
        present = np.delete(rows, missing, axis=0)
        across = np.linalg.svd(present)[2][len(present) :] if len(present) else np.eye(3)
        width = float(np.linalg.norm(np.ptp(positions, axis=0))) if len(positions) else 0.0
        rows[missing] = across * (width + ROOM_A)
    return rows


def open_structure(path: Path | str, selection: Selection | None = None) -> Frames:
    """Open a structure, or a trajectory of which only single frames matter.

    Positions may be wrapped. Where neither the file nor `selection` tells times, a frame is
    called a picosecond.

    Raises
    ------
    InputError
        When there is no such file, or it can't be read.
    """
    from sinterface.analysis.spool import AseSource, told_time_ps
    from sinterface.analysis.stored import is_stored

    chosen, given = selection or Selection(), Path(path)
    if not given.exists():
        raise InputError(f"There is no structure or trajectory '{given}'; give a file.")
    if is_stored(given):
        return open_frames(given, chosen, min_frames=1)
    first = _first_frames(given)
    if len(first) == 1:
        return Frames(StillSource(first[0]), str(given), chosen)
    if chosen.frame_interval_fs is None and not np.isfinite(told_time_ps(first[0])):
        chosen = Selection(NOMINAL_INTERVAL_FS, chosen.skip, chosen.stride)
    source = AseSource(given, chosen.frame_interval_fs, unwrap=False)
    frames = Frames(source, str(given), chosen)
    check_frames(frames, 1)
    return frames


def _first_frames(path: Path) -> list[Atoms]:
    from ase.io import iread

    try:
        found = list(islice(iread(str(path), index=":"), 2))
    except Exception as error:  # ASE's readers raise many kinds; all mean one thing here
        reason = str(error) or type(error).__name__
        raise InputError(
            f"'{path}' can't be read ({reason}); give a format of ASE (CIF, extxyz, POSCAR, ...)."
        ) from error
    if not found:
        raise InputError(f"'{path}' holds no structure; give another file.")
    return found
