"""Phases of thermally shaken crystals that the classifier hasn't seen."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_frames import frames_of

from sinterface.analysis.phases import PhaseClassifier, find_phases
from sinterface.errors import InputError
from sinterface.structures.crystals import load_crystal


@pytest.fixture(scope="module")
def classifier() -> PhaseClassifier:
    return PhaseClassifier(temperature_K=600.0)


def shaken(name: str, repeat: tuple[int, int, int], seed: int = 11):
    atoms = load_crystal(name, seed) * repeat
    size = 0.09 * np.ones(len(atoms))
    atoms.positions += np.random.default_rng(seed).normal(size=(len(atoms), 3)) * size[:, None]
    return atoms


def called(classifier: PhaseClassifier, atoms) -> dict[str, float]:
    symbols = np.array(atoms.get_chemical_symbols())
    phase, _ = classifier.classify(symbols, atoms.positions, atoms.cell.array)
    names, counts = np.unique(phase, return_counts=True)
    return {classifier.names[k]: n / len(atoms) for k, n in zip(names, counts, strict=True)}


def test_held_out_copies_are_told_right(classifier: PhaseClassifier) -> None:
    right = np.diag(classifier.confusion)
    assert right.min() > 0.97
    assert classifier.confusion.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("crystal", "repeat", "phase"),
    [
        ("llzo", (1, 1, 1), "LLZO"),
        ("lco", (3, 3, 1), "LCO"),
        ("lacoo3", (2, 2, 1), "LaCoO3"),
        ("la2zr2o7", (1, 1, 1), "La2Zr2O7"),
        ("co3o4", (1, 1, 1), "Co3O4"),
    ],
)
def test_other_shakes_and_sheared_cells(
    classifier: PhaseClassifier, crystal: str, repeat: tuple[int, int, int], phase: str
) -> None:
    atoms = shaken(crystal, repeat)
    shares = called(classifier, atoms)
    assert shares.get(phase, 0.0) > 0.9, shares
    sheared = atoms.copy()
    sheared.set_cell(np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]]) @ atoms.cell.array)
    sheared.wrap()
    assert called(classifier, sheared) == shares


@pytest.mark.parametrize("crystal", ["li2o", "zro2"])
def test_what_is_no_reference_is_unknown(classifier: PhaseClassifier, crystal: str) -> None:
    assert called(classifier, shaken(crystal, (2, 2, 2))).get("unknown", 0.0) > 0.9


def test_a_gas_is_unknown(classifier: PhaseClassifier) -> None:
    atoms = load_crystal("llzo")
    atoms.positions = np.random.default_rng(1).random((len(atoms), 3)) @ atoms.cell.array
    assert called(classifier, atoms).get("unknown", 0.0) > 0.9


def test_layers_by_depth(classifier: PhaseClassifier) -> None:
    from ase.build import stack

    lower, upper = load_crystal("lco") * (4, 4, 2), load_crystal("coo") * (3, 3, 7)
    upper.set_cell([*lower.cell.array[:2], [0.0, 0.0, upper.cell.array[2, 2]]], scale_atoms=False)
    both = stack(lower, upper, axis=2, maxstrain=None)
    found = find_phases(frames_of([both] * 3), classifier)
    at_lco = found.share_by_depth[0, 1:7, found.names.index("LCO")]
    assert np.nanmean(at_lco) > 0.6
    assert found.share.sum() == pytest.approx(1.0)
    assert found.share_by_depth.shape[2] == len(found.names)


def test_mistakes_are_told(classifier: PhaseClassifier) -> None:
    atoms = load_crystal("coo")
    atoms.numbers[0] = 28
    with pytest.raises(InputError, match="There is Ni"):
        called(classifier, atoms)
