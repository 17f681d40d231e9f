from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sinterface.errors import InputError, RunError
from sinterface.validation.steps import RESULT_NAME, Steps, only_one


def test_a_finished_step_is_not_done_again(tmp_path: Path) -> None:
    calls: list[Path] = []

    def work(folder: Path) -> dict[str, float]:
        calls.append(folder)
        return {"value": float("nan"), "array": np.float64(2.5)}  # type: ignore[dict-item]

    for _ in range(2):
        steps = Steps(tmp_path, {"potential": "a"})
        assert steps.do("dimers", {"n": 1}, work) == {"value": None, "array": 2.5}
    assert len(calls) == 1
    assert (steps.done, steps.skipped) == (0, 1)
    Steps(tmp_path, {"potential": "a"}).do("dimers", {"n": 2}, work)
    Steps(tmp_path, {"potential": "b"}).do("dimers", {"n": 1}, work)
    assert len(set(calls)) == 3  # other settings, other potential: other folders


def test_a_failed_step_is_done_again(tmp_path: Path) -> None:
    steps = Steps(tmp_path, {})

    def fail(_: Path) -> dict[str, float]:
        raise RunError("no")

    with pytest.raises(RunError):
        steps.do("a", {}, fail)
    assert steps.do("a", {}, lambda _: {"x": 1.0}) == {"x": 1.0}


def test_a_damaged_result_is_told(tmp_path: Path) -> None:
    steps = Steps(tmp_path, {})
    steps.do("a", {}, lambda _: {"x": 1.0})
    (steps.folder("a", {}) / RESULT_NAME).write_text("{")
    with pytest.raises(InputError, match="damaged"):
        steps.do("a", {}, lambda _: {"x": 1.0})


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        only_one(tmp_path / "new"),
        pytest.raises(RunError, match="Another process"),
        only_one(tmp_path / "new"),
    ):
        pass
