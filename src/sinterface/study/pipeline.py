"""The real functions behind the stages: build, dynamics, analysis, report."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.errors import InputError
from sinterface.files import atomic_path, write_text
from sinterface.progress import Progress, ProgressCallback
from sinterface.provenance import available_cores, digest, file_digest, now, record
from sinterface.study.forecast import check_room, steps_and_frames, trajectory_MB
from sinterface.study.prediction import check_elements, read_structure
from sinterface.study.rate import RATE_S, lammps_rate
from sinterface.study.reading import StudyFile
from sinterface.study.stages import CONTROLS, LATER, Pipeline, Workplace, read_record
from sinterface.study.summary import CERTIFICATE_NAME

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.analysis.results import InterfaceAnalysis
    from sinterface.potential.model import Potential

STRUCTURE_NAME = "interface.extxyz"
OBSERVABLES_NAME = "observables"


def identify(file: StudyFile) -> dict[str, str]:
    """Check potential and crystals of a study and return the hash of each.

    Raises
    ------
    InputError
        When one of them can't be read, isn't neutral, or has an element that the potential
        lacks; when the electrode has no Co, the cell is too small, or LAMMPS is unfit.
    """
    from sinterface.dynamics.lammps_library import check_lammps
    from sinterface.structures.crystals import load_crystal
    from sinterface.structures.extent import check_cutoff
    from sinterface.study.controls import fit_crystals

    potential = potential_of(file)
    found = {"potential": potential.fingerprint}
    for role in CONTROLS:
        crystal = crystal_of(file, role)
        symbols = load_crystal(crystal).get_chemical_symbols()
        _check_crystal(symbols, potential, role, getattr(file.study.interface, role))
        found[role] = file_digest(crystal) if Path(crystal).is_file() else digest(crystal)
    fit = fit_crystals(crystals_of(file), file.study.interface)
    check_cutoff(fit.layers, fit.match, fit.extent, potential.cutoff_A)
    check_lammps()
    return found


def _check_crystal(symbols: list[str], potential: Potential, role: str, name: str) -> None:
    """Refuse what the potential doesn't know, a charge, and an electrode without Co."""
    from sinterface.structures.lithium import require_neutral

    what = f"The {role} '{name}'"
    check_elements(symbols, potential, what)
    require_neutral(symbols, what)
    if role == "electrode" and "Co" not in symbols:
        raise InputError(
            f"{what} holds no Co, got {', '.join(sorted(set(symbols)))}; degradation is measured "
            "on Co and its CoO6 octahedra, so give a cobalt oxide such as 'lco'."
        )


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


def crystals_of(file: StudyFile) -> tuple[str, str]:
    """Return name or CIF path of the electrolyte and of the electrode."""
    return crystal_of(file, "electrolyte"), crystal_of(file, "electrode")


def threads_of(file: StudyFile) -> int:
    """Return how many threads the forces may use."""
    return file.study.dynamics.threads or available_cores()


def build(place: Workplace, progress: ProgressCallback) -> Mapping[str, Any]:
    """Build one replica's interface and relax it; write structure and certificate."""
    from sinterface.structures.certificate import recertify
    from sinterface.structures.interface import build_interface

    table = place.file.study.interface
    potential = potential_of(place.file)
    calculator = potential.calculator(precision="double", threads=threads_of(place.file))
    progress(Progress(0.0, 1.0, "building"))
    interface = build_interface(
        *_crystals(place, progress),
        calculator=calculator,
        seed=place.task.seed,
        cutoff_A=potential.cutoff_A,
        **table.model_dump(exclude={*CONTROLS, *LATER}),
    )
    relaxed, relaxation = _relax(place, interface.atoms, progress)
    after = recertify(interface.certificate, relaxed)
    relaxation |= {"edges_A": list(after.edges_A), "relaxed_shortest_A": after.shortest_A}
    return _keep(place, relaxed, interface.certificate.to_dict(), relaxation)


def control(place: Workplace, progress: ProgressCallback) -> Mapping[str, Any]:
    """Make one bulk crystal at the interface's strain and relax it as an interface."""
    from sinterface.study.controls import bulk_control, fit_crystals

    crystals = _crystals(place, progress)
    fit = fit_crystals(crystals, place.file.study.interface, place.task.seed)
    atoms = bulk_control(fit, place.task.part, potential_of(place.file).cutoff_A)
    relaxed, relaxation = _relax(place, atoms, progress)
    return _keep(place, relaxed, {"control": place.task.part}, relaxation)


