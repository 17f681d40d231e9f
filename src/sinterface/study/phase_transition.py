"""A crystal heated and cooled, its transition located and drawn: one call, resumable."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.analysis.lattice_transition import PhaseTransition, analyse_transition
from sinterface.dynamics.ensembles import CellFreedom
from sinterface.dynamics.heating import heat_and_cool, heating_phases
from sinterface.files import write_text
from sinterface.progress import ProgressCallback

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.dynamics.ase_system import AseInteraction
    from sinterface.potential.model import Potential

RESULT_NAME = "phase-transition.json"


def run_phase_transition(
    atoms: Atoms,
    potential: Potential | AseInteraction,
    directory: Path | str,
    temperatures_K: Sequence[float],
    *,
    hold_ps: float = 20.0,
    settle_ps: float = 5.0,
    ramp_ps: float = 5.0,
    cell: CellFreedom = "axes",
    pressure_GPa: float = 0.0,
    cooling: bool = True,
    copies: tuple[int, int, int] | None = None,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> PhaseTransition:
    """Heat and cool a crystal under constant pressure, or go on with it, and analyse its lattice.

    Parameters
    ----------
    atoms, potential, directory
        As of `sinterface.dynamics.simulation.simulate`, which gets `options` too (seed, threads,
        timestep_fs, ...). The directory gets ``phase-transition.json``, the figure and its CSV.
    temperatures_K
        Rungs of the ladder, rising; see `sinterface.dynamics.heating.temperature_steps`.
    hold_ps, settle_ps, ramp_ps, cell, pressure_GPa, cooling
        See `sinterface.dynamics.heating.heating_phases`.
    copies
        Cells along each edge; see `sinterface.analysis.lattice_transition.analyse_transition`.
    progress
        Told after every frame.

    Raises
    ------
    InputError, RunError
        As of `heating_phases` and `simulate`.
    """
    phases = heating_phases(
        tuple(temperatures_K),
        hold_ps=hold_ps,
        settle_ps=settle_ps,
        ramp_ps=ramp_ps,
        cell=cell,
        pressure_GPa=pressure_GPa,
        cooling=cooling,
    )
    heat_and_cool(atoms, potential, directory, phases, progress=progress, **options)
    return present_transition(directory, copies=copies)


def present_transition(
    directory: Path | str, *, copies: tuple[int, int, int] | None = None
) -> PhaseTransition:
    """Analyse a run, finished or not, and write what it tells into its directory."""
    from sinterface.report.transition_figures import draw_transition

    folder = Path(directory)
    found = analyse_transition(folder, copies=copies)
    write_text(folder / RESULT_NAME, json.dumps(found.to_dict(), indent=1) + "\n")
    draw_transition(found, folder)
    return found
