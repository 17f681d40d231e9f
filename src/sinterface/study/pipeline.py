"""The real functions behind the stages: build, dynamics, analysis, report."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.errors import RunError
from sinterface.files import atomic_path, write_text
from sinterface.progress import Progress, ProgressCallback
from sinterface.provenance import available_cores, digest, file_digest
from sinterface.study.forecast import check_room, steps_and_frames, trajectory_MB
from sinterface.study.prediction import check_elements, read_structure
from sinterface.study.reading import StudyFile
from sinterface.study.stages import Pipeline, Workplace
from sinterface.study.summary import CERTIFICATE_NAME

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.potential.model import Potential

STRUCTURE_NAME = "interface.extxyz"


def identify(file: StudyFile) -> dict[str, str]:
    """Check potential and crystals of a study and return the hash of each.

    Raises
    ------
    InputError
        When one of them can't be read, or the potential lacks one of their elements.
    """
    from sinterface.structures.crystals import load_crystal

    potential = potential_of(file)
    found = {"potential": potential.fingerprint}
    for role in ("electrolyte", "electrode"):
        crystal = crystal_of(file, role)
        symbols = load_crystal(crystal).get_chemical_symbols()
        check_elements(symbols, potential, f"The {role} '{getattr(file.study.interface, role)}'")
        found[role] = file_digest(crystal) if Path(crystal).is_file() else digest(crystal)
    return found


def potential_of(file: StudyFile) -> Potential:
    """Load the study's potential: a directory relative to the file, or a shipped name."""
    from sinterface.potential.model import load_potential

    name = file.study.potential.name
    directory = file.resolve(name)
    return load_potential(directory if directory.is_dir() else name)


def crystal_of(file: StudyFile, role: str) -> str:
    """Return a crystal's name, or the absolute path of its CIF file."""
    from sinterface.structures.crystals import NAMES

    name: str = getattr(file.study.interface, role)
    return name.lower() if name.lower() in NAMES else str(file.resolve(name))


def threads_of(file: StudyFile) -> int:
    """Return how many threads the forces may use."""
    return file.study.dynamics.threads or available_cores()


def build(place: Workplace, progress: ProgressCallback) -> Mapping[str, Any]:
    """Build one replica's interface and relax it; write structure and certificate."""
    from sinterface.dynamics.relax import relax
    from sinterface.structures.interface import build_interface

    study = place.file.study
    calculator = potential_of(place.file).calculator(
        precision="double", threads=threads_of(place.file)
    )
    settings = study.interface.model_dump(exclude={"electrolyte", "electrode"})
    progress(Progress(0.0, 1.0, "building"))
    interface = build_interface(
        crystal_of(place.file, "electrolyte"),
        crystal_of(place.file, "electrode"),
        calculator=calculator,
        seed=place.task.seed,
        **settings,
    )
    relaxed = relax(
        interface.atoms, calculator, cell="normal", progress=progress, **study.relax.model_dump()
    )
    certificate = interface.certificate.to_dict()
    return _keep_build(place.directory, relaxed, certificate)


def _keep_build(directory: Path, relaxed: Any, certificate: dict[str, Any]) -> Mapping[str, Any]:
    """Write the relaxed structure and its certificate; return the stage's summary."""
    relaxation = {
        "converged": bool(relaxed.converged),
        "steps": int(relaxed.steps),
        "max_force_eV_per_A": float(relaxed.max_force_eV_per_A),
        "normal_stress_GPa": float(relaxed.stress_GPa[2]),
    }
    write_structure(directory / STRUCTURE_NAME, relaxed.atoms)
    text = json.dumps({**certificate, "relaxation": relaxation}, indent=1) + "\n"
    write_text(directory / CERTIFICATE_NAME, text)
    return {"atoms": len(relaxed.atoms), **relaxation}


def write_structure(path: Path, atoms: Atoms) -> None:
    """Write positions, cell and `region`, without calculator results, as extxyz."""
    import ase.io

    bare = atoms.copy()
    bare.calc = None
    with atomic_path(path) as temporary:
        ase.io.write(temporary, bare, format="extxyz", columns=["symbols", "positions", "region"])


def read_built(directory: Path) -> Atoms:
    """Read the structure that a build stage left."""
    atoms = read_structure(directory / STRUCTURE_NAME)
    atoms.arrays["region"] = atoms.arrays["region"].astype("int8")
    return atoms


def dynamics(place: Workplace, progress: ProgressCallback) -> Mapping[str, Any]:
    """Run one replica's molecular dynamics, or go on with it."""
    from sinterface.dynamics.lammps import run_nvt

    table = place.file.study.dynamics
    settings = table.model_dump(exclude={"threads"})
    atoms = read_built(place.upstream[0])
    check_room(place.directory, trajectory_MB(len(atoms), steps_and_frames(table)[1]))
    result = run_nvt(
        atoms,
        potential_of(place.file),
        place.directory,
        seed=place.task.seed,
        threads=threads_of(place.file),
        progress=progress,
        **settings,
    )
    return {key: value for key, value in asdict(result).items() if key != "directory"}


def analysis(place: Workplace, progress: ProgressCallback) -> Mapping[str, Any]:
    """Analyse all replicas together."""
    raise RunError("not wired yet")


def report(place: Workplace, progress: ProgressCallback) -> Mapping[str, Any]:
    """Write the report."""
    raise RunError("not wired yet")


def estimate_atoms(file: StudyFile) -> int:
    raise RunError("not wired yet")


def measure_rate(file: StudyFile, seconds: float = 2.0) -> float:
    """Measure the potential's speed on the study's electrolyte, in atom-steps/s.

    Forces of one crystal cell in the study's precision and threads are computed again and again,
    a little displaced each time, for `seconds` (at least three times); the first one is not
    counted.
    """
    import numpy as np

    from sinterface.structures.crystals import load_crystal

    atoms = load_crystal(crystal_of(file, "electrolyte"))
    precision = file.study.dynamics.precision
    atoms.calc = potential_of(file).calculator(precision=precision, threads=threads_of(file))
    atoms.get_forces()
    generator = np.random.default_rng(0)
    positions, count, started = atoms.positions.copy(), 0, time.perf_counter()
    while count < 3 or time.perf_counter() - started < seconds:
        atoms.positions = positions + generator.normal(0.0, 0.02, positions.shape)
        atoms.get_forces()
        count += 1
    return len(atoms) * count / (time.perf_counter() - started)


PIPELINE = Pipeline(
    identify,
    {"build": build, "dynamics": dynamics, "analysis": analysis, "report": report},
    estimate_atoms,
    measure_rate,
)
