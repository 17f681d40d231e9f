"""Relaxation of a structure, and of its cell as far as asked, to zero force and stress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.filters import FrechetCellFilter
from ase.optimize import FIRE
from numpy.typing import NDArray

from sinterface.dynamics.requirements import check_positive, check_structure
from sinterface.errors import InputError, RunError
from sinterface.progress import Progress, ProgressCallback
from sinterface.structures.formats import as_atoms
from sinterface.units import EV_PER_A3_IN_GPA

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

CellFreedom = Literal["none", "fixed", "isotropic", "axes", "normal", "full"]
# strain components xx yy zz yz xz xy that may change, as an array: ASE takes a tuple for something
# else in places
_FREE = {
    "none": np.zeros(6, dtype=bool),
    "fixed": np.zeros(6, dtype=bool),
    "isotropic": np.array([True, True, True, False, False, False]),
    "axes": np.array([True, True, True, False, False, False]),
    "normal": np.array([False, False, True, False, False, False]),
    "full": np.ones(6, dtype=bool),
}
_REPORT_EVERY = 10
# The cell as a coordinate of its own, scaled so that FIRE moves it as readily as an atom: on a
# 744-atom LLZO|LCO interface 124 steps instead of over 1500 with ASE's default (one an atom).
_CELL_FACTOR_PER_ATOM = 1 / 8


@dataclass(frozen=True)
class Relaxation:
    """A relaxed structure.

    Attributes
    ----------
    atoms
        Structure, without calculator; energy, forces, stress of its last step are in the fields.
    converged, steps
        Whether the tolerances were met, and optimiser steps taken.
    energy_eV
        Potential energy.
    residual_force_eV_per_A
        Largest force on an atom.
    stress_GPa
        Stress, Voigt order xx yy zz yz xz xy, shape (6,).
    """

    atoms: Atoms
    converged: bool
    steps: int
    energy_eV: float
    residual_force_eV_per_A: float
    stress_GPa: NDArray[np.float64]


def relax(
    atoms: Atoms | Structure,
    calculator: Calculator,
    *,
    cell: CellFreedom = "normal",
    force_tolerance_eV_per_A: float = 0.05,
    stress_tolerance_GPa: float = 0.1,
    pressure_GPa: float = 0.0,
    max_steps: int = 2000,
    progress: ProgressCallback | None = None,
) -> Relaxation:
    """Relax positions, and cell, with FIRE; `atoms` is left as it is.

    Parameters
    ----------
    atoms
        Structure of ASE or pymatgen, periodic.
    calculator
        ASE calculator with energy, forces and stress.
    cell
        "none" or "fixed"; "isotropic"; "axes": each edge for itself; "normal": only the strain
        along z, in-plane vectors stay; "full".
    force_tolerance_eV_per_A, stress_tolerance_GPa
        Largest force on an atom, and largest free stress component beyond the pressure, at which
        it ends.
    pressure_GPa
        Pressure of what may move.
    max_steps
        Steps after which it ends without convergence.
    progress
        Told every few steps.

    Raises
    ------
    InputError
        For a tolerance ≤ 0, a structure that is not periodic, an unknown `cell`, or "normal" for
        a cell whose in-plane vectors leave the xy plane.
    RunError
        When forces or energy are no longer numbers.
    """
    check_positive(
        force_tolerance_eV_per_A=force_tolerance_eV_per_A,
        stress_tolerance_GPa=stress_tolerance_GPa,
        max_steps=max_steps,
    )
    atoms = as_atoms(atoms)
    check_structure(atoms)
    free = _free_strains(atoms, cell)
    moving = atoms.copy()
    moving.calc = calculator
    target = moving
    if free.any():
        target = FrechetCellFilter(
            moving,
            mask=free,
            exp_cell_factor=len(moving) * _CELL_FACTOR_PER_ATOM,
            hydrostatic_strain=cell == "isotropic",
            scalar_pressure=pressure_GPa / EV_PER_A3_IN_GPA,
        )
    optimizer = FIRE(target, logfile=None)
    converged, steps = False, 0
    for _ in optimizer.irun(fmax=0.0, steps=max_steps):
        steps = optimizer.nsteps
        force, stress = _residuals(moving, free, pressure_GPa, isotropic=cell == "isotropic")
        converged = force <= force_tolerance_eV_per_A and stress <= stress_tolerance_GPa
        if progress is not None and (converged or steps % _REPORT_EVERY == 0):
            message = f"largest force {force:.3f} eV/Å, stress {stress:.2f} GPa"
            progress(Progress(steps, max_steps, message))
        if converged:
            break
    return _relaxation(moving, converged, steps)


def _free_strains(atoms: Atoms, cell: CellFreedom) -> NDArray[np.bool_]:
    if cell not in _FREE:
        raise InputError(f"cell must be one of {', '.join(_FREE)}, got '{cell}'.")
    if cell == "normal" and np.abs(atoms.cell.array[:2, 2]).max() > 1e-8 * atoms.cell.volume:
        raise InputError(
            "Only a cell whose first two vectors lie in the xy plane has its normal along z; "
            "turn the structure, or relax with cell = 'full'."
        )
    return _FREE[cell]


def _residuals(
    atoms: Atoms, free: NDArray[np.bool_], pressure_GPa: float, *, isotropic: bool
) -> tuple[float, float]:
    """Return the largest force in eV/Å and the largest free stress beyond the pressure in GPa."""
    force = float(np.linalg.norm(atoms.get_forces(), axis=1).max())
    stress = 0.0
    if free.any():
        beyond = atoms.get_stress() * EV_PER_A3_IN_GPA
        beyond[:3] += pressure_GPa
        stress = float(abs(beyond[:3].mean()) if isotropic else np.abs(beyond[free]).max())
    if not np.isfinite(force + stress):
        raise RunError(
            "The relaxation failed: forces are no longer numbers. The structure probably has atoms "
            "too close to each other; rebuild it with a larger gap."
        )
    return force, stress


def _relaxation(atoms: Atoms, converged: bool, steps: int) -> Relaxation:
    force = float(np.linalg.norm(atoms.get_forces(), axis=1).max())
    energy = float(atoms.get_potential_energy())
    stress = np.asarray(atoms.get_stress()) * EV_PER_A3_IN_GPA
    relaxed = atoms.copy()
    return Relaxation(relaxed, converged, steps, energy, force, stress)
