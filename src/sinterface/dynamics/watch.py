"""What is watched while atoms move: the range that training saw, a committee's agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.files import atomic_path

if TYPE_CHECKING:
    from ase import Atoms

STOPPED_NAME = "stopped.extxyz"

FLAGS = {"extrapolations": 1, "energy_std": 0, "force_std": 1}
"""Quantities of `pair_style sinterface` for LAMMPS' ``fix pair``; 1: computed only when asked."""

ARRAYS = {
    "extrapolations": "extrapolations",
    "energy_std": "energies_std",
    "force_std": "forces_std",
}
"""Their names in ASE's results."""

UNITS = {
    "atoms_outside_training": "",
    "most_functions_outside": "",
    "largest_energy_std": "eV",
    "largest_force_std": "eV Angstrom-1",
}
"""What a frame keeps of them, with its unit."""

_MOST_STEPS = 10


@dataclass(frozen=True)
class Limits:
    """Where a run stops; 0 stands for no limit.

    Attributes
    ----------
    max_extrapolations_per_atom
        Symmetry functions of one atom outside their training range.
    max_force_deviation_eV_per_A
        Deviation of a committee's members on the force of one atom.
    """

    max_extrapolations_per_atom: int = 0
    max_force_deviation_eV_per_A: float = 0.0

    def check(self, watched: tuple[str, ...]) -> None:
        """Raise InputError when the interaction can't tell what is limited, or a limit is < 0."""
        for name, value in self.by_quantity().items():
            if value < 0 or not np.isfinite(value):
                raise InputError(f"The limit of {name} must be 0 (none) or more, got {value:g}.")
            if value > 0 and name not in watched:
                need = "a committee" if name == "force_std" else "a potential of sinterface"
                raise InputError(f"A limit of {name} needs {need}; leave it at 0.")

    def by_quantity(self) -> dict[str, float]:
        """Return the limits by quantity of the pair style."""
        return {
            "extrapolations": float(self.max_extrapolations_per_atom),
            "force_std": self.max_force_deviation_eV_per_A,
        }


def watch_commands(watched: tuple[str, ...], frame_steps: int, limits: Limits) -> list[str]:
    """Return LAMMPS' commands that watch every few steps and stop beyond a limit.

    Parameters
    ----------
    watched
        Quantities, keys of :data:`FLAGS`; none gives no commands.
    frame_steps
        Steps between frames, of which each is watched.
    """
    if not watched:
        return []
    every = max(n for n in range(1, _MOST_STEPS + 1) if frame_steps % n == 0)
    names = " ".join(f"{name} {FLAGS[name]}" for name in watched)
    columns = [f"[{k}]" for k in range(1, len(watched) + 1)] if len(watched) > 1 else [""]
    commands = [
        f"fix watch all pair {every} sinterface {names}",
        f"compute watch all reduce max {' '.join(f'f_watch{column}' for column in columns)}",
    ]
    for name, column in zip(watched, columns, strict=True):
        limit = limits.by_quantity().get(name, 0.0)
        if limit > 0:
            commands += [
                f"variable largest_{name} equal c_watch{column}",
                f"fix limit_{name} all halt {every} v_largest_{name} > {limit:.17g} "
                "error continue message no",
            ]
    return commands


def summary(arrays: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return what a frame keeps of per-atom quantities; keys of :data:`UNITS`."""
    found = {}
    if "extrapolations" in arrays:
        found["atoms_outside_training"] = float(np.sum(arrays["extrapolations"] > 0))
        found["most_functions_outside"] = float(arrays["extrapolations"].max())
    for name in ("energy_std", "force_std"):
        if name in arrays:
            found[f"largest_{name}"] = float(arrays[name].max())
    return found


def told(values: Mapping[str, float]) -> str:
    """Return `summary` in words for a progress message; empty when there is nothing to say."""
    words = []
    if values.get("atoms_outside_training", 0) > 0:
        words.append(
            f"{values['atoms_outside_training']:.0f} atoms outside the training range "
            f"(up to {values['most_functions_outside']:.0f} functions)"
        )
    if "largest_force_std" in values:
        words.append(f"force deviation up to {values['largest_force_std']:.2g} eV/Å")
    return "".join(f", {part}" for part in words)


def beyond_limits(arrays: Mapping[str, NDArray[np.float64]], limits: Limits) -> bool:
    """Return whether an atom is beyond a limit."""
    return any(
        limit > 0 and name in arrays and bool((arrays[name] > limit).any())
        for name, limit in limits.by_quantity().items()
    )


def broken_limit(
    arrays: Mapping[str, NDArray[np.float64]], limits: Limits, symbols: list[str]
) -> str:
    """Return which atoms are beyond a limit, in words."""
    meanings = {
        "extrapolations": "{:.0f} symmetry functions outside the training range",
        "force_std": "a force deviation of {:.3g} eV/Å",
    }
    options = {
        "extrapolations": "max_extrapolations_per_atom",
        "force_std": "max_force_deviation_eV_per_A",
    }
    for name, limit in limits.by_quantity().items():
        if limit <= 0 or not (arrays[name] > limit).any():
            continue
        worst = int(arrays[name].argmax())
        others = int((arrays[name] > limit).sum()) - 1
        more = f" and {others} more atoms are beyond" if others else " is beyond"
        value = meanings[name].format(arrays[name][worst])
        return (
            f"{symbols[worst]} atom {worst} (counted from 0) with {value}{more} "
            f"{options[name]} = {limit:g}"
        )
    return "a limit was passed"


def save_stopped(
    directory: Path, good: Atoms, bad: Atoms, arrays: Mapping[str, NDArray[np.float64]]
) -> None:
    """Write the last state within the limits, then the one beyond with what was watched."""
    for name, values in arrays.items():
        column: NDArray[Any] = values.astype(int) if name == "extrapolations" else values
        bad.set_array(ARRAYS[name], column)
    write_stopped(directory, [good, bad])


def write_stopped(directory: Path, frames: list[Atoms]) -> None:
    """Write the frames around the end of a run that went wrong."""
    import ase.io

    with atomic_path(directory / STOPPED_NAME) as temporary:
        ase.io.write(temporary, frames, format="extxyz")
