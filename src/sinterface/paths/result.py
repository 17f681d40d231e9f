"""What a converged band tells: barriers both ways, minima between, the bottleneck."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.paths.interpolation import cluster
from sinterface.structures.lithium import FORMAL_CHARGES
from sinterface.structures.structure_certificate import bond_cutoff

if TYPE_CHECKING:
    from ase import Atoms

RECORD_NAME, BAND_NAME, RESULT_NAME = "neb.json", "band.extxyz", "path.json"
ENDS_NAME = "ends.extxyz"
MINIMUM_EV = 0.01
"""A dip between two images counts as a minimum when it is deeper than this."""
_SEE_A = 4.0
_BETWEEN = 10


@dataclass(frozen=True)
class Bottleneck:
    """Where the moving ion has the least room.

    Attributes
    ----------
    distance_A
        Way along the path, in Å.
    opening_A
        Distance to the nearest anion: the smallest along the path.
    anions
        Anions within the bond cutoff there: their elements, nearest first.
    anion_distances_A
        Their distances.
    nearest_cation, cation_A
        Nearest cation along the whole path, and how near it comes.
    """

    distance_A: float
    opening_A: float
    anions: tuple[str, ...]
    anion_distances_A: tuple[float, ...]
    nearest_cation: str
    cation_A: float


@dataclass(frozen=True)
class MinimumEnergyPath:
    """A nudged elastic band that came to rest, or the best that its steps allowed.

    Attributes
    ----------
    directory
        Where its images stand (``band.extxyz``).
    name, title, charge, details
        Of its hop.
    formula, n_atoms, ion, moving
        Of the cell; element of the ion, and the atoms that moved over 0.5 Å, the farthest first.
    forward_eV, reverse_eV
        Height of the highest image over the first and over the last end point.
    committee_std_eV
        Standard deviation of the forward barrier over a committee's members; None without one.
    distances_A, energies_eV
        Way along the path (root of the summed squared displacements of all atoms) and energy over
        the first end point, shape (n_images + 2,).
    curve_A, curve_eV
        The same along a piecewise cubic through energies and forces.
    saddle, minima
        Numbers of the highest image, and of those between that lie lower than both sides.
    bottleneck
        Where it is narrowest.
    converged, steps, residual_eV_per_A, climbed
        Whether the forces on the band fell below what was asked; steps made; the largest force;
        whether the highest image climbed.
    atoms_outside_training
        Atoms of each image with symmetry functions outside the training range; empty where the
        calculator can't tell.
    potential
        What gave the energies.
    wall_s
        Wall time over all processes.
    notes
        What a reader should know before taking the barriers for barriers.
    """

    directory: Path
    name: str
    title: str
    charge: str
    details: dict[str, Any]
    formula: str
    n_atoms: int
    ion: str
    moving: tuple[int, ...]
    forward_eV: float
    reverse_eV: float
    committee_std_eV: float | None
    distances_A: tuple[float, ...]
    energies_eV: tuple[float, ...]
    curve_A: tuple[float, ...]
    curve_eV: tuple[float, ...]
    saddle: int
    minima: tuple[int, ...]
    bottleneck: Bottleneck
    converged: bool
    steps: int
    residual_eV_per_A: float
    climbed: bool
    atoms_outside_training: tuple[int, ...]
    potential: str
    wall_s: float
    notes: tuple[str, ...] = ()

    @property
    def reaction_eV(self) -> float:
        """Energy of the last end point over the first."""
        return self.energies_eV[-1]

    def images(self) -> list[Atoms]:
        """Return all images, end points included, with their energies and forces."""
        return read_images(self.directory / BAND_NAME)

    def to_dict(self) -> dict[str, Any]:
        """Return plain types that JSON can hold."""
        return {**asdict(self), "directory": str(self.directory), "reaction_eV": self.reaction_eV}


def write_images(images: list[Atoms], path: Path) -> None:
    """Write images with the energies and forces they have, whole or not at all."""
    import ase.io
    from ase.calculators.singlepoint import SinglePointCalculator

    from sinterface.files import atomic_path

    plain = []
    for image in images:
        copy = image.copy()
        copy.set_constraint()
        if isinstance(image.calc, SinglePointCalculator):
            copy.calc = image.calc
        plain.append(copy)
    with atomic_path(path) as temporary:
        ase.io.write(temporary, plain, format="extxyz")


def read_images(path: Path) -> list[Atoms]:
    """Return the images of a file, with their energies and forces where it holds them.

    Raises
    ------
    InputError
        When the file is damaged.
    """
    import ase.io

    try:
        found = ase.io.read(path, index=":", format="extxyz")
    except Exception as error:  # ASE's readers raise whatever a damaged file makes of them
        raise InputError(
            f"'{path}' is damaged ({' '.join(str(error).split())}); restore a copy, or remove "
            "that file: what it held is found again."
        ) from error
    return found if isinstance(found, list) else [found]


def read_path(directory: Path | str) -> MinimumEnergyPath:
    """Return the finished path of a directory.

    Raises
    ------
    InputError
        When there is none.
    """
    path = Path(directory) / RESULT_NAME
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        record.pop("reaction_eV")
        bottleneck = record.pop("bottleneck")
        for name, value in bottleneck.items():
            bottleneck[name] = tuple(value) if isinstance(value, list) else value
        for name, value in record.items():
            record[name] = tuple(value) if isinstance(value, list) else value
        record["directory"] = Path(directory)
        return MinimumEnergyPath(bottleneck=Bottleneck(**bottleneck), **record)
    except FileNotFoundError:
        raise InputError(
            f"There is no finished path in '{directory}'; run 'sinterface neb' there first."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"'{path}' is no path of this version ({error}).") from error


def band_curve(
    images: list[Atoms],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return way and energy of each image, then of a piecewise cubic through them.

    Between images the cubic has their energies and their forces along the path (G. Henkelman
    and H. Jónsson, J. Chem. Phys. 113, 9978 (2000)).
    """
    from ase.utils.forcecurve import fit_raw

    found = fit_raw(
        [image.get_potential_energy() for image in images],
        [image.get_forces() for image in images],
        [image.positions for image in images],
        images[0].cell,
        images[0].pbc,
    )
    way, energy, curve_x, curve_y = (
        np.asarray(values, float)
        for values in (found.path, found.energies, found.fit_path, found.fit_energies)
    )
    return way, energy, curve_x, curve_y


