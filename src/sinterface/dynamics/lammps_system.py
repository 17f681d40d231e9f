"""Atoms inside LAMMPS: made, moved, read and saved; LAMMPS' errors become LammpsError."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.h5md import Frame
from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.lammps_library import start_lammps
from sinterface.dynamics.watch import Limits, summary, watch_commands
from sinterface.errors import InputError, RunError
from sinterface.units import FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms

BAR_IN_GPA = 1e-4
_IMAGE_BITS, _IMAGE_ZERO = 10, 512
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


class LammpsError(RunError):
    """LAMMPS refused a command or lost the run; the message holds its own words."""


class LammpsSystem:
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
    ) -> None:
        self._atoms = atoms
        self._timestep_fs = timestep_fs
        self.interaction = interaction
        self.limits = limits or Limits()
        self._watch = watch_commands(interaction.watched, frame_steps, self.limits)
        self._cell, self._rotation = lower_triangular(atoms.cell.array)
        kinds = np.column_stack([atoms.numbers, atoms.get_masses()])
        self._kinds, kind = np.unique(kinds, axis=0, return_inverse=True)
        self._types: list[int] = (kind.ravel() + 1).tolist()
        self._lammps: Any = start_lammps()
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
            _region(self._cell),
            f"create_box {len(self._kinds)} cell",
        )
        positions = self._atoms.positions @ self._rotation.T
        fractions = np.linalg.solve(self._cell.T, positions.T).T
        inside = (fractions - np.floor(fractions)) @ self._cell
        n_atoms = len(self._atoms)
        identifiers = list(range(1, n_atoms + 1))
        made = self._lammps.create_atoms(
            n_atoms, identifiers, self._types, inside.ravel().tolist(), None, None
        )
        if made != n_atoms:
            raise LammpsError(f"LAMMPS took {made} of {n_atoms} atoms; check the cell.")
        self._set_images(positions)
        masses = [f"mass {k} {mass:.17g}" for k, (_, mass) in enumerate(self._kinds, start=1)]
        self.commands(*masses)
        self._prepare()

    def restore(self, restart: Path) -> None:
        """Read the state that `save` wrote; what stood here before, fixes too, is gone."""
        self.commands(
            "clear", *self.interaction.load, "box tilt large", f'read_restart "{restart}"'
        )
        self._prepare()

    def save(self, restart: Path) -> None:
        """Write the complete state as a binary LAMMPS restart file."""
        self.command(f'write_restart "{restart}"')

    @property
    def changes_when_restored(self) -> bool:
        """Whether reading a restart rounds positions: LAMMPS does so in a skewed box."""
        return bool(np.tril(self._cell, -1).any())

    def run(self, n_steps: int, *, setup: bool) -> bool:
        """Run `n_steps`; `setup` starts anew from positions and velocities (new neighbour list).

        Returns
        -------
        bool
            Whether all of them were made; a limit stops earlier.
        """
        last = self.step + n_steps
        self.command(f"run {n_steps} pre {'yes' if setup else 'no'} post no")
        return self.step == last

    @property
    def step(self) -> int:
        """Number of the step that LAMMPS stands at."""
        return int(self._lammps.extract_global("ntimestep"))

    def watched(self) -> dict[str, NDArray[np.float64]]:
        """Return what is watched, each of shape (n_atoms,), as it was when last looked at."""
        names = self.interaction.watched
        if not names:
            return {}
        kind = 2 if len(names) > 1 else 1  # array or vector of atoms
        local = self._lammps.numpy.extract_fix("watch", 1, kind)
        table = self._in_order(local[: self._lammps.extract_setting("nlocal")])
        return dict(zip(names, table.reshape(len(table), -1).T, strict=True))

    def structure(self) -> Atoms:
        """Return the atoms as they stand, unwrapped, in the orientation of the given ones."""
        from ase import Atoms

        cell, q = self._box(), self._rotation
        atoms = Atoms(self._atoms.numbers, self._unwrapped(cell) @ q, cell=cell @ q, pbc=True)
        atoms.set_masses(self._atoms.get_masses())
        return atoms

    def set_normal(self, length_A: float) -> None:
        """Stretch box and atoms along the normal to `length_A`."""
        self.command(f"change_box all z final 0 {length_A:.17g} remap units box")

    def normal_A(self) -> float:
        """Return the box' length along the normal, in Å."""
        return float(self._lammps.extract_box()[1][2])

    def temperature_K(self) -> float:
        """Return the temperature at the end of the last run."""
        return float(self._lammps.last_thermo()["Temp"])

    def frame(self, step: int, *, velocities: bool = False) -> Frame:
        """Return the state at the end of the last run, in the orientation of the given atoms."""
        thermo = self._lammps.last_thermo()
        pressure = np.zeros((3, 3))
        for name, (i, j) in _VOIGT.items():
            pressure[i, j] = pressure[j, i] = thermo[name] * BAR_IN_GPA
        cell, q = self._box(), self._rotation
        return Frame(
            step=step,
            time_ps=step * self._timestep_fs / FS_PER_PS,
            positions=self._unwrapped(cell) @ q,
            cell=cell @ q,
            temperature_K=float(thermo["Temp"]),
            potential_energy_eV=float(thermo["PotEng"]),
            pressure_GPa=q.T @ pressure @ q,
            velocities=self._by_atom("v") @ q if velocities else None,
            watched=summary(self.watched()),
        )

    def commands(self, *commands: str) -> None:
        """Give LAMMPS several commands."""
        for command in commands:
            self.command(command)

    def command(self, command: str) -> None:
        """Give LAMMPS one command."""
        try:
            self._lammps.command(command)
        except Exception as error:  # the only type that LAMMPS' wrapper raises
            raise LammpsError(_reason(error)) from error

    def close(self) -> None:
        """End this LAMMPS instance."""
        self._lammps.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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

    def _set_images(self, positions: NDArray[np.float64]) -> None:
        """Set image flags so that the unwrapped positions are the given ones."""
        order = self._tags() - 1
        shift = np.linalg.solve(self._cell.T, (positions[order] - self._local("x")).T).T
        image = np.rint(shift).astype(np.int64) + _IMAGE_ZERO
        if image.min() < 0 or image.max() >= 2 * _IMAGE_ZERO:
            raise InputError(
                "Atoms lie more than 500 cells away from the cell; wrap the structure first."
            )
        self._local("image")[:] = (
            image[:, 0] | image[:, 1] << _IMAGE_BITS | image[:, 2] << 2 * _IMAGE_BITS
        )

    def _box(self) -> NDArray[np.float64]:
        low, high, xy, yz, xz, _, _ = self._lammps.extract_box()
        lx, ly, lz = np.subtract(high, low)
        return np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]])

    def _unwrapped(self, cell: NDArray[np.float64]) -> NDArray[np.float64]:
        image = self._by_atom("image").astype(np.int64)
        mask = 2 * _IMAGE_ZERO - 1
        counts = np.stack(
            [image & mask, image >> _IMAGE_BITS & mask, image >> 2 * _IMAGE_BITS & mask], axis=-1
        )
        positions: NDArray[np.float64] = self._by_atom("x") + (counts - _IMAGE_ZERO) @ cell
        return positions

    def _by_atom(self, name: str) -> NDArray[Any]:
        return self._in_order(self._local(name))

    def _in_order(self, local: NDArray[Any]) -> NDArray[Any]:
        if len(local) != len(self._atoms):
            raise LammpsError(f"{len(self._atoms) - len(local)} atoms were lost.")
        ordered = np.empty_like(local)
        ordered[self._tags() - 1] = local
        return ordered

    def _tags(self) -> NDArray[np.int64]:
        return self._local("id").astype(np.int64)

    def _local(self, name: str) -> NDArray[Any]:
        array: NDArray[Any] = self._lammps.numpy.extract_atom(name)
        return array[: self._lammps.extract_setting("nlocal")]


def _region(cell: NDArray[np.float64]) -> str:
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = cell.tolist()
    edges = f"0 {lx:.17g} 0 {ly:.17g} 0 {lz:.17g}"
    if xy == xz == yz == 0:
        return f"region cell block {edges} units box"
    return f"region cell prism {edges} {xy:.17g} {xz:.17g} {yz:.17g} units box"


def _reason(error: Exception) -> str:
    """Return LAMMPS' message without its source line and echo of the input."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text.removeprefix("ERROR: ").split(" (src/")[0].split(" For more information")[0]
