"""A density in three dimensions: isosurface with the framework around it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sinterface.report.palette import element_color, sphere_radius
from sinterface.report.style import FAINT, style

FloatArray = NDArray[np.float64]

MOST_POINTS = 64
"""Grid points along the longest edge that are drawn; finer grids are averaged down."""

SURFACE_COLOR = "#e8b400"
"""Yellow, as in the paper."""

LIGHT = np.array([0.35, -0.5, 0.8]) / np.linalg.norm([0.35, -0.5, 0.8])
ELEVATION, AZIMUTH = 16.0, -62.0

HEIGHT_IN, NARROWEST = 4.6, 0.45
"""Height of the picture, and the least width over it."""

FILLING = 0.79
"""Zoom at which a box whose picture is as large as its diagonal would fill the axes."""


def isosurface_figure(
    density: FloatArray,
    cell: FloatArray,
    level: float,
    symbols: NDArray[np.str_],
    fractional: FloatArray,
) -> Figure:
    """Return a picture of the surface of equal density inside the periodic cell.

    Parameters
    ----------
    density
        On a periodic grid, shape (n_a, n_b, n_c).
    cell
        Rows are vectors, shape (3, 3), in Å.
    level
        Density of the surface, in the density's unit.
    symbols, fractional
        Atoms of the framework, shapes (n,) and (n, 3).
    """
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    corners = _corners(cell)
    low, high = corners.min(axis=0), corners.max(axis=0)
    width, height = _seen((high - low) / np.linalg.norm(high - low))
    narrow = float(np.clip(1.04 * width / height, NARROWEST, 1.0))
    with style():
        figure = Figure(figsize=(HEIGHT_IN * narrow, HEIGHT_IN))
        # the axes are a square, which reaches over the sides of the picture of a slender cell
        place = (0.5 - 0.5 / narrow, 0.0, 1.0 / narrow, 1.0)
        axis: Any = figure.add_axes(place, projection="3d", computed_zorder=False)
        _edges(axis, cell)
        _atoms(axis, symbols, (fractional % 1.0) @ cell)
        triangles = surface(density, cell, level)
        if len(triangles):
            normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
            length = np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
            shade = 0.55 + 0.45 * np.abs(normals @ LIGHT) / length
            color = np.array([int(SURFACE_COLOR[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
            colors = np.clip(shade[:, None] * color, 0.0, 1.0)
            faces = np.column_stack([colors, np.full(len(colors), 0.85)])
            axis.add_collection3d(Poly3DCollection(triangles, facecolors=faces, zorder=3))
        axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
        axis.set_box_aspect(high - low, zoom=FILLING / max(width, height))
        axis.set_proj_type("ortho")
        axis.view_init(ELEVATION, AZIMUTH)
        axis.set_axis_off()
    return figure


def _seen(box: FloatArray) -> tuple[float, float]:
    """Return width and height of a box of these edges in the picture."""
    up, round_ = np.radians(ELEVATION), np.radians(AZIMUTH)
    right = np.array([-np.sin(round_), np.cos(round_), 0.0])
    above = np.array([-np.sin(up) * np.cos(round_), -np.sin(up) * np.sin(round_), np.cos(up)])
    return float(np.abs(right) @ box), float(np.abs(above) @ box)


def surface(density: FloatArray, cell: FloatArray, level: float) -> FloatArray:
    """Return the triangles of the surface, shape (n_triangles, 3, 3), in Å; it is cut at the cell.

    Where the level lies outside the density's range there is no triangle.
    """
    from skimage.measure import marching_cubes

    grid = _coarser(density)
    closed = np.pad(grid, ((0, 1), (0, 1), (0, 1)), mode="wrap")
    if not closed.min() < level < closed.max():
        return np.empty((0, 3, 3))
    vertices, faces, _, _ = marching_cubes(closed, level)
    return np.asarray((vertices / np.array(grid.shape) @ cell)[faces])


def _coarser(density: FloatArray) -> FloatArray:
    """Average blocks of points, so that a large cell doesn't make millions of triangles."""
    step = max(1, -(-max(density.shape) // MOST_POINTS))
    if step == 1:
        return density
    cut = [length // step * step for length in density.shape]
    inner = density[: cut[0], : cut[1], : cut[2]]
    blocks = [part for length in cut for part in (length // step, step)]
    return np.asarray(inner.reshape(blocks).mean(axis=(1, 3, 5)))


def _corners(cell: FloatArray) -> FloatArray:
    steps = np.stack(np.meshgrid(*[[0.0, 1.0]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(steps @ cell)


def _edges(axis: Any, cell: FloatArray) -> None:
    corners = _corners(cell)
    for one in range(8):
        for bit in (1, 2, 4):
            if not one & bit:
                pair = corners[[one, one | bit]]
                axis.plot(*pair.T, color=FAINT, lw=0.7, zorder=1)


def _atoms(axis: Any, symbols: NDArray[np.str_], positions: FloatArray) -> None:
    scale = 1.0 if len(symbols) < 400 else 0.35
    for symbol in sorted(set(symbols.tolist())):
        place = positions[symbols == symbol]
        size = scale * 60.0 * sphere_radius(symbol) ** 2
        size *= 0.3 if symbol == "O" else 1.0
        color = element_color(symbol)
        axis.scatter(*place.T, s=size, color=color, alpha=0.75, lw=0, zorder=2, depthshade=False)
