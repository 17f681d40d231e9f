"""Real density-functional labels of layered LCO: GPAW, plane waves, PBE+U."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sinterface.dataset.frames import label_of, read_frames
from sinterface.errors import RunError
from sinterface.reference.labelling import label_structures
from sinterface.reference.settings import read_settings
from sinterface.structures.crystals import primitive_lco

pytest.importorskip("gpaw")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600), pytest.mark.filterwarnings("ignore")]


def test_the_crystal_is_at_rest_and_low_spin(tmp_path: Path) -> None:
    """Forces obey the crystal's symmetry: none on Co and Li, opposite ones on O."""
    settings = read_settings("gpaw", {"kpoint_spacing_per_A": 0.6})
    atoms = primitive_lco()
    report = label_structures([atoms], tmp_path / "lco.extxyz", 1, reference=settings)
    frame = read_frames(report.output)[0]
    forces, oxygen = frame.get_forces(), frame.symbols == "O"
    assert np.abs(forces[~oxygen]).max() < 0.02
    assert np.abs(forces[oxygen].sum(axis=0)).max() < 0.02
    assert np.linalg.norm(forces[oxygen], axis=1).max() < 1.5
    assert np.abs(frame.get_magnetic_moments()).max() < 0.05
    label = label_of(frame)
    assert label.reference == "gpaw"
    assert label.reference_settings["hubbard_U_eV"] == {"Co": 3.32}


def test_too_few_iterations_are_a_failure(tmp_path: Path) -> None:
    options = {
        "kpoint_spacing_per_A": 2.5,
        "cutoff_eV": 250.0,
        "spin_polarised": False,
        "max_iterations": 3,
    }
    settings = read_settings("gpaw", options)
    with pytest.raises(RunError, match="1 of 1 labels failed"):
        label_structures([primitive_lco()], tmp_path / "o.extxyz", 1, reference=settings)
    (log,) = (tmp_path / "o.extxyz.parts" / "quarantine").iterdir()
    assert "converge" in log.read_text()
