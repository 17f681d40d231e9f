"""Crystals from a person's own CIF files, partial occupancies included."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.errors import InputError
from sinterface.structures.lithium import Floats
from sinterface.structures.ordering import Orbit, fill_sites
from sinterface.structures.structure_certificate import Parent

if TYPE_CHECKING:
    from ase import Atoms

OVERLAP_A = 0.9


def read_cif(
    path: Path, *, seed: int = 0, draws: int = 1, supercell: Sequence[int] = (1, 1, 1)
) -> tuple[Atoms, Parent]:
    """Return the crystal of a CIF file, every site full or empty, and what it is.

    Parameters
    ----------
    path
        The file.
    seed, draws
        Of the arrangement on partly occupied sites, see `ordering.fill_sites`.
    supercell
        Copies of the cell along each edge before such sites are filled.

    Raises
    ------
    InputError
        For an unreadable file, atoms on top of each other, or occupancies of which no neutral
        cell can be made.
    """
    structure = _parsed(path)
    cell = np.array(structure.lattice.matrix)
    orbits = [_orbit(equivalent, path) for equivalent in structure.equivalent_sites]
    _refuse_overlaps([orbit for orbit in orbits if orbit.full], cell, path)
    atoms = fill_sites(
        cell * np.array(supercell)[:, None],
        [orbit.repeated(cell, supercell) for orbit in orbits],
        f"'{path}'",
        seed=seed,
        draws=draws,
    )
    return atoms, Parent(path.name, _space_group(structure), str(path))


def _parsed(path: Path) -> Any:
    """Return a pymatgen SymmetrizedStructure whose sites still carry their occupancies."""
    from pymatgen.io.cif import CifParser

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            structures = CifParser(path, occupancy_tolerance=1.05).parse_structures(
                primitive=False, check_occu=True, symmetrized=True
            )
        except Exception as error:  # the parser raises many kinds; all mean one thing here
            if any("occupanc" in str(warning.message).lower() for warning in told):
                raise InputError(
                    f"'{path}' has a site with an occupancy above one; a site holds one atom at "
                    "most, so correct the occupancies."
                ) from error
            reason = str(error) or type(error).__name__
            raise InputError(
                f"'{path}' can't be read as a CIF file ({reason}); check it in a structure viewer."
            ) from error
    return structures[0]


def _space_group(structure: Any) -> str:
    """Return the space group of the crystal with its sites as partly occupied as they are."""
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = SpacegroupAnalyzer(structure, symprec=0.01)
        return f"{found.get_space_group_symbol()} ({found.get_space_group_number()})"


def _orbit(equivalent: Any, path: Path) -> Orbit:
    species: dict[str, float] = {}
    for kind, share in equivalent[0].species.items():
        species[str(kind.symbol)] = species.get(str(kind.symbol), 0.0) + float(share)
    if sum(species.values()) > 1.06:
        raise InputError(
            f"'{path}' has a site with an occupancy of {sum(species.values()):.2f} "
            f"({', '.join(species)}); a site holds one atom at most, so correct the occupancies."
        )
    positions: Floats = np.array([site.coords for site in equivalent])
    return Orbit(species, positions)


def _refuse_overlaps(orbits: Sequence[Orbit], cell: Floats, path: Path) -> None:
    from sinterface.structures.contacts import contacts

    if not orbits:
        return
    positions = np.concatenate([orbit.positions for orbit in orbits])
    names = [next(iter(orbit.species)) for orbit in orbits for _ in orbit.positions]
    i, j, distance = contacts(positions, positions, cell, OVERLAP_A)
    if len(distance):
        k = int(distance.argmin())
        raise InputError(
            f"'{path}' has two atoms on top of each other ({names[int(i[k])]} and "
            f"{names[int(j[k])]}, {distance[k]:.2f} Å apart); remove one of them."
        )
