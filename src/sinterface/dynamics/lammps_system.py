"""Atoms inside LAMMPS: made, moved, read and saved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.h5md import Frame
from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.lammps_instance import LammpsError, LammpsInstance
from sinterface.dynamics.lammps_library import SUPPORTED_VERSION
from sinterface.dynamics.watch import Limits, summary, watch_commands
from sinterface.units import BAR_IN_GPA, FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms

MARGIN = 1e-8
"""How far, in cells, the box begins below the origin: atoms on the faces of a crystal's cell lie
inside, where rounding can't put them out of the box that a restart file holds."""

_VOIGT = {"Pxx": (0, 0), "Pyy": (1, 1), "Pzz": (2, 2), "Pxy": (0, 1), "Pxz": (0, 2), "Pyz": (1, 2)}


def lower_triangular(
    cell: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factor a cell into a lower-triangular one and an orthogonal matrix: ``cell = L @ Q``.

    L has a positive diagonal. A cell that is so already comes back as it is, Q being the identity.
    """
    if np.array_equal(cell, np.tril(cell)) and (np.diag(cell) > 0).all():
        return cell.copy(), np.eye(3)
    q, r = np.linalg.qr(cell.T)
    signs = np.sign(np.diag(r))
    return np.tril((r.T) * signs), (q * signs).T


class LammpsSystem(LammpsInstance):
    """Periodic atoms in one LAMMPS instance; use it as a context manager.

    Parameters
    ----------
    atoms
        Structure; LAMMPS gets it in a lower-triangular cell, frames come back as `atoms` stands.
    interaction
        Pair style.
    timestep_fs
        Time step.
    frame_steps, limits
        Every how many steps frames are taken, and where `run` stops: what the interaction lets
        be watched is so at each frame and some times between.
    frozen
        Which atoms stay where they are, shape (n_atoms,); none where not given.
    skewed
        Make a box that can be sheared, also of a cell that is not.

    Raises
    ------
    LammpsError
        From every method, with LAMMPS' own words.
    """

    def __init__(
        self,
        atoms: Atoms,
        interaction: Interaction,
        timestep_fs: float,
        *,
        frame_steps: int = 1,
        limits: Limits | None = None,
        frozen: NDArray[np.bool_] | None = None,
        skewed: bool = False,
    ) -> None:
        self._atoms = atoms
        self._frozen = np.zeros(len(atoms), bool) if frozen is None else frozen
        self._group = "mobile" if self._frozen.any() else "all"
        self._phase: Phase | None = None
        self._span = self._bath = ""
        self._timestep_fs = timestep_fs
        self.interaction = interaction
        self.limits = limits or Limits()
        self._watch = watch_commands(interaction.watched, frame_steps, self.limits)
        self._cell, self._rotation = lower_triangular(atoms.cell.array)
        self._skewed = skewed or bool(np.tril(self._cell, -1).any())
        kinds = np.column_stack([atoms.numbers, atoms.get_masses()])
        self._kinds, kind = np.unique(kinds, axis=0, return_inverse=True)
        self._types: list[int] = (kind.ravel() + 1).tolist()
        super().__init__(len(atoms))
        try:
            for command in interaction.load:
                self.command(command)
        except BaseException:
            self.close()
            raise

    def create(self) -> None:
        """Make the box and the atoms, at rest."""
        self.commands(
            "units metal",
            "atom_style atomic",
            "atom_modify map array",
            "boundary p p p",
            "box tilt large",
            _region(self._cell, self._skewed),
            f"create_box {len(self._kinds)} cell",
        )
        positions = self._atoms.positions @ self._rotation.T
        fractions = np.linalg.solve(self._cell.T, positions.T).T
        inside = (fractions - np.floor(fractions + MARGIN)) @ self._cell
        n_atoms = len(self._atoms)
        identifiers = list(range(1, n_atoms + 1))
        made = self._lammps.create_atoms(
            n_atoms, identifiers, self._types, inside.ravel().tolist(), None, None
        )
        if made != n_atoms:
            raise LammpsError(f"LAMMPS took {made} of {n_atoms} atoms; check the cell.")
        self._set_images(positions, self._cell)
        masses = [f"mass {k} {mass:.17g}" for k, (_, mass) in enumerate(self._kinds, start=1)]
        self.commands(*masses, *self._groups())
        self._prepare()

    def restore(self, restart: Path) -> None:
        """Read the state that `save` wrote; what stood here before is gone.

        A phase that had begun goes on; a stochastic thermostat is to be told its seed again.
        """
        self.commands(
            "clear", *self.interaction.load, "box tilt large", f'read_restart "{restart}"'
        )
        self._prepare()
        if self._phase is not None:
            self.command(f"fix motion {self._group} {self._phase.motion()}")

    def save(self, restart: Path) -> None:
        """Write the complete state as a binary LAMMPS restart file, whole or not at all."""
        part = restart.with_name(f".{restart.name}.part")
        try:
            self.command(f'write_restart "{part}"')
            if self.rank == 0:
                with open(part, "rb") as handle:
                    os.fsync(handle.fileno())
                part.replace(restart)
        finally:
            if self.rank == 0:
                part.unlink(missing_ok=True)

    def draw_velocities(self, temperature_K: float, seed: int) -> None:
        """Draw velocities of a temperature, without drift; frozen atoms rest."""
        if self._frozen.any():
            self.command("velocity frozen set 0 0 0 units box")
        self.command(
            f"velocity {self._group} create {temperature_K:.17g} {_seed(seed)} "
            "mom yes rot no dist gaussian"
        )

    def stop_drift(self) -> None:
        """Take out what rounding gave the centre of mass."""
        if not self._frozen.any():
            self.command("velocity all zero linear")

    def begin(self, phase: Phase, first_step: int, n_steps: int) -> None:
        """Move by `phase` from now on; a ramp spans `n_steps` from `first_step`."""
        self.end()
        self._phase = phase
        self._span = f" start {first_step} stop {first_step + n_steps}"
        self.command(f"fix motion {self._group} {phase.motion()}")

    def end(self) -> None:
        """End the phase that has begun, if any."""
        if self._phase is not None:
            self.command("unfix motion")
            self._remove_bath()
        self._phase = None

    def reseed(self, seed: int) -> None:
        """Let a stochastic thermostat draw from `seed`; others don't need it."""
        self._remove_bath()
        bath = self._phase.bath(_seed(seed)) if self._phase is not None else ""
        if bath:  # another name each time, or LAMMPS would go on with the restart file's numbers
            self._bath = f"bath{_seed(seed)}"
            self.command(f"fix {self._bath} {self._group} {bath}")

    def _remove_bath(self) -> None:
        if self._bath and self._lammps.has_id("fix", self._bath):
            self.command(f"unfix {self._bath}")
        self._bath = ""

    @property
    def changes_when_restored(self) -> bool:
        """Whether reading a restart rounds positions: LAMMPS does so in a skewed box."""
        return self._skewed

    def run(self, n_steps: int, *, setup: bool) -> bool:
        """Run `n_steps`; `setup` starts anew from positions and velocities (new neighbour list).

        Returns
        -------
        bool
            Whether all of them were made; a limit stops earlier.
        """
        last = self.step + n_steps
        span = self._span if n_steps else ""
        self.command(f"run {n_steps}{span} pre {'yes' if setup else 'no'} post no")
        return self.step == last

    def minimise(self, phase: Phase) -> None:
        """Go to the nearest minimum: FIRE in a fixed cell, conjugate gradients with the cell.

        Atoms are at rest then; the number of the step has moved on by as many as it took.
        """
        box = phase.box_relaxation()
        mobile = len(self._atoms) - int(self._frozen.sum())
        norm = phase.force_tolerance_eV_per_A * float(np.sqrt(3 * mobile))
        if self._frozen.any():
            self.command("fix rest frozen setforce 0 0 0")
        self.commands("velocity all set 0 0 0", f"min_style {'cg' if box else 'fire'}")
        if box:
            self.command(f"fix box all {box}")
        self.command(f"minimize 0 {norm:.17g} {phase.max_steps} {10 * phase.max_steps}")
        if box:
            self.command("unfix box")
        if self._frozen.any():
            self.command("unfix rest")
        self.command("velocity all set 0 0 0")  # FIRE leaves its own
        self.run(0, setup=True)

    @property
    def continuation(self) -> str:
        """How a run goes on from a restart file: nothing is lost, not even the last bit."""
        return "bitwise"

    def origin(self) -> dict[str, Any]:
        """Return what made the frames, for the record."""
        kernel = self.interaction.kernel
        return {"engine": "lammps", "lammps": SUPPORTED_VERSION, "kernel": kernel}

    @property
    def step(self) -> int:
        """Number of the step that LAMMPS stands at."""
        return int(self._lammps.extract_global("ntimestep"))

    def watched(self) -> dict[str, NDArray[np.float64]]:
        """Return what is watched, each of shape (n_atoms,), as it was when last looked at."""
        names = self.interaction.watched
        if not names:
            return {}
        if self.n_ranks > 1:
            found = self._lammps.gather("f_watch", 1, len(names))
            table = np.array(found, dtype=float).reshape(-1, len(names))
        else:
            kind = 2 if len(names) > 1 else 1  # array or vector of atoms
            local = self._lammps.numpy.extract_fix("watch", 1, kind)
            table = self._in_order(local[: self._lammps.extract_setting("nlocal")])
        return dict(zip(names, table.reshape(len(table), -1).T, strict=True))

    def structure(self) -> Atoms:
        """Return the atoms as they stand, unwrapped, in the orientation of the given ones."""
        from ase import Atoms

        cell, q = self.box(), self._rotation
        atoms = Atoms(self._atoms.numbers, self._unwrapped(cell) @ q, cell=cell @ q, pbc=True)
        atoms.set_masses(self._atoms.get_masses())
        return atoms

    def reset_step(self, step: int) -> None:
        """Set the number of the step."""
        self.command(f"reset_timestep {step}")

    def box(self) -> NDArray[np.float64]:
        """Return the cell as it is held here: lower-triangular, shape (3, 3), in Å."""
        low, high, xy, yz, xz, _, _ = self._lammps.extract_box()
        lx, ly, lz = np.subtract(high, low)
        return np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]])

    def set_box(self, cell: NDArray[np.float64]) -> None:
        """Strain cell and atoms to the lower-triangular `cell`."""
        now = self.box()
        names = {"x": (0, 0), "y": (1, 1), "z": (2, 2), "xy": (1, 0), "xz": (2, 0), "yz": (2, 1)}
        changes = []
        for name, at in names.items():
            if abs(cell[at] - now[at]) > 1e-12 * abs(now[0, 0]):
                low = "0 " if len(name) == 1 else ""
                changes.append(f"{name} final {low}{cell[at]:.17g}")
        if changes:
            self.command(f"change_box all {' '.join(changes)} remap units box")

    def temperature_K(self) -> float:
        """Return the temperature at the end of the last run."""
        return float(self._lammps.last_thermo()["Temp"])

    def velocities(self) -> NDArray[np.float64]:
        """Return the velocities, shape (n_atoms, 3), in Å/ps, in the orientation of `frame`."""
        moving: NDArray[np.float64] = self._by_atom("v") @ self._rotation
        return moving

    def frame(self, step: int, *, velocities: bool = False) -> Frame:
        """Return the state at the end of the last run, in the orientation of the given atoms."""
        thermo = self._lammps.last_thermo()
        pressure = np.zeros((3, 3))
        for name, (i, j) in _VOIGT.items():
            pressure[i, j] = pressure[j, i] = thermo[name] * BAR_IN_GPA
        cell, q = self.box(), self._rotation
        return Frame(
            step=step,
            time_ps=step * self._timestep_fs / FS_PER_PS,
            positions=self._unwrapped(cell) @ q,
            cell=cell @ q,
            temperature_K=float(thermo["Temp"]),
            potential_energy_eV=float(thermo["PotEng"]),
            pressure_GPa=q.T @ pressure @ q,
            velocities=self.velocities() if velocities else None,
            watched=summary(self.watched()),
        )

    def _prepare(self) -> None:
        """Give what restart files do not keep; sorting is off, so that atom order is stable."""
        from ase.data import chemical_symbols

        symbols = tuple(chemical_symbols[int(number)] for number, _ in self._kinds)
        self.commands(
            "atom_modify sort 0 0",
            *self.interaction.commands_for(symbols),
            "neighbor 1.0 bin",
            "neigh_modify every 1 delay 0 check yes",
            f"timestep {self._timestep_fs / FS_PER_PS:.17g}",
            "thermo_style custom step temp pe pxx pyy pzz pxy pxz pyz",
            "thermo_modify norm no lost error",
            "thermo 0",
            *self._watch,
        )
        if self._frozen.any():  # resting atoms are no part of the temperature
            self.commands("compute mobile_temp mobile temp", "thermo_modify temp mobile_temp")

    def _groups(self) -> list[str]:
        """Commands that tell frozen atoms from mobile ones; restart files keep the groups."""
        if not self._frozen.any():
            return []
        numbers = np.flatnonzero(self._frozen) + 1
        ranges = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
        words = [f"{part[0]}:{part[-1]}" for part in ranges]
        chunks = [words[k : k + 50] for k in range(0, len(words), 50)]
        return [
            *(f"group frozen id {' '.join(chunk)}" for chunk in chunks),
            "group mobile subtract all frozen",
        ]


def _region(cell: NDArray[np.float64], skewed: bool) -> str:
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = cell.tolist()
    lows = (-MARGIN * cell.sum(axis=0)).tolist()
    ends = zip(lows, (lx, ly, lz), strict=True)
    edges = " ".join(f"{low:.17g} {low + length:.17g}" for low, length in ends)
    if not skewed:
        return f"region cell block {edges} units box"
    return f"region cell prism {edges} {xy:.17g} {xz:.17g} {yz:.17g} units box"


def _seed(seed: int) -> int:
    return seed % 899_999_999 + 1
