"""Energy that a run at constant energy must keep."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from ase.md.verlet import VelocityVerlet

MOST_DRIFT_meV_PER_ATOM_PS = 0.1


def nve_drift(
    atoms: Atoms,
    calculator: Calculator,
    *,
    temperature_K: float,
    duration_ps: float,
    timestep_fs: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Run at constant energy and fit a line through the total energy.

    The run starts with velocities of twice the temperature, half of which becomes potential
    energy; its first tenth is not used.

    Returns
    -------
    dict
        ``drift_meV_per_atom_ps`` and its standard error (ten blocks), ``ripple_meV_per_atom``
        (standard deviation about the line), mean temperature.
    """
    moving = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
    moving.calc = calculator
    random = np.random.default_rng(seed)
    thermalize_momenta(moving, temperature_K=2 * temperature_K, rng=random)
    Stationary(moving)
    motion = VelocityVerlet(moving, timestep_fs * units.fs)
    n_steps = round(1000 * duration_ps / timestep_fs)
    energies, temperatures = np.empty(n_steps), np.empty(n_steps)
    for index in range(n_steps):
        motion.run(1)
        energies[index] = moving.get_total_energy()
        temperatures[index] = moving.get_temperature()
    used = slice(n_steps // 10, None)
    time_ps = timestep_fs / 1000 * np.arange(n_steps)[used]
    values = 1000 * energies[used] / len(atoms)
    slope, offset = np.polyfit(time_ps, values, 1)
    rest = values - slope * time_ps - offset
    blocks = np.array([block.mean() for block in np.array_split(rest, 10)])
    centres = np.array([block.mean() for block in np.array_split(time_ps, 10)])
    spread = float(((centres - centres.mean()) ** 2).sum())
    return {
        "drift_meV_per_atom_ps": float(slope),
        "error_meV_per_atom_ps": float(np.sqrt((blocks**2).sum() / 8 / spread)),
        "ripple_meV_per_atom": float(rest.std()),
        "temperature_K": float(temperatures[used].mean()),
        "duration_ps": duration_ps,
    }
