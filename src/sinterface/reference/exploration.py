"""Structures for the next labels: hot runs of a potential, gated by its committee, thinned out.

A potential walks a thousand times faster than its reference, and where it walks it must be right.
A frame carries the potential's own labels until `sinterface label` gives it the reference's: their
settings hash names the potential, so that the two can't end up in one training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from ase import Atoms

from sinterface.dataset.frames import read_frames, read_structures, write_frames
from sinterface.dataset.selection import farthest_points
from sinterface.errors import InputError
from sinterface.potential.model import Potential, load_potential
from sinterface.progress import Progress, ProgressCallback
from sinterface.reference.calculators import Reference, settings_hash
from sinterface.reference.environments import frame_features
from sinterface.reference.recipe import Recipe, Trajectory, trajectories
from sinterface.reference.sampling import sample_trajectory
from sinterface.reference.tasks import LabelReport, run_tasks

MOST_QUARANTINED = 0.5
"""Share of trajectories that may end before their first frame: young potentials do that."""


@dataclass(frozen=True)
class Choice:
    """Which frames of the trajectories are kept.

    Attributes
    ----------
    gate_eV_per_A
        Keep a frame only when the members of the committee disagree by more about the force on
        one of its atoms; 0 keeps all.
    select
        Keep so many frames in all, by farthest-point selection; 0 keeps all.
    known
        Labelled frames, files or folders, that the selected ones must differ from too.
    """

    gate_eV_per_A: float = 0.0
    select: int = 0
    known: tuple[Path, ...] = ()


@dataclass(frozen=True)
class ExploreTask:
    """Run one trajectory with a potential and keep what its committee doubts."""

    trajectory: Trajectory
    potential: Path
    gate_eV_per_A: float

    @property
    def key(self) -> str:
        """Key of the trajectory."""
        return self.trajectory.key

    def run(self) -> list[Atoms]:
        """Return the frames that pass the gate; the most doubtful one where none does.

        Raises
        ------
        RunError
            When the trajectory left its limits before the first frame.
        """
        found = sample_trajectory(
            self.trajectory, _student(self.potential), keep_before_limits=True
        )
        if self.gate_eV_per_A == 0:
            return found
        doubts = [_doubt(frame, self.potential) for frame in found]
        kept = [n for n, doubt in enumerate(doubts) if doubt > self.gate_eV_per_A]
        for frame, doubt in zip(found, doubts, strict=True):
            frame.info["force_deviation_eV_per_A"] = round(doubt, 4)
        return [found[n] for n in kept or [int(np.argmax(doubts))]]


def explore(
    recipe: Recipe,
    potential: Path | str,
    out: Path,
    choice: Choice | None = None,
    *,
    workers: int = 2,
    progress: ProgressCallback | None = None,
) -> LabelReport:
    """Run the trajectories of `recipe` with `potential` and write the chosen frames to `out`.

    Every finished trajectory is kept beside `out`; a killed run, started again, does the rest.
    The recipe's reference is not used: it is for `sinterface label`, which comes after.

    Parameters
    ----------
    potential
        Directory or shipped name; a gate needs a committee.
    choice
        Default: all frames.

    Raises
    ------
    InputError
        For a gate without a committee, or an `out` that another potential explored into.
    """
    loaded, choice = load_potential(potential), choice or Choice()
    if choice.gate_eV_per_A and loaded.n_members < 2:
        raise InputError(
            f"A gate needs a committee, and '{loaded.directory.name}' is one network; train one "
            "with 'sinterface train --members 2', or leave the gate out."
        )
    path = loaded.directory.resolve()
    tasks = [ExploreTask(each, path, choice.gate_eV_per_A) for each in trajectories(recipe)]
    identity = _identity(loaded) | {"gate_eV_per_A": choice.gate_eV_per_A}
    report = run_tasks(
        tasks, out, workers=workers, progress=progress, settings_hash=settings_hash(identity),
        max_failed_share=MOST_QUARANTINED,
    )  # fmt: skip
    if not 0 < choice.select < report.n_frames:
        return report
    if progress is not None:
        progress(Progress(0, 1, f"choosing {choice.select} of {report.n_frames} frames"))
    chosen = select_frames(loaded, read_structures(out), choice.select, choice.known)
    write_frames(out, chosen)
    return LabelReport(
        out, len(chosen), report.done, report.skipped, report.failed, report.quarantine
    )


def select_frames(
    potential: Potential, frames: Sequence[Atoms], number: int, known: Sequence[Path] = ()
) -> list[Atoms]:
    """Return the `number` frames farthest from each other and from the `known` labelled ones.

    Distances are between means and spreads of each element's symmetry functions, each function
    in units of its spread over all frames; see `farthest_points`. The order of `frames` stays.
    """
    earlier = read_frames(known) if known else []
    features = frame_features(potential, [*earlier, *frames])
    n_earlier = len(earlier)
    chosen = farthest_points(features[n_earlier:], number, features[:n_earlier])
    return [frames[index] for index in sorted(chosen)]


@cache
def _loaded(directory: Path) -> Potential:
    return load_potential(directory)


@cache
def _student(directory: Path) -> Reference:
    potential = _loaded(directory)
    shared = potential.calculator(precision="mixed", committee="none", skin_A=1.0)
    identity = _identity(potential)
    return Reference(identity["reference"], identity["version"], identity, lambda *_: shared)


def _identity(potential: Potential) -> dict[str, str]:
    return {"reference": f"student {potential.directory.name}", "version": potential.fingerprint}


def _doubt(frame: Atoms, directory: Path) -> float:
    """Return the largest standard deviation of a force in the committee, eV/Å."""
    atoms = Atoms(frame.numbers, frame.positions, cell=frame.cell, pbc=True)
    atoms.calc = _loaded(directory).calculator(precision="mixed", committee="forces")
    atoms.get_forces()
    return float(np.max(atoms.calc.results["forces_std"]))
