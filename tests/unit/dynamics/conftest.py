"""Lennard-Jones argon, and runs of it in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from ase import Atoms
from ase.build import bulk

from sinterface.dynamics.interaction import Interaction

EPSILON_EV, SIGMA_A, CUTOFF_A = 0.0104, 3.4, 6.0


@pytest.fixture(scope="session")
def argon_interaction() -> Interaction:
    """Lennard-Jones argon, shifted at the cutoff as ASE shifts it."""
    return Interaction(
        commands=(
            f"pair_style lj/cut {CUTOFF_A}",
            f"pair_coeff * * {EPSILON_EV} {SIGMA_A}",
            "pair_modify shift yes",
        ),
        elements=("Ar",),
        cutoff_A=CUTOFF_A,
        identity="lj-argon",
    )


@pytest.fixture
def argon() -> Atoms:
    """108 atoms, two regions."""
    atoms = bulk("Ar", "fcc", a=5.3, cubic=True).repeat(3)
    atoms.set_array("region", (atoms.positions[:, 2] > 8).astype("int8"))
    return atoms


@pytest.fixture(scope="session")
def start_script(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.Popen[str]]:
    """Start a Python script in a process of its own, its output in pipes."""

    def start(script: str, *arguments: str) -> subprocess.Popen[str]:
        path = tmp_path_factory.mktemp("script") / "script.py"
        path.write_text(script)
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, str(path), *arguments]
        return subprocess.Popen(
            command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    return start
