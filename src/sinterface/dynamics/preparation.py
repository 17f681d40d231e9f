"""Cells made ready: crystals at a temperature, a normal or a volume without stress."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sinterface.dynamics.anneal import Heat, Rest, anneal
from sinterface.dynamics.relax import relax
from sinterface.dynamics.requirements import check_elements
from sinterface.errors import InputError
from sinterface.progress import Progress, ProgressCallback
from sinterface.units import EV_PER_A3_IN_GPA

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.potential.model import Potential

SAME_EDGE: Final[float] = 5e-3  # relative: such edges stay equal when the cell expands
LEAST_ATOMS: Final[int] = 150
LATTICE_PS: Final[float] = 3.0
NORMAL_STRESS_GPA: Final[float] = 0.1
ROUNDS: Final[int] = 4


@dataclass(frozen=True)
class AtRest:
    """An interface whose atoms and normal are relaxed.

    Attributes
    ----------
    atoms
        The structure, its atoms wrapped into the cell.
    energy_eV
        Potential energy.
    stress_GPa
        Stress that remains, Voigt order xx yy zz yz xz xy.
    largest_force_eV_per_A
        Largest force on an atom.
    converged
        Whether the normal stress is within 0.1 GPa of zero.
    """

    atoms: Atoms
    energy_eV: float
    stress_GPa: tuple[float, ...]
    largest_force_eV_per_A: float
    converged: bool


def crystal_at(
    crystal: Atoms,
    potential: Potential,
    temperature_K: float,
    *,
    duration_ps: float = LATTICE_PS,
    seed: int = 0,
    threads: int = 1,
    progress: ProgressCallback | None = None,
) -> Atoms:
    """Return the crystal with the mean edges that it has at a temperature, without pressure.

    A short NPT run of a block of it; the mean is over the second half. Angles stay, edges equal
    in the crystal stay equal, atoms keep their fractional positions.

    Parameters
    ----------
    crystal
        The crystal; its arrays are kept.
    potential
        Potential that knows its elements.
    temperature_K
        Temperature.
    duration_ps
        Length of the run.
    seed, threads, progress
        See `anneal.anneal`.

    Raises
    ------
    InputError
        For a temperature ≤ 0, or elements that the potential lacks.
    RunError
        When the crystal doesn't stand the temperature.
    """
    heights = crystal.cell.volume / np.array(
        [np.linalg.norm(np.cross(*np.delete(crystal.cell.array, i, axis=0))) for i in range(3)]
    )
    repeat = [math.ceil(2.0 * potential.cutoff_A / height - 1e-9) for height in heights]
    while len(crystal) * math.prod(repeat) < LEAST_ATOMS:
        repeat[int(np.argmin(heights * repeat))] += 1
    block = crystal.repeat(repeat)
    done = anneal(
        block, potential, [Heat(duration_ps, temperature_K, cell="axes")], seed=seed,
        threads=threads, progress=progress,
    )  # fmt: skip
    mean = np.linalg.norm(done.averages[0].cell, axis=1) / repeat
    edges = crystal.cell.lengths()
    alike = np.abs(edges[:, None] / edges[None, :] - 1.0) < SAME_EDGE
    factor = (alike @ (mean / edges)) / alike.sum(axis=1)
    warm: Atoms = crystal.copy()
    warm.set_cell(crystal.cell.array * factor[:, None], scale_atoms=True)
    return warm


def bring_to_rest(
    atoms: Atoms,
    potential: Potential,
    *,
    force_tolerance_eV_per_A: float = 0.01,
    max_steps: int = 400,
    threads: int = 1,
    progress: ProgressCallback | None = None,
) -> AtRest:
    """Relax the atoms, then the atoms and the cell's normal until its stress is within 0.1 GPa.

    Minimisations in LAMMPS; the in-plane vectors stay as they are.

    Parameters
    ----------
    atoms
        Periodic structure with its first two vectors in the xy plane; left as it is.
    potential
        Potential that knows its elements.
    force_tolerance_eV_per_A
        Root mean square force at which a minimisation ends.
    max_steps
        Most steps of each.
    threads
        Of the potential.
    progress
        Told after each minimisation.

    Raises
    ------
    InputError
        For elements that the potential lacks, or a cell thinner than its cutoff.
    RunError
        When atoms are lost.
    """
    if np.abs(atoms.cell.array[:2, 2]).max() > 1e-6:
        raise InputError("Only a cell whose first two vectors lie in the xy plane has a normal.")
    current = atoms
    freedoms = ("fixed", *("normal" for _ in range(ROUNDS)))
    for number, cell in enumerate(freedoms):
        step = Rest(force_tolerance_eV_per_A, max_steps, cell=cell)  # type: ignore[arg-type]
        current = anneal(current, potential, [step], threads=threads).atoms
        found = measured(current, potential, threads)
        if progress is not None:
            message = f"normal stress {found.stress_GPa[2]:.2f} GPa"
            progress(Progress(number + 1, len(freedoms), message))
        if found.converged and cell == "normal":
            break
    return found


def at_zero_pressure(
    atoms: Atoms,
    potential: Potential,
    *,
    force_tolerance_eV_per_A: float = 0.05,
    max_steps: int = 500,
    threads: int = 1,
    progress: ProgressCallback | None = None,
) -> tuple[Atoms, dict[str, Any]]:
    """Relax atoms and volume, the cell's shape kept; return the structure and its figures.

    Parameters
    ----------
    atoms
        Periodic structure; left as it is.
    potential
        Potential that knows its elements.
    force_tolerance_eV_per_A, max_steps
        Largest force at which it ends, and most steps.
    threads, progress
        Of the potential; told of each step.

    Raises
    ------
    InputError
        For elements that the potential lacks.
    RunError
        When forces are no longer numbers.
    """
    check_elements(atoms, potential.elements)
    found = relax(
        atoms, potential.calculator(threads=threads), cell="isotropic",
        force_tolerance_eV_per_A=force_tolerance_eV_per_A, max_steps=max_steps, progress=progress,
    )  # fmt: skip
    found.atoms.wrap()
    return found.atoms, {
        "relaxed": bool(found.converged),
        "energy_eV_per_atom": found.energy_eV / len(atoms),
        "pressure_GPa": -float(found.stress_GPa[:3].mean()),
        "largest_force_eV_per_A": found.residual_force_eV_per_A,
        "volume_change_percent": float(
            100.0 * (found.atoms.get_volume() / atoms.get_volume() - 1.0)
        ),
    }


def measured(atoms: Atoms, potential: Potential, threads: int) -> AtRest:
    """Return energy, stress and forces of a structure."""
    found = atoms.copy()
    found.wrap()
    found.calc = potential.calculator(precision="double", threads=threads)
    stress = tuple(float(s) * EV_PER_A3_IN_GPA for s in found.get_stress())
    energy = float(found.get_potential_energy())
    force = float(np.linalg.norm(found.get_forces(), axis=1).max())
    found.calc = None
    return AtRest(found, energy, stress, force, abs(stress[2]) <= NORMAL_STRESS_GPA)
