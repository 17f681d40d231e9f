"""Two slabs put into one cell: strained onto it, laid on each other, Li moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.structures.boundary import Dividing, dividing_planes, is_lower
from sinterface.structures.contacts import shortest_by_pair, too_close
from sinterface.structures.docking import Docking, dockings, face
from sinterface.structures.extent import normal_stretch
from sinterface.structures.lattice_match import LatticeMatch
from sinterface.structures.li_excess import NoRoomError, move_lithium, refill_crowded
from sinterface.structures.oxidation import CHARGES
from sinterface.structures.slab import Slab

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator

    from sinterface.progress import ProgressCallback

Floats = NDArray[np.float64]

REGION_NAMES: Final[str] = "electrolyte,electrode"
SCANNED_DOCKINGS: Final[int] = 6
ROOM_A: Final[tuple[float, ...]] = (0.0, 0.5, 1.0, 1.5)
SCANNED_GAPS_A: Final[tuple[float, ...]] = (-0.25, 0.25, 0.5)


@dataclass(frozen=True)
class Plan:
    """Two slabs as strained onto one cell, and what is to become of their Li.

    Attributes
    ----------
    electrolyte, electrode
        Slabs of the common cell.
    match
        The cell.
    mobile
        The ion that moves; None when there is none.
    difference_per_nm2
        Least difference of its excess between the two sides.
    seed
        Of the choice between nearly equal sites.
    native_A
        Shortest distance of each pair of elements inside the crystals themselves.
    """

    electrolyte: Slab
    electrode: Slab
    match: LatticeMatch
    mobile: str | None
    difference_per_nm2: float
    seed: int
    native_A: dict[str, float]


def spread(slab: Slab, supercell: NDArray[np.int64], cell: Floats, stretch: float) -> Slab:
    """Return the slab repeated over `supercell` of its plane and strained onto `cell`.

    `stretch` is the factor of its thickness.
    """
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
    positions[:, 2] *= stretch
    return replace(
        slab,
        plane_cell=cell,
        positions=positions,
        symbols=slab.symbols * len(offsets),
        charges=np.tile(slab.charges, len(offsets)),
        thickness_A=slab.thickness_A * stretch,
    )


def spread_both(slabs: tuple[Slab, Slab], match: LatticeMatch) -> tuple[Slab, Slab]:
    """Return electrolyte and electrode, each strained onto the common cell."""
    return (
        spread(
            slabs[0], match.electrolyte, match.cell, normal_stretch(match.electrolyte_edge_strain)
        ),
        spread(slabs[1], match.electrode, match.cell, normal_stretch(match.edge_strain)),
    )


def find_dockings(plan: Plan, gap_A: float | None) -> list[Docking]:
    """Return shifts and gaps, best first; the electrolyte's Li is left out, it moves away."""
    lower, upper, match = plan.electrolyte, plan.electrode, plan.match
    still = _still(lower, plan.mobile)
    fixed = lower.positions[still]
    names = np.array(lower.symbols)[still].tolist()
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
        return _roomy(plan, places)
    return [replace(place, lower_gap_A=gap_A, upper_gap_A=gap_A) for place in places]


def _still(slab: Slab, mobile: str | None) -> NDArray[np.bool_]:
    still = np.array([symbol != mobile for symbol in slab.symbols])
    return still if still.any() else ~still


def lowest(
    plan: Plan,
    places: list[Docking],
    calculator: Calculator | None,
    progress: ProgressCallback | None = None,
) -> tuple[Atoms, Dividing]:
    """Return the best docking: by geometry, or by energy of several when there is a calculator.

    Shifts come first; then the lower gap, then the upper one of the best shift.
    """
    from sinterface.progress import Progress

    total, done = SCANNED_DOCKINGS + 2 * len(SCANNED_GAPS_A), 0
    if calculator is None:
        return assemble(plan, places[0])
    best: tuple[float, Docking, tuple[Atoms, Dividing]] | None = None

    def attempt(place: Docking) -> None:
        nonlocal best, done
        done += 1
        if progress is not None:
            progress(Progress(done, total, "shift and gaps by energy"))
        try:
            found = assemble(plan, place)
        except InputError:
            if done == total or (best is None and place is places[-1]):
                raise
            return
        energy = _energy(found[0], calculator)
        if best is None or energy < best[0]:
            best = energy, place, found

    for place in places[:SCANNED_DOCKINGS]:
        attempt(place)
    if best is None:
        return assemble(plan, places[0])
    for name in ("lower_gap_A", "upper_gap_A"):
        around = best[1]
        for change in SCANNED_GAPS_A:
            gap = getattr(around, name) + change
            if gap > 0.0:
                attempt(replace(around, **{name: gap}))
    return best[2]


def _roomy(plan: Plan, places: list[Docking]) -> list[Docking]:
    """Return the dockings, their gaps widened step by step until Li finds room in the first."""
    for extra in ROOM_A:
        wider = [
            replace(p, lower_gap_A=p.lower_gap_A + extra, upper_gap_A=p.upper_gap_A + extra)
            for p in places
        ]
        try:
            assemble(plan, wider[0])
        except NoRoomError:
            if extra == ROOM_A[-1]:
                raise
            continue
        return wider
    return places


def _energy(atoms: Atoms, calculator: Calculator) -> float:
    trial = atoms.copy()
    trial.calc = calculator
    return float(trial.get_potential_energy())


def assemble(plan: Plan, place: Docking) -> tuple[Atoms, Dividing]:
    """Return the cell of one docking, its Li moved, and the planes that divide it.

    Raises
    ------
    InputError
        When Li finds no room, or atoms would be too close.
    """
    atoms = _stacked(plan, place)
    dividing = dividing_planes(atoms, plan.mobile or "Li")
    if plan.mobile is not None:
        random = np.random.default_rng([plan.seed, 1])
        refill_crowded(atoms, random, plan.mobile)
        move_lithium(atoms, dividing, plan.difference_per_nm2, random)
    atoms.wrap()
    bad = too_close(shortest_by_pair(atoms, 3.0), plan.native_A)
    if bad:
        raise InputError(f"Atoms would be too close ({', '.join(bad)}); give a larger gap_A.")
    atoms.set_array("side", (~is_lower(atoms, dividing)).astype(np.int8))
    return atoms, dividing


def _stacked(plan: Plan, place: Docking) -> Atoms:
    """Return both slabs in one cell: the electrode centred, the electrolyte through z = 0."""
    from ase import Atoms

    lower, upper = plan.electrolyte, plan.electrode
    fixed = lower.positions[_still(lower, plan.mobile), 2]
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
    atoms.set_array(CHARGES, np.concatenate([lower.charges, upper.charges]))
    atoms.info["region_names"] = REGION_NAMES
    atoms.wrap()
    return atoms
