"""The rotatable view carries the cells exactly and its library with it."""

from __future__ import annotations

import json

import numpy as np
from unit.report.synthetic import make_cells

from sinterface.report import viewer
from sinterface.report.snapshot import wrapped_positions


def test_positions_survive_the_packing_to_a_hundredth_of_an_angstrom() -> None:
    before, after = make_cells()
    scene = viewer.scene({"before": before, "after": after}, boundaries_A=(13.5, 32.5))
    for label, atoms in (("before", before), ("after", after)):
        found = viewer.unpack(scene["frames"][label], scene["step_A"])
        assert np.abs(found - wrapped_positions(atoms)).max() <= 0.0051
    assert scene["boundaries_A"] == [13.5, 32.5]
    assert scene["symbols"] == ["Co", "La", "Li", "O", "Zr"]
    assert json.loads(json.dumps(scene)) == scene


def test_a_long_cell_still_fits_into_short_integers() -> None:
    before, _ = make_cells()
    before.set_cell([12.98, 12.98, 900.0])
    before.positions[0, 2] = 899.0
    scene = viewer.scene({"before": before}, boundaries_A=())
    found = viewer.unpack(scene["frames"]["before"], scene["step_A"])
    assert np.abs(found - wrapped_positions(before)).max() <= 0.51 * scene["step_A"]


def test_the_library_and_its_licence_are_in_the_package() -> None:
    assert len(viewer.script()) > 400_000
    assert "</script" not in viewer.script()
    assert "BSD-3-Clause" in viewer.licence()
