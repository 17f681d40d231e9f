"""Bands between known minima: barriers, resuming, what can go wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from unit.paths.toy import LENGTH_A, known_barriers, toy

from sinterface.errors import InputError, RunError
from sinterface.paths.band import EndPointError, find_first_path, find_path
from sinterface.paths.band_end import notes_of
from sinterface.paths.hop import hop_between
from sinterface.paths.result import read_path
from sinterface.progress import Progress


@pytest.mark.parametrize("bend_A", [0.0, 0.6])
def test_barriers_there_and_back_are_the_known_ones(tmp_path: Path, bend_A: float) -> None:
    first, last, calculator = toy(bend_A)
    path = find_path(
        hop_between(first, last), calculator, tmp_path, n_images=3, force_tolerance_eV_per_A=0.01
    )
    forward, reverse = known_barriers()
    assert path.converged
    assert path.climbed
    assert path.forward_eV == pytest.approx(forward, abs=1e-3)
    assert path.reverse_eV == pytest.approx(reverse, abs=1e-3)
    assert path.reaction_eV == pytest.approx(forward - reverse, abs=1e-3)
    assert path.distances_A[-1] >= LENGTH_A * np.sqrt(0.8) - 1e-2  # net shift of 5 atoms out
    assert path.ion == "Li"
    assert path.moving == (4,)
    assert path.minima == ()
    assert max(path.curve_eV) == pytest.approx(forward, abs=2e-3)
    assert read_path(tmp_path) == path


def test_without_climbing_the_highest_image_lies_below_the_saddle(tmp_path: Path) -> None:
    first, last, calculator = toy()
    path = find_path(
        hop_between(first, last), calculator, tmp_path, n_images=2, climb=False,
        force_tolerance_eV_per_A=0.02,
    )  # fmt: skip
    forward, _ = known_barriers()
    assert not path.climbed
    assert path.forward_eV < forward - 1e-3
    assert max(path.curve_eV) == pytest.approx(forward, abs=0.01)  # the cubic knows better


class _Killed(BaseException):
    """Stands for kill -9: nothing behind it runs but what the files hold."""


@pytest.mark.parametrize("kill_at", ["first end", "last end", "band", "climbing"])
def test_a_killed_band_goes_on_to_the_same_path(tmp_path: Path, kill_at: str) -> None:
    first, last, calculator = toy(0.6)
    hop = hop_between(first, last)

    def kill(state: Progress) -> None:
        if state.message.startswith(kill_at) and (state.done > 6 or "end" in kill_at):
            raise _Killed

    options = {"n_images": 3, "force_tolerance_eV_per_A": 0.01}
    with pytest.raises(_Killed):
        find_path(hop, calculator, tmp_path, progress=kill, **options)
    resumed = find_path(hop, calculator, tmp_path, **options)
    assert resumed.converged
    assert resumed.forward_eV == pytest.approx(known_barriers()[0], abs=1e-3)


def test_a_finished_path_is_not_computed_again_but_refined_when_asked(tmp_path: Path) -> None:
    first, last, calculator = toy(0.6)
    hop = hop_between(first, last)
    coarse = find_path(hop, calculator, tmp_path, n_images=3, force_tolerance_eV_per_A=0.1)
    calls = calculator.calls
    assert find_path(hop, calculator, tmp_path, n_images=3, force_tolerance_eV_per_A=0.1) == coarse
    assert calculator.calls == calls
    fine = find_path(hop, calculator, tmp_path, n_images=3, force_tolerance_eV_per_A=0.01)
    assert fine.residual_eV_per_A <= 0.01 < coarse.residual_eV_per_A
    assert fine.forward_eV == pytest.approx(known_barriers()[0], abs=1e-3)


def test_steps_end_without_convergence_and_more_of_them_go_on(tmp_path: Path) -> None:
    first, last, calculator = toy(0.6)
    hop = hop_between(first, last)
    short = find_path(
        hop, calculator, tmp_path, max_steps=3, n_images=3, force_tolerance_eV_per_A=0.01
    )
    assert not short.converged
    assert short.steps == 3
    assert find_path(
        hop, calculator, tmp_path, max_steps=500, n_images=3, force_tolerance_eV_per_A=0.01
    ).converged


def test_another_path_in_the_directory_is_refused(tmp_path: Path) -> None:
    first, last, calculator = toy()
    hop = hop_between(first, last)
    find_path(hop, calculator, tmp_path, n_images=3, force_tolerance_eV_per_A=0.1)
    with pytest.raises(InputError, match="n_images = 3, now 5"):
        find_path(hop, calculator, tmp_path, n_images=5)
    last.positions[0] += 0.2
    with pytest.raises(InputError, match="another directory"):
        find_path(hop_between(first, last), calculator, tmp_path, n_images=3)


def test_an_end_point_that_slides_back_is_told_and_the_next_hop_taken(tmp_path: Path) -> None:
    first, last, calculator = toy()
    downhill = first.copy()
    downhill.positions[-1, 0] += 0.35 * LENGTH_A  # this side of the saddle
    slides, stays = hop_between(first, downhill, name="a"), hop_between(first, last, name="b")
    with pytest.raises(EndPointError, match="slid back"):
        find_path(slides, calculator, tmp_path / "alone")
    assert find_first_path([slides, stays], calculator, tmp_path, n_images=1).name == "b"
    with pytest.raises(RunError, match="None of 1 hops"):
        find_first_path([slides], calculator, tmp_path)


def test_atoms_far_away_are_held(tmp_path: Path) -> None:
    first, last, calculator = toy()
    first.positions[2] += 0.1  # 6 Å away, off its spring's rest
    last.positions[2] += 0.1
    path = find_path(
        hop_between(first, last), calculator, tmp_path, free_within_A=3.5,
        force_tolerance_eV_per_A=0.02,
    )  # fmt: skip
    for image in path.images():
        np.testing.assert_allclose(image.positions[2], first.positions[2], atol=1e-7)
    assert path.forward_eV == pytest.approx(known_barriers()[0], abs=1e-3)


def test_settings_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    first, last, calculator = toy()
    with pytest.raises(InputError, match="n_images must be greater than 0"):
        find_path(hop_between(first, last), calculator, tmp_path, n_images=0)
    with pytest.raises(InputError, match="no finished path"):
        read_path(tmp_path)


def test_a_deeper_minimum_beside_an_end_point_is_told() -> None:
    heights = np.array([0.0, -0.2, 0.3, 0.1, 0.15])
    first, last = notes_of(heights, 2, True)
    assert "0.20 eV below the first end point" in first
    assert "which is 0.50 eV higher" in first
    assert "0.05 eV below the last end point" in last
    assert notes_of(np.array([0.0, 0.4, 0.1]), 1, True) == ()
