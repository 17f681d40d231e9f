"""First peaks of radial distribution functions, against the reference's own dynamics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols

from sinterface.analysis.frames import Track
from sinterface.analysis.rdf import PartialRDFs, partial_rdfs
from sinterface.progress import ProgressCallback
from sinterface.validation.resumable_md import Frames, ShortRun, run_resumable

BIN_A = 0.02
MIN_PAIRS = 12
"""Least number of atoms of the rarer element of a pair whose peak is compared."""


def first_peaks(
    start: Atoms,
    potential: Calculator,
    reference: Calculator,
    folder: Path,
    run: ShortRun,
    *,
    skipped: int = 0,
    progress: ProgressCallback | None = None,
) -> Mapping[str, Any]:
    """Run the same Langevin dynamics with both and compare the first peak of each pair.

    Both runs are kept frame by frame in `folder`, so a kill loses one frame.

    Parameters
    ----------
    start
        Snapshot of the potential's own dynamics.
    skipped
        Frames at the beginning that are not used.

    Returns
    -------
    Mapping
        ``pairs``: peak of each by both in Å; ``rmse_A``: over them; frames and temperatures.
    """
    frames = {
        name: run_resumable(start, calculator, folder / f"{name}.npz", run, progress)
        for name, calculator in (("reference", reference), ("potential", potential))
    }
    rdfs = {name: _rdfs(start, found, run, skipped) for name, found in frames.items()}
    rows: list[dict[str, Any]] = []
    for index, (first, second) in enumerate(rdfs["reference"].pairs):
        counts = [int((start.symbols == symbol).sum()) for symbol in (first, second)]
        peaks = {name: float(rdf.first_peak_A[index]) for name, rdf in rdfs.items()}
        if min(counts) >= MIN_PAIRS and np.isfinite(list(peaks.values())).all():
            rows.append({"pair": f"{first}–{second}", **peaks})
    differences = [row["potential"] - row["reference"] for row in rows]
    return {
        "pairs": rows,
        "rmse_A": float(np.sqrt(np.mean(np.square(differences)))) if rows else np.nan,
        "frames": run.n_frames - skipped,
        "duration_ps": run.n_frames * run.frame_steps * run.timestep_fs / 1000,
        "temperatures_K": {k: float(v.temperatures_K[skipped:].mean()) for k, v in frames.items()},
        "curves": {
            "r_A": rdfs["reference"].r_A.round(3).tolist(),
            **{name: rdf.g.round(3).tolist() for name, rdf in rdfs.items()},
            "pairs": [f"{a}–{b}" for a, b in rdfs["reference"].pairs],
        },
    }


def _rdfs(start: Atoms, found: Frames, run: ShortRun, skipped: int) -> PartialRDFs:
    used = slice(skipped, run.n_frames)
    positions = found.positions[used]
    n_frames = len(positions)
    step_ps = run.frame_steps * run.timestep_fs / 1000
    track = Track(
        symbols=np.array([chemical_symbols[int(number)] for number in start.numbers]),
        region=np.zeros(len(start), np.int8),
        time_ps=np.linspace(0.0, step_ps * (n_frames - 1), n_frames),
        temperature_K=found.temperatures_K[used],
        cell=found.cells[used],
        positions=positions,
        reference=positions[0],
    )
    return partial_rdfs([track], r_max_A=6.0, bin_width_A=BIN_A, n_frames=n_frames)
