"""The hops of this study from end to end: crystal relaxed, hop made, path found."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.dynamics.relax import relax
from sinterface.errors import InputError
from sinterface.files import atomic_path
from sinterface.paths.band import check_band, find_first_path, find_path
from sinterface.paths.energies import Energies
from sinterface.paths.layered_interface import Side, cobalt_vacancy_hop
from sinterface.paths.lco import lco_hop
from sinterface.paths.llzo import doped_llzo, llzo_hops
from sinterface.paths.result import MinimumEnergyPath, read_images
from sinterface.progress import ProgressCallback
from sinterface.structures.crystals import layered_lco

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator

    from sinterface.potential.model import Potential

CRYSTAL_NAME = "crystal.extxyz"
MOST_HOPS = 8
"""Hops of LLZO that are tried until one has two minima as end points."""
_CELL_TOLERANCE_EV_PER_A, _STRESS_TOLERANCE_GPA = 0.02, 0.05


def lco_path(
    vacancies: str,
    potential: Potential | Calculator,
    directory: Path | str,
    *,
    repeat: tuple[int, int, int] = (4, 4, 1),
    **options: Any,
) -> MinimumEnergyPath:
    """Find the path of Li along the layer of LCO, in a crystal relaxed with the potential.

    `vacancies` is "single" or "divacancy" (see :func:`sinterface.paths.lco.lco_hop`), `options` are
    those of :func:`sinterface.paths.band.find_path`.
    """
    check_band(**options)  # complains before anything is relaxed
    lco_hop(vacancies, repeat=repeat)
    crystal = relaxed_crystal(layered_lco(), potential, directory, options.get("progress"))
    return find_path(
        lco_hop(vacancies, crystal=crystal, repeat=repeat), potential, directory, **options
    )


def llzo_path(
    potential: Potential | Calculator,
    directory: Path | str,
    *,
    cobalt: str | None = None,
    to_cobalt: str = "near",
    hop: int | None = None,
    seed: int = 0,
    repeat: tuple[int, int, int] = (1, 1, 1),
    **options: Any,
) -> MinimumEnergyPath:
    """Find the path of Li between two sites of cubic LLZO, in a crystal relaxed with the potential.

    Parameters
    ----------
    potential, directory, options
        As of :func:`sinterface.paths.band.find_path`.
    cobalt
        Site of one Co: "Li", "La" or "Zr"; none without.
    to_cobalt
        "near": Co beside a hop, and hops beside it first; "far".
    hop
        Number of the hop in that order, from 1; if not given the first with a barrier both
        ways.
    seed
        Of the arrangement of Li, and of where Co goes.
    repeat
        Copies of the 192-atom cell.

    Raises
    ------
    InputError
        For another site, or a number that no hop has.
    """
    check_band(**options)
    built = doped_llzo(cobalt, to_cobalt=to_cobalt, seed=seed, repeat=repeat)
    crystal = relaxed_crystal(built, potential, directory, options.get("progress"))
    hops = llzo_hops(crystal, to_cobalt=to_cobalt)
    if hop is None:
        return find_first_path(hops[:MOST_HOPS], potential, directory, **options)
    if not 1 <= hop <= len(hops):
        raise InputError(f"The cell has hops 1 to {len(hops)}, got {hop}; choose one of them.")
    return find_path(hops[hop - 1], potential, Path(directory) / hops[hop - 1].name, **options)


def interface_path(
    interface: Atoms,
    potential: Potential | Calculator,
    directory: Path | str,
    *,
    side: Side = "lower",
    cobalt: int | None = None,
    vacancies: int = 1,
    **options: Any,
) -> MinimumEnergyPath:
    """Find the path of Li from a Co vacancy of the outermost CoO2 layer into the inner Li layer.

    See :func:`sinterface.paths.layered_interface.cobalt_vacancy_hop`; `options` are those of
    :func:`sinterface.paths.band.find_path`.
    """
    return find_path(
        cobalt_vacancy_hop(interface, side, cobalt=cobalt, vacancies=vacancies),
        potential,
        directory,
        **options,
    )


def relaxed_crystal(
    atoms: Atoms,
    potential: Potential | Calculator,
    directory: Path | str,
    progress: ProgressCallback | None = None,
) -> Atoms:
    """Relax a crystal and its cell, or return what an earlier call left in `directory`.

    A vacancy in a strained crystal would have another barrier, so each potential gets its own
    lattice.
    """
    import ase.io

    energies = Energies(potential, atoms)
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / CRYSTAL_NAME
    made_of = hashlib.sha256(
        energies.identity.encode()
        + np.round(atoms.positions, 6).tobytes()
        + np.round(atoms.cell.array, 6).tobytes()
        + atoms.numbers.tobytes()
    ).hexdigest()
    if path.exists():
        found = read_images(path)[-1]
        if found.info.pop("made_of", "") == made_of:
            return found
    relaxed = relax(
        atoms,
        energies.calculator,
        cell="full",
        force_tolerance_eV_per_A=_CELL_TOLERANCE_EV_PER_A,
        stress_tolerance_GPa=_STRESS_TOLERANCE_GPA,
        progress=progress,
    ).atoms
    relaxed.info = {"made_of": made_of}
    with atomic_path(path) as temporary:
        ase.io.write(temporary, relaxed, format="extxyz")
    found = read_images(path)[-1]  # as a later call reads it, digit by digit
    del found.info["made_of"]
    return found
