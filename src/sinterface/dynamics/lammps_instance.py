"""One LAMMPS instance: commands, and its atoms' arrays in the order of the given structure.

Under ``mpiexec`` each rank holds a share of the atoms; every method is then called by all ranks
alike, and what comes back is the whole on each of them.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.lammps_library import start_lammps
from sinterface.errors import InputError, RunError

_IMAGE_BITS, _IMAGE_ZERO = 10, 512


class LammpsError(RunError):
    """LAMMPS refused a command or lost the run; the message holds its own words."""


class LammpsInstance:
    """LAMMPS, of which the arrays of `n_atoms` atoms are read; use it as a context manager.

    Attributes
    ----------
    rank, n_ranks
        This process' number and how many there are that share the atoms.
    """

    def __init__(self, n_atoms: int) -> None:
        self._n_atoms = n_atoms
        self._lammps: Any = start_lammps()
        self.rank = int(self._lammps.extract_setting("world_rank"))
        self.n_ranks = int(self._lammps.extract_setting("world_size"))

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

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self) -> None:
        """Return when all ranks are here."""
        if self.n_ranks > 1:
            self._lammps.gather_atoms("id", 0, 1)

    def _set_images(self, positions: NDArray[np.float64], cell: NDArray[np.float64]) -> None:
        """Set image flags so that the unwrapped positions in `cell` are the given ones."""
        order = self._tags() - 1
        shift = np.linalg.solve(cell.T, (positions[order] - self._local("x")).T).T
        image = np.rint(shift).astype(np.int64) + _IMAGE_ZERO
        if image.min() < 0 or image.max() >= 2 * _IMAGE_ZERO:
            raise InputError(
                "Atoms lie more than 500 cells away from the cell; wrap the structure first."
            )
        self._local("image")[:] = (
            image[:, 0] | image[:, 1] << _IMAGE_BITS | image[:, 2] << 2 * _IMAGE_BITS
        )

    def _unwrapped(self, cell: NDArray[np.float64]) -> NDArray[np.float64]:
        positions: NDArray[np.float64] = self._by_atom("x") + self._image_counts() @ cell
        return positions

    def _image_counts(self) -> NDArray[np.int64]:
        if self.n_ranks > 1:
            return np.array(self._lammps.gather_atoms("image", 0, 3), np.int64).reshape(-1, 3)
        image = self._in_order(self._local("image")).astype(np.int64)
        mask = 2 * _IMAGE_ZERO - 1
        packed = [image & mask, image >> _IMAGE_BITS & mask, image >> 2 * _IMAGE_BITS & mask]
        counts: NDArray[np.int64] = np.stack(packed, axis=-1) - _IMAGE_ZERO
        return counts

    def _by_atom(self, name: str) -> NDArray[Any]:
        if self.n_ranks > 1:
            self._check_count(int(self._lammps.get_natoms()))
            return np.array(self._lammps.gather_atoms(name, 1, 3), float).reshape(-1, 3)
        return self._in_order(self._local(name))

    def _in_order(self, local: NDArray[Any]) -> NDArray[Any]:
        self._check_count(len(local))
        ordered = np.empty_like(local)
        ordered[self._tags() - 1] = local
        return ordered

    def _check_count(self, n_atoms: int) -> None:
        if n_atoms != self._n_atoms:
            raise LammpsError(f"{self._n_atoms - n_atoms} atoms were lost.")

    def _tags(self) -> NDArray[np.int64]:
        return self._local("id").astype(np.int64)

    def _local(self, name: str) -> NDArray[Any]:
        array: NDArray[Any] = self._lammps.numpy.extract_atom(name)
        return array[: self._lammps.extract_setting("nlocal")]


def _reason(error: Exception) -> str:
    """Return LAMMPS' message without its source line and echo of the input."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text.removeprefix("ERROR: ").split(" (src/")[0].split(" For more information")[0]
