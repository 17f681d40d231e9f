"""An electrolyte and an electrode in one periodic cell: one Li-poor and one Li-rich boundary."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.structures.boundary import dividing_planes
from sinterface.structures.certificate import Certificate, certify
from sinterface.structures.contacts import too_close
from sinterface.structures.crystals import load_crystal
from sinterface.structures.docking import Docking, dockings, face
from sinterface.structures.lattice_match import LatticeMatch, match_lattices
from sinterface.structures.li_excess import move_lithium, refill_crowded
from sinterface.structures.lithium import require_neutral
from sinterface.structures.slab import Layer, Slab, build_slab, cut_layer

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator

Floats = NDArray[np.float64]
Size = Literal["tiny", "small", "large"]

SCANNED_DOCKINGS = 6
SCANNED_GAPS_A = (0.0, 0.25, 0.5)


@dataclass(frozen=True)
class Interface:
    """An interface cell and the figures measured on it."""

    atoms: Atoms
    certificate: Certificate


@dataclass(frozen=True)
class Extent:
    """Least thickness of both slabs and least and largest lateral edge, in Å."""

    electrolyte_A: float
    electrode_A: float
    shortest_edge_A: float
    longest_edge_A: float


SIZES: dict[str, Extent] = {
    "tiny": Extent(12.5, 11.5, 9.0, 30.0),
    "small": Extent(25.0, 17.5, 9.0, 30.0),
    "large": Extent(38.0, 25.5, 51.5, 75.0),
}


def build_interface(
    electrolyte: str = "llzo",
    electrode: str = "lco",
    *,
    electrolyte_plane: tuple[int, int, int] = (0, 0, 1),
    electrode_plane: tuple[int, int, int] = (1, 0, 4),
    size: Size = "small",
    li_excess_difference_per_nm2: float = 3.0,
    max_strain: float = 0.03,
    gap_A: float | None = None,
    calculator: Calculator | None = None,
    seed: int = 0,
    cutoff_A: float = 6.0,
) -> Interface:
    """Build a periodic cell of two slabs with a Li-deficient and a Li-sufficient boundary.

    Both slabs are stoichiometric and cut where the fewest cation-oxygen bonds break; the
    electrode takes the strain. The electrode is laid on the electrolyte at the lateral shift
    that needs the smallest gap. Li then moves, one by one and by electrostatics, from the
    electrolyte's side of the lower boundary to free places at the upper one, so the cell stays
    neutral while the Li excess of both sides differs by what was asked.

    Parameters
    ----------
    electrolyte, electrode
        Names or CIF files, see `crystals.load_crystal`.
    electrolyte_plane, electrode_plane
        Miller indices of the planes that meet, in each crystal's own cell.
    size
        "tiny" (about 430 atoms), "small" (744, as in the paper) or "large" (more than 17,000,
        every edge at least 51.5 Å) for LLZO(001)|LCO(104).
    li_excess_difference_per_nm2
        Least difference of the Li excess between the two sides, in Li/nm².
    max_strain
        Limit of the electrode's strain (each edge, and shear in rad).
    gap_A
        Gap between the outermost atoms other than Li; the smallest at which every pair of atoms
        is comfortable when not given.
    calculator
        ASE calculator; chooses among the best shifts and gaps by energy when given.
    seed
        Seed of the Li arrangement and of the choice between nearly equal sites.
    cutoff_A
        Cutoff of the potential that will run the cell.

    Raises
    ------
    InputError
        When the planes don't match, a slab is too thin for the cutoff, no room is left for Li,
        atoms would be too close, or the cell isn't neutral.
    """
    _check(size, li_excess_difference_per_nm2, max_strain, gap_A)
    extent = SIZES[size]
    layers = (
        cut_layer(load_crystal(electrolyte, seed), electrolyte_plane),
        cut_layer(load_crystal(electrode, seed), electrode_plane),
    )
    match = match_lattices(
        layers[0].cell[:2, :2], layers[1].cell[:2, :2], max_strain=max_strain,
        shortest_edge_A=extent.shortest_edge_A, longest_edge_A=extent.longest_edge_A,
    )  # fmt: skip
    numbers = check_cutoff(layers, match, extent, cutoff_A)
    lower = _spread(build_slab(layers[0], numbers[0]), match.electrolyte, match.cell)
    upper = _spread(build_slab(layers[1], numbers[1]), match.electrode, match.cell)
    source = {
        "electrolyte": electrolyte, "electrode": electrode, "size": size, "seed": seed,
        "electrolyte_plane": list(electrolyte_plane), "electrode_plane": list(electrode_plane),
        "electrolyte_layers": numbers[0], "electrode_layers": numbers[1],
        "electrolyte_supercell": match.electrolyte.tolist(),
        "electrode_supercell": match.electrode.tolist(),
    }  # fmt: skip
    places = _dockings(lower, upper, match, gap_A)
    plan = _Plan(lower, upper, match, li_excess_difference_per_nm2, seed, source)
    return _lowest(plan, places, calculator)


@dataclass(frozen=True)
class _Plan:
    electrolyte: Slab
    electrode: Slab
    match: LatticeMatch
    difference_per_nm2: float
    seed: int
    source: dict[str, Any]


def _check(size: str, difference: float, max_strain: float, gap_A: float | None) -> None:
    if size not in SIZES:
        raise InputError(f"The size '{size}' is unknown; choose one of {', '.join(SIZES)}.")
    if not difference >= 0.0:
        raise InputError(f"The difference of the Li excess is {difference:g}; give 0 or more.")
    if not 0.0 < max_strain <= 0.2:
        raise InputError(f"max_strain is {max_strain:g}; give a fraction between 0 and 0.2.")
    if gap_A is not None and not 0.0 < gap_A <= 10.0:
        raise InputError(f"The gap is {gap_A:g} Å; give one between 0 and 10 Å.")


def layer_counts(layers: tuple[Layer, Layer], extent: Extent) -> tuple[int, int]:
    """Return how many layers of electrolyte and electrode make slabs of the least thickness."""
    lower, upper = layers
    return (
        math.ceil(extent.electrolyte_A / lower.height_A),
        math.ceil(extent.electrode_A / upper.height_A),
    )


def check_cutoff(
    layers: tuple[Layer, Layer], match: LatticeMatch, extent: Extent, cutoff_A: float
) -> tuple[int, int]:
    """Return the layers of both slabs, none so thin that its middle feels both boundaries.

    Raises
    ------
    InputError
        When a slab is too thin or the common cell too narrow for the cutoff.
    """
    numbers = layer_counts(layers, extent)
    lower, upper = (n * layer.height_A for n, layer in zip(numbers, layers, strict=True))
    widths = abs(np.linalg.det(match.cell)) / np.linalg.norm(match.cell, axis=1)
    for name, length, needed in (
        ("electrolyte slab", lower, 1.9 * cutoff_A),
        ("electrode slab", upper, 1.9 * cutoff_A),
        ("lateral cell", float(widths.min()), cutoff_A),
    ):
        if length < needed:
            raise InputError(
                f"The {name} measures {length:.1f} Å, too little for a cutoff of {cutoff_A:g} Å "
                f"({needed:.1f} Å needed); choose a larger size."
            )
    return numbers


def _spread(slab: Slab, supercell: NDArray[np.int64], cell: Floats) -> Slab:
    """Return the slab repeated over `supercell` of its plane and strained onto `cell`."""
    plane = supercell @ slab.plane_cell
    reach = int(np.abs(supercell).sum())
    grid = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2, indexing="ij"), -1)
    shifts = grid.reshape(-1, 2)
    inside = shifts @ np.linalg.inv(supercell.astype(float))
    inside -= np.floor(inside + 1e-9)
    _, first = np.unique(inside.round(6), axis=0, return_index=True)
    offsets = shifts[np.sort(first)] @ slab.plane_cell
    positions = np.tile(slab.positions, (len(offsets), 1))
    positions[:, :2] += np.repeat(offsets, len(slab.symbols), axis=0)
    positions[:, :2] = (positions[:, :2] @ np.linalg.inv(plane)) @ cell
    return replace(slab, plane_cell=cell, positions=positions, symbols=slab.symbols * len(offsets))


def _dockings(lower: Slab, upper: Slab, match: LatticeMatch, gap_A: float | None) -> list[Docking]:
    """Return shifts and gaps, best first; the electrolyte's Li is left out, it moves away."""
    kinds = np.array(lower.symbols)
    fixed = lower.positions[kinds != "Li"]
    names = kinds[kinds != "Li"].tolist()
    places = dockings(
        (face(fixed, names, top=False), face(fixed, names, top=True)),
        (
            face(upper.positions, list(upper.symbols), top=False),
            face(upper.positions, list(upper.symbols), top=True),
        ),
        match.cell,
        np.linalg.inv(match.electrode.astype(float)) @ match.cell,
    )
    if gap_A is None:
        return places
    return [replace(place, lower_gap_A=gap_A, upper_gap_A=gap_A) for place in places]


