from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

from sinterface.errors import InputError
from sinterface.reference.recipe import read_recipe
from sinterface.structures.mixture import mix
from sinterface.validation.systems import MIXTURES, UNSEEN, chosen, table_1

ELEMENTS = ("Li", "O", "Co", "Zr", "La")


def _fractions(units: dict[str, int]) -> np.ndarray:
    counts = mix(units).counts
    found = np.array([counts.get(element, 0) for element in ELEMENTS], dtype=float)
    return found / found.sum()


def _inside(point: np.ndarray, corners: np.ndarray) -> bool:
    n = len(corners)
    equal = np.vstack([corners.T, np.ones(n)])
    return bool(linprog(np.zeros(n), A_eq=equal, b_eq=np.append(point, 1.0)).status == 0)


def test_unseen_compositions_lie_outside_the_hull_of_the_trained_ones() -> None:
    corners = np.array([_fractions(units) for units in MIXTURES.values()])
    assert _inside(corners.mean(axis=0), corners)  # the test can say yes
    for name, units in UNSEEN.items():
        point = _fractions(units)
        assert not _inside(point, corners), name
        assert np.abs(corners - point).max(axis=1).min() > 0.02, name  # and not just outside


def _distance(point: np.ndarray, corners: np.ndarray) -> float:
    """Return the least sum of |differences| from `point` to the hull of `corners`."""
    n, m = corners.shape
    signs = np.vstack([np.hstack([np.eye(m), -np.eye(m)]), np.zeros(2 * m)])
    equal = np.hstack([np.vstack([corners.T, np.ones(n)]), signs])
    costs = np.concatenate([np.zeros(n), np.ones(2 * m)])
    return float(linprog(costs, A_eq=equal, b_eq=np.append(point, 1.0)).fun)


def test_recipes_hold_no_unseen_composition() -> None:
    folder = Path(__file__).parents[3] / "recipes" / "llzo-lco"
    corners = np.array([_fractions(units) for units in MIXTURES.values()])
    recipes = [read_recipe(path) for path in sorted(folder.glob("explore-*.toml"))]
    samples = [sample for recipe in recipes for sample in recipe.sample]
    inner = {
        tuple(s.start.units.items()): s.start.units
        for s in samples
        if s.system.startswith("mixture")
    }
    assert len(inner) > 80
    for units in inner.values():
        assert _distance(_fractions(units), corners) < 0.005, units
    unseen = [_fractions(units) for units in UNSEEN.values()]
    for sample in samples:
        if sample.start.builder == "mixture":
            found = _fractions(sample.start.units)
            assert min(np.abs(found - point).max() for point in unseen) > 0.005
        assert "interface" not in sample.system
        assert "tetragonal" not in sample.system


def test_rows_are_those_of_the_paper() -> None:
    rows = table_1()
    assert len(rows) == 20
    energies = [row.paper.energy_meV_per_atom for row in rows if row.paper]
    assert energies == [
        *(4.3, 11.0, 8.0, 21.9, 22.4, 24.9, 28.6, 23.9, 27.6, 15.6, 20.3),
        *(15.8, 20.9, 26.2, 25.8, 22.6, 17.9, 15.5, 15.6, 5.2),
    ]
    assert sum(not row.trained for row in rows) == 9  # five mixtures, three interfaces, tetragonal


@pytest.mark.parametrize(
    "row", [r for r in table_1() if r.group != "interfaces"], ids=lambda r: r.name
)
def test_cells_are_thick_enough_and_of_five_elements_at_most(row) -> None:
    atoms = row.build(True)
    thickness = 1 / np.linalg.norm(np.linalg.inv(atoms.cell.array), axis=0)
    assert thickness.min() > 6.0
    assert set(atoms.symbols) <= set(ELEMENTS)
    assert 80 <= len(atoms) <= 220


def test_unknown_row() -> None:
    with pytest.raises(InputError, match="Did you mean 'llzo-cubic'"):
        chosen(("llzo-cubik",))
    assert [row.name for row in chosen(("unseen-2", "llzo-cubic"))] == ["llzo-cubic", "unseen-2"]
