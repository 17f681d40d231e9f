"""What a structure and its settings must fulfil before atoms move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.units import FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.potential.model import Potential

SAME_TIME = 1e-6


def named_potential(potential: Potential) -> dict[str, str]:
    """Return what a certificate says of the potential that a structure was made with."""
    return {
        "potential": potential.directory.name,
        "potential_fingerprint": potential.fingerprint[:12],
    }


def check_positive(**values: float) -> None:
    """Raise InputError unless every value is finite and greater than zero."""
    for name, value in values.items():
        if not np.isfinite(value) or value <= 0:
            raise InputError(f"{name} must be greater than 0, got {value:g}.")


@dataclass(frozen=True)
class FrameCounts:
    """Time steps a frame, and frames between checkpoints, of production and of equilibration."""

    steps_a_frame: int
    checkpoint: int
    production: int
    equilibration: int


def count_frames(
    *,
    timestep_fs: float,
    frame_interval_ps: float,
    checkpoint_interval_ps: float,
    duration_ps: float,
    equilibration_ps: float,
) -> FrameCounts:
    """Return a run's times as whole numbers of steps and frames.

    Raises
    ------
    InputError
        When a time isn't a whole multiple of the one that it is counted in.
    """
    frame = ("frame_interval_ps", frame_interval_ps)
    return FrameCounts(
        whole_multiple(*frame, "timestep_fs", timestep_fs, FS_PER_PS),
        whole_multiple("checkpoint_interval_ps", checkpoint_interval_ps, *frame),
        whole_multiple("duration_ps", duration_ps, *frame),
        whole_multiple("equilibration_ps", equilibration_ps, *frame) if equilibration_ps else 0,
    )


def whole_multiple(name: str, value: float, part: str, size: float, factor: float = 1.0) -> int:
    """Return how many times `size` fits into `value`, `factor` being the ratio of their units.

    Raises
    ------
    InputError
        When that isn't a whole number.
    """
    ratio = factor * value / size
    whole = round(ratio)
    if whole < 1 or abs(ratio - whole) > SAME_TIME * ratio:
        raise InputError(
            f"{name} = {value:g} is not a whole multiple of {part} = {size:g}; change one of them."
        )
    return whole


def check_elements(atoms: Atoms, elements: Sequence[str]) -> None:
    """Raise InputError when the structure has an element that the potential lacks.

    No `elements` stand for all.
    """
    lacking = sorted(set(atoms.get_chemical_symbols()) - set(elements))
    if elements and lacking:
        raise InputError(
            f"The structure contains {', '.join(lacking)}, which the potential does not know; "
            f"it knows {', '.join(elements)}. Use another potential, or train one."
        )


def check_structure(atoms: Atoms) -> None:
    """Raise InputError unless the structure has atoms, a cell, and is periodic everywhere."""
    if len(atoms) == 0:
        raise InputError("The structure holds no atom; give one that does.")
    if abs(atoms.cell.volume) < 1e-6 or not atoms.pbc.all():
        raise InputError(
            "The structure must be periodic in all three directions with a cell of finite volume, "
            f"got periodicity {atoms.pbc.tolist()} and volume {atoms.cell.volume:g} Å³."
        )
    if not np.isfinite(atoms.positions).all():
        raise InputError("The structure has positions that are not numbers; rebuild it.")


def check_thickness(atoms: Atoms, cutoff_A: float) -> None:
    """Raise InputError when an atom would see its own image: a face distance below the cutoff."""
    thickness = perpendicular_thickness(atoms)
    if thickness.min() < cutoff_A:
        axis = int(thickness.argmin())
        n = int(np.ceil(cutoff_A / thickness[axis]))
        raise InputError(
            f"The cell is {thickness[axis]:.2f} Å thick along its vector {'abc'[axis]}, less than "
            f"the potential's cutoff of {cutoff_A:g} Å; repeat it {n} times along {'abc'[axis]}."
        )


def perpendicular_thickness(atoms: Atoms) -> NDArray[np.float64]:
    """Return the distances between opposite faces of the cell, shape (3,), in Å."""
    normals: NDArray[np.float64] = np.linalg.norm(np.linalg.inv(atoms.cell.array), axis=0)
    return 1.0 / normals
