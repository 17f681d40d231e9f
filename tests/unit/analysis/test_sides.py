"""Detached, attached and missing Co that were planted one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sinterface.analysis.frames import read_track
from sinterface.analysis.sides import follow_cobalt
from sinterface.errors import InputError


def moved(slabs: Any, moves: dict[int, np.ndarray]) -> np.ndarray:
    frame = slabs.positions.copy()
    for atom, place in moves.items():
        frame[atom] = place
    return frame


def top_atom(slabs: Any, symbol: str, rank: int) -> int:
    atoms = slabs.of(symbol)
    return int(atoms[np.argsort(slabs.positions[atoms, 2], kind="stable")[-1 - rank]])


def counts(make_trajectory: Any, slabs: Any, frames: list[np.ndarray]) -> tuple[list, list]:
    run = make_trajectory(slabs.symbols, slabs.region, np.stack(frames), slabs.cell)
    series = follow_cobalt(read_track(run, reference=slabs.positions))
    found = series.interdiffused
    return found["lower"].tolist(), found["upper"].tolist()


def test_only_far_and_detached_cobalt_counts(make_trajectory: Any, slabs: Any) -> None:
    co, oxygen = top_atom(slabs, "Co", 0), [top_atom(slabs, "O", k) for k in range(3)]
    x, y, _ = slabs.positions[co]
    top = slabs.upper_A
    near = moved(slabs, {co: np.array([x, y, top + 3.9])})
    far = moved(slabs, {co: np.array([x, y, top + 6.0])})
    # A chain Co–O–Co–O–slab that reaches the same place.
    other = top_atom(slabs, "Co", 1)
    chain = {
        oxygen[0]: np.array([x, y, top + 1.9]),
        other: np.array([x, y, top + 3.2]),
        oxygen[1]: np.array([x, y, top + 4.9]),
        co: np.array([x, y, top + 6.0]),
    }
    # The seat below keeps a Co, so that the chain ends on the slab.
    chained = moved(slabs, chain | {top_atom(slabs, "Co", 2): np.array([x, y, top])})
    lower, upper = counts(make_trajectory, slabs, [slabs.positions, near, far, chained])
    assert lower == [0, 0, 0, 0]
    assert upper == [0, 0, 1, 0]


def test_cobalt_counts_for_the_side_it_left_through(make_trajectory: Any, slabs: Any) -> None:
    co = int(slabs.of("Co")[0])
    down = np.array([0.0, 0.0, 1.0])
    frames = [slabs.positions]
    for depth in (6.0, 14.0):  # the second is beyond the cell's edge, past the middle of the gap
        frames.append(moved(slabs, {co: slabs.positions[co] - depth * down}))
    lower, upper = counts(make_trajectory, slabs, frames)
    assert lower == [0, 1, 1]
    assert upper == [0, 0, 0]


def test_a_drifting_electrode_loses_no_cobalt(make_trajectory: Any, slabs: Any) -> None:
    drift = np.where(slabs.region[:, None] == 1, [0.0, 0.0, 6.0], 0.0)
    lower, upper = counts(make_trajectory, slabs, [slabs.positions, slabs.positions + drift])
    assert lower == [0, 0]
    assert upper == [0, 0]


def test_ideal_octahedra_are_undistorted_and_planted_disorder_is_seen(
    make_trajectory: Any, slabs: Any
) -> None:
    rng = np.random.default_rng(0)
    shaken = slabs.positions.copy()
    oxygen = slabs.of("O")
    high = oxygen[slabs.positions[oxygen, 2] > slabs.upper_A - 0.5]
    shaken[high] += rng.normal(0.0, 0.25, (len(high), 3))
    run = make_trajectory(
        slabs.symbols, slabs.region, np.stack([slabs.positions, shaken]), slabs.cell
    )
    series = follow_cobalt(read_track(run, reference=slabs.positions))
    for name in ("lower", "upper", "inside"):
        assert series.csm[name][0] == pytest.approx(0.0, abs=1e-3)
        assert series.coordination[name][0] == 6.0
    assert series.csm["upper"][1] > 0.5
    assert series.csm["lower"][1] == pytest.approx(0.0, abs=1e-3)
    assert series.csm["inside"][1] == pytest.approx(0.0, abs=1e-3)


def test_five_fold_surface_cobalt_is_no_layer_of_octahedra(
    make_trajectory: Any, slabs: Any
) -> None:
    oxygen = slabs.of("O")
    high = oxygen[slabs.positions[oxygen, 2] > slabs.upper_A + 0.5]
    kept = np.setdiff1d(np.arange(len(slabs.symbols)), high)
    symbols = [slabs.symbols[atom] for atom in kept]
    frames = np.stack([slabs.positions[kept]] * 2)
    run = make_trajectory(symbols, slabs.region[kept], frames, slabs.cell)
    series = follow_cobalt(read_track(run))
    heights = slabs.positions[slabs.of("Co"), 2]
    assert series.planes.upper_A == pytest.approx(slabs.upper_A)
    assert heights[series.groups["upper"]] == pytest.approx(slabs.upper_A - 2.0)
    assert heights[series.groups["lower"]] == pytest.approx(slabs.lower_A)


def test_an_electrode_without_cobalt_is_refused(make_trajectory: Any, slabs: Any) -> None:
    symbols = ["Zr" if symbol == "Co" else symbol for symbol in slabs.symbols]
    frames = np.stack([slabs.positions] * 2)
    run = make_trajectory(symbols, slabs.region, frames, slabs.cell)
    with pytest.raises(InputError, match="no Co"):
        follow_cobalt(read_track(run))
