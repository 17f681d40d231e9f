"""A crystal heated and cooled in steps under constant pressure, to see it change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.dynamics.ensembles import CellFreedom, Phase
from sinterface.dynamics.requirements import check_positive
from sinterface.dynamics.simulation import DynamicsResult, simulate
from sinterface.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.dynamics.ase_system import AseInteraction
    from sinterface.dynamics.interaction import Interaction
    from sinterface.potential.model import Potential

HEATING, COOLING = "heat", "cool"
"""How the names of kept phases begin; see :mod:`sinterface.analysis.lattice_transition`."""


def temperature_steps(start_K: float, end_K: float, step_K: float) -> tuple[float, ...]:
    """Return temperatures from `start_K` up to `end_K`, both included.

    Raises
    ------
    InputError
        Unless they rise by whole steps.
    """
    check_positive(start_K=start_K, end_K=end_K, step_K=step_K)
    count = (end_K - start_K) / step_K
    if count < 1 or abs(count - round(count)) > 1e-6:
        raise InputError(
            f"From {start_K:g} to {end_K:g} K there are {count:g} steps of {step_K:g} K; choose a "
            "step of which at least one whole number fits."
        )
    return tuple(float(t) for t in np.linspace(start_K, end_K, round(count) + 1))


def heating_phases(
    temperatures_K: tuple[float, ...],
    *,
    hold_ps: float = 20.0,
    settle_ps: float = 5.0,
    ramp_ps: float = 5.0,
    cell: CellFreedom = "axes",
    pressure_GPa: float = 0.0,
    cooling: bool = True,
) -> list[Phase]:
    """Return the phases of a run up a ladder of temperatures, and down again.

    At each temperature the crystal is brought there by a ramp and settles (not kept), then is
    held (kept). With `hold_ps` = 0 the ramps themselves are kept: one steady heating.

    Parameters
    ----------
    temperatures_K
        Rising.
    hold_ps, settle_ps, ramp_ps
        Times held and measured, held before, and of each ramp; 0 for none.
    cell
        What of the cell may move; "axes" or "full", or the lattice couldn't change its shape.
    pressure_GPa
        Pressure.
    cooling
        Whether it goes down again.

    Raises
    ------
    InputError
        For temperatures that don't rise, a cell that can't change its shape, or times that leave
        nothing to measure.
    """
    if len(temperatures_K) < 2 or np.any(np.diff(temperatures_K) <= 0):
        raise InputError("Give two or more temperatures, each above the one before.")
    if cell not in ("axes", "full"):
        raise InputError(f"cell must be axes or full for a lattice to change, got '{cell}'.")
    if min(hold_ps, settle_ps, ramp_ps) < 0 or (hold_ps == 0 and ramp_ps == 0):
        raise InputError("hold_ps or ramp_ps must be above 0, and no time below it.")
    common: dict[str, Any] = {"cell": cell, "pressure_GPa": pressure_GPa}
    branches = [(HEATING, tuple(temperatures_K))]
    if cooling:
        branches.append((COOLING, tuple(temperatures_K[::-1])))
    phases: list[Phase] = []
    before = temperatures_K[0]
    for branch, ladder in branches:
        for t in ladder:
            name = f"{branch}-{_label(t)}"
            if ramp_ps > 0 and t != before:
                kept = hold_ps == 0
                ramp = name if kept else f"{name}-ramp"
                phases.append(Phase(ramp, ramp_ps, before, t, keep=kept, **common))
            if settle_ps > 0 and (hold_ps > 0 or t == before):
                phases.append(Phase(f"{name}-settle", settle_ps, t, keep=False, **common))
            if hold_ps > 0:
                phases.append(Phase(name, hold_ps, t, **common))
            before = t
    return phases


def heat_and_cool(
    atoms: Atoms,
    potential: Potential | Interaction | AseInteraction,
    directory: Path | str,
    phases: list[Phase],
    **options: Any,
) -> DynamicsResult:
    """Run such phases, or go on with them; `options` are those of `simulate`.

    Frames are 0.1 ps apart and checkpoints 2 ps unless `options` say otherwise.
    """
    settings = {"frame_interval_ps": 0.1, "checkpoint_interval_ps": 2.0, **options}
    return simulate(atoms, potential, directory, phases, **settings)


def _label(temperature_K: float) -> str:
    return f"{temperature_K:g}K".replace(".", "_").replace("+", "")
