"""Energy, forces and stress of a structure file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.errors import InputError
from sinterface.files import atomic_path
from sinterface.units import EV_PER_A3_IN_GPA

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.potential.model import Potential


@dataclass(frozen=True)
class Prediction:
    """What a potential says about a structure.

    Attributes
    ----------
    potential, structure, formula, n_atoms
        What was asked.
    energy_eV, energy_eV_per_atom
        Potential energy.
    forces_eV_per_A
        Rows of three components, in the file's order of atoms.
    max_force_eV_per_A
        Length of the longest force.
    stress_GPa
        Voigt xx yy zz yz xz xy, positive in tension; None where the cell isn't periodic in 3-D.
    extrapolations, n_atoms_outside
        How many symmetry functions of each atom lie outside the range that training saw, and the
        number of atoms with any.
    n_members
        Members of the potential's committee; 1 for a single potential.
    energy_std_eV, energies_std_eV, forces_std_eV_per_A, max_force_std_eV_per_A
        Standard deviations over the members of the energy, of each atom's energy, and of each
        atom's force vector, and the largest of the latter; None for a single potential.
    """

    potential: str
    structure: str
    formula: str
    n_atoms: int
    energy_eV: float
    energy_eV_per_atom: float
    forces_eV_per_A: list[list[float]]
    max_force_eV_per_A: float
    stress_GPa: list[float] | None
    extrapolations: list[int]
    n_atoms_outside: int
    n_members: int
    energy_std_eV: float | None
    energies_std_eV: list[float] | None
    forces_std_eV_per_A: list[float] | None
    max_force_std_eV_per_A: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings."""
        return asdict(self)


def predict_structure(
    potential_name: str, structure: Path, output: Path | None = None
) -> Prediction:
    """Compute energy, forces and stress; write them beside the structure where asked to.

    Raises
    ------
    InputError
        When the potential or the structure can't be read, the potential lacks an element, or
        atoms are so close that energy or forces aren't finite.
    """
    import numpy as np

    from sinterface.potential.model import load_potential

    potential = load_potential(potential_name)
    atoms = read_structure(structure)
    check_elements(atoms.get_chemical_symbols(), potential, f"'{structure}'")
    atoms.calc = potential.calculator(count_extrapolation=True, committee="forces")
    forces = atoms.get_forces()
    energy = float(atoms.get_potential_energy())
    if not (np.isfinite(energy) and np.isfinite(forces).all()):
        raise InputError(_not_finite(atoms, structure, potential.cutoff_A))
    stress = atoms.get_stress() * EV_PER_A3_IN_GPA if atoms.pbc.all() else None
    if output is not None:
        _write(atoms, output)
    return Prediction(
        potential=potential_name,
        structure=str(structure),
        formula=atoms.get_chemical_formula(),
        n_atoms=len(atoms),
        energy_eV=energy,
        energy_eV_per_atom=energy / len(atoms),
        forces_eV_per_A=forces.tolist(),
        max_force_eV_per_A=float(np.linalg.norm(forces, axis=1).max()),
        stress_GPa=None if stress is None else stress.tolist(),
        n_members=potential.n_members,
        **_doubts(atoms.calc.results),
    )


def _doubts(results: dict[str, Any]) -> dict[str, Any]:
    """Return what tells whether to believe a prediction: extrapolations, members' deviations."""
    energies, forces = (results.get(name) for name in ("energies_std", "forces_std"))
    counts = results["extrapolations"]
    return {
        "extrapolations": counts.tolist(),
        "n_atoms_outside": int((counts > 0).sum()),
        "energy_std_eV": results.get("energy_std"),
        "energies_std_eV": None if energies is None else energies.tolist(),
        "forces_std_eV_per_A": None if forces is None else forces.tolist(),
        "max_force_std_eV_per_A": None if forces is None else float(forces.max()),
    }


def read_structure(path: Path) -> Atoms:
    """Read one structure (the last of several) in any of ASE's formats."""
    import ase.io
    import numpy as np

    if not path.is_file():
        raise InputError(f"There is no structure file '{path}'; check the name.")
    try:
        atoms = ase.io.read(path)
    except Exception as error:  # each of ASE's readers raises what it likes
        raise InputError(
            f"'{path}' can't be read as a structure ({explained(error)}); "
            "use CIF, extxyz, POSCAR or another format of ASE."
        ) from error
    if isinstance(atoms, list) or len(atoms) == 0:
        raise InputError(f"'{path}' holds no atoms.")
    if not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all()):
        raise InputError(f"'{path}' has positions or a cell that aren't numbers; correct them.")
    return atoms


def _not_finite(atoms: Atoms, structure: Path, cutoff_A: float) -> str:
    """Return what is wrong with a structure whose energy or forces aren't finite."""
    from ase.neighborlist import neighbor_list

    i, j, distance = neighbor_list("ijd", atoms, cutoff_A)
    nearest = int(distance.argmin())
    first, second = (int(index[nearest]) for index in (i, j))
    return (
        f"Energy and forces of '{structure}' aren't finite: its nearest atoms, "
        f"{atoms[first].symbol} {first} and {atoms[second].symbol} {second} (counted from 0), are "
        f"{distance[nearest]:.3g} Å apart; remove one of them or correct its place."
    )


def explained(error: Exception) -> str:
    """Return an exception's kind, and its text where it has one."""
    return ": ".join(filter(None, (type(error).__name__, str(error))))


def check_elements(symbols: list[str], potential: Potential, what: str) -> None:
    """Refuse elements that a potential wasn't made for; `what` names where they stand."""
    lacking = sorted(set(symbols) - set(potential.elements))
    if lacking:
        raise InputError(
            f"{what} holds {', '.join(lacking)}, which the potential "
            f"'{potential.directory.name}' lacks; it knows {', '.join(potential.elements)}."
        )


def _write(atoms: Atoms, output: Path) -> None:
    """Write positions, cell and what the potential says, and nothing else of the input file."""
    import ase.io
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator

    if not output.parent.is_dir():
        raise InputError(f"There is no folder '{output.parent}'; make it first.")
    bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    wanted = ("energy", "forces", "stress") if atoms.pbc.all() else ("energy", "forces")
    results = {name: atoms.calc.results[name] for name in wanted}
    bare.calc = SinglePointCalculator(bare, **results)
    for name in ("extrapolations", "energies_std", "forces_std"):
        if name in atoms.calc.results:
            bare.set_array(name, atoms.calc.results[name])
    if "energy_std" in atoms.calc.results:
        bare.info["energy_std"] = atoms.calc.results["energy_std"]
    with atomic_path(output) as temporary:
        ase.io.write(temporary, bare, format="extxyz")
