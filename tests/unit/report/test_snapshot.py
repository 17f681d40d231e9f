"""Pictures of atoms show what is in front, in the right colour, at the right place."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from unit.report.synthetic import make_cells

from sinterface.report.palette import ELEMENT_COLORS
from sinterface.report.snapshot import clearest_view, render


def pixel(image: np.ndarray, extent: tuple[float, ...], right: float, up: float) -> np.ndarray:
    """Return the colour of a picture at a place in Å."""
    left, end, bottom, top = extent
    column = int((right - left) / (end - left) * image.shape[1])
    row = int((top - up) / (top - bottom) * image.shape[0])
    return image[row, column].astype(int)


@pytest.mark.parametrize(("along", "front"), [("y", "Zr"), ("x", "Co")], ids=["along y", "along x"])
def test_the_atom_nearest_to_the_eye_hides_the_others(along: str, front: str) -> None:
    # Seen along y the eye is at large y; along x it is at small x.
    positions = [(2.0, 2.0, 5.0), (6.0, 6.0, 5.0)] if along == "x" else [(2, 2, 5), (2, 6, 5)]
    if along == "x":
        positions = [(2.0, 4.0, 5.0), (6.0, 4.0, 5.0)]
    atoms = Atoms("CoZr", positions=positions, cell=[8, 8, 10], pbc=True)
    picture = render(atoms, along=along)  # type: ignore[arg-type]
    up = positions[0][0] if along == "y" else positions[0][1]
    seen = pixel(picture.image, picture.extent_A, 5.0, up)
    color = np.array([int(ELEMENT_COLORS[front][i : i + 2], 16) for i in (1, 3, 5)])
    assert seen[3] == 255
    cosine = seen[:3] @ color / np.linalg.norm(seen[:3]) / np.linalg.norm(color)
    assert cosine > 0.95


def test_empty_space_is_transparent_and_the_extent_covers_the_cell() -> None:
    atoms = Atoms("Li", positions=[(1, 1, 1)], cell=[8, 8, 20], pbc=True)
    picture = render(atoms)
    left, right, _, _ = picture.extent_A
    assert left < 0 < 20 < right
    assert pixel(picture.image, picture.extent_A, 15.0, 1.0)[3] == 0


def test_atoms_outside_the_cell_are_drawn_inside() -> None:
    inside = Atoms("Li2", positions=[(1, 1, 3), (2, 5, 9)], cell=[8, 8, 20], pbc=True)
    outside = inside.copy()
    outside.positions += np.array([[8, -16, 40], [-8, 8, -20]])
    first, second = render(inside), render(outside)
    assert first.extent_A == pytest.approx(second.extent_A)
    assert np.abs(first.image.astype(int) - second.image.astype(int)).max() <= 2


def test_the_clearest_view_looks_along_the_rows() -> None:
    rng = np.random.default_rng(0)
    z, x = (grid.ravel() for grid in np.meshgrid(np.arange(1, 20, 3.0), np.arange(1, 12, 3.0)))
    rows = [np.column_stack([x, np.full_like(x, y), z]) for y in np.arange(0.5, 12, 1.0)]
    positions = np.vstack(rows) + rng.normal(0, 0.02, (len(x) * 12, 3))
    atoms = Atoms("Co" * len(positions), positions=positions, cell=[12, 12, 20], pbc=True)
    assert clearest_view(atoms) == "y"
    swapped = Atoms(atoms.symbols, positions=positions[:, [1, 0, 2]], cell=[12, 12, 20], pbc=True)
    assert clearest_view(swapped) == "x"


def test_drawing_leaves_the_structure_alone() -> None:
    before, _ = make_cells()
    kept = before.positions.copy()
    render(before)
    assert np.array_equal(before.positions, kept)
