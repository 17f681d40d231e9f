"""Slabs cut from a crystal along any plane, stoichiometric and with whole polyhedra."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.structures.bonds import Bonds, find_bonds, owners
from sinterface.structures.contacts import contacts
from sinterface.structures.oxidation import CHARGES, charges_of

if TYPE_CHECKING:
    from ase import Atoms

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SAME_PLACE_A = 0.05
SAME_CUT_A = 0.2  # lattice planes nearer than this are not cut apart where there is a choice
VACUUM_A = 20.0


@dataclass(frozen=True)
class Layer:
    """One lattice-plane period of a crystal, its plane along xy and its normal along z.

    `cell` has rows u, v (in the plane, u along x) and w (to the next layer, with a part in the
    plane); `positions` are Cartesian, shape (n_atoms, 3), in Å; `charges` are oxidation states in
    e; `owner` is the atom that each atom follows when the crystal is cut (the centre of its
    polyhedron, or itself), `to_owner` the vector to it, shape (n_atoms, 3); `bonds` are those of
    its polyhedra; `rotation`, shape (3, 3), turns the crystal's own vectors into this frame.
    """

    cell: Floats
    positions: Floats
    symbols: tuple[str, ...]
    charges: Floats
    owner: Integers
    to_owner: Floats
    bonds: Bonds
    miller: tuple[int, int, int]
    rotation: Floats

    @property
    def height_A(self) -> float:
        """Distance of one layer to the next, in Å."""
        return float(self.cell[2, 2])

    @property
    def area_A2(self) -> float:
        """Area of the surface cell, in Å²."""
        return abs(float(np.linalg.det(self.cell[:2, :2])))

    def to_atoms(self) -> Atoms:
        """Return the crystal in this frame, its oxidation states as an array."""
        from ase import Atoms

        atoms = Atoms(list(self.symbols), self.positions, cell=self.cell, pbc=True)
        atoms.set_array(CHARGES, self.charges)
        return atoms


@dataclass(frozen=True)
class Slab:
    """A stoichiometric slab: `plane_cell` shape (2, 2), z counted from the lower cut, in Å.

    `cut_A` is the height in the layer at which it was cut, `broken_strength` the sum of the
    Pauling strengths of the bonds cut at both faces, `lost_share` the largest share of its bonds
    that any cation lost.
    """

    plane_cell: Floats
    positions: Floats
    symbols: tuple[str, ...]
    thickness_A: float
    broken_strength: float
    charges: Floats
    cut_A: float = 0.0
    lost_share: float = 0.0


def cut_layer(crystal: Atoms, miller: tuple[int, int, int]) -> Layer:
    """Return the crystal as layers of the plane `miller` (indices of the crystal's own cell).

    Raises
    ------
    InputError
        For the plane (0, 0, 0).
    """
    from ase import Atoms

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
    atoms = Atoms(crystal.numbers[keep], (fractional @ cell)[keep], cell=cell, pbc=True)
    atoms.set_array(CHARGES, charges_of(crystal)[keep])
    bonds = find_bonds(atoms)
    symbols = tuple(atoms.get_chemical_symbols())
    follows = owners(len(atoms), bonds)
    charges = atoms.arrays[CHARGES]
    return Layer(cell, atoms.positions, symbols, charges, *follows, bonds, miller, rotation)


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


def build_slab(layer: Layer, n_layers: int) -> Slab:
    """Return `n_layers` of the crystal, cut where the fewest strong bonds break.

    Each atom, or each polyhedron by its centre, is taken when its height is within the window,
    so any window is stoichiometric. Among the windows that break the least bond strength those
    are taken whose cations lose the smallest share of their bonds, of these the one of the
    smallest dipole along the normal, and of two opposite dipoles the one that has its cations at
    the top, where the Li-sufficient side of an interface will be.
    """
    return ranked_slabs(layer, n_layers)[0]


def ranked_slabs(layer: Layer, n_layers: int) -> list[Slab]:
    """Return a slab for each place where the crystal can be cut, best first: see `build_slab`."""
    heights = np.sort(_owner_heights(layer) % layer.height_A)
    gaps = np.diff(np.append(heights, heights[0] + layer.height_A))
    cuts = (heights + 0.5 * gaps)[gaps > min(SAME_CUT_A, 0.999 * gaps.max())]
    slabs = [cut_slab(layer, n_layers, float(cut)) for cut in cuts]

    def rank(slab: Slab) -> tuple[float, float, float, float]:
        dipole = round(dipole_eA(slab), 2)
        return round(slab.broken_strength, 3), round(slab.lost_share, 2), abs(dipole), -dipole

    return sorted(slabs, key=rank)


def cut_slab(layer: Layer, n_layers: int, cut: float) -> Slab:
    """Return the slab whose owners lie in [cut, cut + n_layers heights)."""
    down = np.floor((_owner_heights(layer) - cut) / layer.height_A)
    base = layer.positions - np.outer(down, layer.cell[2])
    stack = np.concatenate([base + n * layer.cell[2] for n in range(n_layers)])
    stack[:, 2] -= cut
    plane = layer.cell[:2, :2]
    in_plane = stack[:, :2] @ np.linalg.inv(plane)
    stack[:, :2] = (in_plane - np.floor(in_plane + 1e-6)) @ plane
    broken, lost = _broken(layer, cut)
    return Slab(
        plane, stack, layer.symbols * n_layers, n_layers * layer.height_A, broken,
        np.tile(layer.charges, n_layers), cut, lost,
    )  # fmt: skip


def _owner_heights(layer: Layer) -> Floats:
    """Return the height at which each atom counts: that of its owner."""
    heights: Floats = layer.positions[:, 2] + layer.to_owner[:, 2]
    return heights


def _broken(layer: Layer, cut: float) -> tuple[float, float]:
    """Return the strength of the bonds that a cut breaks, and the largest share a cation loses."""
    bonds = layer.bonds
    cation = layer.positions[bonds.cation, 2]
    anion = cation + bonds.vector[:, 2] + layer.to_owner[bonds.anion, 2]
    cation = cation + layer.to_owner[bonds.cation, 2]
    steps = np.floor((anion - cut) / layer.height_A) - np.floor((cation - cut) / layer.height_A)
    n_atoms = len(layer.symbols)
    number = np.maximum(np.bincount(bonds.cation, minlength=n_atoms), 1)
    lost = [np.bincount(bonds.cation, way, minlength=n_atoms) for way in (steps > 0, steps < 0)]
    share = float((np.maximum(*lost) / number).max(initial=0.0))
    return float(np.abs(steps) @ bonds.strength), share


def dipole_eA(slab: Slab) -> float:
    """Return the dipole moment of formal charges along the normal, in e Å a surface cell."""
    return float(slab.charges @ (slab.positions[:, 2] - 0.5 * slab.thickness_A))