def _crystals(
    place: Workplace, progress: ProgressCallback
) -> tuple[str, str] | tuple[Atoms, Atoms]:
    """Return the names of both crystals, or the crystals with their lattices when hot."""
    from sinterface.dynamics.interface_making import warmed
    from sinterface.structures.interface import load_pair

    names = crystals_of(place.file)
    kelvin = place.file.study.interface.lattice_temperature_K
    if not kelvin:
        return names
    pair = load_pair(*names, place.task.seed)
    for crystal, name in zip(pair, names, strict=True):
        crystal.info["name"] = name
    return warmed(
        pair, potential_of(place.file), kelvin, seed=place.task.seed,
        threads=threads_of(place.file), progress=progress,
    )  # fmt: skip


def _relax(
    place: Workplace, atoms: Atoms, progress: ProgressCallback
) -> tuple[Atoms, dict[str, Any]]:
    """Relax positions and normal; return the structure and how well it relaxed."""
    from sinterface.dynamics.relax import relax

    calculator = potential_of(place.file).calculator(threads=threads_of(place.file))
    settings = place.file.study.relax.model_dump()
    done = relax(atoms, calculator, cell="normal", progress=progress, **settings)
    return done.atoms, {
        "converged": done.converged,
        "steps": done.steps,
        "residual_force_eV_per_A": done.residual_force_eV_per_A,
        "normal_stress_GPa": float(done.stress_GPa[2]),
    }


def _keep(
    place: Workplace,
    atoms: Atoms,
    certificate: Mapping[str, Any],
    relaxation: Mapping[str, Any],
) -> Mapping[str, Any]:
    """Write a relaxed structure with its certificate; return the stage's summary."""
    write_structure(place.directory / STRUCTURE_NAME, atoms)
    text = json.dumps({**certificate, "relaxation": relaxation}, indent=1) + "\n"
    write_text(place.directory / CERTIFICATE_NAME, text)
    short = ("converged", "steps", "residual_force_eV_per_A", "normal_stress_GPa")
    return {"atoms": len(atoms), **{key: relaxation[key] for key in short}}


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
    """Analyse all replicas together, beside the bulk controls where there are any."""
    from sinterface.analysis.degradation import analyze_interface
    from sinterface.dynamics.trajectory import open_trajectory

    with ExitStack() as stack:
        runs, controls = (
            [
                stack.enter_context(open_trajectory(folder))
                for folder in place.folders("dynamics", controls=wanted)
            ]
            for wanted in (False, True)
        )
        result = analyze_interface(
            runs,
            references=[read_built(folder).positions for folder in place.folders("build")],
            controls=controls,
            max_frames=place.file.study.analysis.max_frames,
            progress=progress,
        )
    result.write(place.directory)
    _observe(place, progress)
    return _headline(result)


