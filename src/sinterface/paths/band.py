"""Nudged elastic band of a hop, on ASE's NEB: ends relaxed, climbing image, resumable.

G. Henkelman and H. Jónsson, J. Chem. Phys. 113, 9978 (2000) (improved tangent); G. Henkelman,
B. P. Uberuaga and H. Jónsson, J. Chem. Phys. 113, 9901 (2000) (climbing image). A directory holds
``ends.extxyz``, ``band.extxyz`` (images, written every few steps), ``neb.json`` (where it stands)
and, at the end, ``path.json``. A resumed band begins with the images written last; the optimiser's
own velocities are lost, so it comes to the same path by other steps.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.dynamics.requirements import check_positive, check_structure
from sinterface.errors import RunError
from sinterface.paths.band_end import NO_BARRIER_EV, finish_band
from sinterface.paths.band_state import BandState, hop_digest, read_state
from sinterface.paths.energies import Energies
from sinterface.paths.hop import MOVED_A, SAME_A, Hop, displacements
from sinterface.paths.interpolation import cluster, interpolate
from sinterface.paths.result import (
    BAND_NAME,
    ENDS_NAME,
    RESULT_NAME,
    MinimumEnergyPath,
    read_images,
    read_path,
    write_images,
)
from sinterface.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator

    from sinterface.potential.model import Potential

SPRING_EV_PER_A2 = 1.0
CLIMB_FACTOR = 5.0
"""The highest image begins to climb when forces are below so many times the tolerance."""
SAVE_STEPS = 10
END_TOLERANCE = 0.2
"""End points are relaxed to this share of the band's tolerance."""
_LONGEST_STEP_A = 0.2


class EndPointError(RunError):
    """An end point is no minimum of its own: the ion slid back when it was relaxed."""


def check_band(
    *,
    n_images: int = 7,
    force_tolerance_eV_per_A: float = 0.05,
    max_steps: int = 1000,
    free_within_A: float | None = None,
    **_: Any,
) -> None:
    """Raise InputError for settings of `find_path` that make no sense."""
    check_positive(
        n_images=n_images, force_tolerance_eV_per_A=force_tolerance_eV_per_A, max_steps=max_steps
    )
    if free_within_A is not None:
        check_positive(free_within_A=free_within_A)


def find_path(
    hop: Hop,
    potential: Potential | Calculator,
    directory: Path | str,
    *,
    n_images: int = 7,
    climb: bool = True,
    force_tolerance_eV_per_A: float = 0.05,
    max_steps: int = 1000,
    free_within_A: float | None = None,
    threads: int = 1,
    progress: ProgressCallback | None = None,
) -> MinimumEnergyPath:
    """Relax both end points, then the band between them; go on where `directory` stands.

    Parameters
    ----------
    hop
        End points.
    potential
        Potential of ours (one calculator serves all images), or any ASE calculator.
    directory
        Run directory, made when missing.
    n_images
        Images between the end points.
    climb
        Whether the highest image climbs onto the saddle point.
    force_tolerance_eV_per_A
        Largest force on the band at which it ends; end points are relaxed to a fifth of it. A
        finished path goes on when a smaller one is asked.
    max_steps
        Steps of the band, and of each end point's relaxation, after which it ends anyway.
    free_within_A
        Hold atoms farther than this from the ion's straight way; all move if not given.
    threads
        Threads of a potential of ours.
    progress
        Told after every step of the band.

    Raises
    ------
    InputError
        For settings that make no sense, elements that the potential lacks, or a directory that
        holds another path.
    RunError
        When an end point is no minimum (:class:`EndPointError`), or forces are no numbers.
    """
    check_band(
        n_images=n_images,
        force_tolerance_eV_per_A=force_tolerance_eV_per_A,
        max_steps=max_steps,
        free_within_A=free_within_A,
    )
    check_structure(hop.initial)
    energies = Energies(potential, hop.initial, threads)
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "hop": hop.name,
        "structures": hop_digest(hop),
        "potential": energies.identity,
        "n_images": n_images,
        "climb": climb,
        "free_within_A": free_within_A,
    }
    state = read_state(folder, settings)
    run = _Band(hop, energies, folder, state, progress)
    run.go(n_images, climb, force_tolerance_eV_per_A, max_steps, free_within_A)
    return read_path(folder)


