"""Two atoms alone: the wall between them must rise all the way down to half an Å."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.data import atomic_numbers, covalent_radii
from numpy.typing import NDArray

from sinterface.kernels.reference import zbl_energy
from sinterface.units import BOLTZMANN_EV_PER_K

NEAREST_A, FARTHEST_A, STEP_A = 0.5, 4.0, 0.025
BOX_A = 30.0
WALL_SHARE, WALL_MOST_A = 0.6, 1.5
LEAST_RISE_eV = 5.0
HEAT_kT = 20.0
"""How much of it two atoms may spend on each other in a melt."""
_UNSWITCHED_A = (10.0, 11.0)
DEEPEST_WELL_eV = 15.0
"""Deeper than any diatomic molecule's bond (LaO, 8 eV) by a factor of two: a hole."""


def wall_A(first: str, second: str) -> float:
    """Return the distance below which two atoms must repel each other, in Å.

    0.6 of the sum of their covalent radii, at most 1.5 Å: shorter than any bond.
    """
    radii = [float(covalent_radii[atomic_numbers[symbol]]) for symbol in (first, second)]
    return min(WALL_SHARE * sum(radii), WALL_MOST_A)


def closest_A(first: str, second: str, temperature_K: float) -> float:
    """Return how near two atoms may come in a melt, in Å: the wall, or nearer where heat allows.

    Bare screened nuclei (ZBL) at that distance repel by 20 kT: no thermal atom gets there. Cations
    without bonds to each other (Li–Li) pass their wall so in a melt of 4000 K.

    Source: Ziegler, Biersack, Littmark, The Stopping and Range of Ions in Solids (1985).
    """
    from scipy.optimize import brentq

    reach_eV = HEAT_kT * BOLTZMANN_EV_PER_K * temperature_K
    numbers = atomic_numbers[first], atomic_numbers[second]
    thermal = float(brentq(lambda r: zbl_energy(*numbers, r, *_UNSWITCHED_A) - reach_eV, 0.05, 5.0))
    return min(wall_A(first, second), thermal)


def dimer_curves(calculator: Calculator, elements: Sequence[str]) -> dict[str, Any]:
    """Return the energy of each pair of elements over their distance, with the faults found.

    Energies are in eV, relative to the two atoms far apart.
    """
    curves = []
    for first, second in combinations_with_replacement(elements, 2):
        r = np.linspace(NEAREST_A, FARTHEST_A, round((FARTHEST_A - NEAREST_A) / STEP_A) + 1)
        energy = np.array([_energy(calculator, first, second, distance) for distance in r])
        energy -= _energy(calculator, first, second, 0.5 * BOX_A)
        wall = wall_A(first, second)
        curves.append(
            {
                "pair": f"{first}–{second}",
                "r_A": r.round(4).tolist(),
                "energy_eV": energy.round(5).tolist(),
                "wall_A": wall,
                "faults": curve_faults(r, energy, wall),
            }
        )
    return {"curves": curves}


def _energy(calculator: Calculator, first: str, second: str, distance_A: float) -> float:
    atoms = Atoms(
        [first, second], [[0.0, 0.0, 0.0], [distance_A, 0.0, 0.0]], cell=[BOX_A] * 3, pbc=True
    )
    atoms.calc = calculator
    return float(atoms.get_potential_energy())


def curve_faults(
    r_A: NDArray[np.float64], energy_eV: NDArray[np.float64], wall_A: float
) -> list[str]:
    """Return what is wrong with a curve: no wall, a wall that sinks inwards, or a deep well."""
    if not np.isfinite(energy_eV).all():
        return ["the energy is not a number"]
    faults = []
    inside = r_A <= wall_A
    slopes = np.diff(energy_eV[inside])
    wrong = np.flatnonzero(slopes >= 0)
    if len(wrong):
        low, high = r_A[inside][wrong[0]], r_A[inside][wrong[-1] + 1]
        faults.append(f"attracts between {low:.2f} and {high:.2f} Å")
    rise = float(energy_eV[inside][0] - energy_eV[inside][-1])
    if rise < LEAST_RISE_eV:
        faults.append(f"rises by only {rise:.1f} eV from {wall_A:.2f} to {r_A[0]:.2f} Å")
    deepest = int(energy_eV.argmin())
    if energy_eV[deepest] < -DEEPEST_WELL_eV:
        faults.append(f"a hole of {energy_eV[deepest]:.0f} eV at {r_A[deepest]:.2f} Å")
    return faults
