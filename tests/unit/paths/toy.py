"""One ion in a known landscape amid atoms on springs: the barrier is known to any digit."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

HEIGHT_EV, TILT_EV, LENGTH_A, SPRING = 0.3, 0.1, 2.0, 3.0


def height(x: Any, tilt_eV: float = TILT_EV) -> Any:
    """Energy at the share x of the way: minima at 0 and 1, the latter `tilt_eV` higher."""
    return 16 * HEIGHT_EV * x**2 * (1 - x) ** 2 + tilt_eV * (3 * x**2 - 2 * x**3)


class Landscape(Calculator):
    """The last atom moves along a line of known energy, bent upwards where asked."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]  # type: ignore[misc]

    def __init__(self, home: np.ndarray, *, tilt_eV: float = TILT_EV, bend_A: float = 0.0):
        super().__init__()
        self.home, self.tilt_eV, self.bend_A = home.copy(), tilt_eV, bend_A
        self.calls = 0

    def calculate(
        self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        self.calls += 1
        offset = self.atoms.positions - self.home
        offset = offset - offset[:-1].mean(axis=0)  # wherever the whole cell stands
        x = offset[-1, 0] / LENGTH_A
        up = self.bend_A * np.sin(np.pi * x)
        slope = (height(x + 1e-6, self.tilt_eV) - height(x - 1e-6, self.tilt_eV)) / 2e-6
        forces = -SPRING * offset
        away = offset[-1, 1] - up
        forces[-1] = [
            -slope / LENGTH_A + SPRING * away * self.bend_A * np.pi * np.cos(np.pi * x) / LENGTH_A,
            -SPRING * away,
            -SPRING * offset[-1, 2],
        ]
        forces[:-1] -= forces[-1] / (len(forces) - 1)
        energy = 0.5 * SPRING * float(np.square(offset[:-1]).sum())
        energy += height(x, self.tilt_eV) + 0.5 * SPRING * (away**2 + offset[-1, 2] ** 2)
        self.results = {"energy": float(energy), "forces": forces, "stress": np.zeros(6)}


def toy(bend_A: float = 0.0, tilt_eV: float = TILT_EV) -> tuple[Atoms, Atoms, Landscape]:
    """Return both end points, a little off their minima, and their calculator."""
    first = Atoms("O4Li", [(0, 4, 0), (4, 4, 4), (8, 0, 4), (6, 8, 8), (2, 1, 1)], cell=[10] * 3)
    first.set_pbc(True)
    calculator = Landscape(first.positions, tilt_eV=tilt_eV, bend_A=bend_A)
    last = first.copy()
    last.positions[-1, 0] += LENGTH_A
    for atoms, shift in ((first, 0.03), (last, -0.04)):
        atoms.positions[-1] += shift
    return first, last, calculator


def known_barriers(tilt_eV: float = TILT_EV) -> tuple[float, float]:
    """Return the barriers there and back."""
    energies = height(np.linspace(0, 1, 100_001), tilt_eV)
    return float(energies.max() - energies[0]), float(energies.max() - energies[-1])
