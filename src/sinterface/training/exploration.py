"""Structures for the next labels: short hot runs of the potential itself, from labelled frames.

What the potential visits is where it must be right, and it walks a thousand times faster than its
reference. A run ends where it leaves what is physical; the frames before that are kept, since they
teach most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import thermalize_momenta
from ase.units import fs
from matscipy.neighbours import neighbour_list

from sinterface.dataset.frames import family_of, label_of, read_frames
from sinterface.files import atomic_path
from sinterface.potential.model import load_potential
from sinterface.progress import Progress, ProgressCallback


@dataclass(frozen=True)
class Exploration:
    """How the runs go.

    Attributes
    ----------
    temperatures_K
        Each run draws one.
    volume_scales
        Range that each run draws its volume from, relative to its start.
    strain
        Largest random strain component.
    runs_per_system
        Runs of each system, from different labelled frames where there are enough.
    duration_fs, keep_every_fs, timestep_fs, relaxation_time_fs
        Of the Langevin dynamics.
    largest_force_eV_per_A, shortest_distance_A
        Beyond them a run ends.
    systems
        Systems to run; empty for all that the frames hold.
    seed
        Of all random choices.
    """

    temperatures_K: tuple[float, ...] = (1000.0, 1500.0, 2000.0, 2500.0, 4000.0)
    volume_scales: tuple[float, float] = (0.92, 1.12)
    strain: float = 0.03
    runs_per_system: int = 6
    duration_fs: float = 2000.0
    keep_every_fs: float = 400.0
    timestep_fs: float = 2.0
    relaxation_time_fs: float = 60.0
    largest_force_eV_per_A: float = 25.0
    shortest_distance_A: float = 1.15
    systems: tuple[str, ...] = ()
    seed: int = 0


def explore(
    frames: Sequence[Atoms],
    calculator: Calculator,
    settings: Exploration,
    name: str,
    progress: ProgressCallback | None = None,
) -> list[Atoms]:
    """Return unlabelled structures, each with ``system``, ``trajectory``, ``temperature_K``.

    Their ``family`` is that of the frame they start from, so that a split keeps them together.

    Parameters
    ----------
    frames
        Labelled frames to start from.
    calculator
        Moves the atoms.
    name
        Prefix of the trajectories' names.
    """
    random = np.random.default_rng(settings.seed)
    systems: dict[str, list[Atoms]] = {}
    for frame in frames:
        if not settings.systems or label_of(frame).system in settings.systems:
            systems.setdefault(label_of(frame).system, []).append(frame)
    runs = [(system, run) for run in range(settings.runs_per_system) for system in sorted(systems)]
    found: list[Atoms] = []
    for done, (system, run) in enumerate(runs):
        starts = systems[system]
        start = starts[int(random.integers(len(starts)))]
        temperature_K = float(random.choice(settings.temperatures_K))
        for atoms in _walk(start, calculator, temperature_K, settings, random):
            atoms.info.update(
                system=system,
                trajectory=f"{name}-{system}-{run}",
                temperature_K=temperature_K,
                family=family_of(start),
            )
            found.append(atoms)
        if progress is not None:
            progress(Progress(done + 1, len(runs), f"{len(found)} structures, {system}"))
    return found


def _walk(
    start: Atoms,
    calculator: Calculator,
    temperature_K: float,
    settings: Exploration,
    random: np.random.Generator,
) -> Iterator[Atoms]:
    """Yield snapshots of one run; on failure the last sane ones before it."""
    atoms = Atoms(start.numbers, start.positions, cell=start.cell, pbc=True)
    strain = random.uniform(-settings.strain, settings.strain, (3, 3))
    stretch = np.eye(3) * random.uniform(*settings.volume_scales) ** (1 / 3)
    cell = atoms.cell.array @ (stretch + 0.5 * (strain + strain.T))
    atoms.set_cell(cell, scale_atoms=True)
    atoms.calc = calculator
    thermalize_momenta(atoms, temperature_K=temperature_K, rng=random)
    motion = Langevin(
        atoms,
        settings.timestep_fs * fs,
        temperature_K=temperature_K,
        friction=1 / (settings.relaxation_time_fs * fs),
        rng=random,
        fixcm=False,
    )
    stride = 10
    every = max(1, round(settings.keep_every_fs / settings.timestep_fs / stride))
    recent = _snapshot(atoms)
    for block in range(1, round(settings.duration_fs / settings.timestep_fs / stride) + 1):
        motion.run(stride)
        if not _is_sane(atoms, settings):
            yield recent
            return
        recent = _snapshot(atoms)
        if block % every == 0:
            yield recent


def _is_sane(atoms: Atoms, settings: Exploration) -> bool:
    forces = atoms.get_forces()
    if not np.isfinite(forces).all():
        return False
    if np.linalg.norm(forces, axis=1).max() > settings.largest_force_eV_per_A:
        return False
    return len(neighbour_list("d", atoms, settings.shortest_distance_A)) == 0


def _snapshot(atoms: Atoms) -> Atoms:
    return Atoms(atoms.numbers, atoms.get_positions(wrap=True), cell=atoms.cell, pbc=True)


def explore_files(
    potential: Path | str,
    labels: Sequence[Path],
    output: Path,
    settings: Exploration,
    progress: ProgressCallback | None = None,
) -> int:
    """Explore from the frames in `labels`, write the structures to `output`, return their number.

    `output` is an extxyz file for ``sinterface label``; its stem names the trajectories.
    """
    calculator = load_potential(potential).calculator(precision="mixed")
    found = explore(read_frames(labels), calculator, settings, output.stem, progress)
    from ase.io import write

    with atomic_path(output) as temporary:
        write(temporary, found, format="extxyz")
    return len(found)


def main() -> None:
    """Explore from the command line: ``python -m sinterface.training.exploration``."""
    from argparse import ArgumentParser

    parser = ArgumentParser(description="Hot runs of a potential, for the next labels.")
    parser.add_argument("potential", help="directory or shipped name")
    parser.add_argument("labels", type=Path, nargs="+", help="labelled frames to start from")
    parser.add_argument("-o", "--output", type=Path, required=True, help="extxyz file to write")
    parser.add_argument("--systems", nargs="*", default=[], help="default: all")
    parser.add_argument("--runs-per-system", type=int, default=Exploration.runs_per_system)
    parser.add_argument("--duration-fs", type=float, default=Exploration.duration_fs)
    parser.add_argument("--keep-every-fs", type=float, default=Exploration.keep_every_fs)
    parser.add_argument("--temperatures-K", type=float, nargs="+", default=None)
    parser.add_argument("--volume-scales", type=float, nargs=2, default=Exploration.volume_scales)
    parser.add_argument("--seed", type=int, default=0)
    options = vars(parser.parse_args())
    potential, labels, output = (options.pop(key) for key in ("potential", "labels", "output"))
    temperatures_K = options.pop("temperatures_K") or Exploration.temperatures_K
    options = {key: tuple(v) if isinstance(v, list) else v for key, v in options.items()}
    settings = Exploration(temperatures_K=tuple(temperatures_K), **options)
    explore_files(potential, labels, output, settings)


if __name__ == "__main__":
    main()
