"""Speed of the dynamics on this machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.dynamics.interaction import Interaction

RATE_S: Final = 2.0
RATE_STEPS: Final = 20


def lammps_rate(
    atoms: Atoms, interaction: Interaction, timestep_fs: float, seconds: float = RATE_S
) -> float:
    """Return how many atom-steps a second LAMMPS makes of a structure at rest.

    It runs for `seconds`, at least `RATE_STEPS` steps; as many steps before are not counted.
    """
    from sinterface.dynamics.lammps_system import LammpsSystem

    with LammpsSystem(atoms, interaction, timestep_fs) as system:
        system.create()
        system.run(RATE_STEPS, setup=True)
        steps, started = 0, time.perf_counter()
        while steps == 0 or time.perf_counter() - started < seconds:
            system.run(RATE_STEPS, setup=False)
            steps += RATE_STEPS
        return len(atoms) * steps / (time.perf_counter() - started)
