"""Short molecular dynamics driven by the reference itself: every kept frame is a label."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from ase.optimize import FIRE
from ase.units import fs

from sinterface.dataset.frames import Label, labelled
from sinterface.errors import RunError
from sinterface.reference.calculators import Reference, check_converged
from sinterface.reference.recipe import Start, Trajectory
from sinterface.structures.crystals import cubic_llzo, layered_lco
from sinterface.structures.doping import dope, remove_lithium, swap_sites
from sinterface.structures.mixture import mix, pack


def build_start(start: Start, *, volume_scale: float = 1.0, seed: int = 0) -> Atoms:
    """Return the structure that `start` describes, at `volume_scale` times its own volume."""
    if start.builder == "mixture":
        return pack(mix(start.units), volume_scale=volume_scale, seed=seed)
    crystal = layered_lco() if start.builder == "lco" else cubic_llzo(seed=seed)
    atoms: Atoms = crystal * start.repeat
    if start.lithium_removed:
        remove_lithium(atoms, start.lithium_removed, seed=seed)
    if start.antisites:
        swap_sites(atoms, ("Co", "Li"), start.antisites, seed=seed)
    if start.builder == "doped-llzo" and start.site is not None:
        atoms = dope(atoms, start.site, start.dopants, seed=seed)
    atoms.set_cell(atoms.cell[:] * volume_scale ** (1 / 3), scale_atoms=True)
    return atoms


def sample_trajectory(
    trajectory: Trajectory,
    reference: Reference,
    directory: Path = Path(),
    *,
    keep_before_limits: bool = False,
) -> list[Atoms]:
    """Run one trajectory and return its labelled frames.

    Langevin dynamics at constant volume, after a random strain, a random displacement and, for
    random cells, some steps downhill (kept too, as 0 K). Velocities start at 1.5 times the
    temperature, since part of that energy goes into the lattice. A reference that writes files
    does so in `directory`.

    Parameters
    ----------
    keep_before_limits
        End where a force or a distance leaves the limits, and return the frames before.

    Raises
    ------
    RunError
        When a force or a distance leaves the limits of `trajectory.dynamics`, at once or, with
        `keep_before_limits`, before any frame was kept.
    """
    rng = np.random.default_rng(trajectory.seed)
    atoms = build_start(
        trajectory.start, volume_scale=trajectory.volume_scale, seed=trajectory.seed
    )
    _deform(atoms, trajectory, rng)
    atoms.calc = reference.make(atoms, directory)
    label = Label(
        trajectory.system,
        trajectory.key,
        trajectory.temperature_K,
        reference.name,
        reference.version,
        reference.settings_hash,
        trajectory.family,
        reference.settings,
    )
    frames: list[Atoms] = []
    try:
        _run_downhill(atoms, trajectory, replace(label, temperature_K=0.0), frames)
        _run_hot(atoms, trajectory, label, frames, rng)
    except RunError:
        if not (keep_before_limits and frames):
            raise
    return frames


def _deform(atoms: Atoms, trajectory: Trajectory, rng: np.random.Generator) -> None:
    strain = rng.uniform(-trajectory.strain, trajectory.strain, (3, 3))
    strain = 0.5 * (strain + strain.T)
    atoms.set_cell(atoms.cell[:] @ (np.eye(3) + strain), scale_atoms=True)
    atoms.positions += trajectory.rattle_A * rng.standard_normal(atoms.positions.shape)


def _run_downhill(atoms: Atoms, trajectory: Trajectory, label: Label, frames: list[Atoms]) -> None:
    if not trajectory.relax_steps:
        return
    motion = FIRE(atoms, logfile=None, maxstep=0.1)
    motion.attach(_keep, trajectory.keep_every, atoms, trajectory, label, frames)
    motion.run(fmax=0.3, steps=trajectory.relax_steps)


def _run_hot(
    atoms: Atoms,
    trajectory: Trajectory,
    label: Label,
    frames: list[Atoms],
    rng: np.random.Generator,
) -> None:
    dynamics = trajectory.dynamics
    thermalize_momenta(atoms, temperature_K=1.5 * trajectory.temperature_K, rng=rng)
    Stationary(atoms)
    motion = Langevin(
        atoms,
        dynamics.timestep_fs * fs,
        temperature_K=trajectory.temperature_K,
        friction=1 / (dynamics.relaxation_time_fs * fs),
        rng=rng,
        fixcm=False,
    )
    motion.run(trajectory.settle_steps)
    for _ in range(trajectory.steps // trajectory.keep_every):
        motion.run(trajectory.keep_every)
        _keep(atoms, trajectory, label, frames)


def _keep(atoms: Atoms, trajectory: Trajectory, label: Label, frames: list[Atoms]) -> None:
    limits = trajectory.dynamics
    atoms.get_potential_energy()
    check_converged(atoms.calc)
    check_sane(atoms, limits.max_force_eV_per_A, limits.min_distance_A)
    frames.append(labelled(atoms, label))


def check_sane(atoms: Atoms, max_force_eV_per_A: float, min_distance_A: float) -> None:
    """Refuse a labelled structure that the reference can't be trusted on.

    Raises
    ------
    RunError
        For a force or energy that is not a number, a force above the limit, or two atoms closer
        than the limit.
    """
    from matscipy.neighbours import neighbour_list

    forces = atoms.get_forces()
    if not (np.isfinite(forces).all() and np.isfinite(atoms.get_potential_energy())):
        raise RunError("The reference returned an energy or a force that is not a number.")
    largest = float(np.linalg.norm(forces, axis=1).max())
    if largest > max_force_eV_per_A:
        raise RunError(f"A force of {largest:.1f} eV/Å is above {max_force_eV_per_A} eV/Å.")
    distances = neighbour_list("d", atoms, min_distance_A)
    if len(distances):
        raise RunError(f"Two atoms are {distances.min():.2f} Å apart, below {min_distance_A} Å.")
