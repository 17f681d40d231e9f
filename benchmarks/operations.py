"""Count the floating-point operations that the wide path needs for one step.

Every addition, multiplication, division, square root and clamp counts as one, a fused multiply-add
as two. Counted are the steps of `cpp/kernel/` for real neighbours only: the padding of the lanes,
packing, and what a compiler adds don't count, so a share of the peak taken from it is that of
useful work. `python benchmarks/instructions.py` counts what the compiled kernel executes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

import sinterface
from sinterface.kernels.neighbors import NeighborList

# of one lane, cpp/kernel/lanes.hpp
EXPONENTIAL = {"double": 36, "mixed": 24}
GAUSSIAN = {"double": 27, "mixed": 17}  # a power of two and its argument
# of one neighbour
GEOMETRY = 16  # difference 3, shift 3, square 5, root, inverse, unit vector 3
TANH_CUTOFF = 16  # type 2, value and slope, without its exponential
RADIAL_ROW = 6  # its sum 2, two sums for the slope 4
RADIAL_SLOPE = 6  # from these sums
CHANNEL = 19  # basis 2, its slope 4, sums of squares 5, its part of the gradient 4, added 4
FORCE = {True: 38, False: 24}  # gradient (with moments or without), both ends, virial


def monomials_of(degree: int) -> int:
    """Return the number of monomials x^a y^b z^c of a degree."""
    return (degree + 1) * (degree + 2) // 2


def monomials_below(degree: int) -> int:
    """Return the number of monomials of all smaller degrees."""
    return degree * (degree + 1) * (degree + 2) // 6


def moment_operations(degree: int) -> int:
    """Operations of one neighbour for its monomials of the two upper degrees, and for adding them.

    One multiplication each from those of the degree before, (degree + 1)^2 additions.
    """
    if degree == 0:
        return 1
    return monomials_below(degree) - 1 + monomials_of(degree) + (degree + 1) ** 2


def _homogeneous(degree: int) -> int:
    """Gradient of a homogeneous polynomial and its value by Euler, the monomials given."""
    return 5 if degree == 1 else 6 * monomials_of(degree - 1) - 3 + 6


def polynomial_operations(degree: int) -> int:
    """Operations of one neighbour for value and gradient of the polynomial dE/d(basis)."""
    if degree == 0:
        return 0
    powers = max(monomials_below(degree) - 4, 0)
    return powers + _homogeneous(degree) + (_homogeneous(degree - 1) + 4 if degree > 1 else 1)


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
    total = GEOMETRY + TANH_CUTOFF + EXPONENTIAL[precision] + FORCE[bool(degrees)]
    total += len(plan.bases[element]) * GAUSSIAN[precision]
    total += plan.radial[element] * RADIAL_ROW + (RADIAL_SLOPE if plan.radial[element] else 0)
    for degree in degrees:
        total += CHANNEL + moment_operations(degree) + polynomial_operations(degree)
    return total - (4 if degrees else 0)  # the first channel adds to nothing


def _per_atom(plan: _Plan) -> float:
    total = 4.0 * sum(plan.radial.values())
    for (a, b, _), degrees in plan.pairs.items():
        n = monomials_below(max(degrees) + 1)
        total += 2 * n + (2 if a == b else 4) * n  # sums of powers, gradients of the moments
        total += sum(4 * (degree + 1) + (4 if a == b else 0) for degree in degrees)
    for degree in plan.channels.values():
        # lower degrees from upper ones and back, multinomial weights, derivatives
        total += 5 * monomials_below(degree - 1) + 2 * monomials_below(degree + 1)
        total += 3 * (monomials_of(degree - 1) + monomials_of(degree - 2))
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
        Of types 2 and 9 without shifts, with the tanh cutoff (type 2).
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
