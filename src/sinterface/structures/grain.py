"""One grain of a tilt boundary: whole lattice planes of a cubic crystal, tilt axis along x."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.structures.coincidence import Tilt
from sinterface.structures.contacts import comfortable, shortest_allowed, shortest_by_pair
from sinterface.structures.oxidation import ANIONS, assign_charges
from sinterface.structures.slab import Layer, Slab, cut_layer, cut_slab, ranked_slabs

if TYPE_CHECKING:
    from ase import Atoms

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST_THICKNESS_A = 20.0
SAME_EDGE = 5e-3  # relative; angles by the same measure
SOFT_CONTACT = 0.87  # of the crystal's own shortest distance: how near two grains may come
CATIONS_APART_A = 3.3  # as between edge-sharing polyhedra, where the crystal keeps them wider apart
MARGIN = 1.01


@dataclass(frozen=True)
class OrientedCrystal:
    """A cubic crystal as lattice planes of a boundary, the tilt axis along x, its normal along z.

    Attributes
    ----------
    tilt
        The boundary.
    layer
        One lattice plane with its smallest cell.
    orthogonal
        Rows: shortest lattice vectors along x and y, in units of the layer's own two vectors.
    period
        Lattice planes after which the crystal repeats along z.
    formula
        Atoms of each element in one formula unit.
    limits_A
        How near atoms of two grains come by preference, by pair of elements.
    least_A
        How near they may come at all.
    mobile
        Elements that are placed anew at a boundary (Li), the others being the framework.
    """

    tilt: Tilt
    layer: Layer
    orthogonal: Integers
    period: int
    formula: dict[str, int]
    limits_A: dict[tuple[str, str], float]
    least_A: dict[tuple[str, str], float]
    mobile: frozenset[str]

    def limit_A(self, first: str, second: str, closeness: float) -> float:
        """Return how near atoms of two grains may come, in Å."""
        return max(closeness * self.limits_A[first, second], self.least_A[first, second])

    @property
    def edges_A(self) -> tuple[float, float]:
        """Return the edges of the smallest orthogonal cell, in Å."""
        a, b = np.linalg.norm(self.orthogonal @ self.layer.cell[:2, :2], axis=1)
        return float(a), float(b)

    @property
    def period_A(self) -> float:
        """Return the length after which the crystal repeats along the normal, in Å."""
        return self.period * self.layer.height_A

    @cached_property
    def cuts_A(self) -> list[float]:
        """Heights at which the crystal may be cut, the fewest broken bonds first."""
        n_layers = max(1, math.ceil(8.0 / self.layer.height_A))
        return [slab.cut_A for slab in ranked_slabs(self.layer, n_layers)]

    def planes_for(self, thickness_A: float | None, cutoff_A: float) -> int:
        """Return the lattice planes of a grain of at least this thickness.

        Without a thickness: whole periods along the normal, at least 20 Å.

        Raises
        ------
        InputError
            When the grain would be so thin that its middle feels both boundaries.
        """
        needed = 1.9 * cutoff_A
        if thickness_A is None:
            least = max(LEAST_THICKNESS_A, needed)
            return self.period * math.ceil(least / self.period_A - 1e-9)
        if not thickness_A >= needed:
            raise InputError(
                f"Grains of {thickness_A:g} Å are too thin for a cutoff of {cutoff_A:g} Å "
                f"({needed:.1f} Å needed); give a larger thickness."
            )
        return math.ceil(thickness_A / self.layer.height_A - 1e-9)

    def repeats_for(self, repeat: tuple[int, int] | None, cutoff_A: float) -> tuple[int, int]:
        """Return copies of the orthogonal cell along x and y, enough for the cutoff.

        Raises
        ------
        InputError
            When the copies asked for are too few.
        """
        needed = tuple(math.ceil(cutoff_A / edge - 1e-9) for edge in self.edges_A)
        if repeat is None:
            return needed[0], needed[1]
        for name, edge, asked, least in zip("xy", self.edges_A, repeat, needed, strict=True):
            if asked < least:
                raise InputError(
                    f"The cell measures {asked * edge:.1f} Å along {name}, too little for a cutoff "
                    f"of {cutoff_A:g} Å; repeat it {least} times along {name}."
                )
        return repeat

    def grain(self, n_planes: int, cut_A: float) -> Slab:
        """Return one grain: `n_planes` lattice planes of the smallest cell, cut at `cut_A`."""
        known = self._grains
        if (n_planes, cut_A) not in known:
            known[n_planes, cut_A] = cut_slab(self.layer, n_planes, cut_A)
        return known[n_planes, cut_A]

    @cached_property
    def _grains(self) -> dict[tuple[int, float], Slab]:
        return {}

    def bulk(self, n_planes: int) -> Atoms:
        """Return the crystal as it stands in a grain, without a boundary."""
        from ase import Atoms

        slab = self.grain(n_planes, self.cuts_A[0])
        cell = self.layer.cell.copy()
        cell[2] *= n_planes
        plane = cell[:2, :2]
        cell[2, :2] -= np.rint(cell[2, :2] @ np.linalg.inv(plane)) @ plane
        atoms = Atoms(list(slab.symbols), slab.positions, cell=cell, pbc=True)
        atoms.wrap(eps=1e-9)
        return atoms


def orient(crystal: Atoms, tilt: Tilt) -> OrientedCrystal:
    """Turn a cubic crystal so that the tilt axis is along x and the boundary's normal along z.

    Raises
    ------
    InputError
        For a crystal that isn't cubic, or whose formal charges don't cancel.
    """
    require_cubic(crystal)
    crystal = assign_charges(crystal, "The crystal")
    symbols = crystal.get_chemical_symbols()
    layer = cut_layer(crystal, tilt.plane)
    layer = _along_x(
        layer, layer.rotation @ (np.array(tilt.axis, dtype=float) @ crystal.cell.array)
    )
    directions = np.array([tilt.axis, tilt.across], dtype=float) @ crystal.cell.array
    in_plane = (directions @ layer.rotation.T)[:, :2]
    rows = np.rint(in_plane @ np.linalg.inv(layer.cell[:2, :2])).astype(np.int64)
    rows //= np.gcd.reduce(rows, axis=1)[:, None]
    counts = {kind: symbols.count(kind) for kind in dict.fromkeys(symbols)}
    divisor = math.gcd(*counts.values())
    ionic = bool(ANIONS & set(counts))
    hosts = set(counts) - ANIONS - {"Li"}
    return OrientedCrystal(
        tilt=tilt,
        layer=layer,
        orthogonal=rows,
        period=_period(layer),
        formula={kind: count // divisor for kind, count in counts.items()},
        limits_A=_limits(crystal, ionic),
        least_A={
            (a, b): MARGIN * shortest_allowed(a, b) if ionic else 0.0
            for a in counts
            for b in counts
        },
        mobile=frozenset({"Li"} if ionic and hosts and "Li" in counts else ()),
    )


def require_cubic(crystal: Atoms) -> None:
    """Refuse a crystal whose cell isn't a cube.

    Raises
    ------
    InputError
        Naming the edges and angles.
    """
    lengths, angles = crystal.cell.lengths(), crystal.cell.angles()
    cubic = np.ptp(lengths) < SAME_EDGE * lengths.mean()
    if not (cubic and np.abs(np.cos(np.radians(angles))).max() < SAME_EDGE):
        edges = ", ".join(f"{length:.3f}" for length in lengths)
        degrees = ", ".join(f"{angle:.1f}" for angle in angles)
        raise InputError(
            f"The crystal is not cubic: edges {edges} Å, angles {degrees}°; give a cubic crystal "
            "in its conventional cell."
        )


def _along_x(layer: Layer, axis: Floats) -> Layer:
    """Return the layer turned about z so that `axis` points along x."""
    angle = math.atan2(axis[1], axis[0])
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    return replace(
        layer,
        cell=layer.cell @ turn.T,
        positions=layer.positions @ turn.T,
        to_owner=layer.to_owner @ turn.T,
        bonds=replace(layer.bonds, vector=layer.bonds.vector @ turn.T),
        rotation=turn @ layer.rotation,
    )


def _period(layer: Layer) -> int:
    """Return how many lattice planes lie between two that stand straight above each other."""
    step = layer.cell[2, :2] @ np.linalg.inv(layer.cell[:2, :2])
    for number in range(1, 10_000):
        if np.abs(number * step - np.rint(number * step)).max() < 1e-4:
            return number
    raise InputError("The crystal doesn't repeat along the boundary's normal; check its cell.")


def _limits(crystal: Atoms, ionic: bool) -> dict[tuple[str, str], float]:
    shortest = shortest_by_pair(crystal, 6.5)
    kinds = sorted(set(crystal.get_chemical_symbols()))
    limits = {}
    for a in kinds:
        for b in kinds:
            soft = SOFT_CONTACT * shortest.get("-".join(sorted((a, b))), np.inf)
            cations = ionic and not {a, b} & (ANIONS | {"Li"})
            limits[a, b] = min(soft, CATIONS_APART_A if cations else comfortable(a, b))
    return limits
