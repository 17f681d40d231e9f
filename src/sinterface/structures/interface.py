"""An electrolyte and an electrode in one periodic cell: one Li-poor and one Li-rich boundary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sinterface.errors import InputError
from sinterface.structures.assembly import Plan, find_dockings, lowest, spread_both
from sinterface.structures.certificate import Certificate, Origin, certify
from sinterface.structures.contacts import shortest_by_pair
from sinterface.structures.crystals import load_crystal
from sinterface.structures.extent import (
    SIZES,
    STRAIN_LIMITS,
    Extent,
    Size,
    check_cutoff,
    count_atoms,
    layer_counts,
)
from sinterface.structures.formats import as_atoms
from sinterface.structures.lattice_match import LatticeMatch, match_lattices
from sinterface.structures.oxidation import assign_charges, mobile_ion
from sinterface.structures.slab import Layer, cut_layer
from sinterface.structures.termination import Terminations, find_terminations

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator
    from pymatgen.core.structure import Structure

    from sinterface.progress import ProgressCallback

DEFAULT_DIFFERENCE_PER_NM2: Final[float] = 3.0
LARGE_STRAIN: Final[float] = 0.05
_BOND_STRETCH: Final[float] = 1.25  # a strained bond still counts as coordination
ROLES: Final[tuple[str, str]] = ("electrolyte", "electrode")


@dataclass(frozen=True)
class Interface:
    """An interface cell and the figures measured on it."""

    atoms: Atoms
    certificate: Certificate


def build_interface(
    electrolyte: str | Atoms | Structure = "llzo",
    electrode: str | Atoms | Structure = "lco",
    *,
    electrolyte_plane: tuple[int, int, int] = (0, 0, 1),
    electrode_plane: tuple[int, int, int] = (1, 0, 4),
    size: Size = "small",
    li_excess_difference_per_nm2: float | None = None,
    max_strain: float | None = None,
    strain_share: float = 0.0,
    gap_A: float | None = None,
    electrolyte_thickness_A: float | None = None,
    electrode_thickness_A: float | None = None,
    shortest_edge_A: float | None = None,
    terminations: tuple[int, int] = (1, 1),
    calculator: Calculator | None = None,
    seed: int = 0,
    cutoff_A: float = 6.0,
    progress: ProgressCallback | None = None,
) -> Interface:
    """Build a periodic cell of two slabs with a Li-deficient and a Li-sufficient boundary.

    Both slabs are stoichiometric and cut where the fewest cation-anion bonds break; the
    electrode takes the strain. The electrode is laid on the electrolyte at the lateral shift
    that needs the smallest gap. Li then moves, one by one and by electrostatics, from the
    electrolyte's side of the lower boundary to free places at the upper one, so the cell stays
    neutral while the Li excess of both sides differs by what was asked.

    Parameters
    ----------
    electrolyte, electrode
        Names or CIF files, see `crystals.load_crystal`; or crystals of ASE or pymatgen.
    electrolyte_plane, electrode_plane
        Miller indices of the planes that meet, in each crystal's own cell.
    size
        "tiny" (slabs of twice the cutoff), "small" (at most about 750 atoms: 744, 472 and 480 for
        LLZO(001) on LCO(104), (100) and (110)) or "large" (more than 17,000, every edge at least
        51.5 Å).
    li_excess_difference_per_nm2
        Least difference of the Li excess between the two sides, in Li/nm²; 3 when not given, or
        0 where no crystal holds Li, Na or K.
    max_strain
        Limit of the strain (each edge, and shear in rad) of either crystal. When not given: 0.025
        of large cells; of others the lowest of 0.03, 0.05, 0.08 and 0.12 that 750 atoms allow.
    strain_share
        Share of the mismatch that the electrolyte carries: 0, the electrode takes all, to 1.
    gap_A
        Gap between the outermost atoms other than Li; the smallest at which every pair of atoms
        is comfortable when not given.
    electrolyte_thickness_A, electrode_thickness_A, shortest_edge_A
        Least thickness of the slabs and least lateral edge, in place of the size's.
    terminations
        Which cut of the electrolyte and of the electrode, counted from the best, 1.
    calculator
        ASE calculator; chooses among the best shifts and gaps by energy when given.
    seed
        Seed of the Li arrangement and of the choice between nearly equal sites.
    cutoff_A
        Cutoff of the potential that will run the cell.
    progress
        Told of each docking tried by energy.

    Raises
    ------
    InputError
        When the planes don't match, a slab is too thin for the cutoff, no room is left for Li,
        atoms would be too close, or a crystal isn't neutral.
    """
    _check(li_excess_difference_per_nm2, max_strain, strain_share, gap_A)
    extent = wanted_extent(
        size, max_strain, electrolyte_thickness_A, electrode_thickness_A, shortest_edge_A
    )
    crystals = load_pair(electrolyte, electrode, seed)
    planes = (electrolyte_plane, electrode_plane)
    layers, match = fit_planes(crystals, planes, extent, strain_share)
    numbers = check_cutoff(layers, match, extent, cutoff_A)
    mobile = mobile_ion(*crystals)
    cuts = (
        find_terminations(layers[0], numbers[0], mobile),
        find_terminations(layers[1], numbers[1], mobile),
    )
    slabs = tuple(
        cut.chosen(number, role)
        for cut, number, role in zip(cuts, terminations, ROLES, strict=True)
    )
    plan = Plan(
        *spread_both((slabs[0], slabs[1]), match), match, mobile,
        _difference(li_excess_difference_per_nm2, mobile), seed, _native(crystals, match),
    )  # fmt: skip
    atoms, dividing = lowest(plan, find_dockings(plan, gap_A), calculator, progress)
    source = {
        "electrolyte": _name(electrolyte), "electrode": _name(electrode), "size": size,
        "seed": seed, "electrolyte_plane": list(electrolyte_plane),
        "electrode_plane": list(electrode_plane), "electrolyte_layers": numbers[0],
        "electrode_layers": numbers[1], "electrolyte_supercell": match.electrolyte.tolist(),
        "electrode_supercell": match.electrode.tolist(), "strain_share": strain_share,
        "shift_and_gaps": "by geometry" if calculator is None else "by energy",
    }  # fmt: skip
    origin = _origin(source, layers, match, cuts, terminations, mobile)
    return Interface(atoms, certify(atoms, dividing, origin))


def _check(
    difference: float | None, max_strain: float | None, share: float, gap_A: float | None
) -> None:
    if difference is not None and not difference >= 0.0:
        raise InputError(f"The difference of the Li excess is {difference:g}; give 0 or more.")
    if max_strain is not None and not 0.0 < max_strain <= 0.2:
        raise InputError(f"max_strain is {max_strain:g}; give a fraction between 0 and 0.2.")
    if not 0.0 <= share <= 1.0:
        raise InputError(
            f"strain_share is {share:g}; give the electrolyte's share of the strain, 0 to 1."
        )
    if gap_A is not None and not 0.0 < gap_A <= 10.0:
        raise InputError(f"The gap is {gap_A:g} Å; give one between 0 and 10 Å.")


def wanted_extent(
    size: str,
    max_strain: float | None = None,
    electrolyte_A: float | None = None,
    electrode_A: float | None = None,
    edge_A: float | None = None,
) -> Extent:
    """Return the extent of a size, with what a person wants otherwise.

    Raises
    ------
    InputError
        For an unknown size, or a length that is no length.
    """
    if size not in SIZES:
        raise InputError(f"The size '{size}' is unknown; choose one of {', '.join(SIZES)}.")
    extent = SIZES[size]
    for name, length in (
        ("electrolyte's thickness", electrolyte_A),
        ("electrode's thickness", electrode_A),
        ("shortest edge", edge_A),
    ):
        if length is not None and not 0.0 < length <= 1000.0:
            raise InputError(f"The {name} is {length:g} Å; give one between 0 and 1000 Å.")
    if electrolyte_A is not None or electrode_A is not None:
        extent = replace(extent, most_atoms=None)
    if edge_A is not None:
        longest = max(extent.longest_edge_A, 1.5 * edge_A)
        extent = replace(extent, shortest_edge_A=edge_A, longest_edge_A=longest)
    return replace(
        extent,
        max_strain=extent.max_strain if max_strain is None else max_strain,
        electrolyte_A=electrolyte_A or extent.electrolyte_A,
        electrode_A=electrode_A or extent.electrode_A,
    )


def load_pair(
    electrolyte: str | Atoms | Structure, electrode: str | Atoms | Structure, seed: int = 0
) -> tuple[Atoms, Atoms]:
    """Return both crystals with their oxidation states.

    Raises
    ------
    InputError
        When one can't be read or isn't neutral.
    """
    given = [one if isinstance(one, str) else as_atoms(one) for one in (electrolyte, electrode)]
    first, second = (
        assign_charges(
            load_crystal(one, seed) if isinstance(one, str) else one, f"The {role} '{_name(one)}'"
        )
        for one, role in zip(given, ROLES, strict=True)
    )
    return first, second


def _name(given: str | Atoms | Structure) -> str:
    if isinstance(given, str):
        return given
    atoms = as_atoms(given)
    return str(atoms.info.get("name", atoms.symbols))


def fit_planes(
    crystals: tuple[Atoms, Atoms],
    planes: tuple[tuple[int, int, int], tuple[int, int, int]],
    extent: Extent,
    strain_share: float = 0.0,
) -> tuple[tuple[Layer, Layer], LatticeMatch]:
    """Cut both crystals along their planes and find the common cell.

    Where the extent leaves the limit of the strain open, it is the lowest of `STRAIN_LIMITS` that
    makes a cell of no more atoms than it allows; where none does, the smallest cell is taken.

    Raises
    ------
    InputError
        When the planes don't match.
    """
    layers = cut_layer(crystals[0], planes[0]), cut_layer(crystals[1], planes[1])

    def match(limit: float) -> LatticeMatch:
        return match_lattices(
            layers[0].cell[:2, :2], layers[1].cell[:2, :2], max_strain=limit,
            shortest_edge_A=extent.shortest_edge_A, longest_edge_A=extent.longest_edge_A,
            electrolyte_share=strain_share,
        )  # fmt: skip

    if extent.max_strain is not None:
        return layers, match(extent.max_strain)
    found: list[tuple[int, LatticeMatch]] = []
    for limit in STRAIN_LIMITS:
        try:
            trial = match(limit)
        except InputError:
            if limit == STRAIN_LIMITS[-1] and not found:
                raise
            continue
        n_atoms = count_atoms(layers, trial, layer_counts(layers, trial, extent))
        found.append((n_atoms, trial))
        if n_atoms <= (extent.most_atoms or 0):
            break
    return layers, min(found, key=lambda entry: entry[0])[1]


def _difference(wanted: float | None, mobile: str | None) -> float:
    if mobile is None and wanted:
        raise InputError(
            "Neither crystal holds Li, Na or K, so no side can have more of it; ask for a "
            "difference of 0."
        )
    if wanted is None:
        return DEFAULT_DIFFERENCE_PER_NM2 if mobile else 0.0
    return wanted


def _native(crystals: tuple[Atoms, Atoms], match: LatticeMatch) -> dict[str, float]:
    """Return the shortest distance of each pair in either crystal, less what the strain takes."""
    found: dict[str, float] = {}
    for crystal in crystals:
        for pair, distance in shortest_by_pair(crystal, 3.5).items():
            distance *= 0.98 - match.strain
            found[pair] = min(distance, found.get(pair, np.inf))
    return found


def _origin(
    source: dict[str, Any],
    layers: tuple[Layer, Layer],
    match: LatticeMatch,
    cuts: tuple[Terminations, Terminations],
    numbers: tuple[int, int],
    mobile: str | None,
) -> Origin:
    bonds: dict[str, float] = {}
    for layer in layers:
        for kind, shortest in layer.bonds.shortest_A.items():
            bonds[kind] = max(round(_BOND_STRETCH * shortest, 2), bonds.get(kind, 0.0))
    described = {
        role: cut.describe(number) for role, cut, number in zip(ROLES, cuts, numbers, strict=True)
    }
    return Origin(
        source=source | {"bond_A": bonds},
        edge_strain=match.edge_strain,
        angle_change_degrees=match.angle_change_degrees,
        electrolyte_edge_strain=match.electrolyte_edge_strain,
        electrolyte_angle_change_degrees=match.electrolyte_angle_change_degrees,
        bond_A=bonds,
        terminations=described,
        warnings=tuple(_warnings(match, described, mobile)),
    )


def _warnings(
    match: LatticeMatch, described: dict[str, dict[str, Any]], mobile: str | None
) -> list[str]:
    found = []
    if match.strain > LARGE_STRAIN:
        found.append(
            f"The mismatch strains a crystal by {100.0 * match.strain:.1f} %: good for trying, not "
            "for energies; a lower limit of the strain gives a larger cell."
        )
    for role, cut in described.items():
        if cut["polar"] and not (mobile and cut["space_group"].endswith("(framework)")):
            found.append(
                f"The {role}'s slab is polar: it would take "
                f"{100.0 * abs(cut['polarisation_e_per_A2']):.1f} e/nm2 from face to face to "
                "cancel its dipole, whose field a short-ranged potential doesn't see."
            )
    return found
