"""Splits cover every frame once and don't leak."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinterface.dataset.splits import (
    Split,
    leaks,
    split_by_composition,
    split_by_trajectory,
    split_random,
)
from sinterface.errors import InputError


@pytest.fixture
def frames(make_frame) -> list:
    found = [make_frame("cu", f"cu-{t}", seed=t) for t in range(10) for _ in range(5)]
    found += [make_frame("cu-long", f"long-{t}", seed=t, n=2) for t in range(5) for _ in range(4)]
    return [*found, make_frame("few", "few-0", n=3), make_frame("few", "few-1", n=3)]


def _covers(split: Split, n_frames: int) -> bool:
    return sorted(index for part in split.parts() for index in part) == list(range(n_frames))


@pytest.mark.parametrize("seed", range(5))
def test_whole_trajectories_are_held_out_in_each_system(frames: list, seed: int) -> None:
    split = split_by_trajectory(frames, validation=0.2, test=0.2, seed=seed)
    assert _covers(split, len(frames))
    assert not leaks(frames, split)
    for part, sizes in ((split.validation, (10, 4)), (split.test, (10, 4))):
        systems = [frames[index].info["system"] for index in part]
        assert (systems.count("cu"), systems.count("cu-long")) == sizes
        assert "few" not in systems
    assert split == split_by_trajectory(frames, validation=0.2, test=0.2, seed=seed)


def test_a_composition_is_held_out_under_every_name(frames: list, make_frame) -> None:
    frames.append(make_frame("other-name", "other-0", n=2))
    split = split_by_composition(frames, ["cu-long"], validation=0.2)
    assert _covers(split, len(frames))
    assert not leaks(frames, split)
    assert {frames[i].get_chemical_formula() for i in split.test} == {"Cu8"}
    assert len(split.test) == 21
    assert split.test == split_by_composition(frames, ["Cu8"]).test


def test_random_split_leaks_and_is_found_out(frames: list) -> None:
    split = split_random(frames, validation=0.1, test=0.2, seed=1)
    assert _covers(split, len(frames))
    assert (len(split.validation), len(split.test)) == (7, 14)
    assert leaks(frames, split)


def test_unfit_requests_are_refused(frames: list) -> None:
    with pytest.raises(InputError, match="leave nothing"):
        split_by_trajectory(frames, validation=0.5, test=0.5)
    with pytest.raises(InputError, match=r"nickel.*the systems are cu, cu-long, few"):
        split_by_composition(frames, ["nickel"])
    with pytest.raises(InputError, match="Every composition"):
        split_by_composition(frames, ["cu", "cu-long", "few"])


@settings(deadline=None, max_examples=25)
@given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=8), seed=st.integers(0, 99))
def test_no_division_of_trajectories_leaks(lengths: list[int], seed: int) -> None:
    from ase import Atoms

    frames = []
    for run, length in enumerate(lengths):
        info = {
            "system": "x", "trajectory": f"t{run}", "temperature_K": 1.0, "reference": "emt",
            "reference_version": "1", "settings_hash": "emt-1",
        }  # fmt: skip
        frames += [Atoms("H", info=info) for _ in range(length)]
    split = split_by_trajectory(frames, validation=0.15, test=0.15, seed=seed)
    assert _covers(split, len(frames))
    assert not leaks(frames, split)
    assert split.train


def test_relatives_stay_on_one_side(make_frame) -> None:
    frames = [make_frame("cu", f"cu-{t}", seed=t) for t in range(12) for _ in range(2)]
    for child in range(12):
        frame = make_frame("cu-hot" if child % 2 else "cu", f"explored-{child}", seed=50 + child)
        frame.info["family"] = f"cu-{child // 2}"
        frames.append(frame)
    for seed in range(5):
        split = split_by_trajectory(frames, validation=0.2, test=0.2, seed=seed)
        assert _covers(split, len(frames))
        assert not leaks(frames, split)
        assert split.test
        assert split.validation


def test_a_family_that_is_most_of_a_system_trains(make_frame) -> None:
    frames = [make_frame("cu", "large", seed=t) for t in range(20)]
    frames += [make_frame("cu", f"small-{t}", seed=30 + t) for t in range(10)]
    for seed in range(5):
        split = split_by_trajectory(frames, validation=0.1, test=0.1, seed=seed)
        assert set(range(20)) <= set(split.train)
        assert (len(split.validation), len(split.test)) == (3, 3)
