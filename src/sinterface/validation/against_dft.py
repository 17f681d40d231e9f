"""A reference and a potential against density functional theory, on small frames that ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from numpy.typing import NDArray

from sinterface.dataset.frames import label_of, read_frames
from sinterface.files import atomic_path
from sinterface.potential.model import Potential
from sinterface.progress import ProgressCallback
from sinterface.reference.calculators import open_reference
from sinterface.validation.errors_by_system import compare
from sinterface.validation.steps import Steps
from sinterface.validation.table import PARITY_NAME, label_frames

FloatArray = NDArray[np.float64]

FAMILIES: Final = {
    "lco": "layered LiCoO2, hot",
    "llzo": "Li7La3Zr2O12, hot glass",
    "llzo-cobalt": "Li4CoLa3Zr2O12, hot glass",
}
"""Families of frames labelled by GPAW (PBE+U), made by ``recipes/dft/frames.py``."""


def against_dft(
    potential: Potential,
    reference: str,
    steps: Steps,
    *,
    progress: ProgressCallback | None = None,
) -> list[dict[str, Any]]:
    """Return, family by family, how the reference and the potential follow DFT (JSON-able).

    Families with an element that the potential doesn't know are left out.

    Energies are compared after one shift a family, for each code counts them from its own atoms;
    ``slope`` tells whether forces and energies are too soft (below 1) or too hard.

    Parameters
    ----------
    reference
        Name of the labelling calculator.
    steps
        Keeps each family's rows.
    """
    settings_hash = open_reference(reference).settings_hash
    rows = []
    for family, title in FAMILIES.items():
        frames = dft_frames(family)
        if not set(frames[0].symbols) <= set(potential.elements):
            continue
        label = label_of(frames[0])
        keys = {"reference": reference, "settings": settings_hash, "dft": label.settings_hash}

        def judge(folder: Path, frames: Sequence[Atoms] = frames) -> Mapping[str, Any]:
            labelled, failed = label_frames(frames, folder, reference, 1, progress)
            predicted = _predicted(frames, potential)
            _write_parity(folder / PARITY_NAME, frames, [] if failed else labelled, predicted)
            theirs = {"problem": f"{failed} of {len(frames)} frames could not be labelled"}
            return {
                "reference": theirs if failed else _errors(frames, labelled),
                "potential": _errors(frames, predicted),
            }

        name = f"against-dft-{family}"
        found = steps.do(name, keys, judge)
        rows.append(
            {
                "family": family,
                "title": title,
                "atoms": len(frames[0]),
                "frames": len(frames),
                "dft": f"{label.reference} {label.reference_version}",
                "spin_polarised": bool(label.reference_settings.get("spin_polarised", True)),
                "folder": steps.folder(name, keys).name,
                **found,
            }
        )
    return rows


def dft_frames(family: str) -> list[Atoms]:
    """Return the labelled frames of a family."""
    with as_file(files("sinterface.validation") / "dft" / f"{family}.extxyz") as path:
        return read_frames(path)


def _predicted(frames: Sequence[Atoms], potential: Potential) -> list[Atoms]:
    calculator = potential.calculator(committee="none")
    found = []
    for frame in frames:
        atoms = Atoms(frame.numbers, frame.positions, cell=frame.cell, pbc=True)
        calculator.calculate(atoms)
        atoms.calc = SinglePointCalculator(
            atoms,
            energy=float(calculator.results["energy"]),
            forces=np.array(calculator.results["forces"]),
        )
        found.append(atoms)
    return found


def _errors(true: Sequence[Atoms], found: Sequence[Atoms]) -> dict[str, Any]:
    """Return the errors of `found`, structure by structure beside `true`."""
    forces = [_forces(frames) for frames in (true, found)]
    energies = [
        [frame.get_potential_energy() / len(frame) for frame in frames] for frames in (true, found)
    ]
    force, energy = compare(*forces), compare(*energies)
    return {
        "force": force.to_dict(),
        "energy": {"rmse_shifted": energy.rmse_shifted, "slope": energy.slope},
        "dft_force_rms": float(np.sqrt(np.mean(forces[0] ** 2))),
        "dft_energy_spread": float(np.std(energies[0])),
    }


def _forces(frames: Sequence[Atoms]) -> FloatArray:
    return np.concatenate([frame.get_forces() for frame in frames])


def _write_parity(
    path: Path, true: Sequence[Atoms], labelled: Sequence[Atoms], predicted: Sequence[Atoms]
) -> None:
    """Keep force components beside DFT's for a plot."""
    by_name = {"reference": labelled, "potential": predicted}
    pairs = {
        name: np.column_stack([_forces(true).ravel(), _forces(found).ravel()])
        for name, found in by_name.items()
        if found
    }
    with atomic_path(path) as temporary, open(temporary, "wb") as handle:
        np.savez(handle, **pairs)  # type: ignore[arg-type]
