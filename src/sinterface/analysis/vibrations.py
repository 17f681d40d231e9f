"""Vibrational spectra from velocities, or from positions, of a streamed trajectory.

The power spectrum of an element's velocities is the Fourier transform of its velocity
autocorrelation function (Wiener–Khinchin); segments of the run are averaged (Welch, IEEE Trans.
Audio Electroacoust. 15, 70, 1967) under a Hann window.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from sinterface.analysis.records import Record
from sinterface.analysis.stream import Frames
from sinterface.errors import InputError
from sinterface.progress import Progress, ProgressCallback
from sinterface.units import FS_PER_PS

FloatArray = NDArray[np.float64]

CM1_PER_THZ = 33.35640951981521
"""Wavenumber of 1 THz, in 1/cm."""

HIGHEST_CM1: dict[str, float] = {"H": 4000.0, "C": 2500.0, "N": 2500.0}
"""Highest mode that an element can take part in, in 1/cm; others: `HIGHEST_OTHER_CM1`."""

HIGHEST_OTHER_CM1 = 850.0
"""Stretching of the stiffest metal–oxygen bonds, in 1/cm."""

SEGMENTS = 8
"""Least number of segments (half overlapping) that a run is cut into for average and errors."""

LINE_CM1 = 8.0
"""A longer run is cut into more segments until a line is as wide as that under the window: a finer
spectrum of a hot solid shows nothing but noise."""

MIN_SEGMENT = 32
"""Fewest frames of a segment."""

PROMINENCE, TOLD_STD = 0.05, 3.0
"""A peak rises at least by this share of the highest one above its surroundings, and by so many
standard errors of the spectrum there."""


@dataclasses.dataclass(frozen=True)
class Peak(Record):
    """A maximum of a spectrum: place, standard error (jackknife over segments), height.

    The error is no smaller than a tenth of the resolution.
    """

    cm1: float
    std_cm1: float
    THz: float
    std_THz: float
    height: float


@dataclasses.dataclass(frozen=True)
class Spectra(Record):
    """Vibrational densities of states.

    Attributes
    ----------
    THz, cm1
        Frequencies, shape (n_frequencies,).
    elements
        Chemical symbols.
    density, density_std
        Of each element, area 1 over THz, shape (n_elements, n_frequencies).
    total, total_std
        Mass-weighted sum over atoms, area 1.
    peaks
        Of each element, then of the total (``"total"``).
    from_velocities
        Whether stored velocities were used; else finite differences of positions.
    resolution_cm1
        Width of a line under the window.
    interval_fs, highest_cm1
        Frame interval; highest wavenumber that it resolves.
    n_segments
        Segments averaged.
    notes
        What a reader must know.
    """

    THz: NDArray[np.float64]
    cm1: NDArray[np.float64]
    elements: tuple[str, ...]
    density: NDArray[np.float64]
    density_std: NDArray[np.float64]
    total: NDArray[np.float64]
    total_std: NDArray[np.float64]
    peaks: dict[str, tuple[Peak, ...]]
    from_velocities: bool
    resolution_cm1: float
    interval_fs: float
    highest_cm1: float
    n_segments: int
    notes: tuple[str, ...]


def vibrations(
    runs: Sequence[Frames],
    *,
    highest_cm1: float | None = None,
    segments: int | None = None,
    progress: ProgressCallback | None = None,
) -> Spectra:
    """Return the spectra of a set of runs.

    Parameters
    ----------
    runs
        Replicas of one system; stored velocities are used where all have them.
    highest_cm1
        Highest mode expected; by default from the elements (`HIGHEST_CM1`).
    segments
        Segments a run; more make smoother, less resolved spectra. By default `SEGMENTS`, or as
        many more as leave a line `LINE_CM1` wide.
    progress
        Called with the state of the computation.

    Raises
    ------
    InputError
        When frames are too far apart for the highest mode, or there are too few.
    """
    elements = runs[0].elements
    interval = runs[0].interval_ps
    stored = all(run.has_velocities for run in runs)
    check_interval(runs[0], elements, highest_cm1)
    shortest = min(run.n_frames for run in runs) - (0 if stored else 1)
    length = 2 * shortest // ((segments or SEGMENTS) + 1)
    if segments is None:
        length = min(length, int(1.5 * CM1_PER_THZ / (LINE_CM1 * interval)))
    length = max(length, MIN_SEGMENT)
    if length > shortest:
        message = (
            f"{shortest} frames are too few for a spectrum; {MIN_SEGMENT + 1} or more are needed, "
            "a few thousand for sharp peaks: run longer."
        )
        raise InputError(message)
    power = np.concatenate([_run_power(run, elements, length, stored, progress) for run in runs])
    frequency = np.asarray(np.fft.rfftfreq(length, interval), dtype=np.float64)
    if not stored:
        # a difference quotient dampens: undo it
        power = power / np.maximum(np.sinc(frequency * interval), 0.2) ** 2
    _check_tail(runs[0], power, frequency)
    masses = np.array([runs[0].masses[runs[0].symbols == one].mean() for one in elements])
    each = np.concatenate([power, (power * masses[:, None]).sum(axis=1, keepdims=True)], axis=1)
    step = float(frequency[1])
    area = each.mean(axis=0).sum(axis=-1) * step
    each = each / np.maximum(area, 1e-300)[:, None]
    mean, std = each.mean(axis=0), _error(each)
    names = [*elements, "total"]
    peaks = {name: find_modes(each[:, index], frequency) for index, name in enumerate(names)}
    notes = [] if stored else ["velocities are finite differences of positions"]
    return Spectra(
        THz=frequency,
        cm1=frequency * CM1_PER_THZ,
        elements=elements,
        density=mean[:-1],
        density_std=std[:-1],
        total=mean[-1],
        total_std=std[-1],
        peaks=peaks,
        from_velocities=stored,
        resolution_cm1=1.5 * step * CM1_PER_THZ,
        interval_fs=interval * FS_PER_PS,
        highest_cm1=float(frequency[-1]) * CM1_PER_THZ,
        n_segments=len(each),
        notes=tuple(notes),
    )


def check_interval(run: Frames, elements: Sequence[str], highest_cm1: float | None = None) -> None:
    """Raise InputError when the frames are too far apart for the highest mode."""
    highest = highest_cm1
    if highest is None:
        highest = max(HIGHEST_CM1.get(one, HIGHEST_OTHER_CM1) for one in elements)
    wanted_fs = FS_PER_PS * CM1_PER_THZ / (2.0 * highest)
    interval_fs = run.interval_ps * FS_PER_PS
    if interval_fs > wanted_fs:
        seen = FS_PER_PS * CM1_PER_THZ / (2.0 * interval_fs)
        message = (
            f"Frames {interval_fs:g} fs apart show modes up to {seen:.0f} cm⁻¹ only, but "
            f"{', '.join(elements)} may vibrate up to {highest:.0f} cm⁻¹, which would appear at a "
            f"wrong place; write frames {_round_down(wanted_fs):g} fs apart or closer, or "
            "velocities alone (simulate --velocity-interval-ps), or state the highest mode with "
            "--highest-cm1."
        )
        raise InputError(message)


def find_modes(each: FloatArray, frequency: FloatArray) -> tuple[Peak, ...]:
    """Return the peaks of a mean spectrum, errors by the jackknife over segments.

    Parameters
    ----------
    each
        Spectrum of each segment, shape (n_segments, n_frequencies).
    frequency
        In THz.
    """
    mean = each.mean(axis=0)
    n = len(each)
    least = np.full(len(mean), PROMINENCE * float(mean.max()))
    if n > 1:
        least = np.maximum(least, TOLD_STD * _error(each))
    tops, measured = find_peaks(mean, prominence=0.0)
    tops = tops[measured["prominences"] >= least[tops]]
    found = []
    step = float(frequency[1])
    for top in tops:
        place = _vertex(mean, frequency, int(top))
        spread = 0.0
        if n > 1:
            left = [(n * mean - one) / (n - 1) for one in each]
            near = np.array([_vertex(one, frequency, _climb(one, int(top))) for one in left])
            # segments overlap by half under a Hann window: their correlation is 1/6
            spread = float(np.sqrt((n - 1) / n * ((near - near.mean()) ** 2).sum() * 7 / 6))
        spread = max(spread, 0.15 * step)
        found.append(
            Peak(place * CM1_PER_THZ, spread * CM1_PER_THZ, place, spread, float(mean[top]))
        )
    return tuple(found)


def _climb(values: FloatArray, top: int) -> int:
    """Return the maximum nearest to a place."""
    while 0 < top < len(values) - 1 and max(values[top - 1], values[top + 1]) > values[top]:
        top += 1 if values[top + 1] > values[top - 1] else -1
    return min(max(top, 1), len(values) - 2)


def _vertex(values: FloatArray, frequency: FloatArray, top: int) -> float:
    """Return the vertex of the parabola through a maximum's logarithm."""
    left, middle, right = np.log(np.maximum(values[top - 1 : top + 2], 1e-300))
    curvature = left - 2.0 * middle + right
    shift = 0.5 * (left - right) / curvature if curvature < 0.0 else 0.0
    return float(frequency[top] + np.clip(shift, -1.0, 1.0) * frequency[1])


