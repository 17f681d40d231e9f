"""Sites where there is no framework to tell them: the places where the ions are most often."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from sinterface.analysis.density import grid_shape, histogram, smoothed
from sinterface.analysis.framework import Framework
from sinterface.analysis.stream import Frames
from sinterface.analysis.voids import with_images

FloatArray = NDArray[np.float64]

SPACING_A = 0.35
SMOOTHING_A = 0.35
APART_A = 1.2
"""Maxima nearer than that are one site."""

LEAST_SHARE = 0.02
"""A site's maximum is at least that share of the highest one,"""

LEAST_COUNTS = 5.0
"""and at least what so many positions on one point make."""


def density_maxima(run: Frames, element: str) -> FloatArray:
    """Return fractional coordinates of the maxima of an element's density, shape (n, 3).

    Parameters
    ----------
    run
        The run; read once.
    element
        Whose density.
    """
    framework, ions = Framework(run, element), run.atoms_of(element)
    cell = run.mean_cell
    shape = grid_shape(cell, SPACING_A)
    counts = np.zeros(int(np.prod(shape)), dtype=np.int64)
    for index in range(run.n_frames):
        counts += histogram(framework.without_drift(index)[ions], shape)
    density = smoothed(counts.reshape(shape).astype(np.float64), cell, SMOOTHING_A)
    around = ndimage.maximum_filter(density, size=3, mode="wrap")
    peaks = np.argwhere((density == around) & (density > 0.0))
    heights = density[tuple(peaks.T)]
    voxel_A3 = float(abs(np.linalg.det(cell))) / counts.size
    single = voxel_A3 / (2.0 * np.pi * SMOOTHING_A**2) ** 1.5
    high = heights >= max(LEAST_SHARE * heights.max(), LEAST_COUNTS * single)
    return _thinned(peaks[high] / np.array(shape), heights[high], cell)


def _thinned(fractional: FloatArray, heights: FloatArray, cell: FloatArray) -> FloatArray:
    """Return the maxima, the lower one of each too near pair left out."""
    order = np.argsort(-heights, kind="stable")
    fractional = fractional[order]
    points, whose = with_images(fractional @ cell, cell, APART_A)
    tree = cKDTree(points)
    dropped = np.zeros(len(fractional), dtype=bool)
    for index, place in enumerate(fractional @ cell):
        if not dropped[index]:
            near = whose[tree.query_ball_point(place, APART_A)]
            dropped[near[near > index]] = True
    return np.asarray(fractional[~dropped])
