"""What any built structure really is, measured on its final atoms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.structures.contacts import contacts, shortest_allowed, shortest_by_pair
from sinterface.structures.lithium import FORMAL_CHARGES

if TYPE_CHECKING:
    from ase import Atoms

AMU_PER_A3_IN_G_PER_CM3 = 1.66053906660
COORDINATION_CUTOFF_A = {
    "Li": 2.5,
    "Co": 2.4,
    "Zr": 2.6,
    "La": 3.0,
    "Al": 2.3,
    "Ta": 2.5,
    "Nb": 2.5,
}
"""Cation to anion distance in Å that counts as a bond; others: 1.25 times the covalent radii."""

VARIABLE_STATES = {"Co": (2.0, 4.0), "Ni": (2.0, 4.0), "Mn": (2.0, 4.0), "Fe": (2.0, 4.0)}
"""Lowest and highest formal charge of elements that may take up what the others leave."""

CHARGE_TOLERANCE_E = 1e-6


@dataclass(frozen=True)
class Contact:
    """Shortest distance of a pair of elements, and the shortest it may have, in Å."""

    shortest_A: float
    limit_A: float
    good: bool


@dataclass(frozen=True)
class Parent:
    """A crystal that a structure was made from: its space group, and where it was published."""

    name: str
    space_group: str
    source: str


@dataclass(frozen=True)
class StructureCertificate:
    """A structure in figures, each measured on its final atoms.

    Attributes
    ----------
    kind
        "crystal", "doped crystal", "mixture", "amorphous", "interface" or "grain boundary".
    formula, n_atoms, density_g_per_cm3, edges_A, angles_degrees
        Of the whole cell.
    oxidation_states, charge_e
        Formal charge of each element (the mean where it has several), and their sum.
    n_atoms_by_region
        Elements of each region.
    contacts
        Shortest distance of each pair of elements against its limit, keys like "Li-O".
    coordination
        For each cation and region, how many atoms have how many anions as neighbours.
    strain_percent
        Strain of each region's edges against its own crystal.
    parents
        The crystals it was made from.
    source, command, seed
        What it was made of and how: enough to make it again.
    warnings
        What a person should know before using it.
    details
        Figures of this kind only (Li excess of each side, energy of a boundary, ...).
    """

    kind: str
    formula: str
    n_atoms: int
    oxidation_states: dict[str, float]
    charge_e: float
    density_g_per_cm3: float
    edges_A: tuple[float, float, float]
    angles_degrees: tuple[float, float, float]
    n_atoms_by_region: dict[str, dict[str, int]]
    contacts: dict[str, Contact]
    coordination: dict[str, dict[str, dict[int, int]]]
    strain_percent: dict[str, tuple[float, ...]]
    parents: tuple[Parent, ...]
    source: dict[str, Any]
    seed: int | None
    command: str = ""
    warnings: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def too_close(self) -> list[str]:
        """Pairs of elements nearer than a structure as built may have."""
        return [f"{pair} {c.shortest_A:.2f} Å" for pair, c in self.contacts.items() if not c.good]

    @property
    def good(self) -> bool:
        """Whether the structure is neutral and no two atoms are too close."""
        return abs(self.charge_e) <= CHARGE_TOLERANCE_E and not self.too_close

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain types that JSON can hold."""
        figures = asdict(self) | {"good": self.good}
        figures["coordination"] = {
            element: {
                place: {str(number): count for number, count in histogram.items()}
                for place, histogram in places.items()
            }
            for element, places in self.coordination.items()
        }
        return figures


