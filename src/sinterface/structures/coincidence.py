"""Coincidence-site lattices of cubic crystals: which Σ an axis has, and which planes each Σ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError

Integers = NDArray[np.int64]
Indices = tuple[int, int, int]

LARGEST_SIGMA_LISTED = 50
LONGEST_LIST = 12
# angle after which a tilt about each axis repeats
_PERIOD_DEGREES = {(0, 0, 1): 90.0, (0, 1, 1): 180.0, (1, 1, 1): 120.0}


@dataclass(frozen=True)
class Tilt:
    """A symmetric tilt boundary of a cubic crystal.

    Attributes
    ----------
    axis, plane
        Coprime Miller indices of the tilt axis and of the boundary plane, in the crystal's own
        cubic cell.
    across
        Coprime direction plane × axis: along the boundary, at right angles to the axis.
    sigma
        Volume of the coincidence-site lattice over that of the crystal's.
    angle_degrees
        Smallest misorientation about the axis.
    """

    axis: Indices
    plane: Indices
    across: Indices
    sigma: int
    angle_degrees: float

    @property
    def name(self) -> str:
        """Return the usual notation, for example "Σ7(21-3)/[111]"."""
        return f"Σ{self.sigma}({_written(self.plane)})/[{_written(self.axis)}]"


def symmetric_tilt(axis: Indices, sigma: int, plane: Indices) -> Tilt:
    """Return the symmetric tilt boundary of this axis, Σ and plane.

    The two grains are each other's images under the two-fold rotation about the plane's normal,
    which for a cubic lattice is a tilt about `axis`; h² + k² + l² of the coprime indices is Σ or,
    when even, 2 Σ (Grimmer, Bollmann and Warrington, Acta Cryst. A 30 (1974) 197).

    Raises
    ------
    InputError
        For another axis than <001>, <011>, <111>; a Σ that the axis doesn't have; a plane that
        doesn't contain the axis or belongs to another Σ. The message names those that do.
    """
    axis = _coprime(axis, "axis")
    family = _family(axis)
    if family not in _PERIOD_DEGREES:
        raise InputError(
            f"The tilt axis is [{_written(axis)}], but boundaries are built about <001>, <011> and "
            "<111> only; choose one of those."
        )
    known = sigmas(axis)
    if sigma not in known and (sigma <= LARGEST_SIGMA_LISTED or not planes(axis, sigma)):
        raise InputError(
            f"There is no Σ{sigma} boundary about [{_written(axis)}]; Σ up to "
            f"{LARGEST_SIGMA_LISTED} about it: {', '.join(str(number) for number in known)}."
        )
    normal = _coprime(plane, "plane")
    _check_plane(axis, sigma, normal)
    across = _coprime(tuple(np.cross(normal, axis).tolist()), "plane")
    return Tilt(axis, normal, across, sigma, misorientation_degrees(axis, normal))


def _check_plane(axis: Indices, sigma: int, plane: Indices) -> None:
    fits = f"planes of Σ{sigma} about it: {_listed(planes(axis, sigma))}"
    if int(np.dot(plane, axis)) != 0:
        raise InputError(
            f"The plane ({_written(plane)}) does not contain the tilt axis [{_written(axis)}]; "
            f"{fits}."
        )
    found = plane_sigma(plane)
    if found != sigma:
        raise InputError(
            f"The plane ({_written(plane)}) about [{_written(axis)}] belongs to Σ{found}, not to "
            f"Σ{sigma}; {fits}."
        )


def plane_sigma(plane: Indices) -> int:
    """Return Σ of the boundary between a cubic crystal and its mirror image in `plane`."""
    square = sum(index * index for index in plane)
    return square // 2 if square % 2 == 0 else square


def sigmas(axis: Indices, largest: int = LARGEST_SIGMA_LISTED) -> list[int]:
    """Return each Σ > 1 up to `largest` for which a symmetric tilt about `axis` exists."""
    found = {plane_sigma(plane) for plane in _planes_containing(axis, 2 * largest)}
    return sorted(number for number in found if 1 < number <= largest)


def planes(axis: Indices, sigma: int) -> list[Indices]:
    """Return the boundary planes of `sigma` that contain `axis`, each once up to its sign."""
    return [plane for plane in _planes_containing(axis, 2 * sigma) if plane_sigma(plane) == sigma]


def misorientation_degrees(axis: Indices, plane: Indices) -> float:
    """Return the smallest angle about `axis` that turns one grain into the other."""
    period = _PERIOD_DEGREES[_family(axis)]
    diads = [d for d in product((-1, 0, 1), repeat=3) if 1 <= sum(map(abs, d)) <= 2]
    start = next(diad for diad in diads if int(np.dot(diad, axis)) == 0)
    cosine = np.dot(start, plane) / (np.linalg.norm(start) * np.linalg.norm(plane))
    angle = 2.0 * math.degrees(math.acos(float(np.clip(cosine, -1.0, 1.0)))) % period
    return min(angle, period - angle)


def _planes_containing(axis: Indices, largest_square: int) -> list[Indices]:
    reach = math.isqrt(largest_square)
    numbers = np.arange(-reach, reach + 1)
    grid = np.stack(np.meshgrid(numbers, numbers, numbers, indexing="ij"), -1).reshape(-1, 3)
    grid = grid[(grid @ np.array(axis) == 0) & ((grid**2).sum(axis=1) <= largest_square)]
    grid = grid[np.gcd.reduce(grid, axis=1) == 1]
    ahead = [row for row in grid.tolist() if next(index for index in row if index) > 0]
    ordered = sorted(ahead, key=lambda row: (sum(i * i for i in row), [-i for i in row]))
    return [(int(a), int(b), int(c)) for a, b, c in ordered]


def _coprime(indices: tuple[int, ...], what: str) -> Indices:
    divisor = math.gcd(*indices)
    if len(indices) != 3 or divisor == 0:
        raise InputError(f"The {what} {indices} has no direction; give three indices like 1 1 1.")
    a, b, c = (index // divisor for index in indices)
    return a, b, c


def _family(indices: Indices) -> Indices:
    a, b, c = sorted(abs(index) for index in indices)
    return a, b, c


def _written(indices: Indices) -> str:
    spaced = any(abs(index) > 9 for index in indices)
    return (" " if spaced else "").join(str(index) for index in indices)


def _listed(found: list[Indices]) -> str:
    text = ", ".join(f"({_written(plane)})" for plane in found[:LONGEST_LIST])
    return text + (f" and {len(found) - LONGEST_LIST} more" if len(found) > LONGEST_LIST else "")