def minima_between(energies: NDArray[np.float64]) -> tuple[int, ...]:
    """Return the numbers of inner images that lie deeper than the heights on both sides."""
    found = []
    for k in range(1, len(energies) - 1):
        lowest_here = energies[k] <= energies[k - 1] and energies[k] < energies[k + 1]
        sides = min(energies[:k].max(), energies[k + 1 :].max())
        if lowest_here and sides - energies[k] > MINIMUM_EV:
            found.append(k)
    return tuple(found)


def find_bottleneck(
    images: list[Atoms], moving: NDArray[np.int64], way_A: NDArray[np.float64]
) -> Bottleneck:
    """Follow the ion that moves farthest, between images too, and find where it has least room."""
    ion = int(moving[0])
    symbols = np.array(images[0].get_chemical_symbols())
    members, shifts, _ = cluster(images, moving[:1], _SEE_A)
    others = members != ion
    anion = np.array([FORMAL_CHARGES.get(symbol, 1) < 0 for symbol in symbols[members]])
    fractions = np.linspace(0, len(images) - 1, (len(images) - 1) * _BETWEEN + 1)
    here = [_between(images, x, members) + shifts for x in fractions]
    at = int(np.flatnonzero(~others)[0])
    lengths = np.array([np.linalg.norm(points - points[at], axis=1) for points in here])
    opening = np.where((others & anion)[None], lengths, np.inf)
    narrow = int(opening.min(axis=1).argmin())
    row = np.argsort(opening[narrow], kind="stable")
    bonded = [k for k in row.tolist() if opening[narrow, k] <= bond_cutoff(str(symbols[ion]))]
    near = np.where((others & ~anion)[None], lengths, np.inf)
    cation = int(near.min(axis=0).argmin())
    return Bottleneck(
        distance_A=float(np.interp(fractions[narrow], np.arange(len(images)), way_A)),
        opening_A=float(opening[narrow].min()),
        anions=tuple(str(symbols[members[k]]) for k in bonded),
        anion_distances_A=tuple(round(float(opening[narrow, k]), 4) for k in bonded),
        nearest_cation=str(symbols[members[cation]]) if np.isfinite(near).any() else "",
        cation_A=float(near.min()) if np.isfinite(near).any() else 0.0,
    )


def _between(images: list[Atoms], x: float, members: NDArray[np.int64]) -> NDArray[np.float64]:
    k = min(int(x), len(images) - 2)
    low, high = images[k].positions[members], images[k + 1].positions[members]
    found: NDArray[np.float64] = low + (x - k) * (high - low)
    return found