def _observe(place: Workplace, progress: ProgressCallback) -> None:
    """Write the further analyses that the study wants, those that the runs support."""
    from sinterface.analysis.stream import Selection
    from sinterface.dynamics.trajectory import open_trajectory
    from sinterface.report.results_page import analyse_all
    from sinterface.report.suite import Run
    from sinterface.study.config import OBSERVABLES

    table = place.file.study.analysis
    if not table.observables:
        return
    replicas = place.folders("dynamics")
    with open_trajectory(replicas[0]) as trajectory:
        stride = max(1, -(-trajectory.n_frames // table.max_frames))
    controls = {
        task.part: folder
        for task, folder in zip(place.task.upstream, place.upstream, strict=True)
        if task.stage == "dynamics" and task.part in CONTROLS
    }
    structures = tuple(folder / STRUCTURE_NAME for folder in place.folders("build"))
    run = Run(
        place.directory, tuple(replicas), controls, structures, Selection(stride=stride), progress
    )
    folder = place.directory / OBSERVABLES_NAME
    wanted = () if set(table.observables) == set(OBSERVABLES) else table.observables
    with suppress(InputError):  # where none applies: the sections say why
        analyse_all({"": run}, Path(place.file.study.study.name), folder, wanted)


def _headline(result: InterfaceAnalysis) -> dict[str, Any]:
    """Return the figures of both sides in short, for `show`."""
    figures: dict[str, Any] = {}
    for side in result.sides:
        for measure in (side.width, side.interdiffused_per_nm2, side.layer_csm):
            entry = {"value": measure.final, "resolved": measure.resolved, "unit": measure.unit}
            entry["standard_error"] = measure.final_std if measure.resolved else None
            figures.setdefault(side.side, {})[measure.name] = finite(entry)
    return {"frames": result.n_frames, "temperature_K": result.temperature_K, **figures}


def finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping whose undefined numbers are None, as JSON wants it."""
    undefined = {k for k, v in values.items() if isinstance(v, float) and not math.isfinite(v)}
    return {key: None if key in undefined else value for key, value in values.items()}


def report(place: Workplace, progress: ProgressCallback) -> Mapping[str, Any]:
    """Write the report."""
    from sinterface.analysis.results import InterfaceAnalysis
    from sinterface.potential.certificate import warning
    from sinterface.report.document import write_report

    potential = potential_of(place.file)
    card = {
        **potential.card,
        "cutoff_A": potential.cutoff_A,
        "fingerprint": potential.fingerprint,
        "stability_certificate": warning(potential) or "passed",
    }
    builds, runs = place.folders("build"), place.folders("dynamics")
    progress(Progress(0.0, 1.0, "drawing"))
    write_report(
        place.directory,
        study=place.file.study.model_dump(mode="json"),
        analysis=InterfaceAnalysis.read(place.folders("analysis")[0]),
        structures=[(read_built(b), last_frame(b, r)) for b, r in zip(builds, runs, strict=True)],
        certificates=[certificate_of(folder) for folder in builds],
        potential_card=card,
        provenance=provenance_of(place),
        observables=place.folders("analysis")[0] / OBSERVABLES_NAME,
    )
    return {}


def last_frame(build: Path, run: Path) -> Atoms:
    """Return a built structure with the positions and the cell of its run's last frame."""
    from sinterface.dynamics.trajectory import open_trajectory

    atoms = read_built(build)
    with open_trajectory(run) as trajectory:
        last = trajectory.n_frames - 1
        atoms.set_cell(trajectory.cell[last])
        atoms.positions = trajectory.positions(last)
    return atoms


def certificate_of(build: Path) -> dict[str, Any]:
    """Return a build's certificate."""
    certificate: dict[str, Any] = json.loads((build / CERTIFICATE_NAME).read_text("utf-8"))
    return certificate


def provenance_of(place: Workplace) -> dict[str, Any]:
    """Return versions, host, git state, and hash, seed and times of each stage before this one."""
    records = [read_record(folder) or {} for folder in place.upstream]
    names = [task.name for task in place.task.upstream]
    pairs = list(zip(names, records, strict=True))
    return {
        "written": now(),
        **record(place.file.path.parent, {}),
        "stages": {name: entry.get("hash", "") for name, entry in pairs},
        "seeds": {name: entry.get("seed", 0) for name, entry in pairs},
        "ended": {name: entry.get("ended", "") for name, entry in pairs},
    }


def count_atoms(file: StudyFile) -> dict[str, int]:
    """Return the atoms of the interface and of each control, without building the interface."""
    from sinterface.study.controls import bulk_control, fit_crystals, interface_size

    fit = fit_crystals(crystals_of(file), file.study.interface)
    cutoff_A = potential_of(file).cutoff_A
    sizes = {role: len(bulk_control(fit, role, cutoff_A)) for role in CONTROLS}
    return {"interface": interface_size(fit), **sizes}


def measure_rate(file: StudyFile, seconds: float = RATE_S) -> float:
    """Measure the speed of the dynamics on the study's electrolyte, in atom-steps/s.

    The bulk control of the electrolyte goes through LAMMPS in the study's precision and threads,
    at rest, for `seconds`; see `lammps_rate`.
    """
    from sinterface.dynamics.interaction import potential_interaction
    from sinterface.study.controls import bulk_control, fit_crystals

    potential, table = potential_of(file), file.study.dynamics
    fit = fit_crystals(crystals_of(file), file.study.interface)
    atoms = bulk_control(fit, "electrolyte", potential.cutoff_A)
    interaction = potential_interaction(
        potential, precision=table.precision, threads=threads_of(file)
    )
    return lammps_rate(atoms, interaction, table.timestep_fs, seconds)


PIPELINE = Pipeline(
    identify,
    {
        "build": build,
        "control": control,
        "dynamics": dynamics,
        "analysis": analysis,
        "report": report,
    },
    count_atoms,
    measure_rate,
)
