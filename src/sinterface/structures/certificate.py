"""What an interface cell really is, measured on its final atoms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.structures.boundary import (
    Dividing,
    boundary_heights,
    lithium_excess,
    unwrapped_heights,
)
from sinterface.structures.contacts import contacts, shortest_by_pair
from sinterface.structures.oxidation import charges_of

if TYPE_CHECKING:
    from ase import Atoms

COORDINATION_CUTOFF_A = {"Co": 2.4, "Zr": 2.6, "La": 3.0}
SURFACE_DEPTH_A = 3.0
AMU_PER_A3_IN_G_PER_CM3 = 1.66053906660


@dataclass(frozen=True)
class Side:
    """One of the two boundaries: its height in Å, its Li excess and the gap it was built with."""

    boundary_A: float
    li_excess_atoms: float
    li_excess_per_nm2: float
    gap_A: float


@dataclass(frozen=True)
class Certificate:
    """An interface cell in figures, each measured on the final atoms.

    Attributes
    ----------
    formula, n_atoms, charge_e, density_g_per_cm3, edges_A
        Of the whole cell; the charge is the sum of formal charges.
    n_atoms_by_region
        Elements of the "electrolyte" and the "electrode".
    li_deficient, li_sufficient
        The lower and the upper boundary.
    dividing
        Planes and ratios against which the Li excess is counted.
    mismatch_percent, angle_change_degrees
        Strain of the electrode's two edges and change of their angle.
    strained_region
        "electrode", "electrolyte" or "both".
    shortest_A
        Shortest distance of each pair of elements.
    coordination
        For each cation of charge 2 or more (Co, Zr, La), "inside" and "surface" (within 3 Å of the
        slab's outermost atom): how many atoms have how many anions of their own slab as
        neighbours.
    source
        Crystals, planes, layers and seed that the cell was built from.
    electrolyte_strain_percent, electrolyte_angle_change_degrees
        What the electrolyte carries of the strain, where it was shared.
    mobile_ion
        The ion whose excess is stated; Li unless neither crystal has it.
    terminations
        Of each slab: which of how many different cuts, what it breaks, whether it is polar.
    warnings
        What a person should know before using the cell.
    """

    formula: str
    n_atoms: int
    charge_e: float
    density_g_per_cm3: float
    edges_A: tuple[float, float, float]
    n_atoms_by_region: dict[str, dict[str, int]]
    li_deficient: Side
    li_sufficient: Side
    dividing: Dividing
    mismatch_percent: tuple[float, float]
    angle_change_degrees: float
    strained_region: str
    shortest_A: dict[str, float]
    coordination: dict[str, dict[str, dict[int, int]]]
    source: dict[str, Any]
    electrolyte_strain_percent: tuple[float, float] = (0.0, 0.0)
    electrolyte_angle_change_degrees: float = 0.0
    mobile_ion: str = "Li"
    terminations: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def li_excess_difference_per_nm2(self) -> float:
        """Li excess of the Li-sufficient side minus that of the Li-deficient side."""
        return self.li_sufficient.li_excess_per_nm2 - self.li_deficient.li_excess_per_nm2

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain types that JSON can hold, the difference of Li included."""
        figures = asdict(self)
        figures["coordination"] = {
            element: {
                place: {str(number): count for number, count in histogram.items()}
                for place, histogram in places.items()
            }
            for element, places in self.coordination.items()
        }
        figures["li_excess_difference_per_nm2"] = self.li_excess_difference_per_nm2
        return figures


@dataclass(frozen=True)
class Origin:
    """What can't be measured on an interface cell: where it comes from.

    Attributes
    ----------
    source
        Crystals, planes, layers and seed.
    edge_strain, angle_change_degrees
        Strain of the electrode's edges, as fractions, and change of their angle.
    electrolyte_edge_strain, electrolyte_angle_change_degrees
        The same of the electrolyte.
    bond_A
        Longest bond of each cation element that counts as coordination; where it isn't given,
        the usual one of Co, Zr and La.
    terminations, warnings
        As in :class:`Certificate`.
    """

    source: dict[str, Any]
    edge_strain: tuple[float, float]
    angle_change_degrees: float
    electrolyte_edge_strain: tuple[float, float] = (0.0, 0.0)
    electrolyte_angle_change_degrees: float = 0.0
    bond_A: Mapping[str, float] = field(default_factory=lambda: COORDINATION_CUTOFF_A)
    terminations: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def certify(atoms: Atoms, dividing: Dividing, origin: Origin) -> Certificate:
    """Measure an interface cell.

    Neither wrapping nor a shift of all atoms changes any figure but the heights of the boundaries.

    Parameters
    ----------
    atoms
        The cell with its array "region" (0 electrolyte, 1 electrode).
    dividing
        Planes and ratios for the Li excess.
    origin
        What is kept as it is.
    """
    area_nm2 = 0.01 * float(np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])))
    excess = lithium_excess(atoms, dividing)
    height = atoms.cell.array[2, 2]
    sides = [
        Side(float(middle % height), number, number / area_nm2, gap)
        for (middle, gap), number in zip(
            boundary_heights(atoms, dividing.mobile), excess, strict=True
        )
    ]
    symbols = np.array(atoms.get_chemical_symbols())
    regions = {
        name: dict(sorted(Counter(symbols[atoms.arrays["region"] == number].tolist()).items()))
        for number, name in enumerate(("electrolyte", "electrode"))
    }
    a, b, c = (float(length) for length in atoms.cell.lengths())
    first, second = origin.edge_strain
    third, fourth = origin.electrolyte_edge_strain
    return Certificate(
        formula=atoms.get_chemical_formula(),
        n_atoms=len(atoms),
        charge_e=float(charges_of(atoms).sum()),
        density_g_per_cm3=float(
            AMU_PER_A3_IN_G_PER_CM3 * atoms.get_masses().sum() / atoms.get_volume()
        ),
        edges_A=(a, b, c),
        n_atoms_by_region=regions,
        li_deficient=sides[0],
        li_sufficient=sides[1],
        dividing=dividing,
        mismatch_percent=(100.0 * first, 100.0 * second),
        angle_change_degrees=origin.angle_change_degrees,
        strained_region=_strained(origin),
        shortest_A=shortest_by_pair(atoms),
        coordination=coordination(atoms, origin.bond_A, dividing.mobile),
        source=origin.source,
        electrolyte_strain_percent=(100.0 * third, 100.0 * fourth),
        electrolyte_angle_change_degrees=origin.electrolyte_angle_change_degrees,
        mobile_ion=dividing.mobile,
        terminations=origin.terminations,
        warnings=origin.warnings,
    )


