"""Motion of a slab as a whole, found from the atoms that stay where they are."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.frames import MOBILE
from sinterface.analysis.stream import Frames
from sinterface.errors import InputError

FloatArray = NDArray[np.float64]

AT_REST_A = 1.0
"""An element is at rest when its atoms, without their common shift, end this near (rms) to where
they began, positions averaged over the first and the last tenth of the run."""

NOT_AT_REST = "no framework is at rest"
"""How the words of a drift end where no element of the framework stays at its places."""

MODES = ("auto", "none", "all")


@dataclasses.dataclass(frozen=True)
class Drift:
    """Displacement of each slab against time.

    Attributes
    ----------
    paths
        Of each region, shape (n_frames, 3), in Å.
    words
        What was done, for a person.
    """

    paths: dict[int, FloatArray]
    words: str

    def of(self, run: Frames, atoms: NDArray[np.int64]) -> FloatArray:
        """Return the drift that belongs to each atom, shape (n_frames, n_atoms or 1, 3)."""
        regions = run.region[atoms]
        if len(self.paths) == 1:
            return np.asarray(next(iter(self.paths.values()))[:, None])
        held = np.empty((run.n_frames, len(atoms), 3))
        for region, path in self.paths.items():
            held[:, regions == region] = path[:, None]
        return held


def find_drift(run: Frames, mode: str = "auto") -> Drift:
    """Find the drift of each slab.

    Parameters
    ----------
    run
        The run.
    mode
        ``"auto"``: mean motion of the framework cations at rest (La and Zr; Co), of each region
        where there are two; none where no framework is at rest, since the mean over walkers
        would lower their diffusivity. ``"none"``. ``"all"``: that of the centre of mass.
    """
    if mode not in MODES:
        raise InputError(f"The drift must be one of {', '.join(MODES)}, got '{mode}'.")
    zero = np.zeros((run.n_frames, 3))
    if mode == "none":
        return Drift({0: zero}, "no drift was taken out")
    if mode == "all":
        path = _mean_path(run, np.arange(run.n_atoms), run.masses)
        return Drift({0: path}, "the drift of the centre of mass was taken out")
    resting = _resting(run)
    paths, names = {}, []
    for region in np.unique(run.region):
        chosen = np.flatnonzero(resting & (run.region == region))
        paths[int(region)] = _mean_path(run, chosen, None) if len(chosen) else zero
        names += sorted(set(run.symbols[chosen]))
    if not names:
        return Drift({0: zero}, f"no drift was taken out: {NOT_AT_REST}")
    return Drift(paths, f"the drift of {', '.join(dict.fromkeys(names))}, at rest, was taken out")


def _mean_path(run: Frames, atoms: NDArray[np.int64], weights: FloatArray | None) -> FloatArray:
    """Return the mean displacement of some atoms since the first frame, (n_frames, 3)."""
    chosen = None if weights is None else weights[atoms]
    path = np.array(
        [np.average(run.fractional(i, atoms), axis=0, weights=chosen) for i in range(run.n_frames)]
    )
    return np.asarray((path - path[0]) @ run.mean_cell)


def _resting(run: Frames) -> NDArray[np.bool_]:
    """Return which atoms belong to an element (of a region) at rest."""
    tenth = max(run.n_frames // 10, 1)
    start, end = (
        np.mean([run.fractional(i) for i in frames], axis=0)
        for frames in (range(tenth), range(run.n_frames - tenth, run.n_frames))
    )
    moved = (end - start) @ run.mean_cell
    resting = np.zeros(run.n_atoms, dtype=bool)
    for region in np.unique(run.region):
        for element in run.elements:
            chosen = (run.symbols == element) & (run.region == region)
            if element in MOBILE or np.count_nonzero(chosen) < 4:
                continue
            away = moved[chosen] - np.median(moved[chosen], axis=0)
            if np.sqrt((away**2).sum(axis=1).mean()) < AT_REST_A:
                resting |= chosen
    return resting
