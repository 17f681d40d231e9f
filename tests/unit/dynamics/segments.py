"""Small trajectory segments with known contents."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sinterface.dynamics.h5md import Frame, Motion, SegmentWriter

N_ATOMS = 20
CELL = np.array([[10.0, 0, 0], [1, 9, 0], [0, 0.5, 12]])


def writer(
    directory: str | Path,
    number: int,
    *,
    velocities: bool = False,
    motions_per_frame: int = 0,
    continues: str = "start",
) -> SegmentWriter:
    numbers = np.array([3, 8] * (N_ATOMS // 2))
    return SegmentWriter(
        Path(directory) / f"segment-{number:03d}.h5",
        numbers,
        np.where(numbers == 3, 6.94, 15.999),
        numbers == 8,
        {"temperature_K": 300, "origin": {"continues": continues}},
        velocities=velocities,
        motions_per_frame=motions_per_frame,
    )


def make_motion(step: int, *, offset: float = 0.0) -> Motion:
    """Velocities that tell their step, and `offset`."""
    return Motion(step, step * 1e-3, np.full((N_ATOMS, 3), step + offset))


def write_dense(
    directory: Path, number: int, steps: range, offset: float = 0.0, continues: str = "start"
) -> None:
    """Frames at `steps`, velocities at every second step since the one before each."""
    with writer(directory, number, motions_per_frame=5, continues=continues) as segment:
        for step in steps:
            since = range(step - steps.step + 2, step + 1, 2) if step else range(1)
            motions = [make_motion(one, offset=offset) for one in since]
            segment.append(make_frame(step, offset=offset), motions)


def make_frame(step: int, *, offset: float = 0.0, velocities: bool = False) -> Frame:
    random = np.random.default_rng(step)
    return Frame(
        step=step,
        time_ps=step * 1e-3,
        positions=random.normal(size=(N_ATOMS, 3)) * 10 + offset,
        cell=CELL + step * 1e-3,
        temperature_K=300.0 + step,
        potential_energy_eV=-5.0 * N_ATOMS,
        pressure_GPa=np.diag([1.0, 2.0, 3.0]),
        velocities=random.normal(size=(N_ATOMS, 3)) if velocities else None,
    )


def write_segment(
    directory: Path, number: int, steps: range, offset: float = 0.0, continues: str = "start"
) -> None:
    with writer(directory, number, continues=continues) as segment:
        for step in steps:
            segment.append(make_frame(step, offset=offset))
