"""Diffusion in parts of a cell, in the plane of the boundary, for atoms that come and go.

An atom counts for a region only over lags during which it stays there. Motion along the boundary
doesn't decide who stays, so that the in-plane slope of these survivors is the region's own
diffusivity; along the normal, survivors are those that moved little, and no number is given
(P. Liu, E. Harder, B. J. Berne, J. Phys. Chem. B 108, 6595, 2004).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.boundaries import find_planes
from sinterface.analysis.drift import Drift, find_drift
from sinterface.analysis.estimates import Estimate, diffusivity
from sinterface.analysis.frames import ELECTRODE
from sinterface.analysis.records import Record
from sinterface.analysis.slope_covariance import MotionModel
from sinterface.analysis.slope_lines import Line as FittedLine
from sinterface.analysis.slope_scatter import Scatter
from sinterface.analysis.slopes import fit_lags, fit_slope
from sinterface.analysis.stream import Frames
from sinterface.errors import InputError

FloatArray = NDArray[np.float64]

BOUNDARY_A = 4.0
"""Half the thickness of a boundary region."""

N_GROUPS = 16
"""Groups of atoms between which the jackknife measures scatter."""

ORIGINS = 8
"""Origins within the span of a lag."""


@dataclasses.dataclass(frozen=True)
class RegionDiffusion(Record):
    """Motion of one element in one region.

    Attributes
    ----------
    element, region
        Chemical symbol and name.
    span
        Where the region is in the first run, fractions of the period along the normal.
    diffusivity_cm2_s
        In the plane of the boundary.
    mean_atoms
        Atoms in the region of one run, mean over frames.
    lag_ps, msd_A2
        In-plane MSD of atoms that stayed, shape (n_lags,).
    staying
        Share of atoms that stay in the region throughout a lag, shape (n_lags,).
    """

    element: str
    region: str
    span: tuple[float, float]
    diffusivity_cm2_s: Estimate
    mean_atoms: float
    lag_ps: NDArray[np.float64]
    msd_A2: NDArray[np.float64]
    staying: NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class _Groups:
    """Jackknife over groups of atoms, for `fit_slope`."""

    sums: FloatArray
    counts: FloatArray

    def excess(self, model: MotionModel, line: FittedLine, n_components: int) -> float:
        """Return by how much the variance of the slope exceeds that of Gaussian atoms."""
        del model
        used = self.counts[:, line.chosen].sum(axis=1) > 0
        n = int(used.sum())
        if n < 3:
            return 1.0
        sums, counts = self.sums[used][:, line.chosen], self.counts[used][:, line.chosen]
        rest = np.maximum(counts.sum(axis=0) - counts, 1.0)
        slopes = ((sums.sum(axis=0) - sums) / rest) @ line.weights / n_components
        variance = (n - 1.0) / n * float(((slopes - slopes.mean()) ** 2).sum())
        return max(1.0, Scatter(variance / max(line.variance, 1e-300), n - 1.0).widened())


def regional_diffusion(
    runs: Sequence[Frames],
    element: str,
    spans: Sequence[Mapping[str, tuple[float, float]]],
    drifts: Sequence[Drift] | None = None,
) -> tuple[RegionDiffusion, ...]:
    """Return in-plane diffusivities of an element in slices of the cell, replicas together.

    Parameters
    ----------
    runs
        Replicas of one system, with one frame interval.
    element
        Chemical symbol.
    spans
        Name and range of each slice along the normal, in fractions of the period, one mapping a
        run; a slice whose start lies above its end goes through the cell's edge. Slices that some
        run lacks are left out.
    drifts
        Of each run, as `find_drift` tells it, which is asked where this is None.

    Raises
    ------
    InputError
        When the element is absent or a slice is no range.
    """
    names = [name for name in spans[0] if all(name in one for one in spans)]
    for one in spans:
        check_spans(one)
    lags = fit_lags(min(run.n_frames for run in runs))
    sums = np.zeros((len(names), N_GROUPS * len(runs), len(lags)))
    counts = np.zeros_like(sums)
    lengths: list[list[int]] = [[] for _ in names]
    for index, (run, slices) in enumerate(zip(runs, spans, strict=True)):
        groups = slice(index * N_GROUPS, (index + 1) * N_GROUPS)
        chosen = [slices[name] for name in names]
        shift = drifts[index] if drifts is not None else find_drift(run)
        found = _follow(run, element, chosen, lags, shift, sums[:, groups], counts[:, groups])
        for kept, own in zip(lengths, found, strict=True):
            kept += own
    return tuple(
        _region(runs, element, name, spans[0][name], lags, sums[i], counts[i], lengths[i])
        for i, name in enumerate(names)
    )


def check_spans(spans: Mapping[str, tuple[float, float]]) -> None:
    """Raise InputError unless each slice is a range."""
    for name, (low, high) in spans.items():
        if not (0.0 <= low <= 1.0 and 0.0 <= high <= 1.0 and low != high):
            message = (
                f"Region '{name}' runs from {low:g} to {high:g}; give two different fractions of "
                "the period between 0 and 1, such as grain=0.1:0.4."
            )
            raise InputError(message)


def _follow(
    run: Frames,
    element: str,
    spans: Sequence[tuple[float, float]],
    lags: NDArray[np.int64],
    shift: Drift,
    sums: FloatArray,
    counts: FloatArray,
) -> list[list[int]]:
    """Add a run's squared displacements and their numbers; return the lengths of all stays.

    `sums` and `counts` have the shape (n_regions, `N_GROUPS`, n_lags). Of long lags not every
    origin is taken but `ORIGINS` in the span of the lag, which tell all that there is; each stands
    for those left out.
    """
    inverse = np.linalg.inv(run.mean_cell)
    first, second = _plane(run.mean_cell)
    lengths: list[list[int]] = [[] for _ in spans]
    for chosen, path in run.blocks(run.atoms_of(element)):
        path -= shift.of(run, chosen)
        height = (path @ inverse[:, 2]) % 1.0
        flat = np.stack([path @ first, path @ second])
        visits = [_visits(_inside(height, span)) for span in spans]
        for kept, visit in zip(lengths, visits, strict=True):
            kept += _durations(visit > 0)
        group = chosen % N_GROUPS
        for column, lag in enumerate(lags):
            step = max(int(lag) // ORIGINS, 1)
            early, late = slice(0, -lag, step), slice(lag, None, step)
            square = ((flat[:, late] - flat[:, early]) ** 2).sum(axis=0)
            for index, visit in enumerate(visits):
                stays = (visit[early] > 0) & (visit[late] == visit[early])
                total = np.einsum("fa,fa->a", square, stays)
                sums[index, :, column] += step * np.bincount(group, total, N_GROUPS)
                counts[index, :, column] += step * np.bincount(group, stays.sum(axis=0), N_GROUPS)
    return lengths


def _inside(height: FloatArray, span: tuple[float, float]) -> NDArray[np.bool_]:
    low, high = span
    if low > high:
        return np.asarray((height >= low) | (height < high))
    return np.asarray((height >= low) & (height < high))


def boundary_spans(run: Frames, reach_A: float = BOUNDARY_A) -> dict[str, tuple[float, float]]:
    """Return the two boundaries of an interface cell and the inside of both slabs, as slices.

    Boundaries are at the outermost Co planes of the first frame; empty where there are none.
    """
    cobalt = np.flatnonzero((run.symbols == "Co") & (run.region == ELECTRODE))
    if not run.has_regions or len(cobalt) < 4:
        return {}
    fractions = run.fractional(0)[cobalt, 2]
    cell = run.mean_cell
    length = abs(float(np.linalg.det(cell))) / float(np.linalg.norm(np.cross(cell[0], cell[1])))
    try:
        planes = find_planes(fractions * length)
    except InputError:
        return {}
    low, high, reach = planes.lower_A, planes.upper_A, reach_A
    edges = {
        "Li-deficient boundary": (low - reach, low + reach),
        "electrode inside": (low + reach, high - reach),
        "Li-sufficient boundary": (high - reach, high + reach),
        "electrolyte inside": (high + reach, low + length - reach),
    }
    return {
        name: (start / length % 1.0, end / length % 1.0)
        for name, (start, end) in edges.items()
        if end - start > reach
    }


def _region(
    runs: Sequence[Frames],
    element: str,
    name: str,
    span: tuple[float, float],
    lags: NDArray[np.int64],
    sums: FloatArray,
    counts: FloatArray,
    lengths: list[int],
) -> RegionDiffusion:
    interval = runs[0].interval_ps
    total = counts.sum(axis=0)
    kept = total >= 10.0
    msd = sums.sum(axis=0) / np.maximum(total, 1.0)
    frames = float(sum(lengths))
    nothing = (np.nan, np.nan)
    estimate = Estimate(np.nan, np.nan, nothing, np.nan, "hardly any atom stays in this region")
    if np.count_nonzero(kept) >= 6:
        binned, numbers = _binned(lengths)
        slope = fit_slope(
            lags[kept],
            msd[kept],
            lengths=binned,
            numbers=numbers,
            n_components=2,
            scatters=_Groups(sums[:, kept], counts[:, kept]),
        )
        estimate = diffusivity(slope, 2, interval)
    return RegionDiffusion(
        element=element,
        region=name,
        span=span,
        diffusivity_cm2_s=estimate,
        mean_atoms=frames / sum(run.n_frames for run in runs),
        lag_ps=lags[kept].astype(np.float64) * interval,
        msd_A2=msd[kept],
        staying=total[kept] / max(frames, 1.0),
    )


def _plane(cell: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return two orthogonal directions in the plane of a and b."""
    first = cell[0] / np.linalg.norm(cell[0])
    second = cell[1] - (cell[1] @ first) * first
    return np.asarray(first), np.asarray(second / np.linalg.norm(second))


def _visits(inside: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number the uninterrupted stays of each atom, shape (n_frames, n_atoms)."""
    starts = inside.copy()
    starts[1:] &= ~inside[:-1]
    return np.where(inside, np.cumsum(starts, axis=0, dtype=np.int32), np.int32(0))


def _durations(inside: NDArray[np.bool_]) -> list[int]:
    """Return the lengths of all stays, in frames."""
    edges = np.diff(np.pad(inside.T.astype(np.int8), ((0, 0), (1, 1))), axis=1).ravel()
    lengths: list[int] = (np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)).tolist()
    return lengths


def _binned(lengths: list[int]) -> tuple[NDArray[np.int64], FloatArray]:
    """Return at most some 25 different lengths that stand for all."""
    values = np.array(lengths)
    near = np.rint(1.3 ** np.floor(np.log(values) / np.log(1.3)))
    found, numbers = np.unique(np.maximum(near, 1.0), return_counts=True)
    found[-1] = values.max()
    return found.astype(np.int64), numbers.astype(np.float64)
