"""Steps that move atoms: a run without pressure that finds the cell, and runs worth keeping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.progress import ProgressCallback
from sinterface.study.graph import Place
from sinterface.study.steps.keeping import driver, keep_cell, read_cell, read_structure

if TYPE_CHECKING:
    from ase import Atoms

N_BLOCKS = 5


def equilibrate(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Run without pressure, and leave the mean cell of what was kept with its error."""
    from sinterface.dynamics.trajectory import open_trajectory

    atoms = read_structure(place.before[0])
    result = _run(place, atoms, progress)
    with open_trajectory(place.directory) as trajectory:
        cells = np.asarray(trajectory.cell)
    volumes = np.abs(np.linalg.det(cells))
    mean = cells.mean(axis=0)
    copies = place.settings.get("copies", 1)
    edge, error = cube_edge(volumes / copies)
    keep_cell(
        place,
        {
            "temperature_K": place.settings["phases"][-1]["temperature_K"],
            "cell_A": mean.tolist(),
            "volume_A3": float(volumes.mean()),
            "volume_error_A3": _block_error(volumes),
            "edges_A": np.linalg.norm(mean, axis=1).tolist(),
            "edge_A": edge,
            "edge_error_A": error,
        },
    )
    return {**result, "edge_A": edge, "edge_error_A": error}


def simulate(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Run dynamics from a structure, at the volume of an `equilibrate` stage where one is given."""
    start = place.before[0]
    atoms = read_structure(start)
    cells = place.of("equilibrate")
    if cells:
        volume = read_cell(cells[0])["volume_A3"]
        scale = (volume / atoms.get_volume()) ** (1.0 / 3.0)
        atoms.set_cell(atoms.cell.array * scale, scale_atoms=True)
    return _run(place, atoms, progress)


def cube_edge(volumes_A3: NDArray[np.float64]) -> tuple[float, float | None]:
    """Return the edge of the cube of the mean volume, and its standard error."""
    edge = float(volumes_A3.mean() ** (1.0 / 3.0))
    error = _block_error(volumes_A3)
    return edge, None if error is None else error / (3.0 * edge**2)


def _block_error(values: NDArray[np.float64]) -> float | None:
    """Return the standard error of a mean from blocks of a fifth each; None of too few values."""
    if len(values) < 2 * N_BLOCKS:
        return None
    means = [float(block.mean()) for block in np.array_split(values, N_BLOCKS)]
    return float(np.std(means, ddof=1) / np.sqrt(N_BLOCKS))


def _run(place: Place, atoms: Atoms, progress: ProgressCallback) -> dict[str, Any]:
    """Run in this process, or on MPI ranks; return the result's figures."""
    if place.extras.get("ranks", 1) > 1 and "potential" in place.extras:
        from sinterface.study.steps.ranks import run_on_ranks

        return run_on_ranks(place, atoms)
    from sinterface.dynamics.ensembles import Phase
    from sinterface.dynamics.simulation import simulate as run

    s = place.settings
    result = run(
        atoms,
        driver(place, atoms),
        place.directory,
        [Phase(**phase) for phase in s["phases"]],
        timestep_fs=s["timestep_fs"],
        frame_interval_ps=s["frame_interval_ps"],
        checkpoint_interval_ps=s["checkpoint_interval_ps"],
        seed=place.seed,
        threads=place.extras.get("threads", 1),
        velocities=s.get("velocities", False),
        progress=progress,
    )
    plain = asdict(result)
    del plain["directory"]
    return plain
