"""Made-up runs in memory behind the interface of `sinterface.analysis.stream.Frames`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.stream import Frames, Selection

if TYPE_CHECKING:
    from ase import Atoms


class MemorySource:
    """Arrays as a source: positions of shape (n_frames, n_atoms, 3), one cell or one a frame."""

    def __init__(
        self,
        numbers: NDArray[np.int64],
        positions: NDArray[np.float64],
        cell: NDArray[np.float64],
        interval_ps: float,
        temperature_K: float,
    ) -> None:
        n_frames = len(positions)
        self.numbers = np.asarray(numbers, dtype=np.int64)
        self.masses = np.ones(len(numbers))
        self.region = None
        self.time_ps = interval_ps * np.arange(n_frames)
        self.cell = np.broadcast_to(cell, (n_frames, 3, 3)).astype(np.float64)
        self.temperature_K = np.full(n_frames, temperature_K)
        self.has_velocities = False
        self.notes: tuple[str, ...] = ()
        self._positions = positions

    def fractional(self, index: int, atoms: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        found = np.asarray(self._positions[index] @ np.linalg.inv(self.cell[index]))
        return found if atoms is None else found[atoms]

    def velocities(self, index: int, atoms: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        raise NotImplementedError

    def close(self) -> None:
        pass


def frames_from_arrays(
    numbers: NDArray[np.int64],
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    *,
    interval_ps: float = 0.1,
    temperature_K: float = 1000.0,
) -> Frames:
    source = MemorySource(numbers, positions, cell, interval_ps, temperature_K)
    return Frames(source, "memory", Selection())


def frames_of(atoms: list[Atoms], interval_ps: float = 0.1) -> Frames:
    positions = np.array([one.positions for one in atoms])
    cells = np.array([one.cell.array for one in atoms])
    return frames_from_arrays(atoms[0].numbers, positions, cells, interval_ps=interval_ps)
