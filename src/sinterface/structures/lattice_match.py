"""Supercells of two planes that fit: the electrode is strained onto the electrolyte, or both."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST_SINE = math.sin(math.radians(59.9))
MOST_CELLS = 600


@dataclass(frozen=True)
class LatticeMatch:
    """Two supercells of one shape.

    Attributes
    ----------
    electrolyte, electrode
        Integer combinations of each plane's own vectors, shape (2, 2), rows.
    cell
        The common cell, rows in Å, shape (2, 2), the first along x.
    edge_strain
        Relative change of length of the electrode's two edges (positive: stretched).
    angle_change_degrees
        Change of the angle between the electrode's edges.
    electrolyte_edge_strain, electrolyte_angle_change_degrees
        The same of the electrolyte; 0 when the electrode carries all.
    """

    electrolyte: Integers
    electrode: Integers
    cell: Floats
    edge_strain: tuple[float, float]
    angle_change_degrees: float
    electrolyte_edge_strain: tuple[float, float] = (0.0, 0.0)
    electrolyte_angle_change_degrees: float = 0.0

    @property
    def strain(self) -> float:
        """Largest edge strain or shear (rad) of either crystal, in absolute value."""
        angles = self.angle_change_degrees, self.electrolyte_angle_change_degrees
        return max(
            *(abs(e) for e in (*self.edge_strain, *self.electrolyte_edge_strain)),
            *(math.radians(abs(angle)) for angle in angles),
        )

    @property
    def area_A2(self) -> float:
        """Area of the common cell, in Å²."""
        return abs(float(np.linalg.det(self.cell)))


def match_lattices(
    electrolyte: Floats,
    electrode: Floats,
    *,
    max_strain: float = 0.03,
    shortest_edge_A: float = 9.0,
    longest_edge_A: float = 30.0,
    electrolyte_share: float = 0.0,
) -> LatticeMatch:
    """Return the smallest pair of supercells whose strain is within `max_strain`.

    Electrolyte cells are tried by area, those of angles from 60 to 120 degrees, square-cornered
    ones first; for each, the electrode's edges are the lattice vectors nearest in length whose
    angle fits best.

    Parameters
    ----------
    electrolyte, electrode
        Plane vectors as rows, shape (2, 2), in Å.
    max_strain
        Limit of each edge's strain and of the shear (rad), in either crystal.
    shortest_edge_A, longest_edge_A
        Limits of the common cell's edges; it is also at least `shortest_edge_A` wide across each.
    electrolyte_share
        Share of the mismatch that the electrolyte carries, 0 (none) to 1 (all).

    Raises
    ------
    InputError
        When no cell fits; the message names the best that was found.
    """
    best: LatticeMatch | None = None
    for cell in _supercells(electrolyte, shortest_edge_A, longest_edge_A):
        found = _fit(electrolyte, cell, electrode, max(0.1, 2.0 * max_strain), electrolyte_share)
        if found is not None and (best is None or found.strain < best.strain):
            best = found
        if best is not None and best.strain <= max_strain:
            return best
    if best is None:
        raise InputError(
            f"The two planes have no common cell with edges of {shortest_edge_A:g} to "
            f"{longest_edge_A:g} Å; choose other planes."
        )
    first, second = (100 * strain for strain in best.edge_strain)
    edges = " × ".join(f"{edge:.1f}" for edge in np.linalg.norm(best.cell, axis=1))
    raise InputError(
        f"The two planes don't match within a strain of {100 * max_strain:g} %: the best common "
        f"cell, {edges} Å, strains the electrode's edges by {first:.2f} % and {second:.2f} % and "
        f"changes their angle by {best.angle_change_degrees:.2f}° "
        f"({math.degrees(max_strain):.2f}° is the limit); "
        "raise max_strain or choose other planes."
    )


def _supercells(plane: Floats, shortest: float, longest: float) -> Iterator[Integers]:
    """Yield supercells by area whose edges and widths are allowed, at angles of 60 to 120°."""
    vectors, lengths = _vectors(plane, longest)
    keep = lengths >= shortest
    vectors, lengths = vectors[keep], lengths[keep]
    cartesian = vectors @ plane
    area = cartesian[:, None, 0] * cartesian[None, :, 1]
    area -= cartesian[:, None, 1] * cartesian[None, :, 0]
    sine = area / (lengths[:, None] * lengths[None, :])
    width = sine * np.minimum(lengths[:, None], lengths[None, :])
    first, second = np.nonzero((sine > LEAST_SINE) & (width > (1.0 - 1e-9) * shortest))
    half = (vectors[first, 0] > 0) | ((vectors[first, 0] == 0) & (vectors[first, 1] > 0))
    first, second = first[half], second[half]
    keys = -vectors[first, 0], -sine[first, second].round(6), area[first, second].round(3)
    order = np.lexsort(keys)
    for index in order[:MOST_CELLS]:
        yield np.array([vectors[first[index]], vectors[second[index]]])


def _vectors(plane: Floats, longest: float) -> tuple[Integers, Floats]:
    heights = abs(np.linalg.det(plane)) / np.linalg.norm(plane[::-1], axis=1)
    counts = np.ceil(longest / heights).astype(int)
    grid = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in counts], indexing="ij"), -1)
    vectors = grid.reshape(-1, 2)
    lengths = np.linalg.norm(vectors @ plane, axis=1)
    keep = (lengths > 1e-6) & (lengths <= longest)
    return vectors[keep], lengths[keep]


def _fit(
    electrolyte: Floats, cell: Integers, electrode: Floats, tolerance: float, share: float
) -> LatticeMatch | None:
    """Return the electrode's supercell that fits `cell` best, or None within `tolerance`."""
    target = cell @ electrolyte
    edges = np.linalg.norm(target, axis=1)
    vectors, lengths = _vectors(electrode, float(edges.max()) * (1.0 + tolerance))
    firsts = vectors[np.abs(edges[0] / lengths - 1.0) < tolerance]
    seconds = vectors[np.abs(edges[1] / lengths - 1.0) < tolerance]
    if len(firsts) == 0 or len(seconds) == 0:
        return None
    a, b = firsts @ electrode, seconds @ electrode
    first = edges[0] / np.linalg.norm(a, axis=1)
    second = edges[1] / np.linalg.norm(b, axis=1)
    cross = a[:, None, 0] * b[None, :, 1] - a[:, None, 1] * b[None, :, 0]
    angle = np.degrees(np.arctan2(cross, a @ b.T))
    wanted = math.degrees(math.atan2(np.linalg.det(target), float(target[0] @ target[1])))
    larger = max(share, 1.0 - share)
    stretch = [np.abs(ratio**larger - 1.0) for ratio in (first, second)]
    score = np.maximum(stretch[0][:, None], stretch[1][None, :])
    score = np.maximum(score, larger * np.radians(np.abs(angle - wanted)))
    i, j = np.unravel_index(int(score.argmin()), score.shape)
    change = wanted - float(angle[i, j])
    ratios = float(first[i]), float(second[j])
    one, two = (e * r**-share for e, r in zip(edges.tolist(), ratios, strict=True))
    return LatticeMatch(
        electrolyte=cell,
        electrode=np.array([firsts[i], seconds[j]]),
        cell=_shaped(one, two, wanted - share * change),
        edge_strain=_strains(ratios, 1.0 - share),
        angle_change_degrees=(1.0 - share) * change,
        electrolyte_edge_strain=_strains(ratios, -share),
        electrolyte_angle_change_degrees=-share * change,
    )


def _strains(ratios: tuple[float, float], power: float) -> tuple[float, float]:
    return ratios[0] ** power - 1.0, ratios[1] ** power - 1.0


def _shaped(first: float, second: float, angle_degrees: float) -> Floats:
    """Return a cell of two edges and their angle, the first edge along x."""
    angle = math.radians(angle_degrees)
    if abs(angle_degrees - 90.0) < 1e-9:
        return np.array([[first, 0.0], [0.0, second]])
    return np.array([[first, 0.0], [second * math.cos(angle), second * math.sin(angle)]])
