"""Two grains in one periodic cell: a boundary, and its equal at the cell's faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.structures.contacts import comfortable, contacts
from sinterface.structures.grain import OrientedCrystal
from sinterface.structures.li_excess import best_sites
from sinterface.structures.slab import Slab

if TYPE_CHECKING:
    from ase import Atoms

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

REACH_A = 5.0  # atoms so near a cut may touch the other grain
MOST_OVERLAP_A = -0.5  # grains never come nearer than this to their spacing in the crystal
WINDOWS_A = (2.5, 4.0, 6.0)  # half heights in which Li is placed anew, the narrowest that serves
BOUNDARY_HALF_WIDTH_A = 5.0
REGIONS = ("grain 1", "grain 2", "boundary")


@dataclass(frozen=True)
class Placement:
    """The microscopic freedom of a boundary.

    Attributes
    ----------
    cut_A
        Height in the lattice plane at which both grains end.
    shift_A
        Shift of grain 2 along x and y, counted from the lattice of grain 1 where it ends, so that
        it is the same for grains of any thickness.
    removed
        Formula units taken out of each boundary, for each smallest cell of the boundary.
    closeness
        How near the frameworks of both grains are put: the distances that atoms of two grains
        keep, over those of `OrientedCrystal.limits_A`; never below what a cell as built may have.
    """

    cut_A: float
    shift_A: tuple[float, float]
    removed: int = 0
    closeness: float = 1.0


@dataclass(frozen=True)
class Screw:
    """The operation that carries grain 1 onto grain 2."""

    shift_A: tuple[float, float]
    height_A: float

    def __call__(self, positions: Floats) -> Floats:
        """Return the images of Cartesian positions, shape (n, 3), in Å."""
        moved: Floats = positions * [-1.0, -1.0, 1.0] + [*self.shift_A, self.height_A]
        return moved


@dataclass(frozen=True)
class Bicrystal:
    """A bicrystal of the boundary's smallest cell and how it was put together.

    Grain 2 is grain 1 under the screw (x, y, z) → (shift − x, shift − y, z + half the height): a
    two-fold rotation about the boundary's normal, which for a centrosymmetric crystal is the
    mirror in the boundary. The screw turns each boundary into the other, so they are equal.
    `grain` tells grain 1 and 2 (0, 1), shape (n_atoms,); `screw` is that operation.
    """

    crystal: OrientedCrystal
    placement: Placement
    atoms: Atoms
    grain: Integers
    expansion_A: float
    screw: Screw

    @property
    def area_A2(self) -> float:
        """Area of one boundary."""
        return float(abs(np.linalg.det(self.atoms.cell.array[:2, :2])))


def packing(crystal: OrientedCrystal, n_planes: int, placement: Placement) -> float:
    """Return the excess volume of a boundary as built, in Å3 per Å2: small ones fit well."""
    slab = crystal.grain(n_planes, placement.cut_A)
    keep, pairs = _kept(crystal, slab, placement)
    missing = slab.thickness_A * float(np.mean(~keep))
    return pairs.expansion(keep) + missing


def join(crystal: OrientedCrystal, n_planes: int, placement: Placement, seed: int = 0) -> Bicrystal:
    """Return the bicrystal of a placement, as near as its framework may come, Li placed anew.

    Parameters
    ----------
    n_planes
        Lattice planes of each grain.
    seed
        Of the choice between places of nearly equal energy for Li.

    Raises
    ------
    InputError
        When Li finds no room at the boundary.
    """
    slab = crystal.grain(n_planes, placement.cut_A)
    symbols = np.array(slab.symbols)
    keep, pairs = _kept(crystal, slab, placement)
    expansion = pairs.expansion(keep)
    height = slab.thickness_A + expansion
    positions, symbols = slab.positions[keep], symbols[keep]
    screw = Screw(_from_origin(crystal, slab, placement), height)
    cell = np.zeros((3, 3))
    cell[:2, :2], cell[2, 2] = slab.plane_cell, 2.0 * height
    if crystal.mobile:
        positions = _refill(positions, symbols, crystal, cell, screw, expansion, seed)
    atoms = _doubled(positions, symbols, cell, screw)
    grain = (np.floor(atoms.positions[:, 2] / height + 1e-9) % 2).astype(np.int64)
    owned = np.repeat(np.array([0, 1]), len(symbols))
    fixed = ~np.isin(np.concatenate([symbols, symbols]), list(crystal.mobile))
    grain[fixed] = owned[fixed]
    atoms.wrap(eps=1e-9)
    return Bicrystal(crystal, placement, atoms, grain, expansion, screw)


@dataclass(frozen=True)
class _Facing:
    """Pairs across the boundary: top atom i of grain 1, bottom atom j of grain 2.

    `needed` is the expansion in Å at which they no longer touch.
    """

    i: Integers
    j: Integers
    needed: Floats

    def expansion(self, keep: NDArray[np.bool_]) -> float:
        there = keep[self.i] & keep[self.j]
        return float(self.needed[there].max(initial=MOST_OVERLAP_A))


def _from_origin(crystal: OrientedCrystal, slab: Slab, placement: Placement) -> tuple[float, float]:
    """Return the shift of grain 2 from the origin: lattice planes are stacked askew."""
    w = crystal.layer.cell[2]
    x, y = placement.shift_A + round(slab.thickness_A / w[2]) * w[:2]
    return float(x), float(y)


def _kept(
    crystal: OrientedCrystal, slab: Slab, placement: Placement
) -> tuple[NDArray[np.bool_], _Facing]:
    """Return which atoms of a grain stay, and the pairs that face each other."""
    symbols = np.array(slab.symbols)
    pairs = _facing(slab, symbols, crystal, placement)
    if not placement.removed:
        return np.ones(len(symbols), dtype=bool), pairs
    return _without_units(slab, symbols, crystal, pairs, placement.removed), pairs


def _facing(
    slab: Slab, symbols: NDArray[np.str_], crystal: OrientedCrystal, placement: Placement
) -> _Facing:
    fixed = ~np.isin(symbols, list(crystal.mobile))
    heights = slab.positions[:, 2]
    top = np.flatnonzero(fixed & (heights > slab.thickness_A - REACH_A))
    bottom = np.flatnonzero(fixed & (heights < REACH_A))
    below, above = slab.positions[top].copy(), slab.positions[bottom] * [-1.0, -1.0, 1.0]
    above[:, :2] += _from_origin(crystal, slab, placement)
    rise = above[:, 2].copy()
    depth = slab.thickness_A - below[:, 2]
    below[:, 2] = above[:, 2] = 0.0
    flat = np.zeros((3, 3))
    flat[:2, :2], flat[2, 2] = slab.plane_cell, 100.0
    kinds = sorted(set(symbols[fixed].tolist()))
    table = np.array([[crystal.limit_A(a, b, placement.closeness) for b in kinds] for a in kinds])
    number = np.searchsorted(kinds, symbols)
    i, j, distance = contacts(below, above, flat, float(table.max()))
    limit = table[number[top[i]], number[bottom[j]]]
    near = distance < limit
    i, j, distance, limit = i[near], j[near], distance[near], limit[near]
    needed = np.sqrt(limit**2 - distance**2) - depth[i] - rise[j]
    return _Facing(top[i], bottom[j], needed)


def _without_units(
    slab: Slab, symbols: NDArray[np.str_], crystal: OrientedCrystal, pairs: _Facing, n_units: int
) -> NDArray[np.bool_]:
    """Return which atoms stay when whole formula units of the most crowded ones go."""
    keep = np.ones(len(symbols), dtype=bool)
    heights = slab.positions[:, 2]
    to_cut = np.minimum(np.abs(heights), np.abs(heights - slab.thickness_A))
    left = {kind: n_units * count for kind, count in crystal.formula.items()}
    while any(left.values()):
        there = keep[pairs.i] & keep[pairs.j]
        push = np.clip(pairs.needed[there] - MOST_OVERLAP_A, 0.0, None) ** 2
        crowding = np.bincount(pairs.i[there], push, minlength=len(symbols))
        crowding += np.bincount(pairs.j[there], push, minlength=len(symbols))
        open_kinds = [kind for kind, count in left.items() if count]
        rank = np.where(keep & np.isin(symbols, open_kinds), crowding - 1e-3 * to_cut, -np.inf)
        worst = int(rank.argmax())
        keep[worst] = False
        left[str(symbols[worst])] -= 1
    return keep


def _refill(
    positions: Floats,
    symbols: NDArray[np.str_],
    crystal: OrientedCrystal,
    cell: Floats,
    screw: Screw,
    expansion: float,
    seed: int,
) -> Floats:
    """Move mobile atoms of grain 1 that the other grain crowds to good places at the boundary."""
    random = np.random.default_rng([seed, 2])
    mobile = np.flatnonzero(np.isin(symbols, list(crystal.mobile)))
    other = screw(positions)
    i, j, distance = contacts(positions[mobile], other, cell, 3.0)
    limit = np.array([[comfortable(a, b) for b in symbols] for a in sorted(crystal.mobile)])[0]
    crowded = mobile[np.unique(i[distance < limit[j]])]
    if len(crowded) == 0:
        return positions
    stay = np.setdiff1d(np.arange(len(symbols)), crowded)
    rest = _doubled(positions[stay], symbols[stay], cell, screw)
    middle = screw.height_A - 0.5 * expansion
    moved = positions.copy()
    for half in WINDOWS_A:
        try:
            window = (middle - half, middle + half)
            moved[crowded] = best_sites(rest, window, len(crowded), random)
        except InputError:
            continue
        return moved
    raise InputError("Li finds no room at the boundary; choose another shift.")


def _doubled(positions: Floats, symbols: NDArray[np.str_], cell: Floats, screw: Screw) -> Atoms:
    from ase import Atoms

    both = np.concatenate([positions, screw(positions)])
    return Atoms(np.concatenate([symbols, symbols]).tolist(), both, cell=cell, pbc=True)


def orthogonal_cell(
    bicrystal: Bicrystal, repeat: tuple[int, int] = (1, 1), *, relaxed: Atoms | None = None
) -> Atoms:
    """Return the bicrystal in its orthogonal cell, the axis along x, with its labels.

    `relaxed`, when given, holds its atoms as they came to rest, in the same order.

    The array "region" tells grain 1, grain 2 and boundary (0, 1, 2; a boundary reaches 5 Å to
    both sides), the array "side" the grain of each atom (0, 1).
    """
    small = bicrystal.atoms if relaxed is None else relaxed
    layer = bicrystal.crystal.layer.cell[:2, :2]
    rows = np.array(repeat)[:, None] * bicrystal.crystal.orthogonal
    shifts = _lattice_points(rows) @ layer
    from ase import Atoms

    positions = np.tile(small.positions, (len(shifts), 1))
    positions[:, :2] += np.repeat(shifts, len(small), axis=0)
    cell = np.zeros((3, 3))
    edges = np.linalg.norm(rows @ layer, axis=1)
    np.fill_diagonal(cell, [*edges, small.cell.array[2, 2]])
    tiled = Atoms(np.tile(small.numbers, len(shifts)), positions, cell=cell, pbc=True)
    tiled.set_array("side", np.tile(bicrystal.grain, len(shifts)))
    tiled.wrap(eps=1e-9)
    label(tiled)
    return tiled


def label(atoms: Atoms) -> None:
    """Set the array "region" by the distance from the boundaries, at 0 and half the height."""
    height = atoms.cell.array[2, 2]
    z = atoms.positions[:, 2] % height
    distance = np.minimum(np.abs(z - 0.5 * height), np.minimum(z, height - z))
    region = np.where(distance < BOUNDARY_HALF_WIDTH_A, 2, atoms.arrays["side"])
    atoms.set_array("region", region.astype(np.int64))
    atoms.info["region_names"] = ",".join(REGIONS)


def _lattice_points(rows: Integers) -> Integers:
    """Return the lattice points inside the cell of `rows`, shape (|det|, 2)."""
    reach = int(np.abs(rows).sum())
    numbers = np.arange(-reach, reach + 1)
    grid = np.stack(np.meshgrid(numbers, numbers, indexing="ij"), -1).reshape(-1, 2)
    inside = grid @ np.linalg.inv(rows.astype(float))
    inside -= np.floor(inside + 1e-9)
    _, first = np.unique(inside.round(6), axis=0, return_index=True)
    return grid[np.sort(first)]


def inequivalence_A(atoms: Atoms, bicrystal: Bicrystal) -> float:
    """Return how far the two boundaries are from being equal: 0 when they are, in Å.

    The largest distance between the screw's image of an atom and the nearest atom of its element.
    """
    half = 0.5 * float(atoms.cell.array[2, 2])
    image = Screw(bicrystal.screw.shift_A, half)(atoms.positions)
    worst = 0.0
    for number in np.unique(atoms.numbers):
        mine = atoms.numbers == number
        i, _, distance = contacts(image[mine], atoms.positions[mine], atoms.cell.array, 2.0)
        nearest = np.full(int(mine.sum()), 2.0)
        np.minimum.at(nearest, i, distance)
        worst = max(worst, float(nearest.max()))
    return worst
