"""Atoms moved by ASE, with any of its calculators: a reference, or where LAMMPS can't be had."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.ensembles import CHAIN, Phase
from sinterface.dynamics.h5md import Frame
from sinterface.dynamics.lammps_instance import LammpsError
from sinterface.dynamics.lammps_system import lower_triangular
from sinterface.dynamics.watch import Limits
from sinterface.errors import InputError
from sinterface.files import atomic_path
from sinterface.units import EV_PER_A3_IN_GPA, FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator
    from ase.md.md import MolecularDynamics


@dataclass(frozen=True)
class AseInteraction:
    """An ASE calculator as what moves the atoms.

    Attributes
    ----------
    calculator
        Gives energy, forces and stress.
    elements
        Chemical symbols that it knows; empty for all.
    cutoff_A
        Cells must be at least as thick; 0 where the calculator minds its images itself.
    identity
        What makes two runs comparable (name, version, settings).
    watched
        Nothing: extrapolation and committees are watched in LAMMPS.
    """

    calculator: Calculator
    identity: str
    elements: tuple[str, ...] = ()
    cutoff_A: float = 0.0
    watched: tuple[str, ...] = field(default=(), init=False)

    def check_phase(self, phase: Phase) -> None:
        """Raise InputError for a phase that ASE has no dynamics for."""
        if phase.cell != "fixed" and phase.thermostat != "nose-hoover":
            raise InputError(
                f"ASE moves a free cell with thermostat 'nose-hoover' only, got "
                f"'{phase.thermostat}' in phase '{phase.name}'; use LAMMPS, or fix the cell."
            )
        if phase.last_temperature_K != phase.temperature_K and not phase.stochastic:
            raise InputError(
                "In ASE a ramp needs the thermostat 'langevin' or 'bussi', got "
                f"'{phase.thermostat}' in phase '{phase.name}'."
            )


class AseSystem:
    """Periodic atoms moved by ASE; the methods are those of `sinterface.dynamics.engine.Engine`.

    The chains of a Nosé–Hoover thermostat begin anew at a restart, so such a run continues
    statistically, not bit by bit; NVE and the stochastic thermostats continue bit by bit where the
    calculator gives the same bits twice.

    Parameters
    ----------
    atoms, interaction, timestep_fs
        Structure, calculator, time step.
    frozen
        Which atoms stay where they are, shape (n_atoms,).
    """

    rank, n_ranks = 0, 1
    changes_when_restored = False

    def __init__(
        self,
        atoms: Atoms,
        interaction: AseInteraction,
        timestep_fs: float,
        *,
        frozen: NDArray[np.bool_],
    ) -> None:
        from ase import Atoms
        from ase.constraints import FixAtoms

        self.limits = Limits()
        self.interaction = interaction
        self._timestep_fs = timestep_fs
        self._given = atoms
        cell, self._rotation = lower_triangular(atoms.cell.array)
        self._atoms = Atoms(atoms.numbers, atoms.positions @ self._rotation.T, cell=cell, pbc=True)
        self._atoms.set_masses(atoms.get_masses())
        self._atoms.calc = interaction.calculator
        self._atoms.set_constraint([FixAtoms(mask=frozen)] if frozen.any() else [])
        self._mobile = np.flatnonzero(~frozen)
        self._step = 0
        self._phase: Phase | None = None
        self._span = (0, 1)
        self._dynamics: MolecularDynamics | None = None
        self._random = np.random.default_rng(0)

    @property
    def step(self) -> int:
        """Number of the present step."""
        return self._step

    @property
    def continuation(self) -> str:
        """How a run goes on from a saved state."""
        chained = self._phase is not None and self._phase.thermostat == "nose-hoover"
        return "statistically" if chained else "bitwise"

    def origin(self) -> dict[str, Any]:
        """Return what made the frames, for the record."""
        return {"engine": "ase", "calculator": self.interaction.identity}

    def create(self) -> None:
        """Make the atoms, at rest: they are there already."""

    def restore(self, restart: Path) -> None:
        """Read positions, momenta, cell and step."""
        with np.load(restart) as state:
            self._atoms.set_cell(state["cell"])
            self._atoms.positions[:] = state["positions"]
            self._atoms.set_momenta(state["momenta"], apply_constraint=False)
            self._step = int(state["step"])

    def save(self, restart: Path) -> None:
        """Write positions, momenta, cell and step, whole or not at all."""
        with atomic_path(restart) as temporary, open(temporary, "wb") as file:
            np.savez(
                file,
                positions=self._atoms.positions,
                momenta=self._atoms.get_momenta(),
                cell=self._atoms.cell.array,
                step=self._step,
            )

    def draw_velocities(self, temperature_K: float, seed: int) -> None:
        """Draw velocities of exactly that temperature, without drift; frozen atoms rest."""
        from ase.md.velocitydistribution import thermalize_momenta

        thermalize_momenta(
            self._atoms, temperature_K=temperature_K, rng=np.random.default_rng(seed)
        )
        self.stop_drift()
        momenta = self._atoms.get_momenta() * np.sqrt(temperature_K / self.temperature_K())
        self._atoms.set_momenta(momenta)

    def stop_drift(self) -> None:
        """Take out the velocity of the centre of mass."""
        if len(self._mobile) == len(self._atoms):
            velocity = self._atoms.get_momenta().sum(axis=0) / self._atoms.get_masses().sum()
            momenta = self._atoms.get_momenta() - self._atoms.get_masses()[:, None] * velocity
            self._atoms.set_momenta(momenta)

    def begin(self, phase: Phase, first_step: int, n_steps: int) -> None:
        """Move by `phase` from now on; a ramp spans `n_steps` from `first_step`."""
        self._phase, self._span = phase, (first_step, n_steps)
        self._dynamics = None

    def end(self) -> None:
        """End the phase that has begun."""
        self._phase = self._dynamics = None

    def reseed(self, seed: int) -> None:
        """Let a stochastic thermostat draw from `seed`."""
        self._random = np.random.default_rng(seed)
        if self._phase is not None and self._phase.stochastic:
            self._dynamics = None

    def run(self, n_steps: int, *, setup: bool) -> bool:
        """Run; always to the end."""
        if setup:
            self._atoms.calc.reset()  # so that a resumed run computes what this one does
        self._atoms.get_forces()
        if n_steps and self._phase is not None:
            dynamics = self._dynamics or self._make_dynamics(self._phase)
            self._dynamics = dynamics
            if self._phase.last_temperature_K != self._phase.temperature_K:
                self._set_temperature(dynamics, n_steps)
            dynamics.run(n_steps)
            self._step += n_steps
        if not np.isfinite(self._atoms.positions).all():
            raise LammpsError("positions are no longer numbers.")
        return True

    def minimise(self, phase: Phase) -> None:
        """Go to the nearest minimum with FIRE; the atoms are at rest then."""
        from sinterface.dynamics.relax import relax

        atoms = self._atoms
        found = relax(
            atoms,
            atoms.calc,
            cell=phase.cell,
            force_tolerance_eV_per_A=phase.force_tolerance_eV_per_A,
            pressure_GPa=phase.pressure_GPa,
            max_steps=phase.max_steps,
        ).atoms
        atoms.set_cell(found.cell)
        atoms.positions[:] = found.positions
        atoms.set_momenta(np.zeros((len(atoms), 3)), apply_constraint=False)
        self.run(0, setup=True)

    def reset_step(self, step: int) -> None:
        """Set the number of the step."""
        self._step = step

    def box(self) -> NDArray[np.float64]:
        """Return the cell as it is held here: lower-triangular, shape (3, 3), in Å."""
        return np.tril(self._atoms.cell.array)

    def set_box(self, cell: NDArray[np.float64]) -> None:
        """Strain cell and atoms to the lower-triangular `cell`."""
        self._atoms.set_cell(cell, scale_atoms=True)

    def temperature_K(self) -> float:
        """Return the temperature of the mobile atoms."""
        from ase.units import kB

        free = 3 * len(self._mobile) - (3 if len(self._mobile) == len(self._atoms) else 0)
        return float(2 * self._atoms.get_kinetic_energy() / (max(free, 1) * kB))

    def watched(self) -> dict[str, NDArray[np.float64]]:
        """Return nothing: it isn't watched here."""
        return {}

    def structure(self) -> Atoms:
        """Return the atoms, unwrapped, in the orientation of the given ones."""
        found: Atoms = self._given.copy()
        found.set_cell(self._atoms.cell.array @ self._rotation)
        found.positions[:] = self._atoms.positions @ self._rotation
        return found

    def velocities(self) -> NDArray[np.float64]:
        """Return the velocities, shape (n_atoms, 3), in Å/ps, in the orientation of `frame`."""
        from ase.units import fs

        moving: NDArray[np.float64] = self._atoms.get_velocities() @ self._rotation
        return moving * fs * FS_PER_PS

    def frame(self, step: int, *, velocities: bool = False) -> Frame:
        """Return the state as frame number `step`."""
        atoms = self._atoms
        moving = atoms.get_velocities()
        kinetic = np.einsum("i,ia,ib->ab", atoms.get_masses(), moving, moving) / atoms.get_volume()
        pressure = kinetic - atoms.get_stress(voigt=False)
        q = self._rotation
        return Frame(
            step=step,
            time_ps=step * self._timestep_fs / FS_PER_PS,
            positions=atoms.positions @ q,
            cell=atoms.cell.array @ q,
            temperature_K=self.temperature_K(),
            potential_energy_eV=float(atoms.get_potential_energy()),
            pressure_GPa=q.T @ pressure @ q * EV_PER_A3_IN_GPA,
            velocities=self.velocities() if velocities else None,
        )

    def wait(self) -> None:
        """There is one rank only."""

    def _set_temperature(self, dynamics: Any, n_steps: int) -> None:
        """Take the ramp's temperature in the middle of the coming steps."""
        phase, (first, length) = self._phase, self._span
        assert phase is not None
        share = (self._step + n_steps / 2 - first) / length
        temperature = phase.temperature_K + share * (phase.last_temperature_K - phase.temperature_K)
        if phase.thermostat == "langevin":
            dynamics.set_temperature(temperature_K=temperature)
        else:
            dynamics.temp = _kelvin_in_eV(temperature)
            dynamics.target_kinetic_energy = 0.5 * dynamics.temp * dynamics.ndof

    def _make_dynamics(self, phase: Phase) -> Any:
        from ase.units import fs

        step, bath = self._timestep_fs * fs, phase.thermostat_time_fs * fs
        kelvin: dict[str, Any] = {"temperature_K": phase.temperature_K}
        if phase.cell != "fixed":
            return self._make_barostat(phase, step, bath)
        if phase.thermostat == "none":
            from ase.md.verlet import VelocityVerlet

            return VelocityVerlet(self._atoms, step)
        if phase.thermostat == "langevin":
            from ase.md.langevin import Langevin

            friction = 1 / bath
            return Langevin(
                self._atoms, step, friction=friction, rng=self._random, fixcm=False, **kelvin
            )
        if phase.thermostat == "bussi":
            from ase.md.bussi import Bussi

            return Bussi(self._atoms, step, taut=bath, rng=self._random, **kelvin)
        from ase.md.nose_hoover_chain import NoseHooverChainNVT

        return NoseHooverChainNVT(self._atoms, step, tdamp=bath, tchain=CHAIN, **kelvin)

    def _make_barostat(self, phase: Phase, step: float, bath: float) -> Any:
        from ase.md.nose_hoover_chain import MTKNPT, IsotropicMTKNPT, MaskedMTKNPT
        from ase.units import fs

        settings: dict[str, Any] = {
            "temperature_K": phase.temperature_K,
            "pressure_au": phase.pressure_GPa / EV_PER_A3_IN_GPA,
            "tdamp": bath,
            "pdamp": phase.barostat_time_fs * fs,
        }
        if phase.cell == "isotropic":
            return IsotropicMTKNPT(self._atoms, step, **settings)
        if phase.cell == "full":
            return MTKNPT(self._atoms, step, **settings)
        # an array: ASE takes a tuple for something else and then freezes the cell
        mask: Any = np.array([True] * 3 if phase.cell == "axes" else [False, False, True])
        return MaskedMTKNPT(self._atoms, step, mask=mask, **settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


def calculator_interaction(name: str, calculator: Calculator) -> AseInteraction:
    """Return the interaction of a named calculator; its parameters are part of its identity."""
    parameters = repr(sorted(getattr(calculator, "parameters", {}).items()))
    mark = hashlib.sha256(parameters.encode()).hexdigest()[:12]
    return AseInteraction(calculator, f"{name} {mark}")


def _kelvin_in_eV(temperature_K: float) -> float:
    from ase.units import kB

    return float(temperature_K * kB)
