"""Mean squared displacements and, where the run supports them, diffusivities."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sinterface.analysis.frames import FloatArray, Track, elements_of
from sinterface.analysis.records import Record
from sinterface.analysis.statistics import MIN_REPLICAS, standard_error
from sinterface.units import A2_PER_PS_IN_CM2_PER_S


@dataclasses.dataclass(frozen=True)
class Diffusivity(Record):
    """Self-diffusivity of one element, or why there is none.

    Attributes
    ----------
    element
        Chemical symbol.
    D_cm2_per_s, D_std_cm2_per_s
        Slope of the MSD / 6 and its standard error; NaN unless `supported`.
    supported
        Whether the run supports a diffusivity.
    reason
        Why not, or how it was fitted.
    """

    element: str
    D_cm2_per_s: float
    D_std_cm2_per_s: float
    supported: bool
    reason: str


@dataclasses.dataclass(frozen=True)
class MeanSquaredDisplacement(Record):
    """MSD of each element over all time origins, drift of each slab's framework removed.

    Attributes
    ----------
    elements
        Chemical symbols in order of atomic number.
    lag_ps
        Lag times, shape (n_lags,), starting at 0.
    msd_A2
        Mean squared displacement, shape (n_elements, n_lags), in Å².
    msd_std_A2
        Standard error, same shape: between atoms or, if larger and there are at least three,
        between replicas.
    diffusivity
        One for each element.
    """

    elements: tuple[str, ...]
    lag_ps: NDArray[np.float64]
    msd_A2: NDArray[np.float64]
    msd_std_A2: NDArray[np.float64]
    diffusivity: tuple[Diffusivity, ...]


MIN_DISPLACEMENT_A2 = 4.0
"""Least MSD at the longest lag for a diffusivity: about one hop of 2 Å an atom."""

EXPONENT_RANGE = (0.85, 1.15)
"""MSD ∝ lag^α must have α in this range over the fitted lags."""


def squared_displacements(positions: FloatArray, n_lags: int) -> FloatArray:
    """Return each atom's squared displacement averaged over all time origins, (n_atoms, n_lags).

    ``⟨|r(t+τ) − r(t)|²⟩ = ⟨r²(t+τ) + r²(t)⟩ − 2⟨r(t+τ)·r(t)⟩``, the last term by FFT
    (V. Calandrini et al., Collection SFN 12, 201 (2011)).

    Parameters
    ----------
    positions
        Unwrapped, shape (n_frames, n_atoms, 3), in Å.
    n_lags
        Number of lags, starting at 0, at most n_frames.
    """
    n_frames = len(positions)
    centred = np.moveaxis(positions - positions.mean(axis=0), 0, -1)  # (n_atoms, 3, n_frames)
    size = fft.next_fast_len(2 * n_frames, real=True)
    spectrum = fft.rfft(centred, size, axis=-1)
    correlation = fft.irfft(np.abs(spectrum) ** 2, size, axis=-1)[..., :n_lags].sum(axis=1)
    square = (centred**2).sum(axis=1)
    running = np.concatenate([np.zeros((len(square), 1)), np.cumsum(square, axis=1)], axis=1)
    lags = np.arange(n_lags)
    ends = running[:, n_frames - lags] + running[:, -1:] - running[:, lags]
    return np.asarray(np.maximum((ends - 2.0 * correlation) / (n_frames - lags), 0.0))


def mean_squared_displacement(tracks: Sequence[Track]) -> MeanSquaredDisplacement:
    """Return MSD and diffusivity of each element over the whole cells of several runs.

    Lags reach half of the run. Each atom moves relative to the framework of the slab that it
    was built in. The diffusivity is an average over both slabs and the boundaries.

    Parameters
    ----------
    tracks
        Runs with the same frame interval and length.
    """
    elements = elements_of(tracks)
    n_lags = min(track.n_frames for track in tracks) // 2 + 1
    lag = (tracks[0].time_ps - tracks[0].time_ps[0])[:n_lags]
    each = [
        {
            symbol: squared_displacements(moved[:, track.symbols == symbol], n_lags)
            for symbol in elements
        }
        for track, moved in ((track, track.without_drift()) for track in tracks)
    ]
    means, errors, fits = [], [], []
    for symbol in elements:
        runs = [run[symbol] for run in each if len(run[symbol])]
        mean, error = _mean_and_error(runs)
        means.append(mean)
        errors.append(error)
        fits.append(_diffusivity(symbol, lag, runs, mean))
    return MeanSquaredDisplacement(elements, lag, np.array(means), np.array(errors), tuple(fits))


def _mean_and_error(runs: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return mean over runs and its error: the larger of that between runs and between atoms.

    Three or four runs alone often agree by chance, and atoms alone may move together.
    """
    atoms = np.concatenate(runs)
    mean, error = atoms.mean(axis=0), np.full(atoms.shape[1], np.nan)
    if len(atoms) > 1:
        error = atoms.std(axis=0, ddof=1) / np.sqrt(len(atoms))
    if len(runs) < MIN_REPLICAS:
        return mean, error
    between = np.stack([run.mean(axis=0) for run in runs])
    return between.mean(axis=0), np.fmax(standard_error(between), error)


def _diffusivity(
    element: str, lag_ps: FloatArray, runs: list[FloatArray], msd_A2: FloatArray
) -> Diffusivity:
    """Fit the slope of the MSD over the upper four fifths of the lags, where that is allowed.

    The slope is linear in the displacements, so that each atom (or run) has its own and the
    error between them knows that the points of one MSD are correlated.
    """
    first = max(1, round(0.2 * (len(lag_ps) - 1)))
    if len(lag_ps) - first < 5:
        reason = f"only {len(lag_ps) - 1} lags; a fit wants ten or more"
        return Diffusivity(element, np.nan, np.nan, False, reason)
    lag = lag_ps[first:]
    reach = float(msd_A2[-1])
    if reach < MIN_DISPLACEMENT_A2:
        reason = (
            f"MSD is {reach:.2f} Å² after {lag[-1]:.3g} ps, below {MIN_DISPLACEMENT_A2:g} Å²: "
            "atoms vibrate or have hardly hopped"
        )
        return Diffusivity(element, np.nan, np.nan, False, reason)
    exponent = float(np.polyfit(np.log(lag), np.log(msd_A2[first:]), 1)[0])
    if not EXPONENT_RANGE[0] <= exponent <= EXPONENT_RANGE[1]:
        reason = f"MSD grows as lag^{exponent:.2f}, not linearly: the run is too short"
        return Diffusivity(element, np.nan, np.nan, False, reason)
    weights = (lag - lag.mean()) / ((lag - lag.mean()) ** 2).sum()
    slopes, errors = _mean_and_error([(run[:, first:] @ weights)[:, None] for run in runs])
    scale = A2_PER_PS_IN_CM2_PER_S / 6.0
    value, error = float(slopes[0]) * scale, float(errors[0]) * scale
    if not value > 2.0 * error:
        reason = f"slope {value:.1e} ± {error:.1e} cm²/s is within twice its error of zero"
        return Diffusivity(element, np.nan, np.nan, False, reason)
    source = f"the larger of that between {len(runs)} replicas and that between atoms"
    if len(runs) < MIN_REPLICAS:
        source = "that between atoms, which may move together"
    reason = (
        f"lags {lag[0]:.3g}–{lag[-1]:.3g} ps, MSD ∝ lag^{exponent:.2f}, "
        f"standard error of the slope: {source}; mean over the whole cell"
    )
    return Diffusivity(element, value, error, True, reason)
