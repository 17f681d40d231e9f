"""Count the floating-point operations that the wide path needs for one step.

Every addition, multiplication, division, square root and comparison that yields a number counts
as one, a fused multiply-add as two. Counted is what the method needs, each quantity once and real
neighbours only: padding of the lanes and whatever a kernel computes twice don't count, so a share
of the peak taken from it is that of useful work. `python benchmarks/instructions.py` counts what
the compiled kernel executes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

import sinterface
from sinterface.kernels.neighbors import NeighborList

EXPONENTIAL = {"double": 36, "mixed": 24}  # of a vector's lane, as in cpp/kernel/lanes.hpp
GEOMETRY = 13  # difference 3, shift 3, square 5, root and inverse 2; the unit vector below
UNIT_VECTOR = 3
TANH_CUTOFF = 16  # type 2, without its exponential: scaled distance, tanh, cube and slope


def harmonics_operations(degree: int) -> int:
    """Operations for all real harmonics up to `degree`, by cpp/kernel/harmonics.hpp."""
    powers = 6 * max(degree - 1, 0)  # (x + iy)^m from m = 2 on
    legendre = degree + 4 * sum(max(degree - m - 1, 0) for m in range(degree + 1))
    return powers + legendre + 3 * degree * (degree + 1) // 2


def gradient_operations(degree: int) -> int:
    """Operations for the gradient of a weighted sum of harmonics."""
    total = 4 if degree > 0 else 0
    for n in range(1, degree + 1):
        total += 3 + (2 if n > 1 else 0)
        for m in range(1, n + 1):
            total += 2 + 3 + 1 + (4 if m == 1 else 10)  # (x + iy)^0 is 1
            total += (3 if m < n else 0) + (2 if m + 1 < n else 0)
    return total


def exponential_operations(precision: str) -> int:
    """Operations of one Gaussian: square, scale, exponential."""
    return EXPONENTIAL[precision] + 3


@dataclass(frozen=True)
class Count:
    """Operations of one step over all atoms: for neighbours, element pairs and networks."""

    neighbors: float
    contractions: float
    networks: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.neighbors + self.contractions + self.networks


@dataclass(frozen=True)
class _Plan:
    radial: dict[int, int]  # neighbour's element -> radial rows
    bases: dict[int, set[float]]  # neighbour's element -> exponents of its Gaussians
    channels: dict[tuple[int, float], int]  # (element, exponent) -> largest degree
    pairs: dict[tuple[int, int, float], list[int]]  # (elements, exponent) -> degrees of its rows


def _plan(potential: sinterface.Potential, element: int) -> _Plan:
    radial: dict[int, int] = defaultdict(int)
    bases: dict[int, set[float]] = defaultdict(set)
    channels: dict[tuple[int, float], int] = defaultdict(int)
    pairs: dict[tuple[int, int, float], list[int]] = defaultdict(list)
    for kind, first, second, eta, _, _, _, zeta, *_ in potential._engine.rows(element):
        bases[first].add(eta)
        if kind == 2:
            radial[first] += 1
        elif kind == 9:
            bases[second].add(eta)
            pairs[first, second, eta].append(int(zeta))
            for e in (first, second):
                channels[e, eta] = max(channels[e, eta], int(zeta))
        else:
            raise ValueError(f"operations of symmetry functions of type {kind} aren't counted")
    return _Plan(radial, bases, channels, pairs)


def _per_neighbor(plan: _Plan, element: int, precision: str) -> float:
    degrees = [degree for (e, _), degree in plan.channels.items() if e == element]
    total = GEOMETRY + UNIT_VECTOR + TANH_CUTOFF + EXPONENTIAL[precision]
    total += len(plan.bases[element]) * exponential_operations(precision)
    total += plan.radial[element] * (2 + 8)  # value and its sum; slope, weight, sum
    for degree in degrees:
        n = (degree + 1) ** 2
        total += 1 + 2 * n  # moments
        total += 6 + 4 * n + 2  # slope, weights of the harmonics, radial part
    if degrees:
        top = max(degrees)
        total += harmonics_operations(top) + gradient_operations(top) + 14
    return total + 6 + 6 + 12  # gradient together, both ends' forces, virial


def _per_atom(plan: _Plan) -> float:
    total = 0.0
    for (a, b, _), degrees in plan.pairs.items():
        n = (max(degrees) + 1) ** 2
        total += 2 * n + (2 if a == b else 4) * n  # Legendre sums, gradients of the moments
        total += sum(4 * (degree + 1) + (4 if a == b else 0) for degree in degrees)
    return total


def _networks(potential: sinterface.Potential, element: int, precision: str) -> float:
    total = 0.0
    for inputs, outputs, activation, *_ in potential._engine.layers(element):
        total += 4 * inputs * outputs + outputs
        if activation == "t":
            total += outputs * (EXPONENTIAL[precision] + 8)
    return total + 4 * len(potential._engine.rows(element))  # scaling


def count(
    potential: sinterface.Potential,
    species: np.ndarray[tuple[int], np.dtype[np.int32]],
    neighbors: NeighborList,
    precision: str,
) -> Count:
    """Count the operations of energies, forces and virial of a structure.

    Parameters
    ----------
    potential
        Of types 2 and 9 with the tanh cutoff (type 2).
    species
        Index of each atom's element, shape (n_atoms,).
    neighbors
        List at the potential's cutoff: every pair in it counts.
    """
    n_elements = len(potential.elements)
    centers, others = species[neighbors.centers], species[neighbors.neighbors]
    met = np.zeros((n_elements, n_elements))
    np.add.at(met, (centers, others), 1)
    atoms = np.bincount(species, minlength=n_elements)
    by_neighbor = contractions = networks = 0.0
    for e in np.flatnonzero(atoms):
        plan = _plan(potential, int(e))
        for other in range(n_elements):
            by_neighbor += met[e, other] * _per_neighbor(plan, other, precision)
        contractions += atoms[e] * _per_atom(plan)
        networks += atoms[e] * _networks(potential, int(e), precision)
    return Count(by_neighbor, contractions, networks)
