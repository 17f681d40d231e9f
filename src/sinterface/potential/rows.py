"""Symmetry-function rows of n2p2's types 2 (radial) and 9 (wide angular), and good sets of them.

A set is the same for every element: radial functions that resolve the distance to each neighbour
element, wide angular functions that resolve the angle in each pair of neighbour elements. Wide
functions with ζ in {1, 2, 4} cost a sum over neighbours only (harmonic form, ``docs/references``:
Behler 2011 for the functions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

from ase.data import atomic_numbers

from sinterface.errors import InputError

RADIAL_KIND = 2
WIDE_ANGULAR_KIND = 9


@dataclass(frozen=True)
class Row:
    """One symmetry function of one central element.

    Attributes
    ----------
    center
        Central element.
    kind
        2 (radial) or 9 (wide angular), n2p2's numbers.
    neighbors
        One (radial) or two (angular) neighbour elements, ascending by atomic number.
    eta
        Gaussian exponent η, Å⁻².
    shift_A
        Centre r_s of the Gaussian, Å.
    cutoff_A
        Cutoff radius, Å.
    lambda_, zeta
        λ = ±1 and ζ of (1 + λ cos θ)^ζ; 0 and 0.0 for radial rows.
    """

    center: str
    kind: int
    neighbors: tuple[str, ...]
    eta: float
    shift_A: float
    cutoff_A: float
    lambda_: int = 0
    zeta: float = 0.0

    @property
    def line(self) -> str:
        """The ``symfunction_short`` line of ``input.nn``."""
        names = " ".join(self.neighbors)
        head = f"symfunction_short {self.center} {self.kind} {names}"
        if self.kind == RADIAL_KIND:
            return f"{head} {self.eta!r} {self.shift_A!r} {self.cutoff_A!r}"
        tail = f" {self.shift_A!r}" if self.shift_A else ""
        return f"{head} {self.eta!r} {self.lambda_} {self.zeta!r} {self.cutoff_A!r}{tail}"

    @property
    def order(self) -> tuple[float, ...]:
        """n2p2's sorting key within one central element: fixes scaling and weight rows."""
        elements = tuple(float(atomic_numbers[name]) for name in self.neighbors)
        radial = (float(self.kind), self.cutoff_A, self.eta, self.shift_A)
        if self.kind == RADIAL_KIND:
            return radial + elements
        return (*radial, self.zeta, float(self.lambda_), *elements)


@dataclass(frozen=True)
class RadialFunction:
    """Parameters of a radial function: η in Å⁻², r_s in Å."""

    eta: float
    shift_A: float = 0.0


@dataclass(frozen=True)
class AngularFunction:
    """Parameters of a wide angular function: η in Å⁻², λ, ζ, r_s in Å."""

    eta: float
    lambda_: int
    zeta: float
    shift_A: float = 0.0


def default_radial(cutoff_A: float) -> tuple[RadialFunction, ...]:
    """Return radial functions for `cutoff_A`: two centred at 0 and seven shells of even spacing.

    The shells stand 0.1 r_c apart from 0.25 r_c outwards, each as wide (η = 1/(2 w²), w = 0.08 r_c)
    as needed to overlap with the next.
    """
    width = 0.08 * cutoff_A
    shell_eta = round_parameter(0.5 / width**2)
    centred = [RadialFunction(round_parameter(value / cutoff_A**2)) for value in (0.3, 8.0)]
    shells = [
        RadialFunction(shell_eta, round_parameter(fraction * cutoff_A))
        for fraction in (0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85)
    ]
    return (*centred, *shells)


def default_angular(cutoff_A: float) -> tuple[AngularFunction, ...]:
    """Return eight wide angular functions for `cutoff_A`: three ranges, ζ = 1, 2, 4.

    The far range (small η) carries low angular resolution, the near ones the full one.
    """
    far, middle, near = (round_parameter(value / cutoff_A**2) for value in (0.4, 3.0, 9.0))
    chosen = [
        *((far, sign, 1.0) for sign in (-1, 1)),
        *((middle, sign, 1.0) for sign in (-1, 1)),
        (middle, 1, 4.0),
        (near, -1, 1.0),
        (near, 1, 2.0),
        (near, -1, 4.0),
    ]
    return tuple(AngularFunction(eta, sign, zeta) for eta, sign, zeta in chosen)


def make_rows(
    elements: Sequence[str],
    cutoff_A: float,
    radial: Sequence[RadialFunction] | None = None,
    angular: Sequence[AngularFunction] | None = None,
) -> tuple[tuple[Row, ...], ...]:
    """Return the rows of each central element, elements by atomic number, rows in n2p2's order.

    Parameters
    ----------
    elements
        Chemical symbols in any order.
    cutoff_A
        Cutoff radius of every function.
    radial, angular
        Functions wanted for each neighbour element and each pair of them; None takes
        :func:`default_radial` and :func:`default_angular`.

    Raises
    ------
    InputError
        For an unknown or repeated element, or a cutoff that isn't positive.
    """
    ordered = sort_elements(elements)
    if cutoff_A <= 0:
        raise InputError(f"The cutoff must be positive, got {cutoff_A} Å: give one such as 6.0.")
    shells = default_radial(cutoff_A) if radial is None else radial
    angles = default_angular(cutoff_A) if angular is None else angular
    return tuple(
        tuple(sorted(_rows_of(center, ordered, cutoff_A, shells, angles), key=lambda r: r.order))
        for center in ordered
    )


def sort_elements(elements: Sequence[str]) -> tuple[str, ...]:
    """Return `elements` by atomic number; InputError for an unknown or repeated one."""
    unknown = [name for name in elements if name not in atomic_numbers]
    if unknown or len(set(elements)) != len(elements) or not elements:
        raise InputError(
            f"Elements must be distinct chemical symbols, got {list(elements)}: "
            "write each element once, for example ['Li', 'O', 'Co']."
        )
    return tuple(sorted(elements, key=lambda name: atomic_numbers[name]))


def _rows_of(
    center: str,
    elements: tuple[str, ...],
    cutoff_A: float,
    radial: Sequence[RadialFunction],
    angular: Sequence[AngularFunction],
) -> list[Row]:
    rows = [
        Row(center, RADIAL_KIND, (name,), f.eta, f.shift_A, cutoff_A)
        for f in radial
        for name in elements
    ]
    rows += [
        Row(center, WIDE_ANGULAR_KIND, pair, f.eta, f.shift_A, cutoff_A, f.lambda_, f.zeta)
        for f in angular
        for pair in combinations_with_replacement(elements, 2)
    ]
    return rows


def round_parameter(value: float) -> float:
    """Six significant digits: equal parameters get equal text, hence equal doubles."""
    return float(f"{value:.6g}")
