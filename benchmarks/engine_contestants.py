"""Our engine: both sets and precisions, one and two threads, committees, sizes, functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

from ase import Atoms
from measuring import Contestant, NotMeasuredError
from systems import ELEMENTS, KINDS, Effort, full_set, llzo, write_committee, write_potential

import sinterface
from sinterface.kernels.neighbors import NeighborList

PRECISIONS = ("double", "mixed")


def _evaluation(
    potential: sinterface.Potential,
    atoms: Atoms,
    neighbors: NeighborList,
    precision: str,
    threads: int,
    **options: object,
) -> Callable[[], object]:
    def run() -> object:
        return potential.evaluate(
            atoms.numbers,
            atoms.positions,
            neighbors,
            precision=precision,
            threads=threads,
            **options,  # type: ignore[arg-type]
        )

    return run


def kernel(effort: Effort, folder: Path) -> list[Contestant]:
    """Both sets in both precisions on one thread and on two; the neighbour list is given."""
    atoms = llzo(effort.base)
    found = []
    for case in KINDS:
        potential = sinterface.load_potential(full_set(folder, case))
        neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
        for precision in PRECISIONS:
            for threads in (1, 2):
                run = _evaluation(potential, atoms, neighbors, precision, threads)
                name = f"{case}, {precision}" + (", 2 threads" if threads == 2 else "")
                facts = {"set": case, "precision": precision}
                found.append(Contestant(name, "engine", len(atoms), run, threads, facts))
    return found


def committee(effort: Effort, folder: Path) -> list[Contestant]:
    """Four members on the wide set, with the deviations of energies, and of forces as well."""
    options = inspect.signature(sinterface.Potential.evaluate).parameters
    if "committee" not in options:
        raise NotMeasuredError("this version evaluates no committees")
    directory = write_committee(folder / "committee", full_set(folder, "wide"), 4)
    potential = sinterface.load_potential(directory)
    atoms = llzo(effort.base)
    neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
    found = []
    for precision in PRECISIONS:
        for kind in ("energies", "forces"):
            run = _evaluation(potential, atoms, neighbors, precision, 1, committee=kind)
            facts = {"set": "wide", "precision": precision, "members": 4, "committee": kind}
            name = f"wide, {precision}, committee of 4 ({kind})"
            found.append(Contestant(name, "engine", len(atoms), run, 1, facts))
    return found


def by_size(effort: Effort, folder: Path) -> list[Contestant]:
    """Mixed precision on ever more atoms."""
    found = []
    potentials = {case: sinterface.load_potential(full_set(folder, case)) for case in KINDS}
    for repeat in effort.sizes:
        atoms = llzo(repeat)
        potential = potentials["wide"]
        neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
        for case in KINDS:
            if case == "narrow" and len(atoms) > effort.largest_narrow:
                continue
            run = _evaluation(potentials[case], atoms, neighbors, "mixed", 1)
            facts = {"set": case, "precision": "mixed"}
            name = f"{case}, {len(atoms):,} atoms"
            found.append(Contestant(name, "atoms", len(atoms), run, 1, facts))
    return found


def by_functions(effort: Effort, folder: Path) -> list[Contestant]:
    """Mixed precision with ever more symmetry functions."""
    atoms = llzo(effort.base)
    found = []
    for case, kind in KINDS.items():
        for radial, angular in effort.rows:
            if case == "narrow" and angular == 0:
                continue
            directory = folder / f"{case}-{radial}-{angular}"
            potential = sinterface.load_potential(write_potential(directory, kind, radial, angular))
            neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
            run = _evaluation(potential, atoms, neighbors, "mixed", 1)
            n_elements = len(ELEMENTS)
            count = radial * n_elements + angular * n_elements * (n_elements + 1) // 2
            facts = {"set": case, "precision": "mixed", "functions": count}
            name = f"{case}, {count} functions"
            found.append(Contestant(name, "functions", len(atoms), run, 1, facts))
    return found
