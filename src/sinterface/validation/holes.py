"""A search for holes: random compressions, downhill; and distances that no chemistry allows."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols
from ase.optimize import FIRE

from sinterface.kernels.neighbors import neighbor_list
from sinterface.validation.dimers import WALL_MOST_A, closest_A, wall_A

VOLUMES = (0.55, 1.0)
RATTLES_A = (0.1, 0.7)
MOST_STEPS = 400
"""Of a way downhill: fewer leave squeezed atoms on their way apart, which is no hole."""
DEEPEST_eV_PER_ATOM = 0.15
"""How far below the start's own relaxed energy a squeezed cell may come: a better crystal."""


def too_close(atoms: Atoms, temperature_K: float | None = None) -> list[str]:
    """Return pairs of atoms that stand inside each other's wall, e.g. "O–O 0.71 Å".

    In a melt at `temperature_K`, those that came nearer than heat explains (`closest_A`).
    """
    kinds = sorted(set(atoms.get_chemical_symbols()))
    limits = {
        (a, b): wall_A(a, b) if temperature_K is None else closest_A(a, b, temperature_K)
        for a in kinds
        for b in kinds
    }
    pairs = neighbor_list(atoms.positions, atoms.cell.array, atoms.pbc, WALL_MOST_A)
    first, second = pairs.centers, pairs.neighbors
    distances = np.linalg.norm(pairs.vectors(atoms.positions), axis=1)
    found: dict[str, float] = {}
    for i, j, distance in zip(first, second, distances, strict=True):
        names = sorted(chemical_symbols[int(atoms.numbers[k])] for k in (i, j))
        if distance < limits[names[0], names[1]]:
            pair = "–".join(names)
            found[pair] = min(found.get(pair, np.inf), float(distance))
    return [f"{pair} {distance:.2f} Å" for pair, distance in sorted(found.items())]


def search_holes(
    atoms: Atoms, calculator: Calculator, *, n_tries: int, steps: int = MOST_STEPS, seed: int = 0
) -> dict[str, Any]:
    """Squeeze and shake a structure at random, go downhill at constant volume, look at the end.

    A sound potential ends with sane distances and no far lower energy than the structure's own
    minimum at its volume.

    Parameters
    ----------
    n_tries
        Random compressions: volumes from 0.55 to 1, displacements of 0.1 to 0.7 Å.
    steps
        Most steps downhill of each.

    Returns
    -------
    dict
        ``faults``; ``shortest`` and ``lowest_eV_per_atom`` relative to the structure's minimum.
    """
    random = np.random.default_rng(seed)
    own = _downhill(atoms.copy(), calculator, 2 * steps)
    faults: list[str] = []
    lowest = np.inf
    for index in range(n_tries):
        squeezed = atoms.copy()
        scale = random.uniform(*VOLUMES) ** (1 / 3)
        squeezed.set_cell(atoms.cell.array * scale, scale_atoms=True)
        rattle = random.uniform(*RATTLES_A)
        squeezed.positions += rattle * random.standard_normal(atoms.positions.shape)
        energy = _downhill(squeezed, calculator, steps)
        where = f"try {index + 1} (volume × {scale**3:.2f}, {rattle:.1f} Å)"
        if not np.isfinite(energy):
            faults.append(f"{where}: the energy is not a number")
            continue
        lowest = min(lowest, (energy - own) / len(atoms))
        close = too_close(squeezed)
        if close:
            faults.append(f"{where}: ended with {', '.join(close)}")
        if energy < own - DEEPEST_eV_PER_ATOM * len(atoms):
            faults.append(f"{where}: {(own - energy) / len(atoms):.2f} eV/atom below the crystal")
    return {"tries": n_tries, "faults": faults, "lowest_eV_per_atom": lowest}


def _downhill(atoms: Atoms, calculator: Calculator, steps: int) -> float:
    """Move `atoms` downhill and return its energy; NaN when forces are not numbers."""
    atoms.calc = calculator
    motion = FIRE(atoms, logfile=None, maxstep=0.15)
    for _ in motion.irun(fmax=0.3, steps=steps):
        if not np.isfinite(atoms.get_forces()).all():
            return np.nan
    return float(atoms.get_potential_energy())
