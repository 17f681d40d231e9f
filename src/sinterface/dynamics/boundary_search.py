"""The best rigid shift of a grain boundary: many placements tried in parallel, the best relaxed."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.relax import relax
from sinterface.dynamics.requirements import check_positive
from sinterface.errors import InputError
from sinterface.files import write_text
from sinterface.progress import Progress, ProgressCallback
from sinterface.structures.bicrystal import Bicrystal, Placement, join, packing
from sinterface.structures.grain import OrientedCrystal

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator

Floats = NDArray[np.float64]
CalculatorFactory = Callable[[], "Calculator"]

EV_PER_A2_IN_J_PER_M2 = 16.02176634
FORCE_TOLERANCE_EV_PER_A = 0.05


@dataclass(frozen=True)
class SearchSettings:
    """How thoroughly placements are searched.

    Attributes
    ----------
    shift_step_A
        Spacing of the grid of shifts over the boundary's smallest cell.
    cuts
        Places where the crystal is cut that are tried, the fewest broken bonds first.
    most_removed
        Up to how many formula units are taken out of each boundary.
    closeness
        How near the grains are put; see `Placement`.
    screened, screening_steps
        Placements of least excess volume that are relaxed a little, and by how many steps.
    relaxed, relaxation_steps
        Placements of least energy among those that are relaxed to rest, and at most how long.
    """

    shift_step_A: float = 2.0
    cuts: int = 4
    most_removed: int = 1
    closeness: tuple[float, ...] = (1.0, 0.8)
    screened: int = 12
    screening_steps: int = 20
    relaxed: int = 2
    relaxation_steps: int = 200

    def check(self) -> None:
        """Raise InputError for a value that makes no search."""
        check_positive(
            shift_step_A=self.shift_step_A,
            cuts=self.cuts,
            screened=self.screened,
            screening_steps=self.screening_steps,
            relaxed=self.relaxed,
            relaxation_steps=self.relaxation_steps,
        )
        if self.most_removed < 0:
            raise InputError(f"most_removed must be 0 or more, got {self.most_removed}.")


@dataclass(frozen=True)
class Tried:
    """A placement after some relaxation: its energy above the crystal's, in J/m²."""

    placement: Placement
    excess_energy_J_per_m2: float
    expansion_A: float
    residual_force_eV_per_A: float
    steps: int


@dataclass(frozen=True)
class Search:
    """What a search found: placements screened and relaxed, best first each."""

    screened: tuple[Tried, ...]
    relaxed: tuple[Tried, ...]
    n_placements: int

    @property
    def best(self) -> Tried:
        """Return the relaxed placement of least energy."""
        return self.relaxed[0]


def search_placements(
    crystal: OrientedCrystal,
    n_planes: int,
    calculator: CalculatorFactory,
    bulk_energy_eV: float,
    *,
    settings: SearchSettings | None = None,
    seed: int = 0,
    processes: int = 1,
    record: Path | None = None,
    progress: ProgressCallback | None = None,
) -> Search:
    """Search the placement of least energy of a grain boundary.

    Every shift on a grid, with every cut, number of formula units taken out and closeness, is
    ranked by its excess volume; the best are relaxed by a few steps, the best of those to rest,
    the length of the normal free.

    Parameters
    ----------
    n_planes
        Lattice planes of each grain in the search.
    calculator
        Makes an ASE calculator, once in each process; must be picklable.
    bulk_energy_eV
        Energy of an atom in the crystal relaxed in the same way.
    processes
        Processes that relax placements at the same time.
    record
        File that keeps what was tried, line by line; the same search goes on from there.
    progress
        Told after every placement.

    Raises
    ------
    InputError
        For settings that make no search.
    """
    settings = settings or SearchSettings()
    settings.check()
    ranked = rank_placements(crystal, n_planes, settings)
    chosen = ranked[: settings.screened]
    total = len(chosen) + min(settings.relaxed, len(chosen))
    journal = _Journal(record, _identity(crystal, n_planes, settings, seed, bulk_energy_eV))
    trial = partial(try_placement, crystal, n_planes, bulk_energy_eV=bulk_energy_eV, seed=seed)

    def stage(placements: list[Placement], steps: int, done: int) -> tuple[Tried, ...]:
        found = []
        known = [
            journal.known[k] for k in (_key(p, steps) for p in placements) if k in journal.known
        ]
        missing = [p for p in placements if _key(p, steps) not in journal.known]
        results = _in_parallel(partial(trial, max_steps=steps), missing, calculator, processes)
        for tried in (*known, *results):
            if _key(tried.placement, steps) not in journal.known:
                journal.add(_key(tried.placement, steps), tried)
            found.append(tried)
            if progress is not None:
                lowest = min(t.excess_energy_J_per_m2 for t in found)
                progress(Progress(done + len(found), total, f"best so far {lowest:.2f} J/m²"))
        return tuple(sorted(found, key=lambda tried: tried.excess_energy_J_per_m2))

    screened = stage(chosen, settings.screening_steps, 0)
    finalists = [tried.placement for tried in screened[: settings.relaxed]]
    relaxed = stage(finalists, settings.relaxation_steps, len(chosen))
    return Search(screened, relaxed, len(ranked))


