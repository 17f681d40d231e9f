"""Labelled toy frames."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from sinterface.dataset.frames import Label, labelled

MakeFrame = Callable[..., Atoms]


@pytest.fixture
def make_frame() -> MakeFrame:
    """Return a maker of labelled copper frames."""

    def make(
        system: str = "cu",
        trajectory: str = "cu-0",
        seed: int = 0,
        settings: str = "emt-1",
        n: int = 1,
    ) -> Atoms:
        atoms = bulk("Cu", cubic=True) * (n, 1, 1)
        atoms.positions += 0.1 * np.random.default_rng(seed).standard_normal(atoms.positions.shape)
        atoms.calc = EMT()
        return labelled(atoms, Label(system, trajectory, 300.0, "emt", "3.29", settings))

    return make
