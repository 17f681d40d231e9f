"""Structure, vibrations and diffusion by a potential, against the reference's own dynamics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import ase.io
from ase import Atoms

from sinterface.dynamics.ase_system import AseInteraction
from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.relax import relax
from sinterface.dynamics.simulation import simulate
from sinterface.files import atomic_path, write_text
from sinterface.potential.model import Potential
from sinterface.processes import side_by_side
from sinterface.progress import ProgressCallback
from sinterface.reference.calculators import Reference, open_reference
from sinterface.validation.dynamics_agreement import compare, properties
from sinterface.validation.steps import RESULT_NAME, Steps
from sinterface.validation.systems import System, chosen

SYSTEMS: Final = (
    *("llzo-cubic", "llzo-amorphous", "lco-layered", "mixture-1", "mixture-3", "doped-li"),
)
"""Rows whose own dynamics is compared."""


MELT_K, MELT_PS = 4000.0, 1.0
DOWNHILL_STEPS = 60

SHIPPED: Final = "reference_dynamics"
"""Folder of the package with the starts and results of CHGNet's own dynamics, step by step."""
START_NAME: Final = "start.extxyz"


@dataclass(frozen=True)
class OwnDynamics:
    """How both move the atoms: at constant volume, with Bussi's thermostat.

    Attributes
    ----------
    duration_ps, equilibration_ps
        Of what is analysed, and of what comes before (Langevin).
    timestep_fs, frame_interval_ps
        Time step, and time between frames, which keep velocities.
    replicas
        Runs of the potential; the reference, hundreds of times as expensive, makes one.
    """

    duration_ps: float = 20.0
    equilibration_ps: float = 2.0
    timestep_fs: float = 2.5
    frame_interval_ps: float = 0.01
    replicas: int = 3

    def phases(self, system: System) -> list[Phase]:
        """Return the phases of a run."""
        kelvin = system.temperature_K
        before = [Phase("melt", MELT_PS, MELT_K, thermostat="langevin", keep=False)]
        return [
            *(before if system.molten else []),
            Phase(
                "equilibration", self.equilibration_ps, kelvin, thermostat="langevin", keep=False
            ),
            Phase(
                "dynamics", self.duration_ps, kelvin, thermostat="bussi", thermostat_time_fs=500.0
            ),
        ]


def compare_dynamics(
    system: System,
    potential: Potential,
    reference: Reference,
    steps: Steps,
    reference_steps: Steps,
    settings: OwnDynamics,
    *,
    small: bool = False,
    threads: int = 1,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Run a system with both, from one structure, and compare what their trajectories show.

    A killed run goes on from its last checkpoint.

    Parameters
    ----------
    steps, reference_steps
        Where the potential's part and the reference's are kept: the latter doesn't depend on the
        potential, so the next potential finds it done.
    small
        Take the smaller cell where there is one.

    Returns
    -------
    dict
        ``pairs``, ``vibrations``, ``diffusivities``: rows with the figures of both;
        ``curves``: radial distribution functions, ``spectra``: densities of states.
    """
    name, keys = _step(system, settings, small)

    def by_potential(folder: Path) -> dict[str, Any]:
        home = reference_steps.folder(name, keys)
        start = _start(system, reference, home, small)
        runs = [folder / f"run-{number + 1}" for number in range(settings.replicas)]
        for number, run in enumerate(runs):
            _run(system, start, potential, run, settings, number, threads, progress)
        return properties(runs)

    theirs = move_by_reference(
        system, reference, reference_steps, settings, small=small, progress=progress
    )
    ours = steps.do(name, keys | {"reference": reference.settings_hash}, by_potential)
    return compare(ours, theirs)


def move_by_reference(
    system: System,
    reference: Reference,
    steps: Steps,
    settings: OwnDynamics,
    *,
    small: bool = False,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Return what a system shows when the reference moves it; see `compare_dynamics`.

    What comes with the package isn't run again.
    """
    name, keys = _step(system, settings, small)
    _take_shipped(steps.folder(name, keys))

    def work(folder: Path) -> dict[str, Any]:
        start = _start(system, reference, folder, small)
        identity = f"{reference.name} {reference.version} {reference.settings_hash}"
        mover = AseInteraction(reference.make(start, folder), identity)
        _run(system, start, mover, folder / "run", settings, 0, 1, progress)
        return properties([folder / "run"])

    return steps.do(name, keys, work)


@dataclass(frozen=True)
class _Move:
    """A system that a reference is to move, in a process of its own."""

    system: str
    reference: str
    directory: Path
    settings: OwnDynamics


def move_all_by_reference(
    systems: Sequence[System],
    reference: str,
    directory: Path,
    settings: OwnDynamics,
    *,
    workers: int,
    progress: ProgressCallback | None = None,
) -> None:
    """Have the reference move systems' smaller cells, as many side by side as there are workers."""
    steps = reference_steps(reference, directory)
    missing = []
    for system in systems:
        home = steps.folder(*_step(system, settings, True))
        _take_shipped(home)
        if not (home / RESULT_NAME).exists():
            missing.append(_Move(system.name, reference, directory, settings))
    if missing:
        side_by_side(_move, missing, min(workers, len(missing)), progress)


def reference_steps(reference: str, directory: Path) -> Steps:
    """Return the steps that don't depend on a potential."""
    return Steps(directory, {"reference": open_reference(reference).settings_hash})


def _move(job: _Move, progress: ProgressCallback) -> None:
    (system,) = chosen((job.system,))
    steps = reference_steps(job.reference, job.directory)
    move_by_reference(
        system, open_reference(job.reference), steps, job.settings, small=True,
        progress=lambda state: progress(replace(state, message=f"{system.name}: {state.message}")),
    )  # fmt: skip


def _step(system: System, settings: OwnDynamics, small: bool) -> tuple[str, dict[str, Any]]:
    """Return name and settings of a system's steps."""
    keys = {"system": system.name, "small": small, "run": asdict(settings)}
    return f"own-dynamics-{system.name}", keys


def _take_shipped(home: Path) -> None:
    """Copy a finished step of the reference that comes with the package, where there is one."""
    shipped = files("sinterface.validation") / SHIPPED / home.name
    if home.exists() or not shipped.is_dir():
        return
    home.mkdir(parents=True)
    for name in (START_NAME, RESULT_NAME):
        write_text(home / name, (shipped / name).read_text(encoding="utf-8"))


def _start(system: System, reference: Reference, folder: Path, small: bool) -> Atoms:
    """Return the structure that both start from; a random one goes downhill by the reference."""
    path = folder / START_NAME
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        atoms = system.build(small)
        if system.random:
            atoms = relax(
                atoms,
                reference.make(atoms, folder),
                cell="none",
                force_tolerance_eV_per_A=2.0,
                max_steps=DOWNHILL_STEPS,
            ).atoms
        bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
        with atomic_path(path) as temporary:
            ase.io.write(temporary, bare, format="extxyz")
    found: Atoms = ase.io.read(path, format="extxyz")  # type: ignore[assignment]
    return found


def _run(
    system: System,
    start: Atoms,
    mover: Potential | AseInteraction,
    directory: Path,
    settings: OwnDynamics,
    seed: int,
    threads: int,
    progress: ProgressCallback | None,
) -> None:
    simulate(
        start,
        mover,
        directory,
        settings.phases(system),
        timestep_fs=settings.timestep_fs,
        frame_interval_ps=settings.frame_interval_ps,
        checkpoint_interval_ps=20 * settings.frame_interval_ps,
        seed=seed,
        threads=threads,
        velocities=True,
        progress=progress,
    )
