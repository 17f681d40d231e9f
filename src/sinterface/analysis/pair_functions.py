"""Radial distribution functions of a streamed trajectory, and what diffraction sees of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.neighbors import find_pairs
from sinterface.analysis.rdf import first_shell
from sinterface.analysis.records import Record
from sinterface.analysis.stream import Frames
from sinterface.errors import InputError
from sinterface.progress import Progress, ProgressCallback

FloatArray = NDArray[np.float64]

N_BLOCKS = 8
"""Blocks of frames for errors where there are fewer than three replicas."""


@dataclasses.dataclass(frozen=True)
class PairFunctions(Record):
    """Partial and total pair distributions with their diffraction patterns.

    Attributes
    ----------
    elements, fractions
        Chemical symbols and their share of the atoms, shape (n_elements,).
    density_per_A3
        Atoms per Å³.
    pairs
        Pairs of elements, first in order of atomic number.
    r_A
        Bin centres, shape (n_bins,).
    g, g_std
        Partial g(r), shape (n_pairs, n_bins), and standard error (between replicas from three
        on, else between blocks of frames; NaN for one frame).
    running
        Neighbours of the second element about an atom of the first within r (upper edge of the
        bin), shape (n_pairs, n_bins).
    total, total_std
        g(r) of all atoms alike.
    first_peak_A, first_minimum_A
        First peak of each pair and the minimum behind it, shape (n_pairs,); NaN if none.
    coordination, coordination_back
        Neighbours up to that minimum: of the second about the first, of the first about the
        second, shape (n_pairs,).
    neutron_g, xray_g
        Weighted total g(r); X-ray with the atomic numbers as weights.
    neutron_G, xray_G
        Pair distribution function G(r) = 4πρ r (g(r) − 1), in 1/Å².
    q_per_A
        Shape (n_q,), in 1/Å.
    partial_s, neutron_s, xray_s
        Faber–Ziman structure factors: partial, shape (n_pairs, n_q), and weighted totals.
    n_frames
        Frames used.
    notes
        What a reader must know.
    """

    elements: tuple[str, ...]
    fractions: NDArray[np.float64]
    density_per_A3: float
    pairs: tuple[tuple[str, str], ...]
    r_A: NDArray[np.float64]
    g: NDArray[np.float64]
    g_std: NDArray[np.float64]
    running: NDArray[np.float64]
    total: NDArray[np.float64]
    total_std: NDArray[np.float64]
    first_peak_A: NDArray[np.float64]
    first_minimum_A: NDArray[np.float64]
    coordination: NDArray[np.float64]
    coordination_back: NDArray[np.float64]
    neutron_g: NDArray[np.float64]
    xray_g: NDArray[np.float64]
    neutron_G: NDArray[np.float64]
    xray_G: NDArray[np.float64]
    q_per_A: NDArray[np.float64]
    partial_s: NDArray[np.float64]
    neutron_s: NDArray[np.float64]
    xray_s: NDArray[np.float64]
    n_frames: int
    notes: tuple[str, ...]


def pair_functions(
    runs: Sequence[Frames],
    *,
    r_max_A: float = 10.0,
    bin_width_A: float = 0.02,
    max_frames: int = 100,
    q_max_per_A: float = 20.0,
    progress: ProgressCallback | None = None,
) -> PairFunctions:
    """Average pair distributions over frames spread evenly over the runs.

    ``g_ab(r) = ⟨n_ab(r) V/(N_a N_b ΔV(r))⟩`` with each frame's own volume. Images beyond the
    next cell are counted too, so that `r_max_A` may exceed the cell.

    Raises
    ------
    InputError
        When the range or bin is not positive.
    """
    if not 0.0 < bin_width_A < r_max_A:
        message = (
            f"The bin width must be between 0 and the range, got {bin_width_A:g} and "
            f"{r_max_A:g} Å; give for example 0.02 and 10."
        )
        raise InputError(message)
    elements = runs[0].elements
    n_bins = round(r_max_A / bin_width_A)
    edges = np.linspace(0.0, r_max_A, n_bins + 1)
    each = [_run_blocks(run, elements, edges, max_frames, progress) for run in runs]
    by_run = np.stack([blocks.mean(axis=0) for blocks, _ in each])
    blocks = np.concatenate([blocks for blocks, _ in each]) if len(runs) < 3 else by_run
    g, g_std = by_run.mean(axis=0), _error(blocks)
    counts = np.array([np.count_nonzero(runs[0].symbols == one) for one in elements])
    fractions = counts / counts.sum()
    density = float(np.mean([run.n_atoms / run.volume_A3 for run in runs]))
    indices = list(combinations_with_replacement(range(len(elements)), 2))
    first, second = np.array(indices).T
    r = 0.5 * (edges[1:] + edges[:-1])
    twice = np.where(first == second, 1.0, 2.0) * fractions[first] * fractions[second]
    shells = 4.0 / 3.0 * np.pi * np.diff(edges**3)
    running = np.cumsum(g * shells, axis=1) * density
    peaks = np.array([first_shell(r, row) for row in g]).reshape(-1, 2)
    about = _up_to(running * fractions[second][:, None], edges, peaks[:, 1])
    back = _up_to(running * fractions[first][:, None], edges, peaks[:, 1])
    q = np.arange(2.0 * np.pi / r_max_A, q_max_per_A, 0.02)
    partial_s = 1.0 + density * _sine_transform(r, g - 1.0, q, float(edges[-1]))
    lengths, forms, numbers = scattering(elements, q)
    neutron = _weights(lengths[:, None], fractions, first, second)
    xray = _weights(forms, fractions, first, second)
    electrons = _weights(numbers[:, None], fractions, first, second)
    neutron_g, xray_g = (neutron * g).sum(axis=0), (electrons * g).sum(axis=0)
    pdf = 4.0 * np.pi * density * r
    return PairFunctions(
        elements=elements,
        fractions=fractions,
        density_per_A3=density,
        pairs=tuple((elements[a], elements[b]) for a, b in indices),
        r_A=r,
        g=g,
        g_std=g_std,
        running=running * fractions[second][:, None],
        total=twice @ g,
        total_std=_error(np.einsum("p,bpr->br", twice, blocks)),
        first_peak_A=peaks[:, 0],
        first_minimum_A=peaks[:, 1],
        coordination=about,
        coordination_back=back,
        neutron_g=neutron_g,
        xray_g=xray_g,
        neutron_G=pdf * (neutron_g - 1.0),
        xray_G=pdf * (xray_g - 1.0),
        q_per_A=q,
        partial_s=partial_s,
        neutron_s=(neutron * partial_s).sum(axis=0),
        xray_s=(xray * partial_s).sum(axis=0),
        n_frames=sum(used for _, used in each),
        notes=(
            f"S(Q) is the transform of g(r) up to {r_max_A:g} Å under a Lorch window: peaks are "
            f"no narrower than about {2.0 * np.pi / r_max_A:.2f} 1/Å",
        ),
    )


def scattering(
    elements: Sequence[str], q_per_A: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return scattering power of neutral elements, from periodictable.

    Returns
    -------
    lengths
        Bound coherent neutron scattering lengths, shape (n_elements,), in fm.
    forms
        X-ray form factors (Cromer–Mann, Waasmaier–Kirfel fit), shape (n_elements, n_q).
    numbers
        Atomic numbers, shape (n_elements,).
    """
    import periodictable
    from periodictable.cromermann import fxrayatq

    known = [getattr(periodictable, element) for element in elements]
    lengths = np.array([one.neutron.b_c for one in known], dtype=np.float64)
    forms = np.array([fxrayatq(element, q_per_A) for element in elements], dtype=np.float64)
    return lengths, forms, np.array([float(one.number) for one in known])


