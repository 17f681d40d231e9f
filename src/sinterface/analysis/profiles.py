"""Element profiles along the normal of the interface."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.boundaries import CoPlanes
from sinterface.analysis.frames import (
    ELECTRODE,
    ELECTROLYTE,
    FloatArray,
    Track,
    elements_of,
    time_windows,
)
from sinterface.analysis.records import Record
from sinterface.analysis.statistics import standard_error


@dataclasses.dataclass(frozen=True)
class Profiles(Record):
    """Where each element is along the normal, averaged over windows of time.

    The drift of each slab's own framework (La and Zr; Co) is removed. The axis runs over the
    period of the cell with the electrode at its middle, so that the boundary at `lower_A` is
    the Li-deficient one and that at `upper_A` the Li-sufficient one.

    Attributes
    ----------
    elements
        Chemical symbols in order of atomic number.
    z_A
        Bin centres along the normal, shape (n_bins,), in Å.
    bin_width_A
        Width of a bin.
    windows_ps
        Start and end of each time window, shape (n_windows, 2).
    per_A
        Atoms per Å of normal, shape (n_windows, n_elements, n_bins): mean over frames and
        replicas. Its sum over bins times `bin_width_A` is the number of atoms.
    per_A_std
        Standard error of `per_A` between replicas (NaN below three replicas), same shape.
    density_per_A3
        Number density, atoms/Å³, same shape.
    fraction
        Share of each element among the atoms of the bin, same shape; NaN where a bin is empty.
    lower_A, upper_A
        Relaxed outermost Co planes (mean over replicas), in Å on the axis of `z_A`.
    length_A
        Period along the normal (mean over replicas).
    area_A2
        Area of one boundary (mean over replicas).
    """

    elements: tuple[str, ...]
    z_A: NDArray[np.float64]
    bin_width_A: float
    windows_ps: NDArray[np.float64]
    per_A: NDArray[np.float64]
    per_A_std: NDArray[np.float64]
    density_per_A3: NDArray[np.float64]
    fraction: NDArray[np.float64]
    lower_A: float
    upper_A: float
    length_A: float
    area_A2: float


OXYGEN_EDGE_A = 2.2
"""How far the O of the outermost CoO6 reaches beyond the Co plane: a Co–O bond and vibration."""


def element_profiles(
    tracks: Sequence[Track],
    planes: Sequence[CoPlanes],
    *,
    bin_width_A: float = 0.5,
    n_windows: int = 4,
) -> Profiles:
    """Average the element profiles of several runs in windows of time.

    An atom's height is taken relative to the slab it is in at that moment: between the relaxed
    outermost Co planes, and the O that completes their octahedra, the drift of the electrode's
    framework is subtracted, elsewhere that of the electrolyte's. Heights of replicas with other
    periods are scaled to the mean period.

    Parameters
    ----------
    tracks, planes
        The runs and the relaxed outermost Co planes of each.
    bin_width_A
        Wanted width of a bin; the nearest that divides the period is used.
    n_windows
        Windows of time.
    """
    elements = elements_of(tracks)
    length = float(np.mean([track.length_A for track in tracks]))
    area = float(np.mean([track.area_A2 for track in tracks]))
    n_bins = max(round(length / bin_width_A), 1)
    width = length / n_bins
    edges, _ = time_windows(tracks[0].time_ps, n_windows)
    runs = np.stack(
        [
            _run_profile(track, plane, elements, n_bins, len(edges) - 1) / width
            for track, plane in zip(tracks, planes, strict=True)
        ]
    )
    mean = runs.mean(axis=0)
    total = mean.sum(axis=1, keepdims=True)
    scale = [length / track.length_A for track in tracks]
    return Profiles(
        elements=elements,
        z_A=np.arange(0.5, n_bins) * width,
        bin_width_A=width,
        windows_ps=np.stack([edges[:-1], edges[1:]], axis=1),
        per_A=mean,
        per_A_std=standard_error(runs),
        density_per_A3=mean / area,
        fraction=np.divide(mean, total, out=np.full_like(mean, np.nan), where=total > 0.0),
        lower_A=float(np.mean([s * p.lower_A for s, p in zip(scale, planes, strict=True)])),
        upper_A=float(np.mean([s * p.upper_A for s, p in zip(scale, planes, strict=True)])),
        length_A=length,
        area_A2=area,
    )


def _run_profile(
    track: Track, planes: CoPlanes, elements: tuple[str, ...], n_bins: int, n_windows: int
) -> FloatArray:
    """Return atoms a bin, mean over the frames of a window, (n_windows, n_elements, n_bins)."""
    kind = np.array([elements.index(str(symbol)) for symbol in track.symbols])
    heights = track.heights(track.positions)
    length = track.length_A
    in_electrode = heights - track.heights(track.drift(ELECTRODE)[:, None])
    in_electrolyte = heights - track.heights(track.drift(ELECTROLYTE)[:, None])
    wrapped = in_electrode % length
    low, high = planes.lower_A - OXYGEN_EDGE_A, planes.upper_A + OXYGEN_EDGE_A
    between = (wrapped >= low) & (wrapped <= high)
    height = np.where(between, in_electrode, in_electrolyte) % length
    bins = np.minimum((height / length * n_bins).astype(np.int64), n_bins - 1)
    _, window = time_windows(track.time_ps, n_windows)
    shape = (n_windows, len(elements), n_bins)
    flat = (window[:, None] * len(elements) + kind) * n_bins + bins
    counts = np.bincount(flat.ravel(), minlength=int(np.prod(shape))).reshape(shape)
    return np.asarray(counts / np.bincount(window, minlength=n_windows)[:, None, None])
