"""Crystals to build from: garnet Li7La3Zr2O12, layered LiCoO2, or a person's own CIF."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.errors import InputError, nearest_name
from sinterface.structures.lithium import (
    Floats,
    SiteEnergies,
    formal_charges,
    order_lithium,
    site_energies,
)

if TYPE_CHECKING:
    from ase import Atoms

LLZO_TETRAHEDRAL_LI = 13
"""Li on the 24 tetrahedral sites of a cubic cell: occupancy 0.54 (Xie 2011)."""
LLZO_LI = 56
NAMES = ("llzo", "llzo-tetragonal", "lco")
SHORTEST_LI_A = 2.2
OVERLAP_A = 0.9

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
def _llzo_energies(a_A: float) -> SiteEnergies:
    framework, sites = llzo_framework(a_A), llzo_lithium_sites(a_A)
    charges = formal_charges(framework.get_chemical_symbols())
    return site_energies(
        sites.positions, framework.positions, charges, framework.cell.array,
        shortest_A=SHORTEST_LI_A,
    )  # fmt: skip


@cache
def _llzo_occupied(a_A: float, seed: int) -> tuple[int, ...]:
    groups = np.repeat([0, 1], [24, 96])
    counts = (LLZO_TETRAHEDRAL_LI, LLZO_LI - LLZO_TETRAHEDRAL_LI)
    return tuple(order_lithium(_llzo_energies(a_A), groups, counts, seed).tolist())


def cubic_llzo(
    seed: int = 0, *, a_A: float = 12.98, repeat: tuple[int, int, int] = (1, 1, 1)
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
    """
    chosen = list(_llzo_occupied(a_A, seed))
    return _plain((llzo_lithium_sites(a_A)[chosen] + llzo_framework(a_A)) * repeat)


def tetragonal_llzo() -> Atoms:
    """Return tetragonal Li7La3Zr2O12, I4_1/acd, 192 atoms, Li ordered on 8a, 16f and 32g.

    Source: Awaka et al., J. Solid State Chem. 182 (2009) 2046 (a = 13.134, c = 12.663 Å).
    """
    from ase.spacegroup import crystal

    basis = [
        (0.0, 0.25, 0.375), (0.1813, 0.4313, 0.125), (0.0796, 0.0863, 0.8099),
        (0.0, 0.25, 0.125), (0.1269, 0.0, 0.25), (0.0, 0.0, 0.0),
        (-0.0335, 0.0546, 0.1528), (0.0536, 0.8525, 0.5331), (0.1502, 0.0279, 0.4463),
    ]  # fmt: skip
    symbols = ["Li", "Li", "Li", "La", "La", "Zr", "O", "O", "O"]
    cell = [13.134, 13.134, 12.663, 90.0, 90.0, 90.0]
    return _plain(crystal(symbols, basis, spacegroup=142, setting=2, cellpar=cell))


def layered_lco() -> Atoms:
    """Return layered LiCoO2, R-3m, 12 atoms in the hexagonal cell.

    Source: Orman and Wiseman, Acta Cryst. C 40 (1984) 12 (a = 2.816, c = 14.05 Å, O at z = 0.26
    from Co at the origin).
    """
    from ase.spacegroup import crystal

    basis = [(0, 0, 0.5), (0, 0, 0), (0, 0, 0.26)]
    cell = [2.816, 2.816, 14.05, 90.0, 90.0, 120.0]
    return _plain(crystal(["Li", "Co", "O"], basis, spacegroup=166, cellpar=cell))


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


