"""Partial radial distribution functions, first peaks and coordination numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from sinterface.analysis.frames import FloatArray, Track, elements_of
from sinterface.analysis.neighbors import find_pairs
from sinterface.analysis.records import Record
from sinterface.analysis.statistics import standard_error


@dataclasses.dataclass(frozen=True)
class PartialRDFs(Record):
    """g(r) of every pair of elements.

    Attributes
    ----------
    pairs
        Pairs of chemical symbols, first in order of atomic number, e.g. ``("Li", "O")``.
    r_A
        Bin centres, shape (n_bins,), in Å.
    g
        Partial radial distribution functions, shape (n_pairs, n_bins); 1 at large r in bulk.
    g_std
        Standard error of `g` between replicas (NaN below three), same shape.
    first_peak_A
        Position of the first peak of each pair, shape (n_pairs,), in Å; NaN if none.
    first_minimum_A
        First minimum behind that peak, the end of the first shell, shape (n_pairs,), in Å.
    coordination
        Neighbours of the pair's second element about one atom of the first, up to
        `first_minimum_A`, shape (n_pairs,).
    n_frames
        Frames used, all replicas together.
    """

    pairs: tuple[tuple[str, str], ...]
    r_A: NDArray[np.float64]
    g: NDArray[np.float64]
    g_std: NDArray[np.float64]
    first_peak_A: NDArray[np.float64]
    first_minimum_A: NDArray[np.float64]
    coordination: NDArray[np.float64]
    n_frames: int


def partial_rdfs(
    tracks: Sequence[Track], *, r_max_A: float = 8.0, bin_width_A: float = 0.05, n_frames: int = 16
) -> PartialRDFs:
    """Average the partial RDFs of several runs.

    ``g_ab(r) = n_ab(r) / (N_a ρ_b ΔV(r))`` with n_ab the ordered pairs a bin, ρ_b = N_b/V of the
    whole cell and ΔV the volume of the shell. In an interface cell the density of an element
    isn't uniform, so that g doesn't tend to 1; peaks and coordination numbers keep their meaning.

    Parameters
    ----------
    tracks
        Runs of the same elements.
    r_max_A, bin_width_A
        Range and resolution.
    n_frames
        Frames of each run, evenly spread over it.
    """
    elements = elements_of(tracks)
    n_bins = round(r_max_A / bin_width_A)
    edges = np.linspace(0.0, r_max_A, n_bins + 1)
    pairs = list(combinations_with_replacement(range(len(elements)), 2))
    runs = [_run_counts(track, elements, edges, n_frames) for track in tracks]
    g = np.stack([_normalised(counts, track, elements, edges, pairs) for counts, track, _ in runs])
    r = 0.5 * (edges[1:] + edges[:-1])
    mean = g.mean(axis=0)
    peaks = np.array([first_shell(r, row) for row in mean]).reshape(-1, 2)
    numbers = [
        _coordination(runs, elements, first, second, edges, minimum)
        for (first, second), (_, minimum) in zip(pairs, peaks, strict=True)
    ]
    return PartialRDFs(
        pairs=tuple((elements[first], elements[second]) for first, second in pairs),
        r_A=r,
        g=mean,
        g_std=standard_error(g),
        first_peak_A=peaks[:, 0],
        first_minimum_A=peaks[:, 1],
        coordination=np.array(numbers),
        n_frames=sum(used for _, _, used in runs),
    )


def first_shell(
    r_A: FloatArray, g: FloatArray, *, smoothing_A: float = 0.08
) -> tuple[float, float]:
    """Return the first peak and the minimum behind it, in Å; NaN where there is none.

    The curve is smoothed by a Gaussian; a peak rises at least a fifth of the highest one above
    its surroundings, its position is the vertex of the parabola through its three highest bins.
    """
    step = float(r_A[1] - r_A[0])
    smooth = gaussian_filter1d(g, smoothing_A / step, mode="constant")
    if not smooth.max() > 0.0:
        return np.nan, np.nan
    tops, _ = find_peaks(smooth, prominence=0.2 * smooth.max())
    if len(tops) == 0:
        return np.nan, np.nan
    top = int(tops[0])
    end = int(tops[1]) if len(tops) > 1 else min(len(r_A), round(1.7 * top))
    minimum = float(r_A[top + int(np.argmin(smooth[top:end]))])
    left, middle, right = smooth[top - 1 : top + 2]
    curvature = left - 2.0 * middle + right
    return float(r_A[top] + 0.5 * step * (left - right) / curvature), minimum


def _run_counts(
    track: Track, elements: tuple[str, ...], edges: FloatArray, n_frames: int
) -> tuple[FloatArray, Track, int]:
    """Return ordered pairs a frame, shape (n_elements, n_elements, n_bins), and the frames used."""
    kind = np.array([elements.index(str(symbol)) for symbol in track.symbols])
    chosen = np.unique(np.linspace(0, track.n_frames - 1, n_frames).astype(int))
    n_kinds, n_bins = len(elements), len(edges) - 1
    counts = np.zeros(n_kinds * n_kinds * n_bins)
    for frame in chosen:
        i, j, distances = find_pairs(track.positions[frame], track.cell[frame], float(edges[-1]))
        bins = np.minimum((distances / (edges[1] - edges[0])).astype(np.int64), n_bins - 1)
        flat = (kind[i] * n_kinds + kind[j]) * n_bins + bins
        counts += np.bincount(flat, minlength=len(counts))
    once = (counts / len(chosen)).reshape(n_kinds, n_kinds, n_bins)
    return once + once.swapaxes(0, 1), track, len(chosen)


def _normalised(
    counts: FloatArray,
    track: Track,
    elements: tuple[str, ...],
    edges: FloatArray,
    pairs: list[tuple[int, int]],
) -> FloatArray:
    number = np.array([np.count_nonzero(track.symbols == symbol) for symbol in elements])
    shells = 4.0 / 3.0 * np.pi * (edges[1:] ** 3 - edges[:-1] ** 3)
    volume = track.area_A2 * track.length_A
    rows = [
        counts[first, second] * volume / (max(number[first] * number[second], 1) * shells)
        for first, second in pairs
    ]
    return np.array(rows)


def _coordination(
    runs: list[tuple[FloatArray, Track, int]],
    elements: tuple[str, ...],
    first: int,
    second: int,
    edges: FloatArray,
    minimum: float,
) -> float:
    if not np.isfinite(minimum):
        return np.nan
    inside = edges[1:] <= minimum
    found = sum(counts[first, second][inside].sum() for counts, _, _ in runs)
    atoms = sum(np.count_nonzero(track.symbols == elements[first]) for _, track, _ in runs)
    return float(found / atoms)
