"""Rows of the power spectrum, the ``spectrum`` lines of ``extension.nn``, and sets of them.

A row is Σ_jk g₁(r_j) g₂(r_k) P_l(cos θ_jk) over neighbours of two elements: the invariant of degree
l of two radial channels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Literal

from ase.data import atomic_numbers

from sinterface.errors import InputError
from sinterface.potential.rows import (
    RadialFunction,
    Row,
    default_radial,
    make_rows,
    round_parameter,
    sort_elements,
)

LARGEST_DEGREE = 8
"""Of the kernel's harmonics."""

Products = Literal["same", "neighbouring", "all"]


@dataclass(frozen=True)
class SpectrumRow:
    """One row of the power spectrum of one central element.

    Attributes
    ----------
    center
        Central element.
    neighbors
        Two neighbour elements, ascending by atomic number.
    degree
        l of Legendre's polynomial.
    eta, shift_A
        Gaussian of the first element's channel, Å⁻² and Å.
    second_eta, second_shift_A
        Gaussian of the second element's channel.
    cutoff_A
        Cutoff radius, Å.
    """

    center: str
    neighbors: tuple[str, str]
    degree: int
    eta: float
    shift_A: float
    second_eta: float
    second_shift_A: float
    cutoff_A: float

    @property
    def line(self) -> str:
        """The ``spectrum`` line of ``extension.nn``."""
        channels = (self.eta, self.shift_A, self.second_eta, self.second_shift_A, self.cutoff_A)
        numbers = " ".join(map(repr, channels))
        return f"spectrum {self.center} {' '.join(self.neighbors)} {self.degree} {numbers}"


AnyRow = Row | SpectrumRow
"""A symmetry function of n2p2 or a row of the power spectrum."""


@dataclass(frozen=True)
class SpectrumSet:
    """Which rows of the power spectrum there are, the same for each central element.

    Attributes
    ----------
    channels
        Gaussians of the distance.
    degrees
        Largest l of each channel; a product of two has the smaller one.
    lowest_degree
        Smallest l.
    products
        Channels that are multiplied: each with itself, also with the next one, or all.
    pairs
        Pairs of neighbour elements; None for all.
    """

    channels: tuple[RadialFunction, ...]
    degrees: tuple[int, ...]
    lowest_degree: int = 0
    products: Products = "same"
    pairs: tuple[tuple[str, str], ...] | None = None


def default_channels(number: int, cutoff_A: float) -> tuple[RadialFunction, ...]:
    """Return `number` Gaussians around 0 whose η r_c² go geometrically from 0.4 to 9; one has 3.

    Those of n2p2's default angular functions: all reach every neighbour, so that each row sees
    angles between near and far ones. Shells, each multiplied with itself, train far worse.
    """
    if number == 1:
        return (RadialFunction(round_parameter(3.0 / cutoff_A**2)),)
    ratio = (9.0 / 0.4) ** (1 / (number - 1))
    return tuple(
        RadialFunction(round_parameter(0.4 * ratio**k / cutoff_A**2)) for k in range(number)
    )


def make_spectrum_rows(
    elements: Sequence[str],
    cutoff_A: float,
    spectrum: SpectrumSet,
    radial: Sequence[RadialFunction] | None = None,
) -> tuple[tuple[AnyRow, ...], ...]:
    """Return the rows of each central element: radial ones in n2p2's order, then the spectrum.

    Parameters
    ----------
    elements
        Chemical symbols in any order.
    cutoff_A
        Cutoff radius of every row.
    radial
        Radial functions (n2p2's type 2); None takes :func:`~sinterface.potential.rows.\
default_radial`.

    Raises
    ------
    InputError
        For an unknown element, a pair with one that isn't in `elements`, or an odd degree list.
    """
    ordered = sort_elements(elements)
    shells = default_radial(cutoff_A) if radial is None else radial
    _check(spectrum, ordered)
    plain = make_rows(ordered, cutoff_A, shells, ())
    return tuple(
        (*rows, *_rows_of(center, ordered, cutoff_A, spectrum))
        for center, rows in zip(ordered, plain, strict=True)
    )


def _check(spectrum: SpectrumSet, elements: tuple[str, ...]) -> None:
    if len(spectrum.degrees) != len(spectrum.channels) or not spectrum.channels:
        raise InputError(
            f"{len(spectrum.channels)} channels of the power spectrum have {len(spectrum.degrees)} "
            "degrees: give one degree for all, or a list with one for each channel."
        )
    if not all(0 <= degree <= LARGEST_DEGREE for degree in spectrum.degrees):
        raise InputError(
            f"Degrees of the power spectrum lie from 0 to {LARGEST_DEGREE}, "
            f"got {list(spectrum.degrees)}."
        )
    foreign = sorted({name for pair in spectrum.pairs or () for name in pair} - set(elements))
    if foreign:
        raise InputError(
            f"A pair of the power spectrum names {', '.join(foreign)}, which is not among the "
            f"elements ({', '.join(elements)})."
        )


def _rows_of(
    center: str, elements: tuple[str, ...], cutoff_A: float, spectrum: SpectrumSet
) -> Iterator[SpectrumRow]:
    channels = spectrum.channels
    for pair in _pairs(elements, spectrum.pairs):
        for first, second in _products(len(channels), spectrum.products, pair):
            g, h = channels[first], channels[second]
            top = min(spectrum.degrees[first], spectrum.degrees[second])
            for degree in range(spectrum.lowest_degree, top + 1):
                yield SpectrumRow(
                    center, pair, degree, g.eta, g.shift_A, h.eta, h.shift_A, cutoff_A
                )


def _pairs(
    elements: tuple[str, ...], chosen: Sequence[tuple[str, str]] | None
) -> list[tuple[str, str]]:
    every = list(combinations_with_replacement(elements, 2))
    if chosen is None:
        return every
    wanted = {tuple(sorted(pair, key=lambda name: atomic_numbers[name])) for pair in chosen}
    return [pair for pair in every if pair in wanted]


def _products(number: int, products: Products, pair: tuple[str, str]) -> list[tuple[int, int]]:
    """Return pairs of channels; of one element twice, (a, b) and (b, a) are the same row."""
    reach = {"same": 0, "neighbouring": 1, "all": number}[products]
    return [
        (a, b)
        for a in range(number)
        for b in range(number)
        if abs(a - b) <= reach and (pair[0] != pair[1] or a <= b)
    ]


def spectrum_text(rows: Sequence[Sequence[AnyRow]]) -> str:
    """Return the ``spectrum`` lines of `rows`, those of each central element together."""
    lines = [row.line for each in rows for row in each if isinstance(row, SpectrumRow)]
    return "".join(line + "\n" for line in lines)


def has_spectrum(rows: Sequence[Sequence[AnyRow]]) -> bool:
    """Whether any row is one of the power spectrum, which n2p2 doesn't know."""
    return any(isinstance(row, SpectrumRow) for each in rows for row in each)
