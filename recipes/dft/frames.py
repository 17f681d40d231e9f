"""The small frames labelled by real DFT that `sinterface validate` ships with.

    python recipes/dft/frames.py FAMILY [--work DIR] [--workers 2]

Snapshots of the shipped potential's own dynamics of a small cell, at 1000 and at 2000 K, labelled
by GPAW in plane waves with PBE+U. Labels are kept in the work folder, so a stopped run goes on
where it was; the finished ones are written to src/sinterface/validation/dft/FAMILY.extxyz.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read, write
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import thermalize_momenta
from ase.units import fs

from sinterface.potential.model import Potential, load_potential
from sinterface.reference.labelling import label_structures
from sinterface.reference.recipe import Dynamics
from sinterface.reference.settings import read_settings
from sinterface.structures.crystals import primitive_lco
from sinterface.structures.mixture import mix, pack
from sinterface.validation.snapshots import hold, prepare

TARGET = Path(__file__).resolve().parents[2] / "src" / "sinterface" / "validation" / "dft"
TEMPERATURES_K = (1000.0, 2000.0)
ANY_SANE = Dynamics(max_force_eV_per_A=500.0, min_distance_A=0.3)


@dataclass(frozen=True)
class Family:
    """What is sampled, and how it is labelled.

    Attributes
    ----------
    build
        The start.
    glass
        Held at 4000 K before, from a random cell.
    each
        Snapshots a temperature, one a picosecond.
    options
        Of GPAW, beside its defaults (PBE, 3.32 eV on Co).
    """

    build: Callable[[], Atoms]
    glass: bool
    each: int
    options: dict[str, object]


def _glass(units: dict[str, int]) -> Callable[[], Atoms]:
    return lambda: pack(mix(units), volume_scale=1.1, seed=1)


FAMILIES = {
    "lco": Family(
        lambda: primitive_lco() * (2, 2, 1), False, 4,
        {"cutoff_eV": 500.0, "kpoint_spacing_per_A": 0.7, "spin_polarised": False},
    ),
    "llzo": Family(
        _glass({"Li7La3Zr2O12": 1}), True, 4,
        {"cutoff_eV": 500.0, "kpoint_spacing_per_A": 1.0, "spin_polarised": False},
    ),
    "llzo-cobalt": Family(
        _glass({"Li7La3Zr2O12": 1, "LiCoO2": 1, "Li2O": -2}), True, 4,
        {"cutoff_eV": 500.0, "kpoint_spacing_per_A": 1.0, "spin_polarised": True},
    ),
}  # fmt: skip


def sample(name: str, work: Path) -> list[Atoms]:
    """Return the snapshots of a family."""
    family, potential = FAMILIES[name], load_potential("llzo-lco")
    start = prepare(family.build, potential, work / "start", downhill=family.glass)
    found = []
    for temperature in TEMPERATURES_K:
        folder = work / f"{temperature:.0f}K"
        if family.glass:
            start = hold(start, potential, folder / "melt", 4000.0, 3.0).frames[-1]
            run = hold(
                start, potential, folder / "run", temperature, float(family.each),
                snapshots=family.each, equilibration_ps=2.0,
            )  # fmt: skip
            if run.stopped:
                raise SystemExit(f"{name} at {temperature:.0f} K: {run.stopped}")
            frames = run.frames
        else:
            frames = small_cell(start, potential, temperature, family.each)
        for number, frame in enumerate(frames):
            plain = Atoms(frame.numbers, frame.positions, cell=frame.cell, pbc=True)
            plain.info = {
                "system": name, "trajectory": f"{name}-{temperature:.0f}K",
                "temperature_K": temperature, "snapshot": number,
            }  # fmt: skip
            found.append(plain)
    return found


def small_cell(start: Atoms, potential: Potential, temperature_K: float, count: int) -> list[Atoms]:
    """Return snapshots, one a picosecond after two, of a cell too thin for LAMMPS."""
    atoms, rng = start.copy(), np.random.default_rng(int(temperature_K))
    atoms.calc = potential.calculator(committee="none")
    thermalize_momenta(atoms, temperature_K=temperature_K, rng=rng)
    motion = Langevin(
        atoms, 2.0 * fs, temperature_K=temperature_K, friction=0.01 / fs, rng=rng, fixcm=False
    )
    motion.run(500)
    found = []
    for _ in range(count):
        motion.run(500)
        found.append(atoms.copy())
    return found


def main() -> None:
    """Sample, label, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", choices=list(FAMILIES))
    parser.add_argument("--work", type=Path, default=Path("dft-frames"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", type=int, nargs="*", help="label only these, from 0")
    chosen = parser.parse_args()
    work = chosen.work / chosen.family
    work.mkdir(parents=True, exist_ok=True)
    snapshots = work / "snapshots.extxyz"
    if not snapshots.exists():
        write(snapshots, sample(chosen.family, work), format="extxyz")
    structures = read(snapshots, index=":", format="extxyz")
    numbers = chosen.only if chosen.only is not None else range(len(structures))
    settings = read_settings("gpaw", FAMILIES[chosen.family].options)
    report = label_structures(
        [structures[number] for number in numbers],
        work / "labels.extxyz",
        chosen.workers,
        reference=settings,
        limits=ANY_SANE,
    )
    TARGET.mkdir(exist_ok=True)
    shutil.copyfile(report.output, TARGET / f"{chosen.family}.extxyz")
    forces = np.concatenate([frame.get_forces() for frame in read(report.output, index=":")])
    sys.stdout.write(
        f"{report.n_frames} labels, {report.failed} failed, "
        f"largest force component {np.abs(forces).max():.1f} eV/Å\n"
    )


if __name__ == "__main__":
    main()