def find_first_path(
    hops: Sequence[Hop], potential: Potential | Calculator, directory: Path | str, **options: Any
) -> MinimumEnergyPath:
    """Return the path of the first hop with a barrier both ways, each in a folder of its own.

    Where none has, the one with the largest smaller barrier. `options` are those of
    :func:`find_path`.

    Raises
    ------
    RunError
        When no hop has two end points of its own.
    """
    found: list[MinimumEnergyPath] = []
    for hop in hops:
        try:
            found.append(find_path(hop, potential, Path(directory) / hop.name, **options))
        except EndPointError:
            continue
        if min(found[-1].forward_eV, found[-1].reverse_eV) > NO_BARRIER_EV:
            return found[-1]
    if found:
        return max(found, key=lambda path: min(path.forward_eV, path.reverse_eV))
    raise RunError(
        f"None of {len(hops)} hops has two end points of its own: each time the ion slid back; "
        "take another structure or seed."
    )


class _Band:
    """One process' share of the work on a band."""

    def __init__(
        self,
        hop: Hop,
        energies: Energies,
        directory: Path,
        state: BandState,
        progress: ProgressCallback | None,
    ) -> None:
        self.hop, self.energies, self.directory = hop, energies, directory
        self.state, self.progress = state, progress
        self._marked = time.perf_counter()

    def go(
        self,
        n_images: int,
        climb: bool,
        tolerance: float,
        max_steps: int,
        free_within_A: float | None,
    ) -> None:
        """Go on to the end; writes the result."""
        state = self.state
        finished = (self.directory / RESULT_NAME).exists()
        if finished and (state.residual_eV_per_A <= tolerance or state.steps >= max_steps):
            return
        held = self._held(free_within_A)
        if not state.ends_done or END_TOLERANCE * tolerance < state.end_tolerance_eV_per_A:
            self._relax_ends(END_TOLERANCE * tolerance, max_steps, held)
        images = self._images(n_images)
        for image in images:
            image.set_constraint(held)
        if climb and not state.climbing:
            self._descend(images, CLIMB_FACTOR * tolerance, max_steps, climb=False)
            state.climbing = True
        self._descend(images, tolerance, max_steps, climb=climb)
        finish_band(self.hop, self.energies, state, images, self.directory, tolerance)

    def _held(self, free_within_A: float | None) -> Any:
        """Return the constraint on atoms far from the way, or nothing."""
        from ase.constraints import FixAtoms

        if free_within_A is None:
            return []
        pair = [self.hop.initial, self.hop.final]
        free, _, _ = cluster(pair, self.hop.moving, free_within_A)
        held = np.setdiff1d(np.arange(len(pair[0])), free)
        return FixAtoms(indices=held) if len(held) else []

    def _relax_ends(self, tolerance: float, max_steps: int, held: Any) -> None:
        """Relax both end points, resuming with what ``ends.extxyz`` holds."""
        path = self.directory / ENDS_NAME
        ends = read_images(path) if path.exists() else [self.hop.initial.copy()]
        self._relax(ends, 0, tolerance, max_steps, held)
        if len(ends) == 1:
            ends.append(self._second_end(ends[0]))
        self._relax(ends, 1, tolerance, max_steps, held)
        moved = displacements(ends[0], ends[1])
        ion = int(self.hop.moving[0])
        distance = float(np.linalg.norm(moved[ion]))
        if distance < MOVED_A:
            raise EndPointError(
                f"The {self.hop.initial.symbols[ion]} atom {ion} (counted from 0) of "
                f"'{self.hop.name}' slid back: relaxed, the end points are {distance:.2f} Å "
                "apart. One of them is no minimum; choose another hop."
            )
        if not held:  # without a net shift, or the band would drift along its tangent
            ends[1].positions -= moved.mean(axis=0)
        write_images(ends, path)
        self.state.ends_done, self.state.end_tolerance_eV_per_A = True, tolerance
        self._save_state()

    def _relax(
        self, ends: list[Atoms], k: int, tolerance: float, max_steps: int, held: Any
    ) -> None:
        """Relax the end point `k` in place, written every few steps."""
        from ase.optimize import FIRE

        atoms = ends[k]
        atoms.set_constraint(held)
        atoms.calc = self.energies.calculator
        words = "first" if k == 0 else "last"
        optimizer = FIRE(atoms, logfile=None, maxstep=_LONGEST_STEP_A)
        for _ in optimizer.irun(fmax=tolerance, steps=max_steps):
            force = self._largest(atoms.get_forces())
            n = optimizer.nsteps
            self._tell(n, max_steps, f"{words} end point, largest force {force:.3f} eV/Å")
            if n and n % (5 * SAVE_STEPS) == 0:
                write_images(ends[: k + 1], self.directory / ENDS_NAME)
                self._save_state()
        self.energies.keep(atoms)
        write_images(ends[: k + 1], self.directory / ENDS_NAME)

    def _second_end(self, first: Atoms) -> Atoms:
        """Return the last end point: as given, or made from the relaxed first where one moves."""
        hop = self.hop
        change = displacements(hop.initial, hop.final)
        lengths = np.linalg.norm(change, axis=1)
        second: Atoms = first.copy()
        if (lengths > SAME_A).sum() == 1:
            ion = int(lengths.argmax())
            second.positions[ion] = hop.initial.positions[ion] + change[ion]
        else:
            second.positions[:] = hop.initial.positions + change
        return second

    def _images(self, n_images: int) -> list[Atoms]:
        """Return the images as they were written last, or a first guess."""
        path = self.directory / BAND_NAME
        first, last = read_images(self.directory / ENDS_NAME)
        last.positions[:] = first.positions + displacements(first, last)
        if path.exists():
            return [first, *read_images(path)[1:-1], last]
        images = interpolate(
            first, last, n_images, via_A=self.hop.via_A, moving=self.hop.moving[:1]
        )
        images[0].calc, images[-1].calc = first.calc, last.calc
        return images

    def _descend(
        self, images: list[Atoms], tolerance: float, max_steps: int, *, climb: bool
    ) -> None:
        """Move the band until its forces are below the tolerance."""
        from ase.optimize import FIRE

        from sinterface.paths.remembering import RememberingNEB

        for image in images[1:-1]:
            image.calc = self.energies.another()
        band = RememberingNEB(
            images,
            k=SPRING_EV_PER_A2,
            climb=climb,
            method="improvedtangent",
            allow_shared_calculator=True,
        )
        left = max_steps - self.state.steps
        optimizer = FIRE(band, logfile=None, maxstep=_LONGEST_STEP_A * len(images) ** 0.5)
        for _ in optimizer.irun(fmax=0.0, steps=max(0, left)):
            residual = self._largest(band.get_forces())
            self.state.residual_eV_per_A = residual
            self.state.steps += int(optimizer.nsteps > 0)
            words = "climbing" if climb else "band"
            self._tell(
                self.state.steps,
                max_steps,
                f"{words}: barrier {band.height_eV:.3f} eV, largest force {residual:.3f} eV/Å",
            )
            if residual <= tolerance:
                break
            if self.state.steps % SAVE_STEPS == 0:
                write_images(images, self.directory / BAND_NAME)
                self._save_state()
        write_images(images, self.directory / BAND_NAME)
        self._save_state()

    def _save_state(self) -> None:
        now = time.perf_counter()
        self.state.wall_s += now - self._marked
        self._marked = now
        self.state.write(self.directory)

    def _largest(self, forces: np.ndarray[Any, Any]) -> float:
        largest = float(np.linalg.norm(forces.reshape(-1, 3), axis=1).max())
        if not np.isfinite(largest):
            raise RunError(
                f"The path in '{self.directory}' failed: forces are no longer numbers. Its end "
                "points probably have atoms too close to each other; relax them first."
            )
        return largest

    def _tell(self, done: float, total: float, message: str) -> None:
        if self.progress is not None:
            self.progress(Progress(done, total, message))
