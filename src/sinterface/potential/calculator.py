"""ASE's door to a potential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from sinterface.errors import InputError

if TYPE_CHECKING:
    from sinterface.potential.model import Potential


class SinterfaceCalculator(Calculator):
    """ASE calculator of a potential: energy, energies and free energy (eV), forces (eV/Å), stress.

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
    """

    implemented_properties: ClassVar[list[str]] = [  # type: ignore[misc]
        "energy",
        "free_energy",
        "energies",
        "forces",
        "stress",
    ]

    def __init__(
        self,
        potential: Potential,
        *,
        precision: str = "double",
        threads: int = 1,
        count_extrapolation: bool = False,
    ):
        if precision not in ("double", "mixed"):
            raise InputError(f"precision must be 'double' or 'mixed', got '{precision}'.")
        if threads < 1:
            raise InputError(f"threads must be at least 1, got {threads}.")
        super().__init__()  # type: ignore[no-untyped-call]
        self.potential = potential
        self.precision = precision
        self.threads = threads
        self.count_extrapolation = count_extrapolation

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = tuple(all_changes),
    ) -> None:
        """Fill `results` for `atoms`; stress only where the cell has a volume."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        structure: Any = self.atoms
        neighbors = self.potential.neighbors(
            structure.positions, structure.cell.array, structure.pbc
        )
        found = self.potential.evaluate(
            structure.numbers,
            structure.positions,
            neighbors,
            precision=self.precision,
            threads=self.threads,
            count_extrapolation=self.count_extrapolation,
        )
        self.results = {
            "energy": found.energy,
            "free_energy": found.energy,
            "energies": found.energies,
            "forces": found.forces,
        }
        if found.extrapolations is not None:
            self.results["extrapolations"] = found.extrapolations
        if structure.cell.rank == 3:
            stress = -found.virial / structure.cell.volume
            self.results["stress"] = full_3x3_to_voigt_6_stress(stress)
