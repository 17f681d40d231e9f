from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from sinterface.errors import InputError
from sinterface.validation.resumable_md import ShortRun, run_resumable


@pytest.mark.parametrize("zero_pressure", [False, True])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, zero_pressure: bool) -> None:
    copper = bulk("Cu", cubic=True) * 2
    run = ShortRun(600.0, 2.0, 5, 4, zero_pressure=zero_pressure, seed=3)
    whole = run_resumable(copper, EMT(), tmp_path / "whole.npz", run)
    run_resumable(copper, EMT(), tmp_path / "cut.npz", replace(run, n_frames=2))
    resumed = run_resumable(copper, EMT(), tmp_path / "cut.npz", run)
    # EMT's neighbour list keeps its order from before, hence rounding
    assert np.allclose(whole.positions, resumed.positions, rtol=0, atol=1e-9)
    assert np.allclose(whole.cells, resumed.cells, rtol=0, atol=1e-9)
    moved = np.abs(whole.cells - copper.cell.array).max() > 1e-6
    assert moved == zero_pressure


def test_another_run_is_refused(tmp_path: Path) -> None:
    copper = bulk("Cu", cubic=True) * 2
    run = ShortRun(600.0, 2.0, 5, 1)
    run_resumable(copper, EMT(), tmp_path / "run.npz", run)
    with pytest.raises(InputError, match="another run"):
        run_resumable(copper, EMT(), tmp_path / "run.npz", replace(run, temperature_K=700.0))
