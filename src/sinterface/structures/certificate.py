"""What an interface cell really is, measured on its final atoms."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.structures.boundary import (
    Dividing,
    boundary_heights,
    lithium_excess,
    unwrapped_heights,
)
from sinterface.structures.contacts import contacts, shortest_by_pair
from sinterface.structures.lithium import formal_charges

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
    mismatch_percent, angle_change_degrees, strained_region
        Strain of the electrode's two edges and change of their angle.
    shortest_A
        Shortest distance of each pair of elements.
    coordination
        For Co, Zr and La, "inside" and "surface" (within 3 Å of the slab's outermost atom): how
        many atoms have how many O of their own slab as neighbours.
    source
        Crystals, planes, layers and seed that the cell was built from.
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


def certify(
    atoms: Atoms,
    dividing: Dividing,
    source: dict[str, Any],
    *,
    edge_strain: tuple[float, float],
    angle_change_degrees: float,
) -> Certificate:
    """Measure an interface cell; `source` is kept as it is.

    Parameters
    ----------
    atoms
        The cell with its array "region" (0 electrolyte, 1 electrode), the electrode inside the
        cell and the electrolyte through its z face.
    dividing
        Planes and ratios for the Li excess.
    source
        Origin of the cell.
    edge_strain, angle_change_degrees
        Strain of the electrode's two edges and change of their angle.
    """
    area_nm2 = 0.01 * float(np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])))
    excess = lithium_excess(atoms, dividing)
    boundaries = boundary_heights(atoms)
    sides = [
        Side(middle, number, number / area_nm2, gap)
        for (middle, gap), number in zip(boundaries, excess, strict=True)
    ]
    symbols = np.array(atoms.get_chemical_symbols())
    regions = {
        name: dict(sorted(Counter(symbols[atoms.arrays["region"] == number].tolist()).items()))
        for number, name in enumerate(("electrolyte", "electrode"))
    }
    a, b, c = (float(length) for length in atoms.cell.lengths())
    return Certificate(
        formula=atoms.get_chemical_formula(),
        n_atoms=len(atoms),
        charge_e=float(formal_charges(symbols.tolist()).sum()),
        density_g_per_cm3=float(
            AMU_PER_A3_IN_G_PER_CM3 * atoms.get_masses().sum() / atoms.get_volume()
        ),
        edges_A=(a, b, c),
        n_atoms_by_region=regions,
        li_deficient=sides[0],
        li_sufficient=sides[1],
        dividing=dividing,
        mismatch_percent=(100.0 * edge_strain[0], 100.0 * edge_strain[1]),
        angle_change_degrees=angle_change_degrees,
        strained_region="electrode",
        shortest_A=shortest_by_pair(atoms),
        coordination=coordination(atoms),
        source=source,
    )


def recertify(certificate: Certificate, atoms: Atoms) -> Certificate:
    """Measure the cell of `certificate` again after its atoms or its height relaxed."""
    first, second = certificate.mismatch_percent
    return certify(
        atoms,
        certificate.dividing,
        certificate.source,
        edge_strain=(0.01 * first, 0.01 * second),
        angle_change_degrees=certificate.angle_change_degrees,
    )


def coordination(atoms: Atoms) -> dict[str, dict[str, dict[int, int]]]:
    """Return histograms of the number of O neighbours in the same slab, inside and at surface."""
    z, region = unwrapped_heights(atoms), atoms.arrays["region"]
    surface = np.zeros(len(atoms), dtype=bool)
    for number in (0, 1):
        fixed = z[(region == number) & (atoms.numbers != 3)]
        near = np.minimum(z - fixed.min(), fixed.max() - z) < SURFACE_DEPTH_A
        surface |= (region == number) & near
    symbols = np.array(atoms.get_chemical_symbols())
    cutoff = max(COORDINATION_CUTOFF_A.values())
    i, j, distance = contacts(atoms.positions, atoms.positions, atoms.cell.array, cutoff)
    limit = np.array([COORDINATION_CUTOFF_A.get(symbol, 0.0) for symbol in symbols])[i]
    bonded = (symbols[j] == "O") & (region[i] == region[j]) & (distance < limit)
    numbers = np.bincount(i[bonded], minlength=len(atoms))
    result: dict[str, dict[str, dict[int, int]]] = {}
    for element in sorted(set(symbols.tolist()) & set(COORDINATION_CUTOFF_A)):
        mine = symbols == element
        result[element] = {
            place: dict(sorted(Counter(numbers[mine & where].tolist()).items()))
            for place, where in (("inside", ~surface), ("surface", surface))
        }
    return result
