"""Energy surfaces with known faults."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

from sinterface.kernels.neighbors import neighbor_list


class Repulsive(Calculator):
    """Pairs repel, E = A exp(−r/ρ) up to 5 Å, with a Gaussian hole where asked.

    Parameters
    ----------
    hole_A, depth_eV
        Where the hole lies, 0.15 Å wide, and how deep it is; none for depth 0.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]

    def __init__(self, *, hole_A: float = 0.9, depth_eV: float = 0.0) -> None:
        super().__init__()
        self.hole_A, self.depth_eV = hole_A, depth_eV

    def _pair(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wall = 2000.0 * np.exp(-r / 0.2)
        shape = self.depth_eV * np.exp(-0.5 * ((r - self.hole_A) / 0.15) ** 2)
        return wall - shape, -wall / 0.2 + shape * (r - self.hole_A) / 0.15**2

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        pairs = neighbor_list(atoms.positions, atoms.cell.array, atoms.pbc, 5.0)
        vectors = pairs.vectors(atoms.positions)
        r = np.linalg.norm(vectors, axis=1)
        energy, slope = self._pair(r)
        pulls = (slope / r)[:, None] * vectors
        forces = np.zeros_like(atoms.positions)
        np.add.at(forces, pairs.centers, pulls)
        virial = 0.5 * np.einsum("pi,pj->ij", vectors, pulls) / atoms.cell.volume
        self.results = {
            "energy": 0.5 * float(energy.sum()),
            "forces": forces,
            "stress": virial.ravel()[[0, 4, 8, 5, 2, 1]],
        }
