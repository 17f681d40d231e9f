"""A made-up interface whose degradation is known, held in memory like a trajectory."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

NUMBERS = {"Li": 3, "O": 8, "Co": 27, "Zr": 40, "La": 57}


@dataclasses.dataclass
class MemoryTrajectory:
    """Frames in memory behind the interface of `dynamics.trajectory.Trajectory`."""

    numbers: NDArray[np.int64]
    region: NDArray[np.int8]
    time_ps: NDArray[np.float64]
    temperature_K: NDArray[np.float64]
    cell: NDArray[np.float64]
    all_positions: NDArray[np.float64]

    @property
    def n_frames(self) -> int:
        return len(self.time_ps)

    def positions(self, index: int, /) -> NDArray[np.float64]:
        return self.all_positions[index]


def _trajectory(
    symbols: list[str],
    region: NDArray[np.int8],
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    *,
    interval_ps: float = 0.1,
    temperature_K: float = 1500.0,
) -> MemoryTrajectory:
    """Return a trajectory of positions, shape (n_frames, n_atoms, 3)."""
    n_frames = len(positions)
    return MemoryTrajectory(
        numbers=np.array([NUMBERS[symbol] for symbol in symbols]),
        region=np.asarray(region, dtype=np.int8),
        time_ps=interval_ps * np.arange(n_frames),
        temperature_K=np.full(n_frames, temperature_K),
        cell=np.broadcast_to(cell, (n_frames, 3, 3)).copy(),
        all_positions=positions,
    )


@dataclasses.dataclass
class Slabs:
    """Rock-salt-like CoO slab in the middle of a cell, La, Zr, Li and O around it."""

    symbols: list[str]
    region: NDArray[np.int8]
    positions: NDArray[np.float64]
    cell: NDArray[np.float64]
    lower_A: float
    upper_A: float

    def of(self, symbol: str) -> NDArray[np.int64]:
        return np.array([i for i, other in enumerate(self.symbols) if other == symbol])


def _slabs(n: int = 3, planes: int = 5) -> Slabs:
    """Return an ideal interface: n × n rock-salt cells wide, Co planes 2 Å apart."""
    a = 4.0
    symbols, region, positions = [], [], []
    bottom = 11.0

    def add(symbol: str, slab: int, x: float, y: float, z: float) -> None:
        symbols.append(symbol)
        region.append(slab)
        positions.append((x, y, z))

    half = a / 2
    for plane in range(-1, planes + 1):
        for i in range(2 * n):
            for j in range(2 * n):
                metal = (i + j + plane) % 2 == 0
                if metal and not 0 <= plane < planes:
                    continue
                add("Co" if metal else "O", 1, i * half, j * half, bottom + plane * half)
    top = bottom + (planes - 1) * half
    length = bottom + top
    for k, z in enumerate((top + 4.5, top + 7.0, top + 9.5, top + 13.0, top + 15.5, top + 17.5)):
        for i in range(n):
            for j in range(n):
                add("La" if k % 2 else "Zr", 0, (i + 0.5) * a, (j + 0.5) * a, z % length)
                add("Li", 0, (i + 0.5) * a, (j + 0.0) * a, z % length)
    cell = np.diag([n * a, n * a, length])
    return Slabs(symbols, np.array(region), np.array(positions), cell, bottom, top)


@pytest.fixture
def slabs() -> Slabs:
    return _slabs()


@pytest.fixture(scope="session")
def make_trajectory() -> Callable[..., MemoryTrajectory]:
    return _trajectory


@pytest.fixture(scope="session")
def make_slabs() -> Callable[..., Slabs]:
    return _slabs
