"""In-plane diffusivity of slices that atoms enter and leave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from unit.analysis.walks import write_h5md

from sinterface.analysis.regions import regional_diffusion
from sinterface.analysis.stream import open_frames
from sinterface.errors import InputError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In the lower half of the cell atoms walk twice as far a step, in the plane."""
    rng = np.random.default_rng(0)
    place = rng.random((120, 3)) * 20.0
    path = np.empty((200, 120, 3))
    for frame in range(200):
        path[frame] = place
        step = rng.normal(scale=0.2, size=place.shape)
        step[:, :2] *= np.where(place[:, 2] % 20.0 < 10.0, 2.0, 1.0)[:, None]
        place = place + step
    return write_h5md(
        tmp_path_factory.mktemp("r") / "run", ["Li"] * 120, path, 20.0 * np.eye(3), 0.1
    )


def test_each_slice_has_its_own(run: Path) -> None:
    with open_frames(run) as frames:
        found = regional_diffusion([frames], "Li", [{"fast": (0.0, 0.5), "slow": (0.5, 1.0)}])
    for one, step in zip(found, (0.4, 0.2), strict=True):
        estimate = one.diffusivity_cm2_s
        true = step**2 / 2.0 / 0.1 * 1e-4
        assert estimate.value == pytest.approx(true, rel=0.12)
        assert abs(estimate.value - true) < 3.0 * estimate.std
        assert one.staying[-1] < one.staying[0] < 1.0
    assert sum(one.mean_atoms for one in found) == pytest.approx(120.0)


def test_a_slice_that_is_none(run: Path) -> None:
    with open_frames(run) as frames, pytest.raises(InputError, match="fractions of"):
        regional_diffusion([frames], "Li", [{"x": (0.2, 1.2)}])


def test_replicas_are_pooled(run: Path) -> None:
    slices = {"fast": (0.0, 0.5), "slow": (0.5, 1.0)}
    with open_frames(run) as frames:
        single = regional_diffusion([frames], "Li", [slices])
        both = regional_diffusion([frames, frames], "Li", [slices, slices])
    for one, two in zip(single, both, strict=True):
        np.testing.assert_allclose(two.msd_A2, one.msd_A2)
        assert two.mean_atoms == pytest.approx(one.mean_atoms)
        assert two.diffusivity_cm2_s.std < 0.85 * one.diffusivity_cm2_s.std
