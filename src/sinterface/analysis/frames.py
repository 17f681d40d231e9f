"""Frames of a run, read once, unwrapped, with the drift of each slab's framework known."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from sinterface.errors import InputError

FloatArray = NDArray[np.float64]

ELECTROLYTE, ELECTRODE = 0, 1
MOBILE = frozenset(["H", "Li", "Na", "K", "N", "O", "F", "S", "Cl", "Br", "I"])
"""Elements that never count as framework cations: the carriers and the anions."""


class Trajectory(Protocol):
    """What the analysis needs of a trajectory (`dynamics.trajectory` provides it)."""

    @property
    def numbers(self) -> NDArray[np.integer]:
        """Atomic numbers, shape (n_atoms,)."""

    @property
    def region(self) -> NDArray[np.integer]:
        """0 = electrolyte, 1 = electrode, shape (n_atoms,)."""

    @property
    def time_ps(self) -> FloatArray:
        """Times of the frames, shape (n_frames,)."""

    @property
    def temperature_K(self) -> FloatArray:
        """Temperatures of the frames, shape (n_frames,)."""

    @property
    def cell(self) -> FloatArray:
        """Cells, rows are vectors, shape (n_frames, 3, 3), in Å."""

    @property
    def n_frames(self) -> int:
        """Number of frames."""

    def positions(self, index: int, /) -> FloatArray:
        """Unwrapped positions of one frame, shape (n_atoms, 3), in Å."""


@dataclasses.dataclass(frozen=True)
class Track:
    """One run in memory.

    Attributes
    ----------
    symbols, region
        Of each atom, shape (n_atoms,).
    time_ps, temperature_K, cell
        Of each frame.
    positions
        Unwrapped, shape (n_frames, n_atoms, 3), in Å, shifted by whole cell vectors so that
        they start nearest to `reference`.
    reference
        Relaxed positions, wrapped into the cell, shape (n_atoms, 3).
    """

    symbols: NDArray[np.str_]
    region: NDArray[np.int8]
    time_ps: FloatArray
    temperature_K: FloatArray
    cell: FloatArray
    positions: FloatArray
    reference: FloatArray

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.time_ps)

    @property
    def area_A2(self) -> float:
        """Area of one boundary, |a × b|, mean over frames."""
        cross = np.cross(self.cell[:, 0], self.cell[:, 1])
        return float(np.linalg.norm(cross, axis=1).mean())

    @property
    def length_A(self) -> float:
        """Period along the normal, V/|a × b|, mean over frames."""
        return float(np.abs(np.linalg.det(self.cell)).mean()) / self.area_A2

    def until(self, n_frames: int) -> Track:
        """Return the first `n_frames` frames."""
        cut = slice(n_frames)
        return dataclasses.replace(
            self,
            time_ps=self.time_ps[cut],
            temperature_K=self.temperature_K[cut],
            cell=self.cell[cut],
            positions=self.positions[cut],
        )

    def relaxed(self) -> Track:
        """Return the reference as a run of one frame."""
        first = self.until(1)
        return dataclasses.replace(first, positions=self.reference[None])

    def framework(self, region: int) -> NDArray[np.bool_]:
        """Return the framework atoms of a slab: its cations that don't carry charge."""
        cation = ~np.isin(self.symbols, sorted(MOBILE))
        return np.asarray(cation & (self.region == region))

    def heights(self, positions: FloatArray, frame: int | None = None) -> FloatArray:
        """Return the height along the normal of (..., 3) positions, in Å."""
        cell = self.cell if frame is None else self.cell[frame]
        inverse = np.linalg.inv(cell)[..., :, 2]
        return np.asarray(np.einsum("...nd,...d->...n", positions, inverse) * self.length_A)

    def drift(self, region: int) -> FloatArray:
        """Return the displacement of a slab's framework since the reference, (n_frames, 3).

        The median over atoms, so that those which leave the slab don't drag it; without
        framework atoms (bulk of carriers and anions only) the mean over all atoms.
        """
        chosen = self.framework(region)
        if not chosen.any():
            return np.asarray((self.positions - self.reference).mean(axis=1))
        return np.asarray(np.median(self.positions[:, chosen] - self.reference[chosen], axis=1))

    def without_drift(self) -> FloatArray:
        """Return the positions, each atom relative to the slab it was built in."""
        moved = self.positions.copy()
        for region in np.unique(self.region):
            inside = self.region == region
            moved[:, inside] -= self.drift(int(region))[:, None]
        return moved


