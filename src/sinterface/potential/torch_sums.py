"""Symmetry functions of one central element as torch modules: radial, wide and triplet sums.

The wide angular functions of whole, not too large ζ go through the moments of the kernel
(``docs/engine.md``), all other angular ones through explicit triplets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sinterface.kernels.symmetry import Row
from sinterface.potential.torch_functions import (
    Window,
    compact_window,
    harmonics,
    legendre_coefficients,
    window_function,
)

ANGULAR = (3, 9, 13, 21, 22, 24, 25)
NARROW = (3, 13, 21, 24)
WEIGHTED = (12, 13, 23, 24, 25)
MAX_DEGREE = 8
"""Largest ζ that goes through moments, as in the kernel."""

TINY = 1e-20
"""Keeps the slope of an angle finite on a straight line."""


class Pairs(NamedTuple):
    """Pairs of one central element's atoms with their neighbours, sorted by the central atom.

    Attributes
    ----------
    center
        Which of the element's atoms, shape (n_pairs,).
    species
        Index of the neighbour's element, shape (n_pairs,).
    vector, distance, unit
        r_ij, its length in Å and its direction, shapes (n_pairs, 3), (n_pairs,), (n_pairs, 3).
    """

    center: Tensor
    species: Tensor
    vector: Tensor
    distance: Tensor
    unit: Tensor

    def where(self, chosen: Tensor) -> Pairs:
        """Return the pairs of a mask, shape (n_pairs,), or of indices."""
        return Pairs(*(part[chosen] for part in self))


class Basis(torch.nn.Module):
    """The distinct radial parts exp(−η (r − r_s)²) f_c(r) of some rows.

    Attributes
    ----------
    which
        For each row its column, shape (n_rows,).
    """

    eta: Tensor
    shift: Tensor
    window_of: Tensor
    which: Tensor

    def __init__(self, rows: Sequence[Row], cutoff_function: tuple[int, float]) -> None:
        super().__init__()
        windows: dict[Window, int] = {}
        columns: dict[tuple[float, float, int], int] = {}
        which = []
        for row in rows:
            if row.subtype:
                window = compact_window(row.subtype, row.left, row.cutoff)
            else:
                window = Window(*cutoff_function, 0.0, row.cutoff)
            number = windows.setdefault(window, len(windows))
            which.append(columns.setdefault((row.eta, row.shift, number), len(columns)))
        self.windows = tuple(windows)
        self.cutoff = max((row.cutoff for row in rows), default=0.0)
        self.register_buffer("eta", _floats([key[0] for key in columns]))
        self.register_buffer("shift", _floats([key[1] for key in columns]))
        self.register_buffer("window_of", _integers([key[2] for key in columns]))
        self.register_buffer("which", _integers(which))

    def forward(self, r: Tensor) -> Tensor:
        """Return all columns at the distances `r`, shape (n, n_columns)."""
        windows = torch.stack([window_function(window, r) for window in self.windows], dim=-1)
        offset = r[:, None] - self.shift
        return torch.exp(-self.eta * offset * offset) * windows[:, self.window_of]


class RadialSums(torch.nn.Module):
    """Rows of types 2, 12, 20 and 23: G = Σ_j weight · basis(r_j)."""

    weight: Tensor

    def __init__(self, rows: Sequence[Row], function: tuple[int, float], charges: Tensor) -> None:
        super().__init__()
        self.basis = Basis(rows, function)
        weight = torch.zeros(len(charges), len(self.basis.eta), len(rows), dtype=torch.float64)
        for k, row in enumerate(rows):
            column = self.basis.which[k]
            if row.type in WEIGHTED:
                weight[:, column, k] = charges
            else:
                weight[row.first, column, k] = 1.0
        self.register_buffer("weight", weight)

    def forward(self, pairs: Pairs, n_atoms: int) -> Tensor:
        """Return the rows of each atom, shape (n_atoms, n_rows)."""
        n_elements = len(self.weight)
        values = self.basis(pairs.distance)
        sums = _add_up(pairs.center * n_elements + pairs.species, values, n_atoms * n_elements)
        split = sums.reshape(n_atoms, n_elements, values.shape[1])
        return torch.einsum("nek,ekr->nr", split, self.weight)


class WideSums(torch.nn.Module):
    """Rows of type 9 with equal degree ζ ≤ 8 of their channels, by moments A_lm.

    G = h 2^(1−ζ) [Σ_l c_l Σ_m A_lm(e₁) A_lm(e₂) − self], see ``docs/engine.md``.
    """

    coefficient: Tensor
    self_term: Tensor
    first: Tensor
    second: Tensor

    def __init__(self, rows: Sequence[Row], function: tuple[int, float], n_elements: int) -> None:
        super().__init__()
        self.basis = Basis(rows, function)
        self.n_elements = n_elements
        self.degree = max(int(row.zeta) for row in rows)
        coefficients = torch.zeros(len(rows), (self.degree + 1) ** 2, dtype=torch.float64)
        self_terms = []
        for k, row in enumerate(rows):
            same = row.first == row.second
            factor = (0.5 if same else 1.0) * 2.0 ** (1 - row.zeta)
            for n, c in enumerate(legendre_coefficients(row.lambda_, int(row.zeta))):
                coefficients[k, n * n : (n + 1) ** 2] = factor * c
            self_terms.append(factor * (1 + row.lambda_) ** row.zeta if same else 0.0)
        self.register_buffer("coefficient", coefficients)
        self.register_buffer("self_term", _floats(self_terms))
        self.register_buffer("first", _integers([row.first for row in rows]))
        self.register_buffer("second", _integers([row.second for row in rows]))

    def forward(self, pairs: Pairs, n_atoms: int) -> Tensor:
        """Return the rows of each atom, shape (n_atoms, n_rows)."""
        pairs = pairs.where(pairs.distance < self.basis.cutoff)
        values = self.basis(pairs.distance)
        angles = harmonics(pairs.unit, self.degree)
        slot = pairs.center * self.n_elements + pairs.species
        shape = (n_atoms, self.n_elements, values.shape[1])
        terms = (values[:, :, None] * angles[:, None, :]).flatten(1)
        moments = _add_up(slot, terms, shape[0] * shape[1]).reshape(*shape, angles.shape[1])
        squares = _add_up(slot, values * values, shape[0] * shape[1]).reshape(shape)
        one = moments[:, self.first, self.basis.which]
        two = moments[:, self.second, self.basis.which]
        alone = squares[:, self.first, self.basis.which] * self.self_term
        return (one * two * self.coefficient).sum(-1) - alone


class SpectrumSums(torch.nn.Module):
    """Rows of the power spectrum: G = Σ_jk g(r_j) h(r_k) P_l(cos θ_jk), by moments A_lm."""

    first: Tensor
    second: Tensor
    wanted: Tensor

    def __init__(self, rows: Sequence[Row], function: tuple[int, float], n_elements: int) -> None:
        super().__init__()
        others = [row._replace(eta=row.second_eta, shift=row.second_shift) for row in rows]
        self.basis = Basis([*rows, *others], function)
        self.n_elements = n_elements
        self.degree = max(row.degree for row in rows)
        wanted = torch.zeros(len(rows), (self.degree + 1) ** 2, dtype=torch.float64)
        for k, row in enumerate(rows):
            wanted[k, row.degree**2 : (row.degree + 1) ** 2] = 1.0
        self.register_buffer("wanted", wanted)
        self.register_buffer("first", _integers([row.first for row in rows]))
        self.register_buffer("second", _integers([row.second for row in rows]))

    def forward(self, pairs: Pairs, n_atoms: int) -> Tensor:
        """Return the rows of each atom, shape (n_atoms, n_rows)."""
        pairs = pairs.where(pairs.distance < self.basis.cutoff)
        values = self.basis(pairs.distance)
        terms = (values[:, :, None] * harmonics(pairs.unit, self.degree)[:, None, :]).flatten(1)
        slot = pairs.center * self.n_elements + pairs.species
        moments = _add_up(slot, terms, n_atoms * self.n_elements)
        moments = moments.reshape(n_atoms, self.n_elements, values.shape[1], -1)
        one, two = self.basis.which.chunk(2)
        products = moments[:, self.first, one] * moments[:, self.second, two]
        return (products * self.wanted).sum(-1)


class TripletSums(torch.nn.Module):
    """Angular rows of one kind and one pair of neighbour elements (none: weighted by Z).

    G = Σ_{j<k} a(θ) g(r_ij) g(r_ik) [g(r_jk)] with a = 2^(1−ζ) (1 + λ cos θ)^ζ, or a window of θ.
    """

    charges: Tensor
    lambda_: Tensor
    zeta: Tensor
    fractional: Tensor
    angle_of: Tensor

    def __init__(self, rows: Sequence[Row], function: tuple[int, float], charges: Tensor) -> None:
        super().__init__()
        self.basis = Basis(rows, function)
        first = rows[0]
        self.narrow = first.type in NARROW
        self.elements = None if first.type in WEIGHTED else (first.first, first.second)
        self.compact = bool(first.subtype)
        angles: dict[Window, int] = {}
        angle_of = [angles.setdefault(_angle(row), len(angles)) for row in rows if row.subtype]
        self.angles = tuple(angles)
        self.register_buffer("charges", charges.clone())
        self.register_buffer("lambda_", _floats([row.lambda_ for row in rows]))
        self.register_buffer("zeta", _floats([row.zeta for row in rows]))
        whole = [float(row.zeta).is_integer() for row in rows]
        self.register_buffer("fractional", torch.tensor([not w for w in whole]))
        self.register_buffer("angle_of", _integers(angle_of))

    def forward(self, pairs: Pairs, n_atoms: int) -> Tensor:
        """Return the rows of each atom, shape (n_atoms, n_rows)."""
        near = pairs.distance < self.basis.cutoff
        if self.elements:
            near &= torch.isin(pairs.species, pairs.species.new_tensor(self.elements))
        pairs = pairs.where(near)
        one, two = self._triplets(pairs)
        values = self.basis(pairs.distance)
        term = values[:, self.basis.which][one] * values[:, self.basis.which][two]
        if self.narrow:
            far = torch.linalg.vector_norm(pairs.vector[two] - pairs.vector[one], dim=-1)
            term = term * self.basis(far)[:, self.basis.which]
        term = term * self._of_angle(pairs.unit[one], pairs.unit[two])
        if self.elements is None:
            weight = self.charges[pairs.species[one]] * self.charges[pairs.species[two]]
            term = term * weight[:, None]
        return _add_up(pairs.center[one], term, n_atoms)

    def _triplets(self, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """Return both pairs of each triplet that counts, each triplet once."""
        one, two = triplets(pairs.center)
        if self.elements:
            a, b = self.elements
            s, t = pairs.species[one], pairs.species[two]
            wanted = ((s == a) & (t == b)) | ((s == b) & (t == a))
            one, two = one[wanted], two[wanted]
        if self.narrow:
            far = (pairs.vector[two] - pairs.vector[one]).detach().square().sum(-1)
            wanted = far < self.basis.cutoff**2
            one, two = one[wanted], two[wanted]
        return one, two

    def _of_angle(self, one: Tensor, two: Tensor) -> Tensor:
        """Return a(θ) of each triplet and row."""
        if self.compact:  # by the half angle: acos loses digits and its slope at 0 and π
            halves = [((one + sign * two).square().sum(-1) + TINY).sqrt() for sign in (-1, 1)]
            angle = 2 * torch.atan2(*halves)
            windows = [window_function(window, angle) for window in self.angles]
            return torch.stack(windows, dim=-1)[:, self.angle_of]
        base = 1 + self.lambda_ * (one * two).sum(-1)[:, None]
        dead = self.fractional & (base <= 0)
        power = torch.where(dead, 1.0, base) ** self.zeta
        return torch.where(dead, 0.0, power) * 2 ** (1 - self.zeta)


def triplets(center: Tensor) -> tuple[Tensor, Tensor]:
    """Return indices of all two pairs with the same central atom, each two once.

    Parameters
    ----------
    center
        Central atom of each pair, ascending, shape (n_pairs,).
    """
    place = torch.arange(len(center), device=center.device)
    behind = torch.searchsorted(center, center, right=True) - place - 1
    one = torch.repeat_interleave(place, behind)
    start = torch.cumsum(behind, 0) - behind
    return one, torch.arange(len(one), device=center.device) - start[one] + one + 1


def through_moments(row: Row) -> bool:
    """Whether a row is wide with a ζ that moments can express."""
    return row.type == 9 and float(row.zeta).is_integer() and row.zeta <= MAX_DEGREE


def _add_up(index: Tensor, values: Tensor, size: int) -> Tensor:
    return values.new_zeros(size, values.shape[1]).index_add(0, index, values)


def _angle(row: Row) -> Window:
    left, right = math.radians(row.angle_left), math.radians(row.angle_right)
    return compact_window(row.subtype, left, right, angle=True)


def _floats(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _integers(values: Sequence[int]) -> Tensor:
    return torch.tensor(values, dtype=torch.int64)
