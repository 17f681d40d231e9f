"""Whether a crystal framework survived the run: its MSD is on a plateau, or it isn't."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.diffusion import squared_displacements
from sinterface.analysis.frames import ELECTRODE, ELECTROLYTE, FloatArray, Track
from sinterface.analysis.records import Record

BoolArray = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class FrameworkSurvival(Record):
    """The plateau test of one framework element inside its own slab.

    Attributes
    ----------
    where
        ``"electrolyte"``, ``"electrode"`` (inside of a slab), ``"bulk electrolyte"`` or
        ``"bulk electrode"`` (controls).
    element
        La, Zr or Co.
    n_atoms
        Atoms tested, all replicas together.
    plateau_A2
        MSD at half of the longest lag that was used, in Å².
    growth_A2_per_ps, growth_std_A2_per_ps
        Slope of the MSD over the second half of the lags, and its standard error between atoms.
    survived
        True on a plateau, False when the framework moves, None when the run is too short to say.
    reason
        The verdict in words, with its figures.
    """

    where: str
    element: str
    n_atoms: int
    plateau_A2: float
    growth_A2_per_ps: float
    growth_std_A2_per_ps: float
    survived: bool | None
    reason: str


MIN_DURATION_PS = 5.0
"""Shortest run with a verdict: several periods of the slowest vibrations of a cage."""

MAX_PLATEAU_A2 = 2.0
"""Largest MSD of vibrating atoms: Lindemann's limit, 0.2–0.3 of a 3.5 Å distance, with room."""

MAX_GROWTH = 0.15
"""Largest growth of the MSD over the second half of the lags, as a share of the plateau."""


def interface_survival(
    tracks: Sequence[Track], slabs: Sequence[tuple[float, float]]
) -> tuple[FrameworkSurvival, ...]:
    """Test the frameworks in the inside of each slab.

    Inside is the middle half of a slab as relaxed, so that the boundaries don't speak for it.

    Parameters
    ----------
    tracks
        The runs.
    slabs
        Lower and upper end of the electrode of each run, in Å.
    """
    results = []
    for region, where in ((ELECTROLYTE, "electrolyte"), (ELECTRODE, "electrode")):
        groups: dict[str, list[FloatArray]] = {}
        for track, slab in zip(tracks, slabs, strict=True):
            chosen = track.framework(region) & _inside(track, slab, region)
            _collect(groups, track, chosen, region)
        results += _verdicts(where, groups, tracks)
    return tuple(results)


def control_survival(name: str, track: Track) -> tuple[FrameworkSurvival, ...]:
    """Test all frameworks of a bulk run."""
    groups: dict[str, list[FloatArray]] = {}
    for region in np.unique(track.region):
        _collect(groups, track, track.framework(int(region)), int(region))
    return tuple(_verdicts(name, groups, [track]))


def judge_plateau(
    where: str, element: str, lag_ps: FloatArray, atoms_A2: FloatArray, duration_ps: float
) -> FrameworkSurvival:
    """Judge whether a MSD is on a plateau.

    Parameters
    ----------
    where, element
        Names for the record.
    lag_ps
        Lags, shape (n_lags,), up to half of the run.
    atoms_A2
        Each atom's squared displacement at each lag, shape (n_atoms, n_lags).
    duration_ps
        Length of the run.
    """
    half = len(lag_ps) // 2
    lag = lag_ps[half:]
    plateau = float(atoms_A2[:, half].mean())
    if len(lag) < 5 or len(atoms_A2) < 2 or duration_ps < MIN_DURATION_PS:
        reason = f"too short or too few atoms to say ({duration_ps:.3g} ps, {len(atoms_A2)} atoms)"
        record = (where, element, len(atoms_A2), plateau, np.nan, np.nan, None, reason)
        return FrameworkSurvival(*record)
    weights = (lag - lag.mean()) / ((lag - lag.mean()) ** 2).sum()
    slopes = atoms_A2[:, half:] @ weights
    slope = float(slopes.mean())
    error = float(slopes.std(ddof=1) / np.sqrt(len(slopes)))
    span = float(lag[-1] - lag[0])
    allowed = MAX_GROWTH * plateau
    survived: bool | None
    figures = (
        f"MSD {plateau:.2f} Å², grows {slope * span:+.2f} ± {error * span:.2f} Å² in {span:.3g} ps"
    )
    if plateau > MAX_PLATEAU_A2:
        survived, verdict = False, "more than vibration: the framework has moved"
    elif (slope - 2.0 * error) * span > allowed:
        survived, verdict = False, "no plateau: the framework moves"
    elif (slope + 2.0 * error) * span <= 2.0 * allowed:
        survived, verdict = True, "on a plateau"
    else:
        survived, verdict = None, "the error is too large to say"
    reason = f"{figures}: {verdict}"
    return FrameworkSurvival(where, element, len(slopes), plateau, slope, error, survived, reason)


def _inside(track: Track, slab: tuple[float, float], region: int) -> BoolArray:
    heights = track.heights(track.reference, 0)
    lower, upper = slab
    length = track.length_A
    middle = 0.5 * (lower + upper) + (0.0 if region == ELECTRODE else 0.5 * length)
    thickness = upper - lower if region == ELECTRODE else length - (upper - lower)
    away = (heights - middle + 0.5 * length) % length - 0.5 * length
    return np.asarray(np.abs(away) <= 0.25 * thickness)


def _collect(
    groups: dict[str, list[FloatArray]], track: Track, chosen: BoolArray, region: int
) -> None:
    moved = track.positions - track.drift(region)[:, None]
    n_lags = track.n_frames // 2 + 1
    for symbol in np.unique(track.symbols[chosen]):
        atoms = chosen & (track.symbols == symbol)
        groups.setdefault(str(symbol), []).append(squared_displacements(moved[:, atoms], n_lags))


def _verdicts(
    where: str, groups: dict[str, list[FloatArray]], tracks: Sequence[Track]
) -> list[FrameworkSurvival]:
    time = tracks[0].time_ps - tracks[0].time_ps[0]
    results = []
    for element, runs in groups.items():
        n_lags = min(run.shape[1] for run in runs)
        atoms = np.concatenate([run[:, :n_lags] for run in runs])
        results.append(judge_plateau(where, element, time[:n_lags], atoms, float(time[-1])))
    return results
