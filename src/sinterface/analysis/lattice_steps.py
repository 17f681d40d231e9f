"""The lattice of a run on heating and cooling: edges, angles and volume at each temperature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.records import Record
from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.heating import COOLING, HEATING
from sinterface.dynamics.trajectory import Trajectory

Branch = Literal["heating", "cooling"]
FloatArray = NDArray[np.float64]

N_BLOCKS = 5
LEAST_FRAMES = 2 * N_BLOCKS
"""Fewest frames of a temperature that counts."""
_CELL_A = 13.0


@dataclass(frozen=True)
class LatticeStep(Record):
    """The lattice at one temperature of one branch.

    Attributes
    ----------
    branch
        "heating" or "cooling".
    temperature_K, measured_K
        Of the thermostat (of a ramp its middle), and mean of the kinetic one.
    edges_A, edges_std_A
        Edges of one cell along the three vectors, and their standard errors, shape (3,).
    angles_degrees
        Mean angles, shape (3,).
    volume_A3
        Mean volume of one cell.
    unique_axis
        0, 1 or 2: which edge was c for most of the time.
    order, order_std
        1 − c/a, and its standard error; see `measure_rung`.
    n_frames
        Frames behind it.
    """

    branch: Branch
    temperature_K: float
    measured_K: float
    edges_A: FloatArray
    edges_std_A: FloatArray
    angles_degrees: FloatArray
    volume_A3: float
    unique_axis: int
    order: float
    order_std: float
    n_frames: int


@dataclass(frozen=True)
class Rung:
    """Cells of the frames at one temperature.

    Attributes
    ----------
    branch, temperature_K, measured_K
        As of :class:`LatticeStep`.
    cells
        Cell vectors of each frame, of one cell, shape (n_frames, 3, 3), in Å.
    """

    branch: Branch
    temperature_K: float
    measured_K: float
    cells: FloatArray


def unique_axis(edges_A: FloatArray) -> int:
    """Return the edge that differs most from the mean of the other two."""
    others = (edges_A.sum() - edges_A) / 2
    return int(np.abs(edges_A - others).argmax())


def measure_rung(rung: Rung) -> LatticeStep:
    """Return the lattice at one temperature.

    A small tetragonal cell turns its unique axis from one edge to another, so no edge is c for
    good. Within each of the blocks of time c is the edge that is unique in the blocks beside it,
    never in the block itself: a cubic cell's fluctuations then leave 1 − c/a at zero on average.
    """
    lengths = edge_lengths(rung.cells)
    axes = _followed_axis(lengths)
    c = lengths[np.arange(len(lengths)), axes]
    order = 1 - c / ((lengths.sum(axis=1) - c) / 2)
    return LatticeStep(
        branch=rung.branch,
        temperature_K=rung.temperature_K,
        measured_K=rung.measured_K,
        edges_A=lengths.mean(axis=0),
        edges_std_A=np.array([_block_error(lengths[:, k]) for k in range(3)]),
        angles_degrees=_angles(rung.cells),
        volume_A3=float(np.abs(np.linalg.det(rung.cells)).mean()),
        unique_axis=int(np.bincount(axes, minlength=3).argmax()),
        order=float(order.mean()),
        order_std=_block_error(order),
        n_frames=len(lengths),
    )


def _followed_axis(lengths: FloatArray) -> NDArray[np.int64]:
    """Return which edge is c in each frame, by the blocks before and after that frame's."""
    blocks = np.array_split(lengths, N_BLOCKS)
    found = []
    for number, block in enumerate(blocks):
        beside = [blocks[k] for k in (number - 1, number + 1) if 0 <= k < N_BLOCKS]
        found.append(np.full(len(block), unique_axis(np.concatenate(beside).mean(axis=0))))
    return np.concatenate(found)


def edge_lengths(cells: FloatArray) -> FloatArray:
    """Return the lengths of cell vectors (n_frames, 3, 3), shape (n_frames, 3), in Å."""
    found: FloatArray = np.linalg.norm(cells, axis=2)
    return found


def _angles(cells: FloatArray) -> FloatArray:
    lengths = edge_lengths(cells)
    cosines = [
        np.einsum("ni,ni->n", cells[:, j], cells[:, k]) / (lengths[:, j] * lengths[:, k])
        for j, k in ((1, 2), (0, 2), (0, 1))
    ]
    found: FloatArray = np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean(axis=1)
    return found


def _block_error(values: FloatArray) -> float:
    means = [float(block.mean()) for block in np.array_split(values, N_BLOCKS)]
    return float(np.std(means, ddof=1) / np.sqrt(N_BLOCKS))


def guess_copies(cell: FloatArray) -> tuple[int, int, int]:
    """Return how many cells of LLZO lie along each edge; 1 where none fits within 6 %."""
    lengths = np.linalg.norm(cell, axis=1)
    counts = np.maximum(1, np.rint(lengths / _CELL_A)).astype(int)
    fits = np.abs(lengths / (counts * _CELL_A) - 1) < 0.06
    a, b, c = (int(n) for n in np.where(fits.all(), counts, 1))
    return a, b, c


def read_rungs(trajectory: Trajectory, copies: tuple[int, int, int]) -> Iterator[Rung]:
    """Yield the frames of each kept phase that has enough of them."""
    settings = trajectory.settings
    phases = [Phase(**phase) for phase in settings["phases"]]
    number = trajectory.step // int(settings["frame_steps"])
    cells = trajectory.cell / np.array(copies)[None, :, None]
    first = 0
    for phase, count in zip(phases, settings["phase_frames"], strict=True):
        if not phase.keep:
            continue
        mine = (number > first) & (number <= first + count)
        first += int(count)
        start = phase.name.partition("-")[0]
        if start not in (HEATING, COOLING) or mine.sum() < LEAST_FRAMES:
            continue
        middle = 0.5 * (phase.temperature_K + phase.last_temperature_K)
        measured = float(trajectory.temperature_K[mine].mean())
        branch: Branch = "heating" if start == HEATING else "cooling"
        yield Rung(branch, middle, measured, cells[mine])


def heating_rate(trajectory: Trajectory) -> float:
    """Return the mean rate of heating in K/ps."""
    phases = [Phase(**phase) for phase in trajectory.settings["phases"]]
    up = [phase for phase in phases if phase.name.startswith(HEATING)]
    time = sum(phase.duration_ps for phase in up)
    if not up or time <= 0:
        return float("nan")
    return (up[-1].last_temperature_K - up[0].temperature_K) / time
