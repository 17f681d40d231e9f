"""Hops of a study: each its own, and none where a run left no layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from sinterface.dynamics import trajectory
from sinterface.study.general import plan_site
from sinterface.study.graph import in_order
from sinterface.study.scales import read_site
from sinterface.study.steps.hops import MOST_MOVED, moved_share

NEB = Path(__file__).parents[3] / "examples" / "paper" / "neb.toml"


def test_several_hops_of_a_cell_differ() -> None:
    hops = [one for one in in_order(plan_site(read_site(NEB, "overnight"))) if one.step == "hop"]
    llzo = [one for one in hops if one.name.startswith("hop-llzo-") and "co" not in one.name]
    assert [one.settings["hop"] for one in llzo] == [1, 2, 3, 4]
    assert len({one.hash for one in hops}) == len(hops)


@pytest.mark.parametrize(("moved", "share"), [(0, 0.0), (9, 0.9)])
def test_a_slab_that_drifts_stays_and_a_melt_does_not(
    monkeypatch: pytest.MonkeyPatch, moved: int, share: float
) -> None:
    rng = np.random.default_rng(0)

    class Run:
        n_frames = 40
        numbers = np.array([27] * 10 + [8] * 10)

        def positions(self, index: int) -> np.ndarray:
            found = rng.normal(0.0, 0.1, (20, 3)) + np.array([0.0, 0.0, 0.05 * index])
            found[:moved] += rng.normal(0.0, 1.0, (moved, 3)) * index
            return np.asarray(found)

    @contextmanager
    def opened(directory: Path) -> Iterator[Run]:
        yield Run()

    monkeypatch.setattr(trajectory, "open_trajectory", opened)
    assert moved_share(Path("run"), "Co") == pytest.approx(share, abs=0.11)
    assert (moved_share(Path("run"), "Co") > MOST_MOVED) == (share > 0.5)