def _run_blocks(
    run: Frames,
    elements: tuple[str, ...],
    edges: FloatArray,
    max_frames: int,
    progress: ProgressCallback | None,
) -> tuple[FloatArray, int]:
    """Return g(r) of blocks of frames, shape (n_blocks, n_pairs, n_bins), and frames used."""
    chosen = np.unique(np.linspace(0, run.n_frames - 1, max_frames).astype(np.int64))
    kind = np.array([elements.index(str(symbol)) for symbol in run.symbols])
    number = np.bincount(kind, minlength=len(elements)).astype(np.float64)
    shells = 4.0 / 3.0 * np.pi * np.diff(edges**3)
    pairs = list(combinations_with_replacement(range(len(elements)), 2))
    first, second = np.array(pairs).T
    norm = number[first] * number[second]
    norm = np.where(first == second, 0.5 * norm, norm)[:, None] * shells
    parts = np.array_split(chosen, min(N_BLOCKS, len(chosen)))
    blocks = np.zeros((len(parts), len(pairs), len(shells)))
    done = 0
    for index, part in enumerate(parts):
        for frame in part:
            volume = abs(float(np.linalg.det(run.cell[frame])))
            blocks[index] += volume / len(part) * _histogram(run, int(frame), kind, pairs, edges)
            done += 1
            if progress is not None:
                progress(Progress(done, len(chosen), "frames"))
    return blocks / norm, len(chosen)


