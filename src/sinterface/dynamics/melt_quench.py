"""Disordered and amorphous cells: packed, molten, quenched, at the density of a short NPT run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.dynamics.anneal import Heat, Rest, anneal
from sinterface.dynamics.requirements import check_positive
from sinterface.progress import ProgressCallback
from sinterface.structures.mixture import Mixture, pack
from sinterface.structures.structure_certificate import AMU_PER_A3_IN_G_PER_CM3, density
from sinterface.units import FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.dynamics.interaction import Interaction
    from sinterface.potential.model import Potential

MELT_SCALE = 1.12
"""Volume of a melt over that of its crystals, at which it is packed."""

SOFTEN = Rest(force_tolerance_eV_per_A=0.05, max_steps=200)
"""Takes the worst contacts out of a packed cell before it is heated."""


@dataclass(frozen=True)
class Quench:
    """Course of a melt-quench.

    Attributes
    ----------
    melt_K, melt_ps
        Temperature and time of the melt, at the volume of packing.
    quench_ps
        Time in which it cools to `final_K`; its volume is free below `free_K`, where the melt no
        longer expands into a vapour at zero pressure.
    free_K
        See `quench_ps`.
    final_K, density_ps
        Temperature and time of the last run, at zero pressure; the mean volume of its second half
        is the cell's. With no time, the cell keeps the volume of packing.
    """

    melt_K: float = 4000.0
    melt_ps: float = 5.0
    quench_ps: float = 20.0
    free_K: float = 1000.0
    final_K: float = 300.0
    density_ps: float = 5.0

    def words(self, timestep_fs: float) -> str:
        """Return the course in words, for a certificate."""
        parts = [f"{self.melt_K:g} K for {self.melt_ps:g} ps"]
        if self.quench_ps > 0.0:
            parts.append(f"to {self.final_K:g} K in {self.quench_ps:g} ps")
        if self.density_ps > 0.0:
            parts.append(f"{self.density_ps:g} ps without pressure")
        return f"{', '.join(parts)} (steps of {timestep_fs:g} fs)"


@dataclass(frozen=True)
class Disordered:
    """A disordered cell.

    Attributes
    ----------
    atoms
        At the mean volume of the last run.
    density_g_per_cm3, density_error
        Mean and its standard error over the last run.
    energy_eV_per_atom
        Mean potential energy over the last run.
    pressure_GPa
        Mean pressure of the last run: near 0 when the density has settled.
    """

    atoms: Atoms
    density_g_per_cm3: float
    density_error: float
    energy_eV_per_atom: float
    pressure_GPa: float

    def figures(self) -> dict[str, Any]:
        """Return the figures for a certificate."""
        return {
            "density_of_npt_g_per_cm3": self.density_g_per_cm3,
            "density_error_g_per_cm3": self.density_error,
            "potential_energy_eV_per_atom": self.energy_eV_per_atom,
            "pressure_GPa": self.pressure_GPa,
        }


def melt_quench(
    mixture: Mixture,
    potential: Potential | Interaction,
    quench: Quench | None = None,
    *,
    seed: int = 0,
    timestep_fs: float = 1.0,
    threads: int = 1,
    progress: ProgressCallback | None = None,
) -> Disordered:
    """Pack a composition at random, melt it, cool it and find its density.

    Raises
    ------
    InputError
        For a time or temperature ≤ 0, an element that the potential doesn't know, or a cell
        thinner than its cutoff.
    RunError
        When the melt explodes.
    """
    q = quench or Quench()
    check_positive(melt_K=q.melt_K, final_K=q.final_K, free_K=q.free_K)
    start = pack(mixture, volume_scale=MELT_SCALE, seed=seed)
    runs = [step for step in _schedule(q) if step.duration_ps * FS_PER_PS >= timestep_fs]
    return _settled(start, potential, [SOFTEN, *runs], seed, timestep_fs, threads, progress)


def _schedule(q: Quench) -> list[Heat]:
    middle = min(max(q.final_K, q.free_K), q.melt_K)
    share = (q.melt_K - middle) / max(q.melt_K - q.final_K, 1e-9)
    return [
        Heat(q.melt_ps, q.melt_K),
        Heat(share * q.quench_ps, q.melt_K, middle),
        Heat((1.0 - share) * q.quench_ps, middle, q.final_K, cell="isotropic"),
        Heat(q.density_ps, q.final_K, cell="isotropic"),
    ]


def _settled(
    start: Atoms,
    potential: Potential | Interaction,
    schedule: Sequence[Heat | Rest],
    seed: int,
    timestep_fs: float,
    threads: int,
    progress: ProgressCallback | None,
) -> Disordered:
    found = anneal(
        start, potential, schedule, seed=seed, timestep_fs=timestep_fs, threads=threads,
        progress=progress,
    )  # fmt: skip
    last = found.averages[-1]
    atoms = found.atoms
    atoms.set_cell(atoms.cell.array * (last.volume_A3 / atoms.get_volume()) ** (1 / 3), True)
    atoms.wrap()
    mean = density(atoms)
    drift = AMU_PER_A3_IN_G_PER_CM3 * float(atoms.get_masses().sum()) / last.volume_A3**2
    return Disordered(
        atoms=atoms,
        density_g_per_cm3=mean,
        density_error=drift * last.volume_error_A3,
        energy_eV_per_atom=last.potential_energy_eV / len(atoms),
        pressure_GPa=float(np.trace(last.pressure_GPa)) / 3.0,
    )
