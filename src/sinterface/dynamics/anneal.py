"""Short runs for building: atoms heated, cooled, pressed or brought to rest, in one LAMMPS.

Nothing is written; the last structure and the averages of each step come back. A run worth
keeping belongs to :func:`sinterface.dynamics.lammps.run_nvt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics import requirements
from sinterface.dynamics.ensembles import CellFreedom, Phase, check_cell
from sinterface.dynamics.interaction import Interaction, potential_interaction
from sinterface.dynamics.lammps_instance import LammpsError
from sinterface.dynamics.lammps_system import LammpsSystem
from sinterface.errors import InputError, RunError
from sinterface.progress import Progress, ProgressCallback
from sinterface.units import FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.potential.model import Potential

HOT_FACTOR, HOT_MARGIN_K = 3.0, 1000.0
SAMPLE_STEPS = 10


@dataclass(frozen=True)
class Heat:
    """Molecular dynamics (Nosé–Hoover) at one temperature, or along a ramp.

    Attributes
    ----------
    duration_ps
        Length.
    temperature_K, end_temperature_K
        Temperature at its start and its end; the same when the latter isn't given.
    cell
        What of the cell may move: "fixed" (NVT), "isotropic", "axes" (each edge for itself),
        "normal" (the third vector only) or "full" (angles too).
    pressure_GPa
        Pressure of what may move.
    """

    duration_ps: float
    temperature_K: float
    end_temperature_K: float | None = None
    cell: CellFreedom = "fixed"
    pressure_GPa: float = 0.0


@dataclass(frozen=True)
class Rest:
    """Minimisation of the energy: FIRE in a fixed cell, conjugate gradients with the cell.

    Attributes
    ----------
    force_tolerance_eV_per_A
        Length of the vector of all force components at which it ends, divided by the square root
        of their number.
    max_steps
        Steps after which it ends anyway.
    cell, pressure_GPa
        As in :class:`Heat`.
    """

    force_tolerance_eV_per_A: float = 0.01
    max_steps: int = 1000
    cell: CellFreedom = "fixed"
    pressure_GPa: float = 0.0


@dataclass(frozen=True)
class Averages:
    """What a step measured: means over its second half, or the state where a Rest ended.

    Attributes
    ----------
    temperature_K, potential_energy_eV, volume_A3
        Means.
    energy_error_eV, volume_error_A3
        Standard errors of mean energy and volume from blocks of a fifth each; 0 of a Rest, not a
        number when there are fewer than ten samples.
    pressure_GPa
        Mean pressure tensor, in the orientation of the given atoms, shape (3, 3).
    cell
        Mean cell, rows are vectors, shape (3, 3), in Å.
    """

    temperature_K: float
    potential_energy_eV: float
    energy_error_eV: float
    volume_A3: float
    volume_error_A3: float
    pressure_GPa: NDArray[np.float64]
    cell: NDArray[np.float64]


@dataclass(frozen=True)
class Annealed:
    """The last structure of a schedule and the averages of each of its steps.

    Attributes
    ----------
    atoms
        As given (arrays, masses), at the last positions, unwrapped, in the last cell.
    averages
        One for each step.
    potential_energy_eV
        Of the last structure.
    """

    atoms: Atoms
    averages: tuple[Averages, ...]
    potential_energy_eV: float


def anneal(
    atoms: Atoms,
    potential: Potential | Interaction,
    schedule: Sequence[Heat | Rest],
    *,
    seed: int = 0,
    timestep_fs: float = 1.0,
    threads: int = 1,
    precision: str = "mixed",
    progress: ProgressCallback | None = None,
) -> Annealed:
    """Take a structure through a schedule of dynamics and minimisations; nothing is kept on disk.

    ``[Heat(10, 4000), Heat(10, 4000, 300), Heat(5, 300, cell="isotropic"), Rest()]`` melts,
    quenches, finds the density and the nearest minimum.

    Parameters
    ----------
    atoms
        Periodic structure, left as it is. In "isotropic" and "axes" skewed cells keep their
        angles.
    potential
        Potential, or any LAMMPS pair style.
    schedule
        Steps, in order. The first Heat, and one after a Rest, begins with velocities drawn anew.
    seed
        Seed of the velocities.
    timestep_fs
        Time step.
    threads, precision
        Threads of the potential; "mixed" or "double". Of no effect for an Interaction.
    progress
        Told every 0.01 ps or more; counts time steps.

    Raises
    ------
    InputError
        For an empty schedule, a time or temperature ≤ 0, an unknown element, a cell thinner than
        the cutoff.
    RunError
        When atoms are lost or the temperature explodes.
    """
    _check(schedule, timestep_fs)
    interaction = (
        potential
        if isinstance(potential, Interaction)
        else potential_interaction(potential, precision=precision, threads=threads)
    )
    requirements.check_structure(atoms)
    requirements.check_elements(atoms, interaction.elements)
    requirements.check_thickness(atoms, interaction.cutoff_A)
    plain = atoms.copy()
    skewed = any(step.cell == "full" for step in schedule)
    with LammpsSystem(
        plain, interaction, timestep_fs, frame_steps=SAMPLE_STEPS, skewed=skewed
    ) as system:
        try:
            return _Run(plain, system, schedule, seed, timestep_fs, progress).go()
        except LammpsError as error:
            raise RunError(
                f"The short run of {atoms.get_chemical_formula()} failed: {error} Start from a "
                "structure without close contacts, or take a shorter time step."
            ) from error


def _check(schedule: Sequence[Heat | Rest], timestep_fs: float) -> None:
    requirements.check_positive(timestep_fs=timestep_fs)
    if not schedule:
        raise InputError("The schedule is empty; give at least one Heat or Rest.")
    for step in schedule:
        check_cell(step.cell)
        if isinstance(step, Heat):
            requirements.check_positive(
                duration_ps=step.duration_ps,
                temperature_K=step.temperature_K,
                end_temperature_K=_end(step),
            )
        else:
            requirements.check_positive(
                force_tolerance_eV_per_A=step.force_tolerance_eV_per_A, max_steps=step.max_steps
            )


def _end(step: Heat) -> float:
    return step.temperature_K if step.end_temperature_K is None else step.end_temperature_K


class _Run:
    """One schedule on one LAMMPS instance."""

    def __init__(
        self,
        atoms: Atoms,
        system: LammpsSystem,
        schedule: Sequence[Heat | Rest],
        seed: int,
        timestep_fs: float,
        progress: ProgressCallback | None,
    ) -> None:
        self.atoms, self.system, self.schedule, self.progress = atoms, system, schedule, progress
        self.timestep_ps = timestep_fs / FS_PER_PS
        self.seed = seed
        self.total = sum(self._steps(step) for step in schedule)
        self.done = 0

    def go(self) -> Annealed:
        """Go through the schedule."""
        self.system.create()
        averages, moving = [], False
        for number, step in enumerate(self.schedule):
            if isinstance(step, Rest):
                averages.append(self._rest(step))
            else:
                if not moving:
                    self._draw(step.temperature_K, number)
                averages.append(self._heat(step))
            moving = isinstance(step, Heat)
        self.system.run(0, setup=True)
        last = self.system.frame(0)
        found = self.atoms.copy()
        found.set_cell(last.cell)
        found.positions[:] = last.positions
        return Annealed(found, tuple(averages), last.potential_energy_eV)

    def _steps(self, step: Heat | Rest) -> int:
        if isinstance(step, Rest):
            return step.max_steps
        return max(1, round(step.duration_ps / self.timestep_ps))

    def _draw(self, temperature_K: float, number: int) -> None:
        seed = (self.seed * 1009 + number) % 899_999_999 + 1
        self.system.command(
            f"velocity all create {temperature_K:.17g} {seed} mom yes rot no dist gaussian"
        )

    def _heat(self, step: Heat) -> Averages:
        start, end, n_steps = step.temperature_K, _end(step), self._steps(step)
        phase = Phase(
            "heat", step.duration_ps, start, end, cell=step.cell, pressure_GPa=step.pressure_GPa
        )
        self.system.commands("reset_timestep 0", f"fix heat all {phase.motion()}")
        frames = []
        for first in range(0, n_steps, SAMPLE_STEPS):
            count = min(SAMPLE_STEPS, n_steps - first)
            setup = "yes" if first == 0 else "no"
            self.system.command(f"run {count} start 0 stop {n_steps} pre {setup} post no")
            self._check_temperature(max(start, end))
            self._tell(count, f"{self.system.temperature_K():.0f} K")
            if 2 * (first + count) > n_steps:
                frames.append(self.system.frame(first + count))
        self.system.command("unfix heat")
        energies = np.array([frame.potential_energy_eV for frame in frames])
        cells = np.array([frame.cell for frame in frames])
        volumes: NDArray[np.float64] = np.abs(np.linalg.det(cells))
        return Averages(
            temperature_K=float(np.mean([frame.temperature_K for frame in frames])),
            potential_energy_eV=float(energies.mean()),
            energy_error_eV=_block_error(energies),
            volume_A3=float(volumes.mean()),
            volume_error_A3=_block_error(volumes),
            pressure_GPa=np.mean([frame.pressure_GPa for frame in frames], axis=0),
            cell=cells.mean(axis=0),
        )

    def _rest(self, step: Rest) -> Averages:
        self.system.reset_step(0)
        self.system.minimise(
            Phase.minimisation(
                cell=step.cell,
                pressure_GPa=step.pressure_GPa,
                force_tolerance_eV_per_A=step.force_tolerance_eV_per_A,
                max_steps=step.max_steps,
            )
        )
        frame = self.system.frame(0)
        self._tell(step.max_steps, "at rest")
        return Averages(
            temperature_K=0.0,
            potential_energy_eV=frame.potential_energy_eV,
            energy_error_eV=0.0,
            volume_A3=float(abs(np.linalg.det(frame.cell))),
            volume_error_A3=0.0,
            pressure_GPa=frame.pressure_GPa,
            cell=frame.cell,
        )

    def _check_temperature(self, wanted_K: float) -> None:
        temperature = self.system.temperature_K()
        if not temperature < HOT_FACTOR * wanted_K + HOT_MARGIN_K:  # catches NaN
            raise LammpsError(f"the temperature reached {temperature:.0f} K.")

    def _tell(self, n_steps: int, message: str) -> None:
        self.done += n_steps
        if self.progress is not None:
            self.progress(Progress(self.done, self.total, message))


def _block_error(values: NDArray[np.float64], n_blocks: int = 5) -> float:
    if len(values) < 2 * n_blocks:
        return float("nan")
    means = [float(block.mean()) for block in np.array_split(values, n_blocks)]
    return float(np.std(means, ddof=1) / np.sqrt(n_blocks))
