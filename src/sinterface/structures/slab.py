"""Slabs cut from a crystal along any plane, stoichiometric and with whole polyhedra."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.structures.contacts import contacts
from sinterface.structures.lithium import formal_charges

if TYPE_CHECKING:
    from ase import Atoms

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SAME_PLACE_A = 0.05
BOND_STRETCH = 1.2  # a bond is at most so many times the shortest one of its kind
VACUUM_A = 20.0


@dataclass(frozen=True)
class Layer:
    """One lattice-plane period of a crystal, its plane along xy and its normal along z.

    `cell` has rows u, v (in the plane, u along x) and w (to the next layer, with a part in the
    plane); `positions` are Cartesian, shape (n_atoms, 3), in Å; `owner` is the atom that each
    atom follows when the crystal is cut (the centre of its polyhedron, or itself).
    """

    cell: Floats
    positions: Floats
    symbols: tuple[str, ...]
    owner: Integers
    miller: tuple[int, int, int]

    @property
    def height_A(self) -> float:
        """Distance of one layer to the next, in Å."""
        return float(self.cell[2, 2])


@dataclass(frozen=True)
class Slab:
    """A stoichiometric slab: `plane_cell` shape (2, 2), z counted from the lower cut, in Å."""

    plane_cell: Floats
    positions: Floats
    symbols: tuple[str, ...]
    thickness_A: float
    broken_strength: float


def cut_layer(crystal: Atoms, miller: tuple[int, int, int]) -> Layer:
    """Return the crystal as layers of the plane `miller` (indices of the crystal's own cell).

    Raises
    ------
    InputError
        For the plane (0, 0, 0).
    """
    if not any(miller):
        raise InputError("The plane (0, 0, 0) doesn't exist; give Miller indices such as 1 0 4.")
    lattice = _primitive_lattice(crystal)
    fractional_lattice = lattice @ np.linalg.inv(crystal.cell.array)
    n_points = round(1.0 / abs(float(np.linalg.det(fractional_lattice))))
    indices = np.rint(n_points * fractional_lattice @ np.array(miller)).astype(int)
    indices //= math.gcd(*(int(abs(index)) for index in indices)) or 1
    basis = _plane_basis(lattice, indices) @ lattice
    cell, rotation = _oriented(basis)
    fractional = (crystal.positions @ rotation.T) @ np.linalg.inv(cell)
    fractional -= np.floor(fractional + 1e-6)
    keep = _without_duplicates(fractional @ cell, cell)
    symbols = tuple(np.array(crystal.get_chemical_symbols())[keep].tolist())
    positions = (fractional @ cell)[keep]
    return Layer(cell, positions, symbols, _owners(positions, symbols, cell), miller)


def _primitive_lattice(crystal: Atoms) -> Floats:
    """Return the shortest three vectors that carry the crystal onto itself."""
    cell, numbers = crystal.cell.array, crystal.numbers
    fractional = crystal.get_scaled_positions()
    kinds, counts = np.unique(numbers, return_counts=True)
    rare = np.flatnonzero(numbers == kinds[counts.argmin()])
    vectors = list(np.eye(3))
    for atom in rare[1:]:
        shift = fractional[atom] - fractional[rare[0]]
        if _is_translation(shift, fractional, numbers, cell):
            vectors.append(shift - np.floor(shift + 1e-9))
    if len(vectors) == 3:
        return np.asarray(cell)
    grid = [np.array(s) for s in product((-1, 0, 1), repeat=3)]
    candidates = np.array([v + s for v in [np.zeros(3), *vectors[3:]] for s in grid]) @ cell
    candidates = candidates[np.linalg.norm(candidates, axis=1) > 1e-3]
    candidates = candidates[np.argsort(np.linalg.norm(candidates, axis=1), kind="stable")]
    volume = abs(np.linalg.det(cell)) / (len(vectors) - 2)
    for i in range(len(candidates)):
        for j in range(i):
            for k in range(j):
                trial: Floats = candidates[[k, j, i]]
                if abs(abs(np.linalg.det(trial)) - volume) < 1e-3 * volume:
                    return trial
    return np.asarray(cell)


def _is_translation(shift: Floats, fractional: Floats, numbers: Integers, cell: Floats) -> bool:
    for number in np.unique(numbers):
        members = fractional[numbers == number]
        delta = members[:, None] + shift - members[None]
        delta = (delta - np.round(delta)) @ cell
        if np.linalg.norm(delta, axis=2).min(axis=1).max() > SAME_PLACE_A:
            return False
    return True


def _plane_basis(lattice: Floats, indices: Integers) -> Integers:
    """Return integer rows u, v, w: u and v shortest in the plane, w to the next plane."""
    reach = int(np.abs(indices).max()) + 2
    grid = np.array(list(product(range(-reach, reach + 1), repeat=3)))
    levels = grid @ indices
    flat = grid[(levels == 0) & grid.any(axis=1)]
    flat = flat[np.argsort(np.linalg.norm(flat @ lattice, axis=1), kind="stable")]
    u = flat[0]
    v = next(row for row in flat if np.array_equal(np.abs(np.cross(u, row)), np.abs(indices)))
    steps = grid[levels == 1]
    normal = np.cross(u @ lattice, v @ lattice)
    normal /= np.linalg.norm(normal)
    sideways = steps @ lattice - np.outer(steps @ lattice @ normal, normal)
    w = steps[np.linalg.norm(sideways, axis=1).argmin()]
    if float(w @ lattice @ normal) < 0.0:
        v = -v
    return np.array([u, v, w])


def _oriented(basis: Floats) -> tuple[Floats, Floats]:
    """Return the cell turned so that u is along x and u, v lie in xy, and that rotation."""
    x = basis[0] / np.linalg.norm(basis[0])
    z = np.cross(basis[0], basis[1])
    z /= np.linalg.norm(z)
    rotation = np.array([x, np.cross(z, x), z])
    return basis @ rotation.T, rotation


def _without_duplicates(positions: Floats, cell: Floats) -> Integers:
    i, j, _ = contacts(positions, positions, cell, SAME_PLACE_A)
    return np.setdiff1d(np.arange(len(positions)), j[i < j])


def _strengths(
    positions: Floats, symbols: tuple[str, ...], cell: Floats
) -> tuple[Integers, Integers, Floats]:
    """Return bonds cation-anion of cations of charge 3 or more: indices and Pauling strength."""
    charges = formal_charges(symbols)
    kinds = np.array(symbols)
    i, j, distance = contacts(positions, positions, cell, 3.5)
    bond = np.zeros(len(i), dtype=bool)
    for kind in {s for s, q in zip(symbols, charges, strict=True) if q >= 3}:
        pairs = (kinds[i] == kind) & (charges[j] < 0)
        if pairs.any():
            bond |= pairs & (distance < BOND_STRETCH * distance[pairs].min())
    i, j = i[bond], j[bond]
    neighbors = np.bincount(i, minlength=len(kinds))
    return i, j, charges[i] / neighbors[i]


def _owners(positions: Floats, symbols: tuple[str, ...], cell: Floats) -> Integers:
    """Return for each anion its only strongest cation, where there is one; else the atom itself.

    The oxygen of garnets belongs to one Zr; that of layered LiCoO2 to three Co, so to none.
    """
    owner = np.arange(len(symbols))
    i, j, strength = _strengths(positions, symbols, cell)
    for anion in np.unique(j):
        mine = j == anion
        strongest = i[mine][strength[mine] > strength[mine].max() - 1e-6]
        if len(strongest) == 1:
            owner[anion] = strongest[0]
    return owner


def build_slab(layer: Layer, n_layers: int) -> Slab:
    """Return `n_layers` of the crystal, cut where the fewest strong bonds break.

    Each atom, or each polyhedron by its centre, is taken when its height is within the window,
    so any window is stoichiometric. Among the windows that break the least bond strength the one
    of the smallest dipole along the normal is taken, and of two opposite dipoles the one that has
    its cations at the top, where the Li-sufficient side of an interface will be.
    """
    heights = np.sort(layer.positions[layer.owner, 2] % layer.height_A)
    gaps = np.diff(np.append(heights, heights[0] + layer.height_A))
    cuts = (heights + 0.5 * gaps)[gaps > min(0.2, 0.999 * gaps.max())]
    slabs = [_window(layer, n_layers, float(cut)) for cut in cuts]

    def rank(slab: Slab) -> tuple[float, float, float]:
        dipole = round(_dipole(slab), 2)
        return round(slab.broken_strength, 3), abs(dipole), -dipole

    return min(slabs, key=rank)


def _window(layer: Layer, n_layers: int, cut: float) -> Slab:
    """Return the slab whose owners lie in [cut, cut + n_layers heights)."""
    to_owner = layer.positions - layer.positions[layer.owner]
    fractional = to_owner @ np.linalg.inv(layer.cell)
    to_owner = (fractional - np.round(fractional)) @ layer.cell
    down = np.floor((layer.positions[layer.owner, 2] - cut) / layer.height_A)
    base = layer.positions[layer.owner] - np.outer(down, layer.cell[2]) + to_owner
    stack = np.concatenate([base + n * layer.cell[2] for n in range(n_layers)])
    stack[:, 2] -= cut
    symbols = layer.symbols * n_layers
    plane = layer.cell[:2, :2]
    in_plane = stack[:, :2] @ np.linalg.inv(plane)
    stack[:, :2] = (in_plane - np.floor(in_plane + 1e-6)) @ plane
    thickness = n_layers * layer.height_A
    apart = np.array([*layer.cell[:2], [0.0, 0.0, thickness + VACUUM_A]])
    bonds_inside = _strengths(layer.positions, layer.symbols, layer.cell)[2].sum() * n_layers
    kept = _kept_strength(layer, stack, symbols, apart)
    return Slab(plane, stack, symbols, thickness, float(bonds_inside - kept))


def _kept_strength(layer: Layer, stack: Floats, symbols: tuple[str, ...], cell: Floats) -> float:
    """Return the strength of the bonds left in the slab, each with its strength in the bulk."""
    strength: dict[str, float] = {}
    i, _, strengths = _strengths(layer.positions, layer.symbols, layer.cell)
    for first, value in zip(i, strengths, strict=True):
        strength[layer.symbols[first]] = float(value)
    charges, kinds = formal_charges(symbols), np.array(symbols)
    a, b, distance = contacts(stack, stack, cell, 3.5)
    total = 0.0
    for kind, value in strength.items():
        pairs = (kinds[a] == kind) & (charges[b] < 0)
        if pairs.any():
            reach = BOND_STRETCH * float(distance[pairs].min())
            total += value * int((pairs & (distance < reach)).sum())
    return total


def _dipole(slab: Slab) -> float:
    centred = slab.positions[:, 2] - 0.5 * slab.thickness_A
    return float(formal_charges(slab.symbols) @ centred)
