"""Energy of a grain boundary against its crystal, both annealed alike, with its uncertainty."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.dynamics.anneal import Heat, Rest, anneal
from sinterface.dynamics.requirements import check_positive
from sinterface.errors import InputError
from sinterface.files import write_text
from sinterface.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.dynamics.interaction import Interaction
    from sinterface.potential.model import Potential

EV_PER_A2_IN_J_PER_M2 = 16.02176634
QUENCHED_K = 300.0
REST_EV_PER_A = 0.01
SCHEDULE = 2  # of _annealed_energy; energies of another one are not gone on with


@dataclass(frozen=True)
class AnnealSettings:
    """How bicrystal and crystal are annealed: held hot, cooled to 300 K, brought to rest.

    Attributes
    ----------
    n_runs
        Runs of each, with another Li arrangement and other velocities every time.
    temperature_K, hold_ps, cool_ps, timestep_fs
        Temperature, how long it is held, how long cooling takes, and the time step.
    rest_steps
        Steps of the minimisation at the end, at most; half as many more with the normal free.
    """

    n_runs: int = 3
    temperature_K: float = 1300.0
    hold_ps: float = 1.0
    cool_ps: float = 0.5
    timestep_fs: float = 2.0
    rest_steps: int = 150

    def check(self) -> None:
        """Raise InputError for a value that makes no run."""
        check_positive(**{name: float(value) for name, value in asdict(self).items()})


@dataclass(frozen=True)
class BoundaryEnergy:
    """Energy of a boundary, in J/m².

    Attributes
    ----------
    energy_J_per_m2
        Mean over runs of (E_bicrystal − N · E_bulk per atom)/(2 A).
    standard_error_J_per_m2
        Of that mean: from the scatter of the bicrystals and that of the crystals, the latter
        multiplied by N; NaN of a single run.
    spread_J_per_m2
        Standard deviation of single runs, likewise from both scatters.
    runs_J_per_m2
        Each bicrystal against the mean crystal.
    bulk_eV, bulk_spread_meV
        Energy of an atom in the annealed crystal, and its standard deviation over runs in meV.
    n_atoms, n_atoms_bulk, area_A2
        Atoms of bicrystal and crystal, area of one boundary.
    settings
        How they were annealed.
    """

    energy_J_per_m2: float
    standard_error_J_per_m2: float
    spread_J_per_m2: float
    runs_J_per_m2: tuple[float, ...]
    bulk_eV: float
    bulk_spread_meV: float
    n_atoms: int
    n_atoms_bulk: int
    area_A2: float
    settings: AnnealSettings

    def to_dict(self) -> dict[str, Any]:
        """Return plain types that JSON can hold."""
        found = asdict(self)
        return {key: None if value != value else value for key, value in found.items()}


def annealed_energy(
    bicrystals: Callable[[int], Atoms],
    crystals: Callable[[int], Atoms],
    potential: Potential | Interaction,
    *,
    settings: AnnealSettings | None = None,
    threads: int = 1,
    record: Path | None = None,
    identity: str = "",
    progress: ProgressCallback | None = None,
) -> BoundaryEnergy:
    """Anneal bicrystals and crystals alike and return the boundary's energy.

    Parameters
    ----------
    bicrystals, crystals
        Return the start of run 0, 1, ...: the bicrystal with two equal boundaries normal to z,
        and a crystal of the same orientation and composition.
    record, identity
        File that keeps the runs that are done, and what tells this boundary from another.
    progress
        Told within every run; counts runs.

    Raises
    ------
    InputError
        For settings that make no run, or a bicrystal that isn't whole formula units of the crystal.
    RunError
        When a run fails.
    """
    settings = settings or AnnealSettings()
    settings.check()
    _check_composition(bicrystals(0), crystals(0))
    known = _read(record, identity, settings)
    total = 2 * settings.n_runs
    energies: dict[str, list[float]] = {"bicrystal": [], "crystal": []}
    for run in range(settings.n_runs):
        for kind, make in (("bicrystal", bicrystals), ("crystal", crystals)):
            done = sum(len(values) for values in energies.values())
            key = f"{kind} {run}"
            if key not in known:
                tell = _within(progress, done, total, key)
                known[key] = _annealed_energy(make(run), potential, settings, run, threads, tell)
                _write(record, identity, settings, known)
            energies[kind].append(known[key])
            if progress is not None:
                progress(Progress(done + 1, total, key))
    atoms, bulk = bicrystals(0), crystals(0)
    area = abs(float(np.linalg.det(atoms.cell.array[:2, :2])))
    return combine(
        energies["bicrystal"], energies["crystal"], len(atoms), len(bulk), area, settings
    )


def combine(
    bicrystals_eV: list[float],
    crystals_eV: list[float],
    n_atoms: int,
    n_atoms_bulk: int,
    area_A2: float,
    settings: AnnealSettings,
) -> BoundaryEnergy:
    """Return the boundary's energy from the total energies of each run."""
    bulk = np.array(crystals_eV) / n_atoms_bulk
    unit = EV_PER_A2_IN_J_PER_M2 / (2.0 * area_A2)
    runs = (np.array(bicrystals_eV) - n_atoms * bulk.mean()) * unit
    several = len(runs) > 1
    variances = [
        float(np.var(values, ddof=1)) if several else float("nan")
        for values in (runs, bulk * n_atoms * unit)
    ]
    spread = float(np.sqrt(sum(variances)))
    return BoundaryEnergy(
        energy_J_per_m2=float(runs.mean()),
        standard_error_J_per_m2=spread / float(np.sqrt(len(runs))),
        spread_J_per_m2=spread,
        runs_J_per_m2=tuple(runs.tolist()),
        bulk_eV=float(bulk.mean()),
        bulk_spread_meV=1e3 * float(np.std(bulk, ddof=1)) if several else float("nan"),
        n_atoms=n_atoms,
        n_atoms_bulk=n_atoms_bulk,
        area_A2=area_A2,
        settings=settings,
    )


