"""A certificate's figures in words."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from sinterface.dynamics.boundary_energy import AnnealSettings, combine
from sinterface.report.certificate_words import facts, own_figures
from sinterface.structures.crystals import crystal_with_parent
from sinterface.structures.structure_certificate import certify_structure


@pytest.mark.parametrize(
    ("energies_eV", "words"),
    [
        ((-98.0, -96.0), "0.240 ± 0.080 J/m² (2 runs, spread 0.113)"),
        ((-97.0,), "0.240 J/m² (one run, so no error)"),
    ],
)
def test_the_energy_of_a_boundary_has_its_error(energies_eV: tuple[float, ...], words: str) -> None:
    """(−97 + 100) eV over twice 100 Å2 is 0.240 J/m²."""
    bulk = [-50.0] * len(energies_eV)
    settings = AnnealSettings(len(energies_eV))
    found = combine(list(energies_eV), bulk, 100, 50, 100.0, settings)
    atoms, parent = crystal_with_parent("li2o")
    details = {"boundary": "Σ5", "energy_J_per_m2": 0.5, "annealed_energy": found.to_dict()}
    source = {"potential": "llzo-lco", "potential_fingerprint": "0123456789ab"}
    made = certify_structure(atoms, "grain boundary", source, parents=[parent], details=details)
    told = dict(facts(json.loads(json.dumps(asdict(made)))))
    assert told["boundary's energy, annealed"] == words
    assert told["boundary's energy, relaxed"] == "0.50 J/m²"
    assert told["potential"] == "llzo-lco (0123456789ab)"


def test_numbers_of_numpy_are_told_like_others() -> None:
    import numpy as np

    assert own_figures({"details": {"a_K": np.float64(1.5), "b": [], "c": None}}) == {"a K": "1.5"}
