from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from sinterface.errors import RunError
from sinterface.study import forecast
from sinterface.study.config import DynamicsTable
from sinterface.study.forecast import check_room, steps_and_frames, trajectory_MB


def test_steps_and_frames() -> None:
    settings = DynamicsTable(
        duration_ps=12.0, equilibration_ps=1.0, timestep_fs=2.0, frame_interval_ps=0.1
    )
    assert steps_and_frames(settings) == (6500, 121)


def test_disk_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(forecast.shutil, "disk_usage", lambda _: usage(2e6, 1e6, 1e6))
    check_room(tmp_path / "not" / "yet", 0.9)
    with pytest.raises(RunError, match="has 1 MB left, but the trajectory needs about 5 MB"):
        check_room(tmp_path / "not" / "yet", 5.0)
    assert not list(tmp_path.iterdir())


def test_trajectory_size() -> None:
    assert trajectory_MB(1000, 100) == pytest.approx(1.2)
