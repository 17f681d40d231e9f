"""Where a crystal can be cut along a plane, and which of those cuts its symmetry makes equal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.structures.slab import Layer, Slab, dipole_eA, ranked_slabs

Floats = NDArray[np.float64]

SYMMETRY_A: Final[float] = 0.05
POLAR_E_PER_A2: Final[float] = 0.005
"""Dipole over area and thickness from which a slab counts as polar (Tasker's third type)."""


@dataclass(frozen=True)
class Termination:
    """One way to cut a crystal along a plane.

    Attributes
    ----------
    cut_A
        Height of the cut in the lattice plane's period.
    equivalent_cuts
        How many cuts the crystal's symmetry makes equal to it, itself counted.
    broken_strength_per_nm2
        Pauling strength of the bonds cut at one face, a nm².
    lost_share
        Largest share of its bonds that a cation of the surface has lost.
    polarisation_e_per_A2
        Dipole of formal charges over area and thickness.
    polar
        Whether that counts: a polar slab needs charge moved from face to face.
    faces_alike
        Whether an operation of the crystal turns the lower face into the upper one.
    """

    cut_A: float
    equivalent_cuts: int
    broken_strength_per_nm2: float
    lost_share: float
    polarisation_e_per_A2: float
    polar: bool
    faces_alike: bool


@dataclass(frozen=True)
class Terminations:
    """The different cuts of a crystal along a plane, best first, and a slab of each.

    `space_group` is that of the crystal, or of its framework when `mobile` ions are disordered.
    """

    space_group: str
    framework_only: bool
    slabs: tuple[Slab, ...]
    found: tuple[Termination, ...]

    def chosen(self, number: int, what: str) -> Slab:
        """Return the slab of termination `number`, counted from 1.

        Raises
        ------
        InputError
            When there are fewer.
        """
        if not 1 <= number <= len(self.slabs):
            raise InputError(
                f"The {what} has {len(self.slabs)} different terminations along this plane, got "
                f"number {number}; give 1 to {len(self.slabs)}."
            )
        return self.slabs[number - 1]

    def describe(self, number: int) -> dict[str, Any]:
        """Return termination `number` and how many there are, as plain types."""
        return {
            "number": number,
            "of": len(self.found),
            "space_group": self.space_group + (" (framework)" if self.framework_only else ""),
            **asdict(self.found[number - 1]),
        }


def find_terminations(layer: Layer, n_layers: int, mobile: str | None = None) -> Terminations:
    """Return the cuts of a crystal that its symmetry doesn't make equal, best first.

    Two cuts are equal when an operation that keeps the plane carries one to the other, or to it
    upside down. Where `mobile` ions are disordered (the whole crystal has no symmetry but
    translations) the operations are those of the framework.
    """
    group, operations, framework = _operations(layer, mobile)
    slabs = ranked_slabs(layer, n_layers)
    cuts = np.array([slab.cut_A for slab in slabs])
    images = _images(cuts, operations, layer.height_A)
    kept: list[int] = []
    for number in range(len(cuts)):
        if not any(images[number, other] for other in kept):
            kept.append(number)
    found = tuple(
        _described(layer, slabs[number], int(images[number].sum()), operations) for number in kept
    )
    return Terminations(group, framework, tuple(slabs[number] for number in kept), found)


def _operations(layer: Layer, mobile: str | None) -> tuple[str, list[tuple[int, float]], bool]:
    """Return the space group and, of its operations that keep the plane, (±1, shift along z)."""
    whole = np.ones(len(layer.symbols), dtype=bool)
    still = np.array([symbol != mobile for symbol in layer.symbols])
    group, operations = _symmetry(layer, whole)
    if len(operations) <= 1 and still.any() and not still.all():
        group, operations = _symmetry(layer, still)
        return group, operations, True
    return group, operations, False


def _symmetry(layer: Layer, kept: NDArray[np.bool_]) -> tuple[str, list[tuple[int, float]]]:
    import warnings

    import spglib

    cell = layer.cell
    fractional = layer.positions[kept] @ np.linalg.inv(cell)
    _, kinds = np.unique(np.array(layer.symbols)[kept], return_inverse=True)
    crystal = cell.tolist(), fractional.tolist(), (kinds + 1).tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of its way to report errors
        data = spglib.get_symmetry_dataset(crystal, symprec=SYMMETRY_A)
    if data is None:
        return "P1", [(1, 0.0)]
    operations = []
    for rotation, shift in zip(data.rotations, data.translations, strict=True):
        turn = cell.T @ rotation @ np.linalg.inv(cell.T)
        if np.abs(turn[2, :2]).max() < 1e-3:
            operations.append((round(float(turn[2, 2])), float((shift @ cell)[2])))
    return str(data.international), operations


def _images(
    cuts: Floats, operations: list[tuple[int, float]], height_A: float
) -> NDArray[np.bool_]:
    """Return which cuts are carried onto which, shape (n_cuts, n_cuts)."""
    same = np.eye(len(cuts), dtype=bool)
    for sign, shift in operations:
        apart = (sign * cuts[:, None] + shift - cuts[None, :]) / height_A
        same |= np.abs(apart - np.rint(apart)) * height_A < 2.0 * SYMMETRY_A
    return same | same.T


def _described(
    layer: Layer, slab: Slab, equivalent: int, operations: list[tuple[int, float]]
) -> Termination:
    polarisation = dipole_eA(slab) / (layer.area_A2 * slab.thickness_A)
    turned = [(shift - 2.0 * slab.cut_A) / layer.height_A for sign, shift in operations if sign < 0]
    alike = any(abs(t - round(t)) * layer.height_A < 2.0 * SYMMETRY_A for t in turned)
    return Termination(
        cut_A=slab.cut_A,
        equivalent_cuts=equivalent,
        broken_strength_per_nm2=100.0 * slab.broken_strength / layer.area_A2,
        lost_share=slab.lost_share,
        polarisation_e_per_A2=polarisation,
        polar=abs(polarisation) > POLAR_E_PER_A2,
        faces_alike=alike,
    )
