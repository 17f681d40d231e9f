"""Pictures of atoms: shaded spheres with a depth buffer, drawn by numpy alone.

The normal of the interface (z) runs to the right. Spheres are lit from the upper left; crevices
are darkened by unsharp masking of the depth buffer (Luft, Colditz and Deussen 2006), so that
depth can be read from a still picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from numpy.typing import NDArray

from sinterface.report.palette import element_color, sphere_radius

FloatArray = NDArray[np.float64]
Axis = Literal["x", "y"]

_LIGHT = np.array([-0.45, 0.60, 0.66])
_SUPERSAMPLING = 2


@dataclass(frozen=True)
class Snapshot:
    """A picture of a cell and where it lies.

    Attributes
    ----------
    image
        Red, green, blue, alpha from 0 to 255, shape (height, width, 4).
    extent_A
        Left, right, bottom, top of the picture in Å, as matplotlib's `imshow` wants it;
        left to right is the normal z.
    """

    image: NDArray[np.uint8]
    extent_A: tuple[float, float, float, float]


def clearest_view(atoms: Atoms) -> Axis:
    """Return the in-plane axis along which the framework of the cell looks most ordered.

    Seen along a row of atoms, columns fall onto each other: the axis whose projected density
    (all elements but Li, bins of 0.5 Å) has the larger variance wins.
    """
    framework = atoms[atoms.numbers != 3]
    scores = {axis: _projected_variance(framework, axis) for axis in ("x", "y")}
    return "x" if scores["x"] > scores["y"] else "y"


def render(atoms: Atoms, *, along: Axis = "y", pixels_per_A: float = 14.0) -> Snapshot:
    """Draw the wrapped cell as seen along an in-plane axis.

    Parameters
    ----------
    atoms
        Cell with its normal along z.
    along
        Cartesian axis of sight, "x" or "y".
    pixels_per_A
        Resolution.
    """
    right, up, depth = _oriented(atoms, along)
    radii = np.array([sphere_radius(chemical_symbols[number]) for number in atoms.numbers])
    pad = 1.3
    extent = (
        min(0.0, right.min()) - pad,
        max(atoms.cell[2, 2], right.max()) + pad,
        up.min() - pad,
        up.max() + pad,
    )
    scale = pixels_per_A * _SUPERSAMPLING
    width = _even(scale * (extent[1] - extent[0]))
    height = _even(scale * (extent[3] - extent[2]))
    columns = (right - extent[0]) * scale
    rows = (extent[3] - up) * scale
    buffers = _rasterise(columns, rows, depth, radii, atoms.numbers, scale, (height, width))
    return Snapshot(image=_shade(*buffers, scale=scale), extent_A=extent)


def _oriented(atoms: Atoms, along: Axis) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return wrapped coordinates to the right (z), upwards and towards the eye, in Å."""
    positions = wrapped_positions(atoms)
    if along == "y":
        return positions[:, 2], positions[:, 0], positions[:, 1]
    return positions[:, 2], positions[:, 1], -positions[:, 0]


def wrapped_positions(atoms: Atoms) -> FloatArray:
    """Return Cartesian positions inside the cell, shape (n_atoms, 3), in Å."""
    fractions = np.asarray(atoms.get_scaled_positions(wrap=True), dtype=np.float64)
    return np.asarray(fractions @ np.asarray(atoms.cell), dtype=np.float64)


def _projected_variance(atoms: Atoms, along: Axis) -> float:
    if len(atoms) == 0:
        return 0.0
    right, up, _ = _oriented(atoms, along)
    bins = [max(int(np.ptp(values) / 0.5), 1) for values in (right, up)]
    counts, _, _ = np.histogram2d(right, up, bins=bins)
    return float(counts.var() / max(counts.mean(), 1e-12) ** 2)


def _even(value: float) -> int:
    return _SUPERSAMPLING * int(np.ceil(value / _SUPERSAMPLING))