def load_crystal(name_or_cif: str, seed: int = 0) -> Atoms:
    """Return a crystal by name ("llzo", "llzo-tetragonal", "lco") or from a CIF file.

    Partly occupied Li sites of a CIF are filled by electrostatics, the occupancy of each site
    kept; partly occupied sites of other elements are refused.

    Raises
    ------
    InputError
        For an unknown name, a missing or unreadable file, atoms on top of each other, or
        partial occupancies that can't be ordered.
    """
    named = {
        "llzo": lambda: cubic_llzo(seed),
        "llzo-tetragonal": tetragonal_llzo,
        "lco": layered_lco,
    }
    if name_or_cif.lower() in named:
        return named[name_or_cif.lower()]()
    path = Path(name_or_cif)
    if not path.is_file():
        hint = nearest_name(name_or_cif, list(NAMES))
        raise InputError(
            f"There is neither a crystal called nor a file at '{name_or_cif}';{hint} "
            f"give one of {', '.join(NAMES)}, or the path of a CIF file."
        )
    atoms = _ordered(_read_cif(path), path, seed)
    _refuse_overlaps(atoms, path)
    return atoms


def _plain(atoms: Atoms) -> Atoms:
    """Return atoms without space-group arrays, wrapped into the cell, grouped by element."""
    from ase import Atoms

    order = np.argsort(atoms.numbers, kind="stable")
    plain = Atoms(atoms.numbers[order], atoms.positions[order], cell=atoms.cell.array, pbc=True)
    plain.wrap(eps=1e-9)
    return plain


def _read_cif(path: Path) -> Any:
    """Return a pymatgen Structure whose sites still carry their occupancies."""
    import warnings

    from pymatgen.io.cif import CifParser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            structures = CifParser(path, occupancy_tolerance=1.05).parse_structures(
                primitive=False, check_occu=False, symmetrized=True
            )
        except Exception as error:  # the parser raises many kinds; all mean one thing here
            reason = str(error) or type(error).__name__
            raise InputError(
                f"'{path}' can't be read as a CIF file ({reason}); check it in a structure viewer."
            ) from error
    return structures[0]


def _ordered(structure: Any, path: Path, seed: int) -> Atoms:
    """Return the structure with every site full, Li placed by electrostatics where needed."""
    from ase import Atoms

    full = Atoms(cell=structure.lattice.matrix, pbc=True)
    sites: list[Floats] = []
    groups: list[int] = []
    wanted: list[float] = []
    for equivalent in structure.equivalent_sites:
        species = {str(k.symbol): float(v) for k, v in equivalent[0].species.items()}
        symbol, occupancy = next(iter(species.items()))
        if len(species) > 1 or (symbol != "Li" and occupancy < 0.995):
            raise InputError(
                f"'{path}' has a mixed or partly empty site ({equivalent[0].species}); only Li "
                "sites may be partly occupied, so write an ordered structure for the rest."
            )
        positions = [site.coords for site in equivalent]
        if occupancy >= 0.995:
            full += Atoms([symbol] * len(positions), positions)
        else:
            sites += positions
            groups += [len(wanted)] * len(positions)
            wanted.append(occupancy * len(positions))
    if not wanted:
        return _plain(full)
    return _plain(full + _placed(full, np.array(sites), np.array(groups), wanted, seed))


def _placed(full: Atoms, sites: Floats, groups: Any, wanted: list[float], seed: int) -> Atoms:
    """Return Li on the sites chosen, the numbers a group rounded so that their sum is kept."""
    from ase import Atoms

    counts = [int(number) for number in wanted]
    remainders = np.argsort([count - number for count, number in zip(counts, wanted, strict=True)])
    for group in remainders[: round(sum(wanted)) - sum(counts)]:
        counts[group] += 1
    charges = formal_charges(full.get_chemical_symbols())
    energies = site_energies(sites, full.positions, charges, full.cell.array, shortest_A=2.0)
    chosen = order_lithium(energies, groups, counts, seed)
    return Atoms("Li" * len(chosen), sites[chosen])


def _refuse_overlaps(atoms: Atoms, path: Path) -> None:
    from ase.neighborlist import neighbor_list

    i, j, distance = neighbor_list("ijd", atoms, OVERLAP_A)
    if len(distance):
        k = int(distance.argmin())
        raise InputError(
            f"'{path}' has two atoms on top of each other ({atoms[int(i[k])].symbol} and "
            f"{atoms[int(j[k])].symbol}, {distance[k]:.2f} Å apart); remove one of them."
        )
