from __future__ import annotations

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from sinterface.structures.interface import build_interface
from sinterface.study.config import InterfaceTable
from sinterface.study.controls import Fit, bulk_control, fit_crystals, interface_size

TABLE = InterfaceTable(size="tiny")


@pytest.fixture(scope="module")
def fit() -> Fit:
    """Cubic LLZO(001) and LCO(104) on one cell."""
    return fit_crystals(("llzo", "lco"), TABLE)


def test_interface_size_is_that_of_the_build(fit: Fit) -> None:
    assert interface_size(fit) == len(build_interface("llzo", "lco", size="tiny").atoms)


def test_controls_lie_on_the_cell_of_the_interface(fit: Fit) -> None:
    for number, role in enumerate(("electrolyte", "electrode")):
        bulk = bulk_control(fit, role, 6.0)
        cell = bulk.cell.array
        assert np.allclose(cell[:2, :2], fit.match.cell)
        assert np.array_equal(cell, np.tril(cell))
        assert cell[2, 2] >= 12.0
        assert set(bulk.arrays["region"]) == {number}


def test_electrode_control_is_perfect_bulk(fit: Fit) -> None:
    """Every Co has six O, every O three Co; the strain is the mismatch, a few per cent."""
    bulk = bulk_control(fit, "electrode", 6.0)
    i, distance = neighbor_list("id", bulk, {("Co", "O"): 2.3})
    counts = np.bincount(i, minlength=len(bulk))
    assert set(counts[bulk.symbols == "Co"]) == {6}
    assert set(counts[bulk.symbols == "O"]) == {3}
    assert distance.min() > 1.85
    assert bulk.get_chemical_formula() == "Co60Li60O120"


def test_electrolyte_control_is_unstrained(fit: Fit) -> None:
    bulk = bulk_control(fit, "electrolyte", 6.0)
    assert bulk.get_chemical_formula() == "La24Li56O96Zr16"
    assert bulk.cell.lengths() == pytest.approx([12.98] * 3)


@pytest.mark.parametrize("cutoff_A", [4.0, 7.0])
def test_controls_are_twice_the_cutoff_thick(fit: Fit, cutoff_A: float) -> None:
    for role in ("electrolyte", "electrode"):
        assert bulk_control(fit, role, cutoff_A).cell.array[2, 2] >= 2 * cutoff_A
