"""Plain numpy twins of the kernels: slow, clear, and the judge of the fast ones.

Every sum is written as in the papers: over pairs for radial, over pairs of neighbours for
angular functions, with no addition theorem and no tables.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.kernels import _core
from sinterface.kernels.symmetry import SPECTRUM, Row

Floats = NDArray[np.float64]

ANGULAR = (3, 9, 13, 21, 22, 24, 25)
NARROW = (3, 13, 21, 24)
WEIGHTED = (12, 13, 23, 24, 25)


def pairs_within(
    positions: Floats, cell: Floats, pbc: Sequence[bool], cutoff: float
) -> list[tuple[int, int, Floats]]:
    """Every pair (i, j, r_ij) closer than `cutoff`, by trying all images."""
    heights = [
        abs(np.linalg.det(cell)) / np.linalg.norm(np.cross(cell[a - 2], cell[a - 1]))
        if periodic
        else np.inf
        for a, periodic in enumerate(pbc)
    ]
    spread = np.ptp(positions, axis=0).max() if len(positions) else 0.0
    reach = [int(np.ceil((cutoff + spread * 2) / h)) if np.isfinite(h) else 0 for h in heights]
    found = []
    for step in itertools.product(*(range(-n, n + 1) for n in reach)):
        shift = np.array(step, dtype=float) @ cell
        for i, j in itertools.product(range(len(positions)), repeat=2):
            vector = positions[j] - positions[i] + shift
            if (i != j or any(step)) and np.linalg.norm(vector) < cutoff:
                found.append((i, j, vector))
    return found


def cutoff_function(kind: int, alpha: float, radius: float, r: float) -> float:
    """n2p2's cutoff function of type `kind` at distance `r`, in Å."""
    if r >= radius:
        return 0.0
    inner = 0.0 if kind in (2, 3) else alpha * radius
    if r < inner:
        return 1.0
    x = (r - inner) / (radius - inner)
    forms: dict[int, Callable[[], float]] = {
        0: lambda: 1.0,
        1: lambda: 0.5 * (np.cos(np.pi * x) + 1),
        2: lambda: np.tanh(1 - x) ** 3,
        3: lambda: (np.tanh(1 - x) / np.tanh(1)) ** 3,
        4: lambda: np.exp(1 - 1 / (1 - x**2)),
        5: lambda: (2 * x - 3) * x**2 + 1,
        6: lambda: ((15 - 6 * x) * x - 10) * x**3 + 1,
        7: lambda: (x * (x * (20 * x - 70) + 84) - 35) * x**4 + 1,
        8: lambda: (x * (x * ((315 - 70 * x) * x - 540) + 420) - 126) * x**5 + 1,
    }
    return float(forms[kind]())


def compact_function(subtype: str, left: float, right: float, x: float) -> float:
    """n2p2's compact function (Bircher, Singraber, Dellago 2021) between two ends."""
    distance = abs(x - 0.5 * (left + right)) / (0.5 * (right - left))
    if distance >= 1:
        return 0.0
    if subtype.endswith("a"):
        distance = (2 - distance) * distance
    kind = 4 if subtype == "e" else 4 + int(subtype[1])
    return cutoff_function(kind, 0.0, 1.0, distance)


def activation(letter: str, x: Floats) -> Floats:
    """n2p2's activation function `letter`."""
    forms: dict[str, Callable[[Floats], Floats]] = {
        "l": lambda t: t,
        "t": np.tanh,
        "s": lambda t: 1 / (1 + np.exp(-t)),
        "p": lambda t: np.log1p(np.exp(t)),
        "r": lambda t: np.maximum(t, 0),
        "g": lambda t: np.exp(-(t**2) / 2),
        "c": np.cos,
        "S": lambda t: 1 - 1 / (1 + np.exp(-t)),
        "e": lambda t: np.exp(-t),
        "h": lambda t: t**2,
    }
    return forms[letter](x)