def _run_power(
    run: Frames,
    elements: Sequence[str],
    length: int,
    stored: bool,
    progress: ProgressCallback | None,
) -> FloatArray:
    """Return the summed power of each element in each segment, (n_segments, n_elements, n_f)."""
    n_frames = run.n_frames - (0 if stored else 1)
    starts = np.arange(0, n_frames - length + 1, max(length // 2, 1))
    power = np.zeros((len(starts), len(elements), length // 2 + 1))
    window = np.hanning(length + 1)[:length, None, None]
    atoms_a_block = max(1, 256 * 1024**2 // (48 * run.n_frames))
    blocks = [
        (index, chosen[start : start + atoms_a_block])
        for index, chosen in enumerate(run.atoms_of(one) for one in elements)
        for start in range(0, len(chosen), atoms_a_block)
    ]
    for count, (index, chosen) in enumerate(blocks):
        speed = _speeds(run, chosen, stored)
        for segment, start in enumerate(starts):
            part = speed[start : start + length]
            part = (part - part.mean(axis=0)) * window
            power[segment, index] += (np.abs(np.fft.rfft(part, axis=0)) ** 2).sum(axis=(1, 2))
        if progress is not None:
            progress(Progress(count + 1, len(blocks), "spectra"))
    return power


def _speeds(run: Frames, atoms: NDArray[np.int64], stored: bool) -> FloatArray:
    if not stored:
        return np.diff(run.series(atoms), axis=0) / run.interval_ps
    speed = np.empty((run.n_frames, len(atoms), 3))
    for index in range(run.n_frames):
        speed[index] = run.velocities(index, atoms)
    return speed


def _error(each: FloatArray) -> FloatArray:
    if len(each) < 2:
        return np.full(each.shape[1:], np.nan)
    return np.asarray(each.std(axis=0, ddof=1) * np.sqrt(7.0 / 6.0 / len(each)))


def _check_tail(run: Frames, power: FloatArray, frequency: FloatArray) -> None:
    """Refuse a spectrum that has not died away at the highest frequency: modes are folded in."""
    total = power.mean(axis=0).sum(axis=0)
    edge = frequency > 0.97 * frequency[-1]
    height = float(total[edge].max()) / max(float(total.max()), 1e-300)
    if height > 0.2:
        interval_fs = run.interval_ps * FS_PER_PS
        message = (
            f"The spectrum has not died away at {frequency[-1] * CM1_PER_THZ:.0f} cm⁻¹, the "
            f"highest that frames {interval_fs:g} fs apart resolve: higher modes are folded into "
            f"it; write frames {_round_down(interval_fs / 2.0):g} fs apart or closer."
        )
        raise InputError(message)


def _round_down(value: float) -> float:
    return float(np.floor(value)) if value >= 2.0 else float(np.floor(10.0 * value) / 10.0)
