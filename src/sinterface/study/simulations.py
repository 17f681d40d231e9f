"""Sets of runs: structures × temperatures × replicas, side by side on this machine's cores."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sinterface.dynamics.ensembles import CellFreedom, Phase, PhaseKind, Thermostat
from sinterface.dynamics.lammps_library import world
from sinterface.errors import InputError, nearest_name
from sinterface.files import write_text
from sinterface.processes import side_by_side
from sinterface.progress import Progress, ProgressCallback
from sinterface.provenance import available_cores
from sinterface.study.lock import hold_new

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.dynamics.ase_system import AseInteraction
    from sinterface.dynamics.simulation import DynamicsResult
    from sinterface.potential.model import Potential

RESULT_NAME = "simulations.json"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class PhaseTable(_Table):
    """A ``[[phase]]`` of a set of runs."""

    name: str = "production"
    kind: PhaseKind = "dynamics"
    duration_ps: float = Field(default=0.0, ge=0)
    temperature_K: float | None = Field(default=None, gt=0)
    end_temperature_K: float | None = Field(default=None, gt=0)
    thermostat: Thermostat = "nose-hoover"
    cell: CellFreedom = "fixed"
    pressure_GPa: float = 0.0
    keep: bool = True
    settle_cell: bool = False
    thermostat_time_fs: float = Field(default=100.0, gt=0)
    barostat_time_fs: float = Field(default=1000.0, gt=0)
    force_tolerance_eV_per_A: float = Field(default=0.01, gt=0)
    max_steps: int = Field(default=1000, ge=1)

    def at(self, temperature_K: float | None) -> Phase:
        """Return the phase; `temperature_K` where it names none."""
        values = self.model_dump()
        if self.kind == "minimise":
            values["temperature_K"] = values["duration_ps"] = 0.0
        if values["temperature_K"] is None:
            values["temperature_K"] = temperature_K
        if values["temperature_K"] is None:
            raise InputError(
                f"Phase '{self.name}' has no temperature_K; give it one, or the set temperatures_K."
            )
        return Phase(**values)


class SimulationSet(_Table):
    """Settings of a set of runs, as a TOML file holds them.

    Every structure runs at every temperature of `temperatures_K` (which stands in for a phase's
    missing temperature) from `replicas` seeds.
    """

    structures: list[str] = Field(min_length=1)
    potential: str = "llzo-lco"
    calculator: str | None = None
    replicas: int = Field(default=1, ge=1, le=1000)
    seed: int = Field(default=0, ge=0)
    temperatures_K: list[float] = Field(default_factory=list)
    timestep_fs: float = Field(default=1.0, gt=0)
    frame_interval_ps: float = Field(default=0.1, gt=0)
    checkpoint_interval_ps: float = Field(default=1.0, gt=0)
    velocities: bool = False
    velocity_interval_ps: float | None = Field(default=None, gt=0)
    precision: str = "mixed"
    threads: int = Field(default=1, ge=1)
    freeze_below_A: float | None = None
    max_extrapolations_per_atom: int = Field(default=0, ge=0)
    max_force_deviation_eV_per_A: float = Field(default=0.0, ge=0)
    phase: list[PhaseTable] = Field(min_length=1)


@dataclass(frozen=True)
class Simulation:
    """One run of a set.

    Attributes
    ----------
    structure
        File of its first structure.
    temperature_K
        Temperature of the phases that name none; None where all do.
    seed
        Its seed.
    directory
        Where it runs.
    """

    structure: Path
    temperature_K: float | None
    seed: int
    directory: Path


def read_simulation_set(path: Path) -> SimulationSet:
    """Read the TOML file of a set.

    Raises
    ------
    InputError
        When it is no TOML, or has a key or value that isn't allowed.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"There is no file '{path}'; check its name.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' isn't valid TOML: {error}. Correct that line.") from error
    return check_simulation_set(content, f"'{path}'")


def check_simulation_set(content: Mapping[str, Any], source: str) -> SimulationSet:
    """Return the settings in `content`; `source` says in errors where they stand."""
    try:
        return SimulationSet.model_validate(content)
    except ValidationError as error:
        complaint = _complaint(error, source)
        raise InputError(f"{complaint} See 'sinterface simulate --help'.") from error


def _complaint(error: ValidationError, source: str) -> str:
    """Return a sentence about the first fault; unknown keys first, which explain missing ones."""
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return f"{place} in {source}: {first['msg']}, got {first['input']!r}."
    table = PhaseTable if first["loc"][0] == "phase" else SimulationSet
    known = list(table.model_fields)
    hint = nearest_name(str(first["loc"][-1]), known) or f" Known are {', '.join(known)}."
    return f"Unknown key '{place}' in {source}.{hint}"


