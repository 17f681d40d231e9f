"""Where ions of an element are found: their probability density in the framework's frame."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sinterface.analysis.framework import Framework
from sinterface.analysis.pathway import Pathway, find_pathway
from sinterface.analysis.records import Record
from sinterface.analysis.stream import Frames
from sinterface.errors import InputError
from sinterface.progress import Progress, ProgressCallback

FloatArray = NDArray[np.float64]

SPACING_A = 0.25
SMOOTHING_A = 0.25
N_BLOCKS = 4
"""Blocks of time from which the errors of the pathway come."""

MOST_POINTS = 40_000_000
MIN_FRAMES = 2 * N_BLOCKS


@dataclasses.dataclass(frozen=True)
class Density(Record):
    """Probability density of an element's atoms.

    Attributes
    ----------
    element
        Whose.
    density_per_A3
        Atoms per Å³ on a regular grid in fractional coordinates, shape (n_a, n_b, n_c); point
        (i, j, k) stands at (i/n_a, j/n_b, k/n_c). Its mean times the volume is `n_atoms`.
    cell
        Mean cell, rows are vectors, shape (3, 3), in Å; of one folded cell when folded.
    n_atoms, n_frames
        Atoms in that cell on average, frames used.
    n_replicas, n_left_out
        Runs laid over each other; those whose framework stands elsewhere.
    fold
        Copies of the cell along each vector that were laid over each other.
    smoothing_A
        Standard deviation of the Gaussian that each position counts as.
    temperature_K
        Mean over frames; NaN where unknown.
    framework_symbols, framework_fractional
        The framework's atoms at their mean positions, (n,) and (n, 3).
    pathway
        Where and at which density the pathway connects, see `analysis.pathway`.
    """

    element: str
    density_per_A3: NDArray[np.float64]
    cell: NDArray[np.float64]
    n_atoms: float
    n_frames: int
    n_replicas: int
    n_left_out: int
    fold: tuple[int, int, int]
    smoothing_A: float
    temperature_K: float
    framework_symbols: NDArray[np.str_]
    framework_fractional: NDArray[np.float64]
    pathway: Pathway


def probability_density(
    runs: Frames | Sequence[Frames],
    element: str,
    *,
    spacing_A: float = SPACING_A,
    smoothing_A: float = SMOOTHING_A,
    fold: tuple[int, int, int] = (1, 1, 1),
    progress: ProgressCallback | None = None,
) -> Density:
    """Count where an element's atoms are, relative to the framework, in fractional coordinates.

    Parameters
    ----------
    runs
        One run, or replicas of one system, each read once. Replicas whose framework stands
        elsewhere (another cell, another shift) can't be laid over the first and are left out.
    element
        Whose density.
    spacing_A
        Longest distance between grid points along a cell vector.
    smoothing_A
        Standard deviation of the Gaussian that replaces each position; 0 for a bare histogram.
    fold
        The cell is that many equal copies along each vector, to be laid over each other.
    progress
        Told after every frame.

    Raises
    ------
    InputError
        For an absent element, too few frames, or a grid that doesn't fit into memory.
    """
    several = [runs] if isinstance(runs, Frames) else list(runs)
    run = several[0]
    atoms = run.atoms_of(element)
    laid = _laid_over(several, element)
    total = sum(one.n_frames for one, _, _ in laid)
    if total < MIN_FRAMES:
        raise InputError(
            f"'{run.name}' has {total} frames; a density with an error needs {MIN_FRAMES} or more."
        )
    cell = run.mean_cell / np.array(fold)[:, None]
    shape = grid_shape(cell, spacing_A)
    counts = np.zeros((N_BLOCKS, int(np.prod(shape))), dtype=np.uint32)
    done = 0
    for one, framework, offset in laid:
        chosen = one.atoms_of(element)
        for index in range(one.n_frames):
            moved = framework.add(index)[chosen] - offset
            block = done * N_BLOCKS // total
            counts[block] += histogram(moved * fold, shape).astype(np.uint32)
            done += 1
            if progress is not None:
                progress(Progress(done, total, f"density of {element}"))
    framework = laid[0][1]
    frames_in = np.bincount(np.arange(total) * N_BLOCKS // total)
    copies = int(np.prod(fold))
    volume = float(abs(np.linalg.det(cell)))
    least = least_density(total * copies, volume / counts.shape[1], smoothing_A)

    def as_density(number: NDArray[np.uint32], n_frames: int) -> FloatArray:
        per_voxel = number.reshape(shape).astype(np.float64) / (n_frames * copies)
        found = smoothed(per_voxel * number.size / volume, cell, smoothing_A)
        found[found < 1e-3 * least] = 0.0  # beyond the Gaussians: ringing of the transform
        return np.asarray(found * (number.sum() / (n_frames * copies * volume) / found.mean()))

    whole = as_density(counts.sum(axis=0, dtype=np.uint32), total)
    blocks = [as_density(one, int(n)) for one, n in zip(counts, frames_in, strict=True)]
    kelvin = np.concatenate([one.temperature_K for one, _, _ in laid])
    temperature = float(np.nanmean(kelvin)) if _known(kelvin) else np.nan
    symbols, fractional = framework.mean()
    return Density(
        element=element,
        density_per_A3=whole,
        cell=cell,
        n_atoms=len(atoms) / copies,
        n_frames=total,
        n_replicas=len(laid),
        n_left_out=len(several) - len(laid),
        fold=fold,
        smoothing_A=smoothing_A,
        temperature_K=temperature,
        framework_symbols=symbols,
        framework_fractional=fractional * fold % 1.0,
        pathway=find_pathway(whole, blocks, temperature, least),
    )


def _laid_over(runs: Sequence[Frames], element: str) -> list[tuple[Frames, Framework, FloatArray]]:
    """Return runs with their frameworks and offsets, those that fit the first."""
    first = Framework(runs[0], element)
    found = [(runs[0], first, np.zeros(3))]
    for run in runs[1:]:
        framework = Framework(run, element)
        offset = framework.offset_from(first)
        if offset is not None:
            found.append((run, framework, offset))
    return found


def grid_shape(cell: FloatArray, spacing_A: float) -> tuple[int, int, int]:
    """Return the number of points along each cell vector."""
    if not spacing_A > 0:
        raise InputError(f"The grid's spacing must be positive, got {spacing_A:g} Å.")
    lengths = np.linalg.norm(cell, axis=1)
    n_a, n_b, n_c = (max(4, int(np.ceil(length / spacing_A))) for length in lengths)
    if n_a * n_b * n_c > MOST_POINTS:
        raise InputError(
            f"A spacing of {spacing_A:g} Å makes {n_a * n_b * n_c / 1e6:.0f} million grid points; "
            "give a wider spacing, or fold equal cells."
        )
    return n_a, n_b, n_c


def histogram(fractional: FloatArray, shape: tuple[int, int, int]) -> NDArray[np.int64]:
    """Count points on the nearest grid point, shape (n_a n_b n_c,)."""
    index = np.rint(fractional % 1.0 * shape).astype(np.int64) % shape
    flat = np.ravel_multi_index(tuple(index.T), shape)
    return np.asarray(np.bincount(flat, minlength=int(np.prod(shape))))


def smoothed(density: FloatArray, cell: FloatArray, sigma_A: float) -> FloatArray:
    """Return a periodic density broadened by an isotropic Gaussian, in any cell.

    By Fourier transform: each component of wave vector k is damped by exp(−σ²k²/2).
    """
    if sigma_A <= 0.0:
        return density
    n_a, n_b, n_c = density.shape
    reciprocal = 2.0 * np.pi * np.linalg.inv(cell).T
    waves = [fft.fftfreq(n_a, 1.0 / n_a), fft.fftfreq(n_b, 1.0 / n_b), fft.rfftfreq(n_c, 1.0 / n_c)]
    metric = reciprocal @ reciprocal.T
    a, b, c = np.meshgrid(*waves, indexing="ij", sparse=True)
    square = metric[0, 0] * a**2 + metric[1, 1] * b**2 + metric[2, 2] * c**2
    square = square + 2.0 * (metric[0, 1] * a * b + metric[0, 2] * a * c + metric[1, 2] * b * c)
    damped = fft.rfftn(density) * np.exp(-0.5 * sigma_A**2 * square)
    return np.asarray(np.maximum(fft.irfftn(damped, s=density.shape), 0.0))


def least_density(n_frames: int, voxel_A3: float, sigma_A: float) -> float:
    """Return the density at the place of a single count, in atoms per Å³."""
    spread_A3 = max(voxel_A3, (2.0 * np.pi * sigma_A**2) ** 1.5)
    return float(1.0 / (n_frames * spread_A3))


def _known(values: FloatArray) -> bool:
    return bool(np.isfinite(values).any())
