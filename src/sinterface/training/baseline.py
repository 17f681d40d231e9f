"""What is taken off the labels before training: atomic energies and the ZBL repulsion."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from sinterface.kernels import neighbors, repulsion
from sinterface.training.samples import Target


def label_of_networks(
    frame: Atoms,
    nl: neighbors.NeighborList,
    atom_energy_eV: float,
    zbl_A: tuple[float, float] | None,
) -> Target:
    """Return the labels of `frame` without `atom_energy_eV` (all its atoms') and without ZBL."""
    volume = float(frame.get_volume()) if frame.cell.rank == 3 else 1.0
    energy = float(frame.get_potential_energy()) - atom_energy_eV
    forces = np.array(frame.get_forces(), dtype=np.float64)
    virial = np.full((3, 3), np.nan)
    if frame.calc is not None and "stress" in frame.calc.results:
        virial = -np.array(frame.get_stress(voigt=False), dtype=np.float64) * volume
    if zbl_A is not None:
        positions = np.ascontiguousarray(frame.positions)
        numbers = frame.numbers.astype(np.int32)
        repelled = repulsion.energy_forces_virial(positions, numbers, nl, *zbl_A)
        energy -= float(repelled[0].sum())
        forces -= repelled[1]
        virial -= repelled[2]
    return Target(energy, forces, virial, volume)