def _annealed_energy(
    atoms: Atoms,
    potential: Potential | Interaction,
    settings: AnnealSettings,
    run: int,
    threads: int,
    progress: ProgressCallback | None,
) -> float:
    hot = settings.temperature_K
    steps = settings.rest_steps
    schedule = (
        Rest(force_tolerance_eV_per_A=0.1, max_steps=50),
        Heat(settings.hold_ps, hot, cell="normal"),
        Heat(settings.cool_ps, hot, QUENCHED_K, cell="normal"),
        Rest(REST_EV_PER_A, steps),  # conjugate gradients with a free, skewed cell stop early
        Rest(REST_EV_PER_A, steps // 4 + 1, cell="normal"),
        Rest(REST_EV_PER_A, steps // 4 + 1),
    )
    return anneal(
        atoms,
        potential,
        schedule,
        seed=run,
        timestep_fs=settings.timestep_fs,
        threads=threads,
        progress=progress,
    ).potential_energy_eV


def _within(
    progress: ProgressCallback | None, done: int, total: int, name: str
) -> ProgressCallback | None:
    if progress is None:
        return None
    tell = progress

    def show(state: Progress) -> None:
        share = min(state.done / state.total, 1.0)
        tell(Progress(done + share, total, f"{name}: {state.message}"))

    return show


def _check_composition(bicrystal: Atoms, crystal: Atoms) -> None:
    found, whole = bicrystal.symbols.formula.count(), crystal.symbols.formula.count()
    ratio = len(bicrystal) / len(crystal)
    if any(abs(found.get(kind, 0) - ratio * count) > 1e-6 for kind, count in whole.items()):
        raise InputError(
            f"The bicrystal {bicrystal.get_chemical_formula()} has not the composition of its "
            f"crystal {crystal.get_chemical_formula()}, so its energy can't be compared."
        )


def _head(identity: str, settings: AnnealSettings) -> dict[str, Any]:
    kept = {name: value for name, value in asdict(settings).items() if name != "n_runs"}
    return kept | {"identity": identity, "schedule": SCHEDULE}


def _read(record: Path | None, identity: str, settings: AnnealSettings) -> dict[str, float]:
    if record is None or not record.is_file():
        return {}
    content = json.loads(record.read_text("utf-8"))
    if content.get("settings") != _head(identity, settings):
        return {}
    return {str(key): float(value) for key, value in content["energies_eV"].items()}


def _write(
    record: Path | None, identity: str, settings: AnnealSettings, energies: dict[str, float]
) -> None:
    if record is not None:
        content = {"settings": _head(identity, settings), "energies_eV": energies}
        write_text(record, json.dumps(content, indent=1) + "\n")
