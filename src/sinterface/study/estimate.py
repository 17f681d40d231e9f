"""What a study of any kind would take at a scale: atoms, steps, runs, disk and time here."""

from __future__ import annotations

import heapq
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sinterface.provenance import host
from sinterface.study.forecast import BYTES_AN_ATOM_A_FRAME, free_MB
from sinterface.study.general import plan_site, run_directory_of
from sinterface.study.graph import Stage, state_of
from sinterface.study.kinds.site import Site
from sinterface.study.rate import RATE_S, lammps_rate

if TYPE_CHECKING:
    from ase import Atoms

MOVING: Final = ("simulate", "equilibrate", "transition", "sub-dynamics")
THREAD_GAIN: Final = 0.85
"""What each further thread or rank adds to a run's speed."""


@dataclass(frozen=True)
class ScaleEstimate:
    """One scale of a study.

    Attributes
    ----------
    study, kind, scale, run_directory
        Which.
    driver
        Potential or calculator that moves the atoms.
    stages, done, runs
        Stages in all, those finished, and runs of dynamics.
    largest_atoms
        Atoms of the largest run.
    steps
        Time steps of all runs.
    atom_steps
        Atoms times steps, summed over all stages that move atoms.
    rate_atom_steps_per_s
        Measured on one core; None where it wasn't.
    slots
        Stages side by side.
    seconds
        Expected time of what is left; None without a rate.
    disk_MB, free_MB
        What the frames need that are still to come, and what the disk has.
    by_step
        Of each step: stages, atom-steps, seconds on one core.
    host
        Class of this machine.
    """

    study: str
    kind: str
    scale: str
    run_directory: str
    driver: str
    stages: int
    done: int
    runs: int
    largest_atoms: int
    steps: int
    atom_steps: float
    rate_atom_steps_per_s: float | None
    slots: int
    seconds: float | None
    disk_MB: float
    free_MB: float
    by_step: Mapping[str, Mapping[str, float | None]]
    host: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings."""
        return asdict(self)


def estimate_site(
    site: Site, run_directory: Path | None = None, rate: float | None = None
) -> ScaleEstimate:
    """Return what a study would take; nothing is written.

    Parameters
    ----------
    site
        The study at one scale.
    run_directory
        Where results would go; what is finished there is counted as done.
    rate
        Atom-steps a second on one core; see `measure_rate`.

    Raises
    ------
    InputError
        When the study names something that can't be read or doesn't fit.
    """
    stages = plan_site(site)
    directory = run_directory or run_directory_of(site)
    states = [state_of(stage, directory) for stage in stages]
    left = [stage for stage, state in zip(stages, states, strict=True) if state != "done"]
    moving = [stage for stage in stages if stage.step in MOVING]
    slots = site.settings.resources.slots()
    disk = sum(stage.cost.atoms * stage.cost.frames for stage in left) * BYTES_AN_ATOM_A_FRAME / 1e6
    return ScaleEstimate(
        study=site.settings.study.name,
        kind=site.kind,
        scale=site.scale,
        run_directory=str(directory),
        driver=next(iter(site.driver.values())),
        stages=len(stages),
        done=len(stages) - len(left),
        runs=len(moving),
        largest_atoms=max((stage.cost.atoms for stage in stages), default=0),
        steps=sum(stage.cost.steps for stage in moving),
        atom_steps=sum(float(stage.cost.atoms) * stage.cost.steps for stage in stages),
        rate_atom_steps_per_s=rate,
        slots=slots,
        seconds=None if rate is None else makespan(left, slots, rate),
        disk_MB=disk,
        free_MB=free_MB(directory),
        by_step=_by_step(stages, rate),
        host=host(),
    )


def stage_seconds(stage: Stage, rate: float) -> float:
    """Return how long a stage takes where it runs: its dynamics, and what is besides."""
    cost = stage.cost
    gain = 1.0 + THREAD_GAIN * (cost.threads - 1)
    return float(cost.atoms) * cost.steps / (rate * gain) + cost.other_s


def makespan(stages: Sequence[Stage], slots: int, rate: float) -> float:
    """Return how long stages take on so many slots, each begun as soon as it can be.

    Stages upstream that aren't among `stages` are finished.
    """
    left = {stage.name for stage in stages}
    ended: dict[str, float] = {}
    free = [0.0] * slots
    for stage in stages:  # in an order in which each stands behind those that it reads
        ready = max((ended[o.name] for o in stage.upstream if o.name in left), default=0.0)
        begin = max(ready, heapq.heappop(free))
        ended[stage.name] = begin + stage_seconds(stage, rate)
        heapq.heappush(free, ended[stage.name])
    return max(ended.values(), default=0.0)


def measure_rate(site: Site, seconds: float = RATE_S) -> float:
    """Measure what moves the atoms of a study on one core of this machine, in atom-steps/s.

    A crystal of a few hundred atoms goes through LAMMPS at rest, in mixed precision; of a
    calculator, its energy and forces are computed a few times.
    """
    atoms = _sample(site)
    if site.potential is None:
        return _calculator_rate(site, atoms)
    from sinterface.dynamics.interaction import potential_interaction

    interaction = potential_interaction(site.potential, precision="mixed", threads=1)
    return lammps_rate(atoms, interaction, 1.0, seconds)


def _calculator_rate(site: Site, atoms: Atoms) -> float:
    from tempfile import TemporaryDirectory

    from sinterface.reference.calculators import open_reference

    with TemporaryDirectory() as folder:
        calculator = open_reference(site.driver["calculator"]).make(atoms, Path(folder))
        atoms.calc = calculator
        atoms.get_forces()  # the first call loads the model
        started = time.perf_counter()
        for shift in (0.01, 0.02):
            atoms.positions[0, 0] += shift
            atoms.get_forces()
        return 2.0 * len(atoms) / (time.perf_counter() - started)


def _sample(site: Site) -> Atoms:
    """Return a crystal of the study, repeated where it is thin."""
    import numpy as np

    names = [
        str(value)
        for table in site.settings
        if hasattr(table[1], "crystal") or hasattr(table[1], "electrolyte")
        for value in (getattr(table[1], "crystal", None) or getattr(table[1], "electrolyte", None),)
        if value
    ]
    crystal = site.load(names[0] if names else "llzo").copy()
    heights = crystal.cell.volume / np.linalg.norm(
        np.cross(np.roll(crystal.cell.array, -1, 0), np.roll(crystal.cell.array, -2, 0)), axis=1
    )
    repeat = tuple(int(n) for n in np.maximum(1, np.ceil(12.0 / heights)))
    sample: Atoms = crystal.repeat(repeat)
    return sample


def _by_step(stages: Sequence[Stage], rate: float | None) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = {}
    for step in dict.fromkeys(stage.step for stage in stages):
        own = [stage for stage in stages if stage.step == step]
        found[step] = {
            "stages": len(own),
            "atom_steps": sum(float(stage.cost.atoms) * stage.cost.steps for stage in own),
            "core_seconds": None
            if rate is None
            else sum(stage_seconds(stage, rate) * stage.cost.threads for stage in own),
        }
    return found
