"""The paper's Table 1: a potential's own dynamics, relabelled by the reference, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from sinterface.dataset.frames import read_frames
from sinterface.errors import RunError
from sinterface.files import atomic_path
from sinterface.potential.model import Potential
from sinterface.progress import ProgressCallback
from sinterface.reference.calculators import open_reference
from sinterface.reference.labelling import label_structures
from sinterface.reference.recipe import Dynamics
from sinterface.validation.errors_by_system import calibrate, compare, thin
from sinterface.validation.floor import force_floor
from sinterface.validation.snapshots import Lengths, Snapshots, sample
from sinterface.validation.steps import Steps
from sinterface.validation.systems import System

FloatArray = NDArray[np.float64]

PARITY_NAME = "parity.npz"
_PARITY_COMPONENTS = 3000
_ANY_SANE = Dynamics(max_force_eV_per_A=500.0, min_distance_A=0.3)
"""Loose, so that what the reference calls bad counts in the errors instead of vanishing."""


@dataclass(frozen=True)
class RowSettings:
    """What decides a row beside the potential and the system.

    Attributes
    ----------
    lengths
        Of the dynamics.
    reference
        Name of the labelling calculator.
    floor_atoms
        Atoms whose scatter of force beyond the cutoff is measured; 0 for none.
    """

    lengths: Lengths
    reference: str = "chgnet"
    floor_atoms: int = 4


def row(
    system: System,
    potential: Potential,
    steps: Steps,
    settings: RowSettings,
    *,
    threads: int = 1,
    workers: int = 1,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Return one row, JSON-able; what was finished before is not done again.

    Three steps are kept: the dynamics, the labels with their errors, and the floor.
    """
    structure = {"system": system.name, "lengths": asdict(settings.lengths)}

    def move(folder: Path) -> Mapping[str, Any]:
        found = sample(
            system, potential, folder, settings.lengths, threads=threads, progress=progress
        )
        _write_snapshots(folder / "snapshots.npz", found)
        return {
            "snapshots": len(found.frames),
            "atoms": len(found.frames[0]) if found.frames else 0,
            "formula": found.frames[0].get_chemical_formula() if found.frames else "",
            "temperature_K": found.mean_temperature_K,
            "extrapolating_share": found.extrapolating_share,
            "stopped": found.stopped,
        }

    moved = steps.do(f"dynamics-{system.name}", structure, move)
    frames = _read_snapshots(steps.folder(f"dynamics-{system.name}", structure) / "snapshots.npz")
    labels = structure | {"reference": open_reference(settings.reference).settings_hash}

    def judge(folder: Path) -> Mapping[str, Any]:
        named = [_named(frame, system, index) for index, frame in enumerate(frames)]
        labelled, failed = label_frames(named, folder, settings.reference, workers, progress)
        return {"failed_labels": failed, **errors_of(potential, labelled, folder)}

    errors = steps.do(f"errors-{system.name}", labels, judge) if frames else {}
    floor: dict[str, Any] = {}
    if frames and settings.floor_atoms:
        floor = steps.do(
            f"floor-{system.name}",
            labels | {"atoms": settings.floor_atoms},
            lambda _: _floor(frames[len(frames) // 2], potential, settings),
        )
    folder = steps.folder(f"errors-{system.name}", labels)
    return _described(system) | {
        **moved,
        **errors,
        **floor,
        **verdict(system, errors, floor.get("floor_eV_per_A"), str(moved["stopped"])),
        "folder": str(folder.relative_to(steps.directory)),
    }


def _floor(atoms: Atoms, potential: Potential, settings: RowSettings) -> dict[str, Any]:
    """Return the floor, and the potential's own scatter: its forces see twice its cutoff."""
    cutoff, n = potential.cutoff_A, settings.floor_atoms
    found = force_floor(atoms, open_reference(settings.reference).calculator, cutoff, n_atoms=n)
    own = force_floor(atoms, potential.calculator(committee="none"), cutoff, n_atoms=n)
    return {**found, "own_scatter_eV_per_A": own["floor_eV_per_A"]}


def _described(system: System) -> dict[str, Any]:
    return {
        "name": system.name,
        "title": system.title,
        "group": system.group,
        "trained": system.trained,
        "target_temperature_K": system.temperature_K,
        "paper": asdict(system.paper) if system.paper else None,
        "goal": asdict(system.goal) if system.goal else None,
    }


FLOOR_ROOM = 1.2
"""A row is met, too, when its force error is within this factor of the floor."""


def verdict(
    system: System, errors: Mapping[str, Any], floor: float | None, stopped: str = ""
) -> dict[str, Any]:
    """Return whether a row meets its goals, and why not."""
    if stopped:
        return {"met": False, "reasons": [f"the run stopped: {stopped}"]}
    if "force" not in errors:
        return {"met": False, "reasons": [errors.get("problem", "no labels")]}
    if system.goal is None:
        return {"met": None, "reasons": []}
    energy = 1000 * errors["energy"]["rmse"]
    force = errors["force"]["rmse"]
    goal_E, goal_F = system.goal.energy_meV_per_atom, system.goal.force_eV_per_A
    reasons = []
    if not energy <= goal_E:
        reasons.append(f"energy {energy:.1f} > {goal_E:g} meV/atom")
    if not (force <= goal_F or (floor is not None and force <= FLOOR_ROOM * floor)):
        reasons.append(f"force {force:.3f} > {goal_F:g} eV/Å")
    if errors.get("failed_labels"):
        reasons.append(f"{errors['failed_labels']} snapshots could not be labelled")
    return {"met": not reasons, "reasons": reasons}


def errors_of(
    potential: Potential, labelled: Sequence[Atoms], folder: Path | None = None
) -> dict[str, Any]:
    """Return the errors of a potential on labelled frames, energies in eV an atom.

    With `folder`, what parity plots need is written there (``parity.npz``). Of a committee the
    calibration of its forces is added.
    """
    if not labelled:
        return {"problem": "no snapshot could be labelled"}
    committee = "forces" if potential.n_members > 1 else "none"
    true_E, found_E, true_F, found_F, deviations = [], [], [], [], []
    for frame in labelled:
        found = potential.evaluate(
            frame.numbers,
            frame.positions,
            potential.neighbors(frame.positions, frame.cell.array, frame.pbc),
            committee=committee,
        )
        true_E.append(frame.get_potential_energy() / len(frame))
        found_E.append(found.energy / len(frame))
        true_F.append(frame.get_forces())
        found_F.append(found.forces)
        if found.forces_std is not None:
            deviations.append(found.forces_std)
    expected, predicted = np.concatenate(true_F), np.concatenate(found_F)
    if folder is not None:
        _write_parity(folder / PARITY_NAME, true_E, found_E, expected, predicted)
    result: dict[str, Any] = {
        "labelled": len(labelled),
        "energy": compare(true_E, found_E).to_dict(),
        "force": compare(expected, predicted).to_dict(),
        "thermal_energy_spread": float(np.std(true_E)),
    }
    if deviations:
        error = np.linalg.norm(predicted - expected, axis=1)
        result["calibration"] = calibrate(np.concatenate(deviations), error).to_dict()
    return result


def _write_parity(
    path: Path,
    true_E: Sequence[float],
    found_E: Sequence[float],
    true_F: FloatArray,
    found_F: FloatArray,
) -> None:
    pairs = thin(np.column_stack([true_F.ravel(), found_F.ravel()]), _PARITY_COMPONENTS)
    with atomic_path(path) as temporary, open(temporary, "wb") as handle:
        np.savez(handle, energy=np.column_stack([true_E, found_E]), force=pairs)


def _named(frame: Atoms, system: System, index: int) -> Atoms:
    named = Atoms(frame.numbers, frame.positions, cell=frame.cell, pbc=True)
    named.info = {
        "system": system.name,
        "trajectory": f"validation-{system.name}",
        "temperature_K": system.temperature_K,
        "snapshot": index,
    }
    return named


def label_frames(
    frames: Sequence[Atoms],
    folder: Path,
    reference: str,
    workers: int,
    progress: ProgressCallback | None,
) -> tuple[list[Atoms], int]:
    """Label frames, each kept as soon as it is done; return them and how many failed."""
    out = folder / "labels.extxyz.xz"
    try:
        report = label_structures(
            frames, out, workers, reference=reference, limits=_ANY_SANE, progress=progress
        )
    except RunError as error:
        if "labels failed" not in str(error):
            raise
        return [], len(frames)
    return (read_frames(out) if report.n_frames else []), report.failed


def _write_snapshots(path: Path, found: Snapshots) -> None:
    if not found.frames:
        return
    with atomic_path(path) as temporary, open(temporary, "wb") as handle:
        np.savez(
            handle,
            numbers=found.frames[0].numbers,
            positions=np.array([frame.positions for frame in found.frames]),
            cells=np.array([frame.cell.array for frame in found.frames]),
        )


def _read_snapshots(path: Path) -> list[Atoms]:
    if not path.exists():
        return []
    with np.load(path) as kept:
        numbers, positions, cells = kept["numbers"], kept["positions"], kept["cells"]
    return [
        Atoms(numbers, place, cell=cell, pbc=True)
        for place, cell in zip(positions, cells, strict=True)
    ]


RowListener = Callable[[Mapping[str, Any]], None]
