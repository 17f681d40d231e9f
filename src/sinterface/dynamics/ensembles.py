"""Phases of a run: which ensemble, how warm, which parts of the cell may move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sinterface.dynamics.requirements import check_positive
from sinterface.errors import InputError
from sinterface.units import BAR_IN_GPA, FS_PER_PS

Thermostat = Literal["none", "nose-hoover", "langevin", "bussi"]
CellFreedom = Literal["fixed", "isotropic", "axes", "normal", "full"]

THERMOSTATS: Final = ("none", "nose-hoover", "langevin", "bussi")
BAROSTATS: Final = {"isotropic": "iso", "axes": "aniso", "normal": "z", "full": "tri"}
"""What of the cell may move, and LAMMPS' word for it."""

PhaseKind = Literal["dynamics", "minimise"]
KINDS: Final = ("dynamics", "minimise")

CHAIN: Final = 3
"""Thermostats of a Nosé–Hoover chain, and of the one that keeps the barostat warm."""


@dataclass(frozen=True)
class Phase:
    """One part of a run, of one ensemble.

    Attributes
    ----------
    name
        For progress, errors and checkpoint files.
    duration_ps
        Length.
    temperature_K, end_temperature_K
        Temperature at its start and, of a ramp, at its end; without a thermostat the first
        velocities' only.
    thermostat
        "none" (NVE, with a free cell NPH), "nose-hoover" (a chain of three), "langevin" or "bussi"
        (stochastic velocity rescaling: G. Bussi, D. Donadio, M. Parrinello, J. Chem. Phys. 126,
        014101 (2007)).
    cell
        What of the cell may move: "fixed", "isotropic", "axes" (each edge for itself), "normal"
        (the third vector only: an interface's) or "full" (angles too).
    pressure_GPa
        Pressure of what may move.
    keep
        Whether its frames are written.
    settle_cell
        Whether at its end the cell is set to its mean over the second half.
    thermostat_time_fs, barostat_time_fs
        Relaxation times.
    kind
        "dynamics", or "minimise": the atoms, and what may move of the cell, go to the nearest
        minimum of energy (of enthalpy at a pressure). Such a phase counts as one frame; only name,
        cell, pressure and what follows matter. Dynamics behind it begins with new velocities.
    force_tolerance_eV_per_A, max_steps
        Of a minimisation: length of the vector of all force components at which it ends, divided
        by the square root of their number, and steps after which it ends anyway.
    """

    name: str
    duration_ps: float
    temperature_K: float
    end_temperature_K: float | None = None
    thermostat: Thermostat = "nose-hoover"
    cell: CellFreedom = "fixed"
    pressure_GPa: float = 0.0
    keep: bool = True
    settle_cell: bool = False
    thermostat_time_fs: float = 100.0
    barostat_time_fs: float = 1000.0
    kind: PhaseKind = "dynamics"
    force_tolerance_eV_per_A: float = 0.01
    max_steps: int = 1000

    @classmethod
    def minimisation(
        cls,
        name: str = "minimise",
        *,
        cell: CellFreedom = "fixed",
        pressure_GPa: float = 0.0,
        keep: bool = True,
        force_tolerance_eV_per_A: float = 0.01,
        max_steps: int = 1000,
    ) -> Phase:
        """Return a phase that minimises the energy."""
        return cls(
            name,
            0.0,
            0.0,
            cell=cell,
            pressure_GPa=pressure_GPa,
            keep=keep,
            kind="minimise",
            force_tolerance_eV_per_A=force_tolerance_eV_per_A,
            max_steps=max_steps,
        )

    @property
    def minimises(self) -> bool:
        """Whether it goes to a minimum instead of through time."""
        return self.kind == "minimise"

    @property
    def last_temperature_K(self) -> float:
        """Temperature at its end."""
        return self.temperature_K if self.end_temperature_K is None else self.end_temperature_K

    @property
    def stochastic(self) -> bool:
        """Whether its thermostat draws random numbers."""
        return self.thermostat in ("langevin", "bussi")

    def check(self) -> None:
        """Raise InputError for what no engine understands."""
        if self.kind not in KINDS:
            raise InputError(f"kind must be one of {', '.join(KINDS)}, got '{self.kind}'.")
        if self.minimises:
            check_positive(
                force_tolerance_eV_per_A=self.force_tolerance_eV_per_A, max_steps=self.max_steps
            )
        else:
            self._check_motion()
        check_cell(self.cell)
        if self.settle_cell and self.cell == "fixed":
            raise InputError(f"Phase '{self.name}' settles a cell that is fixed; free it.")
        if self.settle_cell and self.minimises:
            raise InputError(
                f"Phase '{self.name}' settles a cell that doesn't fluctuate in a minimisation; "
                "leave settle_cell out."
            )
        if not self.name or not self.name.replace("-", "").replace("_", "").isalnum():
            raise InputError(
                f"A phase's name consists of letters, digits, - and _, got '{self.name}'."
            )

    def _check_motion(self) -> None:
        check_positive(
            duration_ps=self.duration_ps,
            temperature_K=self.temperature_K,
            end_temperature_K=self.last_temperature_K,
            thermostat_time_fs=self.thermostat_time_fs,
            barostat_time_fs=self.barostat_time_fs,
        )
        if self.thermostat not in THERMOSTATS:
            raise InputError(
                f"thermostat must be one of {', '.join(THERMOSTATS)}, got '{self.thermostat}'."
            )

    def motion(self) -> str:
        """Return LAMMPS' integrator, as it stands behind ``fix NAME GROUP``."""
        start, end = self.temperature_K, self.last_temperature_K
        own = self.thermostat == "nose-hoover"
        bath = f" temp {start:.17g} {end:.17g} {self._ps(self.thermostat_time_fs)} tchain {CHAIN}"
        if self.cell == "fixed":
            return f"nvt{bath}" if own else "nve"
        bar = self.pressure_GPa / BAR_IN_GPA
        relaxation = self._ps(self.barostat_time_fs)
        press = f" {BAROSTATS[self.cell]} {bar:.17g} {bar:.17g} {relaxation} pchain {CHAIN}"
        return ("npt" + bath if own else "nph") + press + " fixedpoint 0 0 0"

    def bath(self, seed: int) -> str:
        """Return LAMMPS' stochastic thermostat likewise; empty where there is none."""
        if not self.stochastic:
            return ""
        temperatures = f"{self.temperature_K:.17g} {self.last_temperature_K:.17g}"
        style = f"{temperatures} {self._ps(self.thermostat_time_fs)} {seed}"
        return (
            f"langevin {style} zero yes" if self.thermostat == "langevin" else f"temp/csvr {style}"
        )

    @staticmethod
    def _ps(time_fs: float) -> str:
        return f"{time_fs / FS_PER_PS:.17g}"

    def box_relaxation(self) -> str:
        """Return LAMMPS' fix that lets a minimisation move the cell; empty where it is fixed."""
        if self.cell == "fixed":
            return ""
        bar = self.pressure_GPa / BAR_IN_GPA
        return f"box/relax {BAROSTATS[self.cell]} {bar:.17g} vmax 0.002 fixedpoint 0 0 0"


def check_cell(cell: str) -> None:
    """Raise InputError for a freedom of the cell that no engine knows."""
    if cell != "fixed" and cell not in BAROSTATS:
        raise InputError(f"cell must be one of fixed, {', '.join(BAROSTATS)}, got '{cell}'.")
