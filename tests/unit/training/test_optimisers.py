"""Every contestant of the comparison of optimisers learns the toy task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sinterface.training.held_out import measure_errors
from sinterface.training.loss import LossScales
from sinterface.training.network import Networks, whitening_matrix


@pytest.fixture
def optimisers(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "benchmarks"))
    return __import__("optimisers")


@pytest.mark.parametrize("name", ["SOAP", "AdamW", "L-BFGS", "extended Kalman"])
def test_contestant_learns_within_its_time(make_samples: Any, optimisers: Any, name: str) -> None:
    samples, kernel = make_samples(6, np.float64)
    rows = [np.concatenate(parts) for parts in zip(*(s.features for s in samples), strict=True)]
    matrices = [whitening_matrix(part, 18, 1e-3) for part in rows]
    task = optimisers.Task(
        lambda dtype: Networks(matrices, (8, 8), "tanh", 1, dtype),
        kernel,
        samples,
        samples,
        LossScales(),
    )
    before = measure_errors(task.networks(torch.float64), kernel, samples)
    clock = optimisers.Clock(task, 2.0)
    (run,) = (run for key, run in optimisers.contestants().items() if key.startswith(name))
    assert run(task, clock) > 10
    assert [row["share"] for row in clock.rows] == [0.25, 0.5, 1.0]
    assert clock.rows[-1]["figure"] < 0.2 * before.figure(LossScales())