def _rasterise(
    columns: FloatArray,
    rows: FloatArray,
    depth: FloatArray,
    radii: FloatArray,
    numbers: NDArray[Any],
    scale: float,
    shape: tuple[int, int],
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return depth in Å (−inf where empty), atomic number and Lambert light of each pixel."""
    deepest = np.full(shape, -np.inf, dtype=np.float32)
    element = np.zeros(shape, dtype=np.uint8)
    light = np.zeros(shape, dtype=np.float32)
    stamps = {radius: _stamp(float(radius), scale) for radius in np.unique(radii)}
    for column, row, height, radius, number in zip(
        columns.astype(int), rows.astype(int), depth, radii, numbers, strict=True
    ):
        bulge, shine, reach = stamps[radius]
        top, left = max(row - reach, 0), max(column - reach, 0)
        bottom, end = min(row + reach + 1, shape[0]), min(column + reach + 1, shape[1])
        if top >= bottom or left >= end:
            continue
        window = np.s_[top:bottom, left:end]
        offset_row, offset_column = top - row + reach, left - column + reach
        part = np.s_[
            offset_row : offset_row + bottom - top, offset_column : offset_column + end - left
        ]
        candidate = bulge[part] + np.float32(height)
        nearer = candidate > deepest[window]
        deepest[window][nearer] = candidate[nearer]
        element[window][nearer] = number
        light[window][nearer] = shine[part][nearer]
    return deepest, element, light


def _stamp(radius: float, scale: float) -> tuple[NDArray[Any], NDArray[Any], int]:
    """Return the relief of one sphere in Å (−inf outside), its light and half its width."""
    reach = int(np.ceil(radius * scale))
    steps = np.arange(-reach, reach + 1) / (radius * scale)
    across, down = np.meshgrid(steps, steps)
    square = across**2 + down**2
    inside = square <= 1.0
    normal = np.sqrt(np.where(inside, 1.0 - square, 0.0))
    relief = np.where(inside, radius * normal, -np.inf).astype(np.float32)
    direction = _LIGHT / np.linalg.norm(_LIGHT)
    light = across * direction[0] - down * direction[1] + normal * direction[2]
    return relief, light.astype(np.float32), reach


def _shade(
    deepest: NDArray[Any], element: NDArray[Any], light: NDArray[Any], *, scale: float
) -> NDArray[np.uint8]:
    """Return the shaded, averaged picture."""
    from scipy.ndimage import gaussian_filter

    filled = np.isfinite(deepest)
    floor = deepest[filled].min() if filled.any() else np.float32(0)
    ceiling = deepest[filled].max() if filled.any() else np.float32(1)
    relief = np.where(filled, deepest, floor)
    hollow = gaussian_filter(relief, 0.55 * scale, truncate=2.0) - relief
    occlusion = 1.0 - 0.15 * np.clip(hollow, 0.0, 3.5)
    distance = 0.80 + 0.20 * (relief - floor) / max(ceiling - floor, np.float32(1e-6))
    diffuse = 0.50 + 0.55 * np.clip(light, 0.0, 1.0)
    brightness = np.clip(diffuse * occlusion * distance, 0.0, 1.1)
    highlight = 0.33 * np.clip((light - 0.90) / 0.10, 0.0, 1.0) ** 2
    image = np.empty((*light.shape, 4), dtype=np.float32)
    image[..., :3] = _element_table()[element]
    image[..., :3] *= brightness[..., None]
    image[..., :3] += highlight[..., None]
    image[..., 3] = filled
    np.clip(image, 0.0, 1.0, out=image)
    image[..., :3] *= image[..., 3:]
    return _averaged(image)


def _averaged(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Average blocks of pixels of an image with premultiplied colour; return straight alpha."""
    step = _SUPERSAMPLING
    height, width = image.shape[0] // step, image.shape[1] // step
    small = image.reshape(height, step, width, step, 4).mean(axis=(1, 3))
    alpha = small[..., 3:]
    small[..., :3] = np.divide(small[..., :3], alpha, where=alpha > 0, out=small[..., :3])
    return np.asarray(np.round(255 * small), dtype=np.uint8)


def _element_table() -> NDArray[np.float32]:
    """Return colours from 0 to 1 by atomic number, shape (119, 3)."""
    return np.array(
        [
            [int(element_color(symbol)[i : i + 2], 16) / 255 for i in (1, 3, 5)]
            for symbol in chemical_symbols
        ],
        dtype=np.float32,
    )