class Reference:
    """Symmetry functions and energies of a potential, term by term.

    Parameters
    ----------
    engine
        Only its tables are used: rows, scaling, layers.
    atomic_numbers
        Of the potential's elements, in its order; weights of types 12, 13 and 23 to 25.
    """

    def __init__(self, engine: _core.Engine, atomic_numbers: Sequence[int]):
        self.engine = engine
        self.atomic_numbers = atomic_numbers

    def _basis(self, row: Row, r: float) -> float:
        if row.subtype:
            return compact_function(row.subtype, row.left, row.cutoff, r)
        kind, alpha = self.engine.cutoff_function
        gauss = np.exp(-row.eta * (r - row.shift) ** 2)
        return float(gauss * cutoff_function(kind, alpha, row.cutoff, r))

    def _weight(self, row: Row, *species: int) -> float:
        """Weight of a term whose neighbours have these elements, 0 where the row skips them."""
        if row.type in WEIGHTED:
            return float(np.prod([self.atomic_numbers[s] for s in species]))
        wanted = sorted((row.first, row.second)) if row.type in ANGULAR else [row.first]
        return float(sorted(species) == wanted)

    def _radial(self, row: Row, around: list[tuple[int, Floats]]) -> float:
        return sum(
            self._weight(row, s) * self._basis(row, float(np.linalg.norm(v))) for s, v in around
        )

    def _angular(self, row: Row, around: list[tuple[int, Floats]]) -> float:
        total = 0.0
        for (s, a), (t, b) in itertools.combinations(around, 2):
            weight = self._weight(row, s, t)
            if weight == 0:
                continue
            ra, rb = float(np.linalg.norm(a)), float(np.linalg.norm(b))
            cosine = float(np.clip(a @ b / (ra * rb), -1, 1))
            term = (
                weight * self._of_angle(row, cosine) * self._basis(row, ra) * self._basis(row, rb)
            )
            if row.type in NARROW:
                term *= self._basis(row, float(np.linalg.norm(a - b)))
            total += term
        return float(total)

    def _spectrum(self, row: Row, around: list[tuple[int, Floats]]) -> float:
        """Σ_jk g(r_j) h(r_k) P_l(cos θ_jk) over all j of one element, k of the other, j = k too."""
        other = row._replace(eta=row.second_eta, shift=row.second_shift)
        legendre = np.polynomial.Legendre.basis(row.degree)
        total = 0.0
        for (s, a), (t, b) in itertools.product(around, repeat=2):
            if (s, t) == (row.first, row.second):
                ra, rb = float(np.linalg.norm(a)), float(np.linalg.norm(b))
                angle = float(legendre(a @ b / ra / rb))
                total += self._basis(row, ra) * self._basis(other, rb) * angle
        return total

    def _term(self, row: Row, around: list[tuple[int, Floats]]) -> float:
        if row.type == SPECTRUM:
            return self._spectrum(row, around)
        return (self._angular if row.type in ANGULAR else self._radial)(row, around)

    def _of_angle(self, row: Row, cosine: float) -> float:
        if row.subtype:
            degrees = float(np.degrees(np.arccos(cosine)))
            # the angle's window is symmetric even where the radial one is not, as in n2p2
            return compact_function(row.subtype[:2], row.angle_left, row.angle_right, degrees)
        return float(2 ** (1 - row.zeta) * max(1 + row.lambda_ * cosine, 0.0) ** row.zeta)

    def values(
        self, positions: Floats, species: Sequence[int], cell: Floats, pbc: Sequence[bool]
    ) -> list[Floats]:
        """Unscaled symmetry functions of each atom."""
        around: list[list[tuple[int, Floats]]] = [[] for _ in positions]
        for i, j, vector in pairs_within(positions, cell, pbc, self.engine.cutoff):
            around[i].append((species[j], vector))
        out = []
        for i, neighbors in enumerate(around):
            rows = [Row(*row) for row in self.engine.rows(species[i])]
            out.append(np.array([self._term(row, neighbors) for row in rows]))
        return out

    def energies(
        self, positions: Floats, species: Sequence[int], cell: Floats, pbc: Sequence[bool]
    ) -> Floats:
        """Energy of each atom, mean over the members, without short-range repulsion."""
        mean: Floats = self.member_energies(positions, species, cell, pbc).mean(axis=1)
        return mean

    def member_energies(
        self, positions: Floats, species: Sequence[int], cell: Floats, pbc: Sequence[bool]
    ) -> Floats:
        """Energy of each atom by each member's networks, shape (n_atoms, n_members)."""
        out = np.zeros((len(positions), self.engine.n_members))
        for i, values in enumerate(self.values(positions, species, cell, pbc)):
            factor, offset = self.engine.scaling(species[i])
            scaled = np.array(factor) * values + np.array(offset)
            for m in range(self.engine.n_members):
                unit, offsets = self.engine.energy_terms(m)
                x = scaled
                for inputs, outputs, letter, weights, biases in self.engine.layers(species[i], m):
                    x = activation(letter, x @ np.reshape(weights, (inputs, outputs)) + biases)
                out[i, m] = unit * x[0] + offsets[species[i]]
        return out


def zbl_energy(z1: int, z2: int, r: float, inner: float, outer: float) -> float:
    """ZBL energy of one pair, eV, with LAMMPS' switching (Ziegler, Biersack, Littmark 1985)."""
    c = np.array([0.02817, 0.28022, 0.50986, 0.18175])
    d = np.array([0.20162, 0.40290, 0.94229, 3.19980]) / (0.46850 / (z1**0.23 + z2**0.23))
    charge = 14.399645 * z1 * z2

    def derivatives(x: float) -> tuple[float, float, float]:
        phi, first, second = (float(np.sum(c * (-d) ** n * np.exp(-d * x))) for n in range(3))
        return (
            charge / x * phi,
            charge / x * (first - phi / x),
            charge / x * (second - 2 * first / x + 2 * phi / x**2),
        )

    if r >= outer:
        return 0.0
    e, slope, curvature = derivatives(outer)
    width, t = outer - inner, max(r - inner, 0.0)
    a = (-3 * slope + width * curvature) / width**2
    b = (2 * slope - width * curvature) / width**3
    shift = -e + width * slope / 2 - width**2 * curvature / 12
    return derivatives(r)[0] + a / 3 * t**3 + b / 4 * t**4 + shift
