"""ASE's NEB, each position of the band computed once."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase.mep import NEB
from numpy.typing import NDArray


class RememberingNEB(NEB):
    """A band that gives its forces again without asking the calculators again.

    ASE's optimisers ask for forces twice a step, and images that share a calculator would be
    computed each time.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._last: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        super().__init__(*arguments, **options)  # type: ignore[no-untyped-call]

    def get_forces(self) -> NDArray[np.float64]:
        """Return the forces on all inner images, shape (n_images * n_atoms, 3), in eV/Å."""
        positions = np.array(self.get_positions())  # type: ignore[no-untyped-call]
        if self._last is None or not np.array_equal(self._last[0], positions):
            forces = np.array(super().get_forces())  # type: ignore[no-untyped-call]
            self._last = (positions, forces)
        return self._last[1].copy()

    @property
    def height_eV(self) -> float:
        """Energy of the highest image over the first."""
        energies = np.asarray(self.energies, float)
        return float(energies.max() - energies[0])
