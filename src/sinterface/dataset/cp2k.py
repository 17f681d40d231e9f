"""A label out of what CP2K prints for one structure (ENERGY_FORCE); ASE has no reader for it."""

from __future__ import annotations

import re

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import atomic_numbers
from numpy.typing import NDArray

from sinterface.dataset.measures import ENERGIES_EV, LENGTHS_A
from sinterface.errors import InputError
from sinterface.units import EV_PER_A3_IN_GPA

_NUMBER = r"(-?\d+\.\d+(?:[ED][+-]?\d+)?)"
_ROW = rf" +{_NUMBER} +{_NUMBER} +{_NUMBER}"
_ENERGY = rf"ENERGY\| Total FORCE_EVAL.*?: +{_NUMBER}"
_PLACE = r"^ +\d+ +\d+ ([A-Z][a-z]?) +\d+" + _ROW
_FORCE = r"^ +\d+ +\d+ +\w+" + _ROW + r" *$"
_NEW_FORCE = r"^ *FORCES\| +\d+" + _ROW


def read_cp2k(text: str, path: str) -> Atoms:
    """Return the one labelled structure of an output, in eV and Å.

    The cell is printed to 0.001 Å and the positions to 1e-6 Å, so no better than that. CP2K prints
    −σ, where σ is the stress (positive under tension).

    Raises
    ------
    InputError
        When coordinates, energy or forces are missing (PRINT_LEVEL MEDIUM and
        FORCE_EVAL/PRINT/FORCES print them), or there are several steps.
    """
    places = re.findall(_PLACE, _after(text, "ATOMIC COORDINATES IN"), re.MULTILINE)
    energies = re.findall(_ENERGY, text)
    if len(energies) > 1:
        raise InputError(
            f"'{path}' holds {len(energies)} steps but prints its coordinates once: give outputs "
            "of single structures (RUN_TYPE ENERGY_FORCE)."
        )
    forces = re.findall(_FORCE, _after(text, "ATOMIC FORCES in"), re.MULTILINE)
    forces = forces or re.findall(_NEW_FORCE, text, re.MULTILINE)
    if not places or not energies or len(forces) < len(places):
        raise InputError(
            f"'{path}' lacks coordinates, energy or forces: run CP2K with PRINT_LEVEL MEDIUM and "
            "FORCE_EVAL/PRINT/FORCES."
        )
    symbols = [place[0] if place[0] in atomic_numbers else "X" for place in places]
    vectors = re.findall(r"CELL\| Vector [abc] \[angstrom\]:" + _ROW, text)[:3]
    periodic = re.search(r"CELL\| Periodicity +([XYZ]+)", text)
    pbc = [axis in (periodic.group(1) if periodic else "XYZ") for axis in "XYZ"]
    atoms = Atoms(symbols, _floats([p[1:] for p in places]), cell=_floats(vectors), pbc=pbc)
    hartree, bohr = ENERGIES_EV["hartree"], LENGTHS_A["bohr"]
    results = {
        "energy": float(energies[0]) * hartree,
        "forces": _floats(forces[: len(places)]) * (hartree / bohr),
    }
    stress = re.findall(
        r"^ STRESS\| +[xyz]" + _ROW, _after(text, "STRESS| Analytical stress"), re.MULTILINE
    )
    if len(stress) >= 3:
        tensor = _floats(stress[:3]) / -EV_PER_A3_IN_GPA
        results["stress"] = tensor[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def _after(text: str, title: str) -> str:
    return text.partition(title)[2]


def _floats(rows: list[tuple[str, ...]]) -> NDArray[np.float64]:
    return np.array([[float(word.replace("D", "E")) for word in row] for row in rows])