def read_track(
    trajectory: Trajectory, *, reference: FloatArray | None = None, max_frames: int = 400
) -> Track:
    """Read a run, at most `max_frames` frames at a regular stride.

    Parameters
    ----------
    trajectory
        The run.
    reference
        Relaxed positions before the run, shape (n_atoms, 3), in Å; the first frame if None.
    max_frames
        Limit on the frames kept in memory.

    Raises
    ------
    InputError
        When the run has fewer than two frames, or frames at irregular times.
    """
    if trajectory.n_frames < 2:
        message = (
            f"The trajectory holds {trajectory.n_frames} frame(s); the analysis needs two or "
            "more: run the dynamics longer, or write frames more often."
        )
        raise InputError(message)
    stride = -(-trajectory.n_frames // max_frames)
    chosen = range(0, trajectory.n_frames, stride)
    time = np.asarray(trajectory.time_ps, dtype=np.float64)[::stride]
    _check_regular(time)
    cell = np.asarray(trajectory.cell, dtype=np.float64)[::stride]
    positions = np.stack([np.asarray(trajectory.positions(i), dtype=np.float64) for i in chosen])
    start = positions[0] if reference is None else np.asarray(reference, dtype=np.float64)
    if start.shape != positions[0].shape:
        message = (
            f"The relaxed structure has {len(start)} atoms but the trajectory "
            f"{positions.shape[1]}; give the structure that the run started from."
        )
        raise InputError(message)
    start = start - np.floor(start @ np.linalg.inv(cell[0])) @ cell[0]
    images = np.rint((positions[0] - start) @ np.linalg.inv(cell[0]))
    positions -= np.einsum("na,fab->fnb", images, cell)
    return Track(
        symbols=np.array([chemical_symbols[int(number)] for number in trajectory.numbers]),
        region=np.asarray(trajectory.region, dtype=np.int8),
        time_ps=time,
        temperature_K=np.asarray(trajectory.temperature_K, dtype=np.float64)[::stride],
        cell=cell,
        positions=positions,
        reference=start,
    )


def time_windows(time_ps: FloatArray, n_windows: int) -> tuple[FloatArray, NDArray[np.int64]]:
    """Split frames into windows of equal duration.

    Returns
    -------
    edges, index
        Window edges, shape (n_windows + 1,), and the window of each frame, shape (n_frames,).
    """
    n_windows = max(1, min(n_windows, len(time_ps) // 2))
    edges = np.linspace(time_ps[0], time_ps[-1], n_windows + 1)
    index = np.searchsorted(edges, time_ps, side="right") - 1
    return edges, np.clip(index, 0, n_windows - 1)


def elements_of(tracks: Sequence[Track]) -> tuple[str, ...]:
    """Return the chemical symbols of the runs in order of atomic number."""
    found = {str(symbol) for track in tracks for symbol in np.unique(track.symbols)}
    return tuple(sorted(found, key=chemical_symbols.index))


def _check_regular(time_ps: FloatArray) -> None:
    steps = np.diff(time_ps)
    if steps.min() <= 0 or np.ptp(steps) > 0.01 * steps.mean():
        worst = int(np.argmax(np.abs(steps - np.median(steps))))
        message = (
            f"The frames are not evenly spaced in time: the step after {time_ps[worst]:g} ps is "
            f"{steps[worst]:g} ps, the usual one {np.median(steps):g} ps; run the dynamics again "
            "with one frame interval."
        )
        raise InputError(message)