def _histogram(
    run: Frames,
    frame: int,
    kind: NDArray[np.int64],
    pairs: list[tuple[int, int]],
    edges: FloatArray,
) -> FloatArray:
    """Return unordered pairs a bin in one frame, shape (n_pairs, n_bins)."""
    n_kinds, n_bins = int(kind.max()) + 1, len(edges) - 1
    table = np.zeros((n_kinds, n_kinds), dtype=np.int64)
    for index, (a, b) in enumerate(pairs):
        table[a, b] = table[b, a] = index
    i, j, distances = find_pairs(run.positions(frame), run.cell[frame], float(edges[-1]))
    bins = np.minimum((distances * (n_bins / edges[-1])).astype(np.int64), n_bins - 1)
    flat = table[kind[i], kind[j]] * n_bins + bins
    counts = np.bincount(flat, minlength=len(pairs) * n_bins)
    return np.asarray(counts.reshape(len(pairs), n_bins), dtype=np.float64)


def _error(blocks: FloatArray) -> FloatArray:
    if len(blocks) < 2:
        return np.full(blocks.shape[1:], np.nan)
    return np.asarray(blocks.std(axis=0, ddof=1) / np.sqrt(len(blocks)))


def _up_to(running: FloatArray, edges: FloatArray, limits: FloatArray) -> FloatArray:
    """Return running numbers at each pair's limit; NaN where there is none."""
    rows = [
        np.interp(limit, edges[1:], row) if np.isfinite(limit) else np.nan
        for row, limit in zip(running, limits, strict=True)
    ]
    return np.array(rows)


def _sine_transform(r: FloatArray, h: FloatArray, q: FloatArray, r_max: float) -> FloatArray:
    """Return 4π ∫ r² h(r) sin(qr)/(qr) L(r) dr with the Lorch window L, shape (n_pairs, n_q)."""
    window = np.sinc(r / r_max)
    kernel = np.sinc(np.outer(r, q) / np.pi) * (4.0 * np.pi * r**2 * window)[:, None]
    return np.asarray(h @ kernel * (r[1] - r[0]))


def _weights(
    power: FloatArray, fractions: FloatArray, first: FloatArray, second: FloatArray
) -> FloatArray:
    """Return Faber–Ziman weights, which sum to 1, shape (n_pairs, 1 or n_q)."""
    mean = (fractions[:, None] * power).sum(axis=0)
    share = fractions[:, None] * power / mean
    return np.asarray(np.where(first == second, 1.0, 2.0)[:, None] * share[first] * share[second])
