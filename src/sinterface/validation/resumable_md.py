"""Molecular dynamics by ASE that a kill doesn't lose: for calculators that LAMMPS doesn't know."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from numpy.typing import NDArray

from sinterface.errors import InputError, RunError
from sinterface.files import atomic_path
from sinterface.progress import Progress, ProgressCallback
from sinterface.provenance import digest

HOT_FACTOR = 4.0


@dataclass(frozen=True)
class ShortRun:
    """How a run goes.

    Attributes
    ----------
    temperature_K, timestep_fs
        Temperature and time step.
    frame_steps, n_frames
        Steps between frames, and frames.
    zero_pressure
        Whether each cell edge follows its own pressure to zero (Berendsen's barostat and
        thermostat, stateless); otherwise Langevin dynamics at constant volume.
    relaxation_time_fs
        Of the thermostat; the barostat's is ten times as long.
    seed
        Of velocities and random forces.
    """

    temperature_K: float
    timestep_fs: float
    frame_steps: int
    n_frames: int
    zero_pressure: bool = False
    relaxation_time_fs: float = 100.0
    seed: int = 0


@dataclass(frozen=True)
class Frames:
    """What a run left.

    Attributes
    ----------
    positions
        Unwrapped, shape (n_frames, n_atoms, 3), in Å.
    cells
        Shape (n_frames, 3, 3), in Å.
    temperatures_K
        Instantaneous, shape (n_frames,).
    """

    positions: NDArray[np.float64]
    cells: NDArray[np.float64]
    temperatures_K: NDArray[np.float64]


def run_resumable(
    atoms: Atoms,
    calculator: Calculator,
    path: Path,
    run: ShortRun,
    progress: ProgressCallback | None = None,
) -> Frames:
    """Run, or go on with the run kept in `path` (``.npz``), saved after every frame.

    A resumed run continues as an uninterrupted one, for the generator's state is kept too.

    Raises
    ------
    InputError
        When `path` holds a run of other settings or another structure.
    RunError
        When the run explodes; frames before are kept.
    """
    moving = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
    moving.set_masses(atoms.get_masses())
    random = np.random.default_rng(run.seed)
    identity = digest([run.__dict__ | {"n_frames": 0}, np.round(atoms.positions, 6).tolist()])
    frames = _restore(path, identity, moving, random)
    moving.calc = calculator
    if not frames:
        thermalize_momenta(moving, temperature_K=run.temperature_K, rng=random)
        Stationary(moving)
    motion = _motion(moving, run, random)
    while len(frames) < run.n_frames:
        motion.run(run.frame_steps)
        temperature = float(moving.get_temperature())
        if not temperature < HOT_FACTOR * run.temperature_K + 500:
            raise RunError(f"the temperature reached {temperature:.0f} K.")
        frames.append((moving.positions.copy(), moving.cell.array.copy(), temperature))
        _save(path, identity, moving, random, frames)
        if progress is not None:
            progress(Progress(len(frames), run.n_frames, f"{temperature:.0f} K"))
    positions, cells, temperatures = zip(*frames[: run.n_frames], strict=True)
    return Frames(np.array(positions), np.array(cells), np.array(temperatures))


def _motion(atoms: Atoms, run: ShortRun, random: np.random.Generator) -> Any:
    time = run.relaxation_time_fs * units.fs
    if not run.zero_pressure:
        from ase.md.langevin import Langevin

        return Langevin(
            atoms,
            run.timestep_fs * units.fs,
            temperature_K=run.temperature_K,
            friction=1 / time,
            rng=random,
            fixcm=False,
        )
    from ase.md.nptberendsen import Inhomogeneous_NPTBerendsen

    return Inhomogeneous_NPTBerendsen(
        atoms,
        run.timestep_fs * units.fs,
        temperature_K=run.temperature_K,
        pressure_au=0.0,
        taut=time,
        taup=10 * time,
        compressibility_au=1.0,  # about 1/(160 GPa)
    )


def _save(
    path: Path,
    identity: str,
    atoms: Atoms,
    random: np.random.Generator,
    frames: list[tuple[NDArray[np.float64], NDArray[np.float64], float]],
) -> None:
    positions, cells, temperatures = zip(*frames, strict=True)
    with atomic_path(path) as temporary, open(temporary, "wb") as handle:
        np.savez(
            handle,
            identity=np.array(identity),
            momenta=atoms.get_momenta(),
            random=np.array(json.dumps(random.bit_generator.state)),
            positions=np.array(positions),
            cells=np.array(cells),
            temperatures=np.array(temperatures),
        )


def _restore(
    path: Path, identity: str, atoms: Atoms, random: np.random.Generator
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], float]]:
    if not path.exists():
        return []
    with np.load(path) as kept:
        if str(kept["identity"]) != identity:
            raise InputError(f"'{path}' holds another run; choose another folder or delete it.")
        frames = [
            (position, cell, float(temperature))
            for position, cell, temperature in zip(
                kept["positions"], kept["cells"], kept["temperatures"], strict=True
            )
        ]
        momenta, state = kept["momenta"], json.loads(str(kept["random"]))
    atoms.set_cell(frames[-1][1])
    atoms.set_positions(frames[-1][0])
    atoms.set_momenta(momenta)
    random.bit_generator.state = state
    return frames
