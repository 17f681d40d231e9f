"""First guess of a path: straight, then by image-dependent pair potentials near the moving ion.

IDPP (S. Smidstrup et al., J. Chem. Phys. 140, 214106 (2014)) keeps atoms from running into each
other, but its table of all pairs costs N² in time and memory. Only atoms near the path need it:
they form a cluster, its shell held, and everything else goes straight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.paths.hop import displacements

if TYPE_CHECKING:
    from ase import Atoms

NEAR_A, SHELL_A = 4.0, 7.0
"""Atoms this near to the moving atom's way may be pushed; those out to the shell push."""
_TOLERANCE, _MOST_STEPS, _STEP_A = 0.05, 200, 0.05


def interpolate(
    initial: Atoms,
    final: Atoms,
    n_images: int,
    *,
    via_A: NDArray[np.float64] | None = None,
    moving: NDArray[np.int64] | None = None,
    idpp: bool = True,
) -> list[Atoms]:
    """Return the end points and `n_images` structures between them.

    Parameters
    ----------
    initial, final
        End points with the same atoms in the same order and cell.
    n_images
        Structures between.
    via_A
        Point that the first of `moving` passes halfway, shape (3,), in Å. The bent line is left
        as it is: IDPP would pull it straight again, to the distances halfway between the ends'.
    moving
        Atoms that hop, the most important first; the one that moves farthest if not given.
    idpp
        Whether to improve the straight line.
    """
    from sinterface.paths.hop import moved_atoms

    ions = moved_atoms(initial, final) if moving is None else moving
    change = displacements(initial, final)
    images = []
    for fraction in np.linspace(0, 1, n_images + 2):
        image = initial.copy()
        image.positions += fraction * change
        images.append(image)
    if via_A is not None:
        _bend(images, int(ions[0]), via_A, initial)
    elif idpp:
        _improve(images, ions)
    return images


def _bend(images: list[Atoms], ion: int, via_A: NDArray[np.float64], initial: Atoms) -> None:
    """Lead an ion through a point halfway: two straight legs of equal share."""
    from ase.geometry import find_mic

    start = images[0].positions[ion].copy()
    whole = images[-1].positions[ion] - start
    first = find_mic(via_A - start, initial.cell, initial.pbc)[0]
    for image, fraction in zip(images, np.linspace(0, 1, len(images)), strict=True):
        leg = 2 * fraction
        bent = leg * first if leg <= 1 else first + (leg - 1) * (whole - first)
        image.positions[ion] = start + bent


def _improve(images: list[Atoms], ions: NDArray[np.int64]) -> None:
    """Put the images of a cluster around the ions' ways where IDPP wants them."""
    from ase import Atoms
    from ase.constraints import FixAtoms
    from ase.mep import NEB
    from ase.mep.neb import idpp_interpolate
    from ase.optimize import FIRE

    members, shifts, distance = cluster(images, ions, SHELL_A)
    if len(members) < 2:
        return
    held = FixAtoms(indices=np.flatnonzero(distance > NEAR_A))
    parts = []
    for image in images:
        part = Atoms(image.numbers[members], image.positions[members] + shifts)
        part.set_constraint(held)
        parts.append(part)
    band = NEB(parts, method="improvedtangent", k=0.1)

    def optimizer(band: NEB, **options: object) -> FIRE:
        found: FIRE = FIRE(band, maxstep=_STEP_A * len(parts), **options)
        return found

    idpp_interpolate(
        band, traj=None, log=None, fmax=_TOLERANCE, steps=_MOST_STEPS, optimizer=optimizer
    )
    for image, part in zip(images[1:-1], parts[1:-1], strict=True):
        image.positions[members] = part.positions - shifts


def cluster(
    images: list[Atoms], ions: NDArray[np.int64], reach_A: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the atoms that come within `reach_A` of a hopping ion's way.

    Returns
    -------
    Atoms, shape (n,); the shifts that put each beside the first ion, as one cluster without
    periodic faces, shape (n, 3), in Å; the shortest distance of each to the way, shape (n,).
    """
    from ase.geometry import find_mic

    first = images[0]
    centre = first.positions[int(ions[0])]
    vectors = find_mic(first.positions - centre, first.cell, first.pbc)[0]
    shifts = vectors + centre - first.positions
    ways = np.concatenate([image.positions[ions] + shifts[ions] for image in images])
    best = np.full(len(first), np.inf)
    for way in ways:
        for image in (images[0], images[-1]):
            here = np.linalg.norm(image.positions + shifts - way, axis=1)
            np.minimum(best, here, out=best)
    members = np.flatnonzero(best < reach_A)
    return members, shifts[members], best[members]
