"""ASE's door to a potential."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from sinterface.errors import InputError
from sinterface.kernels.neighbors import NeighborList, neighbor_list

if TYPE_CHECKING:
    from sinterface.potential.model import Potential


class SinterfaceCalculator(Calculator):
    """ASE calculator of a potential: energy, energies and free energy (eV), forces (eV/Å), stress.

    Asked for ``"stresses"`` (``atoms.get_stresses()``), the results also hold ``"virials"``, the
    virial of each atom, shape (n_atoms, 3, 3), in eV, ready for heat fluxes (see
    :class:`~sinterface.potential.model.Evaluation`). The stresses are their symmetric parts over
    minus the volume of the cell, shape (n_atoms, 6), in eV/Å³: they sum to the stress.

    Parameters
    ----------
    potential
        Loaded potential.
    precision
        ``"double"`` for relaxations and paths, ``"mixed"`` for long dynamics.
    threads
        Threads of the kernel.
    count_extrapolation
        Add ``"extrapolations"`` to the results: how many symmetry functions of each atom lie
        outside their training range, shape (n_atoms,).
    committee
        What a committee adds to the results: ``"energies"`` (the default) the standard deviations
        over its members ``"energy_std"`` and, atom by atom, ``"energies_std"`` (eV);
        ``"forces"`` also ``"forces_std"``, √(mean over members of |F − mean F|²) of each atom
        (eV/Å), at about twice the cost; ``"none"`` nothing. A single potential adds nothing.
    skin_A
        Keep the neighbour list until an atom has moved by half of this distance, in Å: molecular
        dynamics of small cells becomes twice as fast. The sums then depend on the steps before
        in their last digits, so a continued run is not the same to the bit; 0, the default, makes
        the list anew for each structure.
    """

    implemented_properties: ClassVar[list[str]] = [  # type: ignore[misc]
        "energy",
        "free_energy",
        "energies",
        "forces",
        "stress",
        "stresses",
    ]

    def __init__(
        self,
        potential: Potential,
        *,
        precision: str = "double",
        threads: int = 1,
        count_extrapolation: bool = False,
        committee: str = "energies",
        skin_A: float = 0.0,
    ):
        if precision not in ("double", "mixed"):
            raise InputError(f"precision must be 'double' or 'mixed', got '{precision}'.")
        if threads < 1:
            raise InputError(f"threads must be at least 1, got {threads}.")
        if committee not in ("none", "energies", "forces"):
            raise InputError(
                f"committee must be 'none', 'energies' or 'forces', got '{committee}'."
            )
        if not 0 <= skin_A < inf:
            raise InputError(f"skin_A must be 0 Å or more, got {skin_A}.")
        super().__init__()  # type: ignore[no-untyped-call]
        self.skin_A = skin_A
        self._kept: tuple[Atoms, NeighborList] | None = None
        self.potential = potential
        self.precision = precision
        self.threads = threads
        self.count_extrapolation = count_extrapolation
        self.committee = committee if potential.n_members > 1 else "none"

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = tuple(all_changes),
    ) -> None:
        """Fill `results` for `atoms`; stress only where the cell has a volume."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        structure: Any = self.atoms
        neighbors = self._neighbors_of(structure)
        found = self.potential.evaluate(
            structure.numbers,
            structure.positions,
            neighbors,
            precision=self.precision,
            threads=self.threads,
            count_extrapolation=self.count_extrapolation,
            committee=self.committee,
            atom_virials="stresses" in properties,
        )
        self.results = {
            "energy": found.energy,
            "free_energy": found.energy,
            "energies": found.energies,
            "forces": found.forces,
        }
        extras = {
            "extrapolations": found.extrapolations,
            "energy_std": found.energy_std,
            "energies_std": found.energies_std,
            "forces_std": found.forces_std,
            "virials": found.atom_virials,
        }
        self.results |= {name: value for name, value in extras.items() if value is not None}
        if structure.cell.rank == 3:
            stress = -found.virial / structure.cell.volume
            self.results["stress"] = full_3x3_to_voigt_6_stress(stress)
            if found.atom_virials is not None:
                stresses = -found.atom_virials / structure.cell.volume
                self.results["stresses"] = full_3x3_to_voigt_6_stress(stresses)

    def _neighbors_of(self, atoms: Atoms) -> NeighborList:
        """Return the kept list where it still holds every pair, or a new one."""
        if self._kept is not None and _is_near(atoms, self._kept[0], self.skin_A / 2):
            return self._kept[1]
        made = neighbor_list(
            atoms.positions, atoms.cell.array, atoms.pbc, self.potential.cutoff_A + self.skin_A
        )
        if self.skin_A > 0:
            self._kept = (atoms.copy(), made)
        return made


def _is_near(atoms: Atoms, earlier: Atoms, reach_A: float) -> bool:
    """Tell whether no atom has moved by more than `reach_A` in the same cell."""
    if len(atoms) != len(earlier) or (atoms.pbc != earlier.pbc).any():
        return False
    if (atoms.cell.array != earlier.cell.array).any():
        return False
    moved = atoms.positions - earlier.positions
    return bool(np.einsum("ij,ij->i", moved, moved).max(initial=0.0) <= reach_A**2)
