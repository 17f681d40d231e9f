"""Trajectories of known diffusivity, structure and frequency for the analyses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.io import write
from numpy.typing import NDArray

from sinterface.dynamics.h5md import Frame, Motion, SegmentWriter

FloatArray = NDArray[np.float64]


def brownian(
    rng: np.random.Generator, n_frames: int, n_atoms: int, step: float = 1.0
) -> FloatArray:
    """Positions (n_frames, n_atoms, 3); MSD = 3 step² a frame."""
    return np.cumsum(rng.normal(scale=step, size=(n_frames, n_atoms, 3)), axis=0)


def persistent(
    rng: np.random.Generator, n_frames: int, n_atoms: int, tau: float = 5.0
) -> tuple[FloatArray, float]:
    """Ballistic at first, diffusive later, with vibration; returns its slope a frame as well."""
    keep = np.exp(-1.0 / tau)
    velocity = rng.normal(size=(n_atoms, 3))
    path = np.zeros((n_frames, n_atoms, 3))
    for frame in range(1, n_frames):
        path[frame] = path[frame - 1] + velocity
        velocity = keep * velocity + np.sqrt(1 - keep**2) * rng.normal(size=velocity.shape)
    return path + rng.normal(size=path.shape), 3.0 * (1.0 + keep) / (1.0 - keep)


def two_site(
    rng: np.random.Generator,
    n_frames: int,
    n_atoms: int,
    leave: tuple[float, float] = (0.4, 0.05),
    hop_A: float = 2.0,
) -> tuple[FloatArray, float]:
    """Hops on a cubic lattice of alternating short- and long-lived sites, with vibration.

    Returns positions and the slope of the MSD a frame: hop² times the rate of jumps.
    """
    short = rng.random(n_atoms) < (1 / leave[0]) / (1 / leave[0] + 1 / leave[1])
    place = np.zeros((n_atoms, 3))
    path = np.zeros((n_frames, n_atoms, 3))
    for frame in range(n_frames):
        path[frame] = place
        jump = np.flatnonzero(rng.random(n_atoms) < np.where(short, *leave))
        place[jump, rng.integers(0, 3, len(jump))] += hop_A * rng.choice([-1, 1], len(jump))
        short[jump] = ~short[jump]
    slope = hop_A**2 * 2.0 / (1 / leave[0] + 1 / leave[1])
    return path + 0.2 * rng.normal(size=path.shape), slope


def write_extxyz(
    path: Path,
    symbols: list[str],
    positions: FloatArray,
    cell: FloatArray,
    *,
    wrap: bool = False,
    velocities: FloatArray | None = None,
) -> Path:
    """Write frames; `cell` of shape (3, 3) or (n_frames, 3, 3); velocities in Å/ps."""
    from ase import units

    cells = np.broadcast_to(cell, (len(positions), 3, 3))
    frames = []
    for index, (place, box) in enumerate(zip(positions, cells, strict=True)):
        atoms = Atoms(symbols, positions=place, cell=box, pbc=True)
        if velocities is not None:
            atoms.set_velocities(velocities[index] / (1000.0 * units.fs))
        if wrap:
            atoms.wrap()
        frames.append(atoms)
    write(path, frames, format="extxyz")
    return path


def write_h5md(
    directory: Path,
    symbols: list[str],
    positions: FloatArray,
    cell: FloatArray,
    interval_ps: float,
    *,
    region: NDArray[np.int8] | None = None,
    velocities: FloatArray | None = None,
    every: int = 1,
) -> Path:
    """Write a run directory of ours (positions in float32, as always).

    With `every` above 1 only so many positions are frames; velocities have a clock of their own.
    """
    directory.mkdir(parents=True, exist_ok=True)
    numbers = np.array([atomic_numbers[one] for one in symbols])
    zone = np.zeros(len(symbols), np.int8) if region is None else region
    cells = np.broadcast_to(cell, (len(positions), 3, 3))
    from ase.data import atomic_masses

    with SegmentWriter(
        directory / "segment-000.h5",
        numbers=numbers,
        masses=atomic_masses[numbers],
        region=zone,
        settings={},
        velocities=velocities is not None,
        motions_per_frame=every if every > 1 else 0,
    ) as writer:
        motions: list[Motion] = []
        for index, place in enumerate(positions):
            clock = (100 * index, index * interval_ps)
            if velocities is not None:
                motions.append(Motion(*clock, velocities[index]))
            if index % every:
                continue
            writer.append(
                Frame(
                    *clock,
                    positions=place,
                    cell=cells[index],
                    temperature_K=1000.0,
                    potential_energy_eV=0.0,
                    pressure_GPa=np.zeros((3, 3)),
                    velocities=None if velocities is None else velocities[index],
                ),
                motions,
            )
            motions = []
    return directory