def list_simulations(settings: SimulationSet, folder: Path, output: Path) -> list[Simulation]:
    """Return the runs of a set; structures' names are relative to `folder`.

    A set of one run runs in `output` itself, others in folders of their own below it.
    """
    temperatures: list[float | None] = list(settings.temperatures_K) or [None]
    found = []
    for name in settings.structures:
        for temperature in temperatures:
            for replica in range(settings.replicas):
                label = [Path(name).stem]
                label += [f"{temperature:g}K"] if temperature is not None else []
                label += [f"seed-{settings.seed + replica}"]
                place = output / "-".join(label)
                found.append(Simulation(folder / name, temperature, settings.seed + replica, place))
    if len({run.directory for run in found}) < len(found):
        raise InputError("Two runs of the set would share a folder; name the structures apart.")
    if len(found) == 1:
        only = found[0]
        found = [Simulation(only.structure, only.temperature_K, only.seed, output)]
    return found


def run_simulations(
    settings: SimulationSet,
    folder: Path,
    output: Path,
    progress: ProgressCallback | None = None,
) -> list[DynamicsResult]:
    """Run all of a set, as many side by side as there are cores for; finished ones are skipped.

    Writes ``simulations.json`` with the result of each. A killed set goes on when called again.

    Raises
    ------
    InputError, RunError
        Of the first run that fails; the others go on to their end first.
    """
    runs = list_simulations(settings, folder, output)
    rank, n_ranks = world() if settings.calculator is None else (0, 1)
    if n_ranks > 1 and len(runs) > 1:
        raise InputError(
            f"{len(runs)} runs were declared under mpiexec with {n_ranks} ranks; start one run at "
            "a time with mpiexec, or all of them without it."
        )
    for run in runs:
        _prepare(settings, run)  # complains before anything runs
    if len(runs) == 1:
        with hold_new(runs[0].directory) if rank == 0 else nullcontext():
            results = [_simulate(settings, runs[0], progress)]
    else:
        workers = max(1, min(len(runs), available_cores() // settings.threads))
        results = side_by_side(partial(_work, settings), runs, workers, progress)
    content = [
        {**asdict(result), "directory": str(result.directory), "seed": run.seed}
        for run, result in zip(runs, results, strict=True)
    ]
    if rank == 0:
        write_text(output / RESULT_NAME, json.dumps({"runs": content}, indent=1) + "\n")
    return results


def _work(settings: SimulationSet, run: Simulation, progress: ProgressCallback) -> DynamicsResult:
    with hold_new(run.directory):
        return _simulate(settings, run, progress)


def _prepare(settings: SimulationSet, run: Simulation) -> tuple[Atoms, list[Phase]]:
    from sinterface.study.prediction import read_structure

    atoms = read_structure(run.structure)
    phases = [phase.at(run.temperature_K) for phase in settings.phase]
    for phase in phases:
        phase.check()
    return atoms, phases


def _simulate(
    settings: SimulationSet,
    run: Simulation,
    progress: Callable[[Progress], None] | None,
) -> DynamicsResult:
    from sinterface.dynamics.simulation import simulate

    atoms, phases = _prepare(settings, run)
    frozen = None
    if settings.freeze_below_A is not None:
        frozen = atoms.positions[:, 2] < settings.freeze_below_A
    return simulate(
        atoms,
        _interaction(settings, atoms, run.directory),
        run.directory,
        phases,
        timestep_fs=settings.timestep_fs,
        frame_interval_ps=settings.frame_interval_ps,
        checkpoint_interval_ps=settings.checkpoint_interval_ps,
        seed=run.seed,
        threads=settings.threads,
        precision=settings.precision,
        velocities=settings.velocities,
        velocity_interval_ps=settings.velocity_interval_ps,
        frozen=frozen,
        max_extrapolations_per_atom=settings.max_extrapolations_per_atom,
        max_force_deviation_eV_per_A=settings.max_force_deviation_eV_per_A,
        progress=progress,
    )


def _interaction(
    settings: SimulationSet, atoms: Atoms, directory: Path
) -> Potential | AseInteraction:
    if settings.calculator is None:
        from sinterface.potential.model import load_potential

        return load_potential(settings.potential)
    from sinterface.dynamics.ase_system import AseInteraction
    from sinterface.reference.calculators import open_reference

    reference = open_reference(settings.calculator)
    identity = f"{reference.name} {reference.version} {reference.settings_hash}"
    return AseInteraction(reference.make(atoms, directory), identity)