def _strained(origin: Origin) -> str:
    shares = {
        "electrode": (*origin.edge_strain, origin.angle_change_degrees),
        "electrolyte": (*origin.electrolyte_edge_strain, origin.electrolyte_angle_change_degrees),
    }
    carrying = [name for name, strains in shares.items() if max(map(abs, strains)) > 1e-9]
    return "both" if len(carrying) == 2 else (carrying or ["electrode"])[0]


def recertify(certificate: Certificate, atoms: Atoms) -> Certificate:
    """Measure the cell of `certificate` again after its atoms or its height relaxed."""
    first, second = certificate.mismatch_percent
    third, fourth = certificate.electrolyte_strain_percent
    bonds = certificate.source.get("bond_A", COORDINATION_CUTOFF_A)
    origin = Origin(
        source=certificate.source,
        edge_strain=(0.01 * first, 0.01 * second),
        angle_change_degrees=certificate.angle_change_degrees,
        electrolyte_edge_strain=(0.01 * third, 0.01 * fourth),
        electrolyte_angle_change_degrees=certificate.electrolyte_angle_change_degrees,
        bond_A=bonds,
        terminations=certificate.terminations,
        warnings=certificate.warnings,
    )
    return certify(atoms, certificate.dividing, origin)


def coordination(
    atoms: Atoms, bond_A: Mapping[str, float] = COORDINATION_CUTOFF_A, mobile: str = "Li"
) -> dict[str, dict[str, dict[int, int]]]:
    """Return histograms of the number of anions in the same slab, inside and at its surface.

    Parameters
    ----------
    atoms
        The cell with its array "region".
    bond_A
        Longest bond in Å of each cation element that is looked at.
    mobile
        The ion that doesn't count as a slab's outermost atom.
    """
    z, region = unwrapped_heights(atoms), atoms.arrays["region"]
    symbols = np.array(atoms.get_chemical_symbols())
    surface = np.zeros(len(atoms), dtype=bool)
    for number in (0, 1):
        fixed = z[(region == number) & (symbols != mobile)]
        if len(fixed):
            near = np.minimum(z - fixed.min(), fixed.max() - z) < SURFACE_DEPTH_A
            surface |= (region == number) & near
    bond_A = {symbol: limit for symbol, limit in bond_A.items() if symbol in symbols}
    if not bond_A:
        return {}
    anion = charges_of(atoms) < 0.0
    i, j, distance = contacts(
        atoms.positions, atoms.positions, atoms.cell.array, max(bond_A.values())
    )
    limit = np.array([bond_A.get(symbol, 0.0) for symbol in symbols])[i]
    bonded = anion[j] & (region[i] == region[j]) & (distance < limit)
    numbers = np.bincount(i[bonded], minlength=len(atoms))
    result: dict[str, dict[str, dict[int, int]]] = {}
    for element in sorted(bond_A):
        mine = symbols == element
        result[element] = {
            place: dict(sorted(Counter(numbers[mine & where].tolist()).items()))
            for place, where in (("inside", ~surface), ("surface", surface))
        }
    return result
