"""Crystals to build from: by name, or a person's own CIF."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sinterface.errors import InputError, nearest_name
from sinterface.structures.cif import read_cif
from sinterface.structures.library import CRYSTALS, CUBIC_LLZO
from sinterface.structures.lithium import (
    SiteEnergies,
    formal_charges,
    order_lithium,
    site_energies,
    total_energy,
)
from sinterface.structures.structure_certificate import Parent

if TYPE_CHECKING:
    from ase import Atoms

LLZO_TETRAHEDRAL_LI = 13
"""Li on the 24 tetrahedral sites of a cubic cell: occupancy 0.54 (Xie 2011)."""
LLZO_LI = 56
NAMES = ("llzo", *CRYSTALS)
SHORTEST_LI_A = 2.2
Triple = tuple[int, int, int]

LLZO_FRAMEWORK = ((1 / 8, 0.0, 1 / 4), (0.0, 0.0, 0.0), (-0.0318, 0.0547, 0.1502))  # La Zr O
LLZO_LI_SITES = ((3 / 8, 0.0, 1 / 4), (0.0970, 0.6853, 0.5763))  # 24d, 96h


def llzo_framework(a_A: float = 12.98) -> Atoms:
    """Return La, Zr and O of cubic LLZO, Ia-3d: La 24c, Zr 16a, O 96h (136 atoms).

    Coordinates after Awaka et al., Chem. Lett. 40 (2011) 60 (a = 12.983 Å), rounded to 1e-4.
    """
    from ase.spacegroup import crystal

    return crystal(
        ["La", "Zr", "O"], LLZO_FRAMEWORK, spacegroup=230, cellpar=[a_A] * 3 + [90.0] * 3
    )


def llzo_lithium_sites(a_A: float = 12.98) -> Atoms:
    """Return the Li sites of cubic LLZO: 24 of tag 0 (24d, tetrahedral), 96 of tag 1 (96h).

    Coordinates after Awaka et al., Chem. Lett. 40 (2011) 60, rounded to 1e-4.
    """
    from ase.spacegroup import crystal

    sites = crystal(["Li", "Li"], LLZO_LI_SITES, spacegroup=230, cellpar=[a_A] * 3 + [90.0] * 3)
    sites.set_tags([0] * 24 + [1] * 96)
    return sites


@cache
def _llzo_energies(a_A: float, supercell: Triple) -> SiteEnergies:
    framework, sites = llzo_framework(a_A) * supercell, llzo_lithium_sites(a_A) * supercell
    charges = formal_charges(framework.get_chemical_symbols())
    return site_energies(
        sites.positions, framework.positions, charges, framework.cell.array,
        shortest_A=SHORTEST_LI_A,
    )  # fmt: skip


@cache
def _llzo_occupied(a_A: float, seed: int, supercell: Triple, draws: int) -> tuple[int, ...]:
    n_cells = int(np.prod(supercell))
    energies = _llzo_energies(a_A, supercell)
    groups = np.tile(np.repeat([0, 1], [24, 96]), n_cells)
    counts = (n_cells * LLZO_TETRAHEDRAL_LI, n_cells * (LLZO_LI - LLZO_TETRAHEDRAL_LI))
    seeds = [seed] if draws == 1 else [seed * 1009 + k for k in range(draws)]
    start = None  # a large cell starts from copies of a small one, where no two Li are too close
    if n_cells > 1:
        small = np.array(_llzo_occupied(a_A, seed, (1, 1, 1), 1))
        start = (small[None] + 120 * np.arange(n_cells)[:, None]).ravel()
    trials = [order_lithium(energies, groups, counts, trial, start=start) for trial in seeds]
    return tuple(min(trials, key=lambda chosen: total_energy(energies, chosen)).tolist())


def cubic_llzo(
    seed: int = 0,
    *,
    a_A: float = 12.98,
    repeat: Triple = (1, 1, 1),
    supercell: Triple = (1, 1, 1),
    draws: int = 1,
) -> Atoms:
    """Return cubic Li7La3Zr2O12, 192 atoms a cell, its Li placed by electrostatics.

    56 of the 120 Li sites of each cell are filled, 13 of them tetrahedral as in neutron
    diffraction (occupancy 0.54; Xie et al., Chem. Mater. 23 (2011) 3587), no two Li closer than
    2.2 Å; see `lithium.order_lithium`. Framework: `llzo_framework`.

    Parameters
    ----------
    seed
        Seed of the Li arrangement.
    a_A
        Lattice parameter in Å.
    repeat
        Copies of the cell along each axis; all of them have the same Li arrangement.
    supercell
        Cells along each axis over which one Li arrangement is drawn.
    draws
        Arrangements drawn; that of the lowest energy is kept.
    """
    chosen = list(_llzo_occupied(a_A, seed, supercell, draws))
    sites, framework = llzo_lithium_sites(a_A) * supercell, llzo_framework(a_A) * supercell
    return _plain((sites[chosen] + framework) * repeat)


def tetragonal_llzo() -> Atoms:
    """Return tetragonal Li7La3Zr2O12, I4_1/acd, 192 atoms, Li ordered on 8a, 16f and 32g."""
    return _plain(CRYSTALS["llzo-tetragonal"].atoms())


def layered_lco() -> Atoms:
    """Return layered LiCoO2, R-3m, 12 atoms in the hexagonal cell."""
    return _plain(CRYSTALS["lco"].atoms())


def primitive_lco() -> Atoms:
    """Return the primitive cell of layered LCO, 4 atoms, with a reduced lattice.

    For references that are dear: the hexagonal cell of `layered_lco` holds three of it.
    """
    from ase import Atoms
    from ase.build import niggli_reduce

    hexagonal = layered_lco()
    rows = np.array([[2, 1, 1], [-1, 1, 1], [-1, -2, 1]]) / 3
    scaled = hexagonal.get_scaled_positions() @ np.linalg.inv(rows)
    _, kept = np.unique(np.round(scaled % 1, 6) % 1, axis=0, return_index=True)
    atoms = Atoms(
        hexagonal.numbers[kept],
        scaled_positions=scaled[kept],
        cell=rows @ hexagonal.cell[:],
        pbc=True,
    )
    niggli_reduce(atoms)
    return atoms


def load_crystal(
    name_or_cif: str, seed: int = 0, *, draws: int = 1, supercell: Sequence[int] = (1, 1, 1)
) -> Atoms:
    """Return a crystal by name (`NAMES`) or from a CIF file.

    Parameters
    ----------
    name_or_cif
        Name, or path of a file.
    seed, draws
        Of the arrangement on partly occupied sites: of `draws`, that of the lowest electrostatic
        energy is kept.
    supercell
        Cells along each axis over which such an arrangement is drawn.

    Raises
    ------
    InputError
        For an unknown name, a missing or unreadable file, atoms on top of each other, or
        partial occupancies of which no neutral cell can be made.
    """
    return crystal_with_parent(name_or_cif, seed, draws=draws, supercell=supercell)[0]


def crystal_with_parent(
    name_or_cif: str, seed: int = 0, *, draws: int = 1, supercell: Sequence[int] = (1, 1, 1)
) -> tuple[Atoms, Parent]:
    """Return a crystal as `load_crystal` does, and its space group and source."""
    a, b, c = (int(n) for n in supercell)
    if min(a, b, c, draws) < 1:
        raise InputError(
            f"The supercell {a} × {b} × {c} and {draws} draws: give 1 or more of each."
        )
    name = name_or_cif.lower()
    if name == "llzo":
        return cubic_llzo(seed, supercell=(a, b, c), draws=draws), CUBIC_LLZO
    if name in CRYSTALS:
        return _plain(CRYSTALS[name].atoms() * (a, b, c)), CRYSTALS[name].parent(name)
    path = Path(name_or_cif)
    if not path.is_file():
        hint = nearest_name(name, list(NAMES))
        raise InputError(
            f"There is neither a crystal called nor a file at '{name_or_cif}'.{hint} "
            f"Give one of {', '.join(NAMES)}, or the path of a CIF file."
        )
    atoms, parent = read_cif(path, seed=seed, draws=draws, supercell=(a, b, c))
    return _plain(atoms), parent


def _plain(atoms: Atoms) -> Atoms:
    """Return atoms without space-group arrays, wrapped into the cell, grouped by element."""
    from ase import Atoms

    order = np.argsort(atoms.numbers, kind="stable")
    plain = Atoms(atoms.numbers[order], atoms.positions[order], cell=atoms.cell.array, pbc=True)
    plain.wrap(eps=1e-9)
    return plain
