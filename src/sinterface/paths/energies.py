"""Calculators for the images of a band, and what the potential says about its own trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.requirements import check_elements

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator

    from sinterface.potential.model import Potential

SKIN_A = 0.6
"""Neighbours are kept until an atom has moved half of it."""


class Energies:
    """Energies and forces of images, from a potential of ours or any ASE calculator.

    Parameters
    ----------
    potential
        The source.
    atoms
        A structure of the path; its elements are checked.
    threads
        Threads of a potential of ours.

    Attributes
    ----------
    calculator
        ASE calculator, for one structure after another.
    name, identity
        For people, and to tell whether two paths are comparable.

    Raises
    ------
    InputError
        When the potential lacks an element.
    """

    def __init__(self, potential: Potential | Calculator, atoms: Atoms, threads: int = 1) -> None:
        from sinterface.dynamics.ase_system import calculator_interaction
        from sinterface.potential.model import Potential

        self._potential = potential if isinstance(potential, Potential) else None
        self.calculator: Any
        if isinstance(potential, Potential):
            check_elements(atoms, potential.elements)
            self._threads = threads
            self.calculator = self.another()
            self.name, self.identity = potential.directory.name, potential.fingerprint
        else:
            self.calculator = potential
            self.name = type(potential).__name__.lower()
            self.identity = calculator_interaction(self.name, potential).identity

    def another(self) -> Any:
        """Return a calculator for one more image.

        Of our potentials one each, which keeps its neighbours for some steps; any other is shared:
        images ask it one after another, and some are too large for copies.
        """
        if self._potential is None:
            return self.calculator
        return self._potential.calculator(threads=self._threads, committee="none", skin_A=SKIN_A)

    def keep(self, atoms: Atoms) -> None:
        """Replace the calculator of `atoms` by what it says now, so that it is asked no more."""
        from ase.calculators.singlepoint import SinglePointCalculator

        atoms.calc = self.calculator
        energy, forces = atoms.get_potential_energy(), atoms.get_forces(apply_constraint=False)
        atoms.calc = SinglePointCalculator(atoms, energy=float(energy), forces=forces.copy())

    def judge(self, atoms: Atoms) -> tuple[int | None, NDArray[np.float64] | None]:
        """Keep energy and forces of an image; return how far they can be trusted.

        Returns
        -------
        Atoms with symmetry functions outside the training range, and the energy of each member of
        a committee, in eV; None for what can't be told.
        """
        self.keep(atoms)
        if self._potential is None:
            return None, None
        found = self._potential.evaluate(
            atoms.numbers,
            atoms.positions,
            self._potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc),
            count_extrapolation=True,
            committee="energies" if self._potential.n_members > 1 else "none",
        )
        counts = None if found.extrapolations is None else int((found.extrapolations > 0).sum())
        members = None if found.member_energies is None else found.member_energies.sum(axis=0)
        return counts, members
