"""What a structure and its settings must fulfil before atoms move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms


def check_positive(**values: float) -> None:
    """Raise InputError unless every value is finite and greater than zero."""
    for name, value in values.items():
        if not np.isfinite(value) or value <= 0:
            raise InputError(f"{name} must be greater than 0, got {value:g}.")


def check_elements(atoms: Atoms, elements: Sequence[str]) -> None:
    """Raise InputError when the structure has an element that the potential lacks."""
    lacking = sorted(set(atoms.get_chemical_symbols()) - set(elements))
    if lacking:
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