def certify_structure(
    atoms: Atoms,
    kind: str,
    source: Mapping[str, Any],
    *,
    seed: int | None = None,
    states: Mapping[str, float] | None = None,
    regions: Sequence[str] = ("all",),
    strain_percent: Mapping[str, Sequence[float]] | None = None,
    parents: Sequence[Parent] = (),
    warnings: Sequence[str] = (),
    details: Mapping[str, Any] | None = None,
    command: str = "",
) -> StructureCertificate:
    """Measure a structure; what can't be measured is kept as it is given.

    Parameters
    ----------
    atoms
        The periodic structure; its integer array "region", where it has one, indexes `regions`.
    kind, source, seed, strain_percent, parents, warnings, details, command
        See :class:`StructureCertificate`.
    states
        Formal charge of elements that differ from the usual one. Without an entry, Co, Ni, Mn or
        Fe takes up what the other elements leave, as far as 2+ to 4+ reaches.
    regions
        Name of each region.
    """
    symbols = np.array(atoms.get_chemical_symbols())
    charges = oxidation_states(symbols.tolist(), states)
    a, b, c = (float(length) for length in atoms.cell.lengths())
    alpha, beta, gamma = (float(angle) for angle in atoms.cell.angles())
    region = atoms.arrays.get("region", np.zeros(len(atoms), dtype=np.int64))
    return StructureCertificate(
        kind=kind,
        formula=atoms.get_chemical_formula(),
        n_atoms=len(atoms),
        oxidation_states=charges,
        charge_e=round(sum(charges[symbol] for symbol in symbols.tolist()), 9) + 0.0,
        density_g_per_cm3=density(atoms),
        edges_A=(a, b, c),
        angles_degrees=(alpha, beta, gamma),
        n_atoms_by_region={
            name: dict(sorted(Counter(symbols[region == number].tolist()).items()))
            for number, name in enumerate(regions)
        },
        contacts=_contacts(atoms),
        coordination=coordination(atoms, region, regions),
        strain_percent={
            name: tuple(float(value) for value in values)
            for name, values in (strain_percent or {}).items()
        },
        parents=tuple(parents),
        source=dict(source),
        seed=seed,
        command=command,
        warnings=tuple(warnings),
        details=dict(details or {}),
    )


def density(atoms: Atoms) -> float:
    """Return the density in g/cm³."""
    return float(AMU_PER_A3_IN_G_PER_CM3 * atoms.get_masses().sum() / atoms.get_volume())


def oxidation_states(
    symbols: Sequence[str] | Mapping[str, int], states: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Return the formal charge of each element; a variable one takes up what the others leave.

    Without any anion, as in a metal, all are 0. An element without a known charge counts as 0,
    so that the sum shows it. `symbols` may be a mapping from element to number.
    """
    counts = Counter(symbols)
    if not states and all(FORMAL_CHARGES.get(kind, 1) > 0 for kind in counts):
        return dict.fromkeys(sorted(counts), 0.0)
    charges = {kind: float(FORMAL_CHARGES.get(kind, 0)) for kind in sorted(counts)}
    charges |= {kind: float(value) for kind, value in (states or {}).items() if kind in counts}
    for kind in charges:
        if kind in VARIABLE_STATES and kind not in (states or {}):
            rest = sum(charges[other] * n for other, n in counts.items() if other != kind)
            lowest, highest = VARIABLE_STATES[kind]
            needed = -rest / counts[kind]
            if lowest <= needed <= highest:
                charges[kind] = needed
            break
    return charges


def coordination(
    atoms: Atoms, region: NDArray[Any], regions: Sequence[str]
) -> dict[str, dict[str, dict[int, int]]]:
    """Return histograms of the number of anion neighbours, by cation and region."""
    symbols = np.array(atoms.get_chemical_symbols())
    anion = np.array([FORMAL_CHARGES.get(symbol, 1) < 0 for symbol in symbols])
    if not anion.any():
        return {}
    limits = {kind: bond_cutoff(kind) for kind in set(symbols[~anion].tolist())}
    if not limits:
        return {}
    i, j, distance = contacts(
        atoms.positions, atoms.positions, atoms.cell.array, max(limits.values())
    )
    limit = np.array([limits.get(symbol, 0.0) for symbol in symbols.tolist()])[i]
    numbers = np.bincount(i[anion[j] & (distance < limit)], minlength=len(atoms))
    result: dict[str, dict[str, dict[int, int]]] = {}
    for element in sorted(limits):
        places = {
            name: Counter(numbers[(symbols == element) & (region == number)].tolist())
            for number, name in enumerate(regions)
        }
        result[element] = {
            name: dict(sorted(found.items())) for name, found in places.items() if found
        }
    return result


def bond_cutoff(element: str) -> float:
    """Return the distance in Å up to which an anion counts as bonded to `element`."""
    if element in COORDINATION_CUTOFF_A:
        return COORDINATION_CUTOFF_A[element]
    from ase.data import atomic_numbers, covalent_radii

    return float(1.25 * (covalent_radii[atomic_numbers[element]] + covalent_radii[8]))


def _contacts(atoms: Atoms) -> dict[str, Contact]:
    found = {}
    for pair, distance in shortest_by_pair(atoms).items():
        limit = shortest_allowed(*pair.split("-"))
        found[pair] = Contact(distance, limit, distance >= limit)
    return found