def _lowest(plan: _Plan, places: list[Docking], calculator: Calculator | None) -> Interface:
    """Return the best docking: by geometry, or by energy of several when there is a calculator."""
    if calculator is None:
        return _assemble(plan, places[0])

    def energy(interface: Interface) -> float:
        atoms = interface.atoms.copy()
        atoms.calc = calculator
        return float(atoms.get_potential_energy())

    trials = [(_assemble(plan, place), place) for place in places[:SCANNED_DOCKINGS]]
    _, place = min(trials, key=lambda trial: energy(trial[0]))
    gaps = [
        replace(place, lower_gap_A=place.lower_gap_A + a, upper_gap_A=place.upper_gap_A + a)
        for a in SCANNED_GAPS_A
    ]
    return min((_assemble(plan, gap) for gap in gaps), key=energy)


def _assemble(plan: _Plan, place: Docking) -> Interface:
    """Return the cell of one docking, its Li moved, checked and measured."""
    atoms = _stacked(plan.electrolyte, plan.electrode, place)
    dividing = dividing_planes(atoms)
    random = np.random.default_rng([plan.seed, 1])
    refill_crowded(atoms, random)
    move_lithium(atoms, dividing, plan.difference_per_nm2, random)
    atoms.wrap()
    require_neutral(atoms.get_chemical_symbols(), "The interface cell")
    certificate = certify(
        atoms,
        dividing,
        plan.source,
        edge_strain=plan.match.edge_strain,
        angle_change_degrees=plan.match.angle_change_degrees,
    )
    bad = too_close(certificate.shortest_A)
    if bad:
        raise InputError(f"Atoms would be too close ({', '.join(bad)}); give a larger gap_A.")
    return Interface(atoms, certificate)


def _stacked(lower: Slab, upper: Slab, place: Docking) -> Atoms:
    """Return both slabs in one cell: the electrode centred, the electrolyte through z = 0."""
    from ase import Atoms

    kinds = np.array(lower.symbols)
    fixed = lower.positions[kinds != "Li", 2]
    electrode = upper.positions.copy()
    thickness = float(np.ptp(electrode[:, 2]))
    height = float(np.ptp(fixed)) + thickness + place.lower_gap_A + place.upper_gap_A
    electrode[:, 2] += 0.5 * (height - thickness) - electrode[:, 2].min()
    electrode[:, :2] += place.shift
    electrolyte = lower.positions.copy()
    electrolyte[:, 2] += electrode[:, 2].min() - place.lower_gap_A - fixed.max()
    cell = np.zeros((3, 3))
    cell[:2, :2], cell[2, 2] = lower.plane_cell, height
    atoms = Atoms(
        list(lower.symbols) + list(upper.symbols), np.concatenate([electrolyte, electrode]),
        cell=cell, pbc=True,
    )  # fmt: skip
    region = np.repeat(np.array([0, 1], dtype=np.int8), [len(electrolyte), len(electrode)])
    atoms.set_array("region", region)
    atoms.wrap()
    return atoms