def rank_placements(
    crystal: OrientedCrystal, n_planes: int, settings: SearchSettings
) -> list[Placement]:
    """Return the placements of the settings' grid, the least excess volume first.

    Of several with the same volume, which the crystal's symmetry makes equal, one is kept.
    """
    cell = crystal.layer.cell[:2, :2]
    counts = np.maximum(1, np.ceil(np.linalg.norm(cell, axis=1) / settings.shift_step_A - 1e-9))
    grid = np.stack(np.meshgrid(*[np.arange(n) / n for n in counts], indexing="ij"), -1)
    shifts = (grid.reshape(-1, 2) @ cell - n_planes * crystal.layer.cell[2, :2]).tolist()
    placements = [
        Placement(cut, (x, y), removed, closeness)
        for closeness in settings.closeness
        for removed in range(settings.most_removed + 1)
        for cut in crystal.cuts_A[: settings.cuts]
        for x, y in shifts
    ]
    volumes = np.array([packing(crystal, n_planes, placement) for placement in placements])
    kinds = [(round(v, 4), p.removed) for v, p in zip(volumes.tolist(), placements, strict=True)]
    first = [kinds.index(kind) for kind in dict.fromkeys(kinds)]
    return [placements[k] for k in sorted(first, key=lambda k: float(volumes[k]))]


def try_placement(
    crystal: OrientedCrystal,
    n_planes: int,
    placement: Placement,
    calculator: Calculator,
    *,
    bulk_energy_eV: float,
    max_steps: int,
    seed: int = 0,
) -> Tried | None:
    """Return a placement's energy after at most `max_steps`; None where Li finds no room."""
    try:
        bicrystal = join(crystal, n_planes, placement, seed)
    except InputError:
        return None
    return relax_bicrystal(bicrystal, calculator, bulk_energy_eV, max_steps)[0]


def relax_bicrystal(
    bicrystal: Bicrystal, calculator: Calculator, bulk_energy_eV: float, max_steps: int
) -> tuple[Tried, Atoms]:
    """Relax a bicrystal, the length of its normal free; return what was found and its atoms."""
    found = relax(
        bicrystal.atoms,
        calculator,
        cell="normal",
        force_tolerance_eV_per_A=FORCE_TOLERANCE_EV_PER_A,
        max_steps=max_steps,
    )
    n_atoms, height = len(found.atoms), float(found.atoms.cell.array[2, 2])
    crystal = bicrystal.crystal
    volume = float(crystal.layer.cell[2, 2]) / len(crystal.layer.symbols)  # of an atom, per Å2
    excess = found.energy_eV - n_atoms * bulk_energy_eV
    tried = Tried(
        placement=bicrystal.placement,
        excess_energy_J_per_m2=excess / (2.0 * bicrystal.area_A2) * EV_PER_A2_IN_J_PER_M2,
        expansion_A=0.5 * (height - n_atoms * volume),
        residual_force_eV_per_A=found.residual_force_eV_per_A,
        steps=found.steps,
    )
    return tried, found.atoms


_calculator: Any = None  # one calculator a worker process


def _start_worker(factory: CalculatorFactory) -> None:
    global _calculator
    _calculator = factory()


def _work(trial: Callable[..., Tried | None], placement: Placement) -> Tried | None:
    return trial(placement, _calculator)


def _in_parallel(
    trial: Callable[..., Tried | None],
    placements: list[Placement],
    factory: CalculatorFactory,
    processes: int,
) -> Iterator[Tried]:
    """Yield the result of each placement as it comes."""
    if not placements:
        return
    if processes == 1 or len(placements) == 1:
        calculator = factory()
        yield from _there(trial(placement, calculator) for placement in placements)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=_start_worker, initargs=(factory,)
    ) as pool:
        tasks = [pool.submit(_work, trial, placement) for placement in placements]
        yield from _there(task.result() for task in as_completed(tasks))


def _there(results: Iterable[Tried | None]) -> Iterator[Tried]:
    return (result for result in results if result is not None)


def _key(placement: Placement, steps: int) -> str:
    return json.dumps([*asdict(placement).values(), steps])


class _Journal:
    """What was tried, in a file of one line each; lines of another search are dropped."""

    def __init__(self, path: Path | None, identity: str) -> None:
        self.known: dict[str, Tried] = {}
        self._path = path
        self._lines = [identity]
        if path is None or not path.is_file():
            return
        first, *lines = path.read_text("utf-8").splitlines() or [""]
        for line in lines if first == identity else []:
            entry = json.loads(line)
            key, placement = entry.pop("key"), entry.pop("placement")
            placement["shift_A"] = tuple(placement["shift_A"])
            self.known[key] = Tried(placement=Placement(**placement), **entry)
            self._lines.append(line)

    def add(self, key: str, tried: Tried) -> None:
        self.known[key] = tried
        self._lines.append(json.dumps({"key": key, **asdict(tried)}))
        if self._path is not None:
            write_text(self._path, "\n".join(self._lines) + "\n")


def _identity(
    crystal: OrientedCrystal, n_planes: int, settings: SearchSettings, seed: int, energy: float
) -> str:
    """Return what makes two searches the same."""
    digest = hashlib.sha256(np.ascontiguousarray(crystal.layer.positions.round(6)).tobytes())
    digest.update(np.ascontiguousarray(crystal.layer.cell.round(6)).tobytes())
    digest.update("".join(crystal.layer.symbols).encode())
    return json.dumps([digest.hexdigest(), n_planes, asdict(settings), seed, round(energy, 6)])
