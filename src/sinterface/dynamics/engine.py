"""What moves atoms: LAMMPS or ASE, behind one set of methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.h5md import Frame
from sinterface.dynamics.watch import Limits

if TYPE_CHECKING:
    from ase import Atoms


class Engine(Protocol):
    """Periodic atoms that can be moved, read, saved and brought back.

    Attributes
    ----------
    rank, n_ranks
        This process' number and how many there are that share the atoms.
    limits
        Where `run` stops.
    """

    rank: int
    n_ranks: int
    limits: Limits

    @property
    def step(self) -> int:
        """Number of the present step."""

    @property
    def continuation(self) -> str:
        """How a run goes on from a saved state: "bitwise" or "statistically"."""

    @property
    def changes_when_restored(self) -> bool:
        """Whether saving and restoring rounds the state."""

    def create(self) -> None:
        """Make the atoms, at rest."""

    def restore(self, restart: Path) -> None:
        """Read a state that `save` wrote."""

    def save(self, restart: Path) -> None:
        """Write the state, whole or not at all."""

    def draw_velocities(self, temperature_K: float, seed: int) -> None:
        """Draw velocities of a temperature."""

    def stop_drift(self) -> None:
        """Take out the velocity of the centre of mass."""

    def begin(self, phase: Phase, first_step: int, n_steps: int) -> None:
        """Move by `phase` from now on; a ramp spans `n_steps` from `first_step`."""

    def end(self) -> None:
        """End the phase that has begun."""

    def reseed(self, seed: int) -> None:
        """Let a stochastic thermostat draw from `seed`."""

    def run(self, n_steps: int, *, setup: bool) -> bool:
        """Run; return whether all steps were made, or a limit stopped earlier."""

    def minimise(self, phase: Phase) -> None:
        """Go to the nearest minimum by a phase that minimises; the atoms are at rest then."""

    def reset_step(self, step: int) -> None:
        """Set the number of the step."""

    def box(self) -> NDArray[np.float64]:
        """Return the cell as the engine holds it, shape (3, 3), in Å."""

    def set_box(self, cell: NDArray[np.float64]) -> None:
        """Strain cell and atoms to `cell`, as `box` gives it."""

    def temperature_K(self) -> float:
        """Return the temperature of the mobile atoms."""

    def watched(self) -> dict[str, NDArray[np.float64]]:
        """Return what is watched of each atom."""

    def structure(self) -> Atoms:
        """Return the atoms, unwrapped, in the orientation of the given ones."""

    def velocities(self) -> NDArray[np.float64]:
        """Return the velocities, shape (n_atoms, 3), in Å/ps, in the orientation of `frame`."""

    def frame(self, step: int, *, velocities: bool = False) -> Frame:
        """Return the state as frame number `step`, in the orientation of the given atoms."""

    def wait(self) -> None:
        """Return when all ranks are here."""

    def origin(self) -> dict[str, Any]:
        """Return what made the frames, for the record."""
