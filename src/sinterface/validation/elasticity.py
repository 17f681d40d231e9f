"""Lattice, equation of state and elastic constants by two calculators."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from sinterface.dynamics.relax import relax
from sinterface.units import EV_PER_A3_IN_GPA

VOLUMES = (0.92, 0.95, 0.975, 1.0, 1.025, 1.05, 1.08)
STRAIN = 0.005
_VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


def relaxed_cell(atoms: Atoms, calculator: Calculator, *, max_steps: int = 300) -> dict[str, Any]:
    """Relax positions and cell to zero pressure; return cell, positions, lengths in Å.

    ``converged`` tells whether forces came below 0.05 eV/Å and stresses below 0.3 GPa.
    """
    with warnings.catch_warnings():
        # scipy complains of 1e-13 in the logarithm of a deformation near one
        warnings.filterwarnings("ignore", message="logm result may be inaccurate")
        found = relax(
            atoms,
            calculator,
            cell="full",
            force_tolerance_eV_per_A=0.05,
            stress_tolerance_GPa=0.3,
            max_steps=max_steps,
        )
    return {
        "cell": found.atoms.cell.array.tolist(),
        "positions": found.atoms.positions.tolist(),
        "lengths_A": found.atoms.cell.lengths().tolist(),
        "volume_A3": float(found.atoms.cell.volume),
        "converged": found.converged,
    }


def equation_of_state(atoms: Atoms, calculator: Calculator) -> dict[str, Any]:
    """Return energies over volume (coordinates scaled), and the bulk modulus of the parabola.

    Energies in meV/atom above the parabola's minimum; volumes relative to `atoms`.
    """
    energies = []
    for volume in VOLUMES:
        scaled = atoms.copy()
        scaled.set_cell(atoms.cell.array * volume ** (1 / 3), scale_atoms=True)
        scaled.calc = calculator
        energies.append(float(scaled.get_potential_energy()))
    # third order, since energy over volume is skew
    fit = np.polynomial.Polynomial.fit(VOLUMES, energies, 3)
    fine = np.linspace(VOLUMES[0], VOLUMES[-1], 2001)
    lowest = float(fine[np.argmin(fit(fine))])
    modulus = float(fit.deriv(2)(lowest)) * lowest / atoms.cell.volume * EV_PER_A3_IN_GPA
    relative = 1000 * (np.array(energies) - float(fit(lowest))) / len(atoms)
    return {
        "energies_meV": relative.tolist(),
        "lowest_at": lowest,
        "bulk_modulus_GPa": modulus,
    }


def elastic_constants(atoms: Atoms, calculator: Calculator) -> NDArray[np.float64]:
    """Return the clamped-ion elastic constants, Voigt order xx yy zz yz xz xy, (6, 6), in GPa.

    Central differences of the stress over strains of ±0.5 %; the symmetric part.
    """
    constants = np.empty((6, 6))
    for column, (i, j) in enumerate(_VOIGT):
        stresses = []
        for sign in (-1.0, 1.0):
            strain = np.zeros((3, 3))
            strain[i, j] += 0.5 * sign * STRAIN
            strain[j, i] += 0.5 * sign * STRAIN  # engineering strain in shear, full in normal
            moved = atoms.copy()
            moved.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
            moved.calc = calculator
            stresses.append(np.asarray(moved.get_stress()))
        constants[:, column] = (stresses[1] - stresses[0]) / (2 * STRAIN) * EV_PER_A3_IN_GPA
    return np.asarray(0.5 * (constants + constants.T))
