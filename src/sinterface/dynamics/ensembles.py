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
        if self.cell != "fixed" and self.cell not in BAROSTATS:
            raise InputError(
                f"cell must be one of fixed, {', '.join(BAROSTATS)}, got '{self.cell}'."
            )
        if self.settle_cell and self.cell == "fixed":
            raise InputError(f"Phase '{self.name}' settles a cell that is fixed; free it.")
        if not self.name or not self.name.replace("-", "").replace("_", "").isalnum():
            raise InputError(
                f"A phase's name consists of letters, digits, - and _, got '{self.name}'."
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
