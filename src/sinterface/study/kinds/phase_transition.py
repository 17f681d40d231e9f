"""Phase transition: tetragonal LLZO heated and cooled, its lattice against temperature."""

from __future__ import annotations

import math
from typing import Any

from pydantic import Field

from sinterface.errors import InputError
from sinterface.study.config import Table
from sinterface.study.graph import Cost, Stage
from sinterface.study.kinds.site import Site, finish
from sinterface.study.kinds.tables import Copies, GeneralStudy


class TransitionTable(Table):
    """A crystal and its ladder of temperatures."""

    crystal: str = Field(
        default="llzo-tetragonal", min_length=1, description="A crystal's name, or a CIF."
    )
    supercell: Copies = Field(default=(2, 2, 2), description="Copies along each edge.")
    start_K: float = Field(default=300.0, gt=0, description="Coldest temperature, kelvin.")
    end_K: float = Field(default=1200.0, gt=0, description="Hottest temperature, kelvin.")
    step_K: float = Field(default=50.0, gt=0, description="Between temperatures, kelvin.")
    hold_ps: float = Field(
        default=100.0, gt=0, description="Measured at each temperature, picoseconds."
    )
    settle_ps: float = Field(default=20.0, ge=0, description="Before it, unmeasured, picoseconds.")
    ramp_ps: float = Field(
        default=20.0, ge=0, description="From one temperature to the next, picoseconds."
    )
    cooling: bool = Field(default=True, description="Go down again, for the hysteresis.")
    replicas: int = Field(default=3, ge=1, le=100, description="Runs from different velocities.")


class TransitionStudy(GeneralStudy):
    """A study of a phase transition."""

    transition: TransitionTable = TransitionTable()


STUDY = TransitionStudy


def plan(site: Site) -> tuple[Stage, ...]:
    """Return the report's stage of a study of a phase transition, everything else upstream."""
    site.one_process_a_run()
    t: TransitionTable = site.settings.transition
    crystal = site.load(t.crystal)
    site.check_elements(set(crystal.get_chemical_symbols()))
    n_atoms = len(crystal) * math.prod(t.supercell)
    rungs = (t.end_K - t.start_K) / t.step_K
    if rungs < 1 or abs(rungs - round(rungs)) > 1e-6:
        raise InputError(
            f"[transition] from {t.start_K:g} to {t.end_K:g} K there are {rungs:g} steps of "
            f"{t.step_K:g} K; choose a step of which a whole number fits."
        )
    _check_frames(site, t.hold_ps)
    ladder = (round(rungs) + 1) * (2 if t.cooling else 1)
    length_ps = ladder * (t.hold_ps + t.settle_ps + t.ramp_ps)
    start = Stage(
        "crystal", "crystal", {"crystal": t.crystal, "supercell": list(t.supercell), "draws": 1},
        site.seed, site.crystal_input(t.crystal), (), site.crystal_extras(t.crystal),
        Cost(other_s=2 + n_atoms / 200),
    )  # fmt: skip
    chosen = ("start_K", "end_K", "step_K", "hold_ps", "settle_ps", "ramp_ps", "cooling")
    ladder_settings: dict[str, Any] = {key: getattr(t, key) for key in chosen}
    table = site.settings.dynamics
    ladder_settings |= {
        "copies": list(t.supercell),
        "timestep_fs": table.timestep_fs,
        "frame_interval_ps": table.frame_interval_ps,
        "checkpoint_interval_ps": table.checkpoint_interval_ps,
    }
    runs = [
        Stage(
            f"transition-{replica + 1}", "transition", ladder_settings, site.seed + replica,
            site.identity, (start,), site.extras, site.run_cost(n_atoms, length_ps),
        )
        for replica in range(t.replicas)
    ]  # fmt: skip
    return finish(site, [*runs], {"crystal": t.crystal, **ladder_settings})


def _check_frames(site: Site, hold_ps: float) -> None:
    """Refuse a ladder whose temperatures hold too few frames to be read."""
    from sinterface.analysis.lattice_steps import LEAST_FRAMES

    interval = float(site.settings.dynamics.frame_interval_ps)
    if hold_ps < LEAST_FRAMES * interval:
        raise InputError(
            f"[transition] hold_ps = {hold_ps:g} holds fewer than {LEAST_FRAMES} frames of "
            f"[dynamics] frame_interval_ps = {interval:g}, too few to tell a lattice; hold longer "
            "or store frames more often."
        )
