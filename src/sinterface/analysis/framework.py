"""The framework that ions move in: its drift, and its atoms' mean positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.frames import MOBILE
from sinterface.analysis.stream import Frames

FloatArray = NDArray[np.float64]

SAME_CELL, SAME_PLACE_A, MOST = 0.05, 1.0, 0.9
"""Frameworks are the same when their cells differ by no more than this share of an edge and, but
for a common offset, this share of the anchors stand this near to one of the other's."""


class Framework:
    """Drift and mean positions of the atoms that stay, frame by frame.

    The framework is all that is neither the ion nor a carrier of charge; where there are cations
    such as La and Zr, they alone tell the drift (median of their displacements since the first
    frame, so that atoms which leave don't drag it).

    Parameters
    ----------
    run
        The run.
    ion
        Element that moves.
    """

    def __init__(self, run: Frames, ion: str) -> None:
        self._run = run
        carriers = ("H", "Li", "Na", "K", ion)
        staying = ~np.isin(run.symbols, carriers)
        anchors = staying & ~np.isin(run.symbols, sorted(MOBILE))
        self.atoms = np.flatnonzero(staying)
        self.anchors = np.flatnonzero(anchors if anchors.any() else staying)
        if len(self.anchors) == 0:  # nothing but ions: their common drift
            self.anchors = np.arange(run.n_atoms)
        self._start = run.fractional(0)
        self._sum = np.zeros((len(self.atoms), 3))
        self._n = 0

    def add(self, index: int) -> FloatArray:
        """Return a frame's unwrapped fractional coordinates without drift; count it in the mean."""
        moved = self.without_drift(index)
        self._sum += moved[self.atoms]
        self._n += 1
        return moved

    def without_drift(self, index: int) -> FloatArray:
        """Return a frame's unwrapped fractional coordinates without drift, shape (n_atoms, 3)."""
        fractional = self._run.fractional(index)
        steps = fractional[self.anchors] - self._start[self.anchors]
        return np.asarray(fractional - np.median(steps, axis=0))

    def offset_from(self, first: Framework) -> FloatArray | None:
        """Return how far this framework stands from another in fractional coordinates.

        None when they are not the same: other atoms, or other places, which most anchors tell.
        """
        mine, others = self._start[self.anchors], first._start[first.anchors]
        if len(mine) == 0 or abs(len(mine) - len(others)) > 0.2 * len(others):
            return None
        cell = first._run.mean_cell
        if (
            np.abs(self._run.mean_cell - cell).max()
            > SAME_CELL * np.linalg.norm(cell, axis=1).min()
        ):
            return None
        apart = mine[:, None] - others[None]
        apart -= np.rint(apart)
        nearest = np.linalg.norm(apart @ cell, axis=-1).argmin(axis=1)
        steps = apart[np.arange(len(mine)), nearest]
        offset = np.median(steps, axis=0)
        near = np.linalg.norm((steps - offset) @ cell, axis=1) < SAME_PLACE_A
        return np.asarray(offset) if near.mean() > MOST else None

    def mean(self) -> tuple[NDArray[np.str_], FloatArray]:
        """Return symbols and mean fractional coordinates of the framework's atoms."""
        return self._run.symbols[self.atoms], self._sum / max(self._n, 1)
