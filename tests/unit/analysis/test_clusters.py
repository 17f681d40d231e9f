"""Bridges of shared oxygen."""

from __future__ import annotations

import numpy as np

from sinterface.analysis.clusters import bridged_to


def test_only_paths_through_oxygen_lead_back() -> None:
    # 0–a–1–b–2, 3–c–4, 5 alone; metal 0 is the anchor.
    metals = np.array([0, 1, 1, 2, 3, 4])
    oxygens = np.array([0, 0, 1, 1, 2, 2])
    anchors = np.array([True, False, False, False, False, False])
    attached = bridged_to(anchors, metals, oxygens, n_oxygen=4)
    assert attached.tolist() == [True, True, True, False, False, False]


def test_without_anchor_nothing_is_attached() -> None:
    bond = np.array([0])
    assert not bridged_to(np.zeros(2, dtype=bool), bond, bond, n_oxygen=1).any()
