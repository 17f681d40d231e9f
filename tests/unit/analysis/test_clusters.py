"""Bridges of shared oxygen."""

from __future__ import annotations

import numpy as np

from sinterface.analysis.clusters import bridged_to, cluster_sizes


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


def test_planted_clusters_come_back() -> None:
    # Chains of 5, 3 and 2, a pair across the cell's face, and two single atoms.
    cell = np.diag([30.0, 30.0, 30.0])
    rows = [(2.0 + 3.0 * k, 3.0, 3.0) for k in range(5)]
    rows += [(3.0, 12.0 + 3.0 * k, 10.0) for k in range(3)]
    rows += [(20.0, 20.0, 29.0), (20.0, 20.0, 1.5), (10.0, 25.0, 20.0), (25.0, 10.0, 20.0)]
    sizes = cluster_sizes(np.array(rows), cell, 3.5)
    assert sizes.tolist() == [5, 3, 2, 1, 1]
    unwrapped = np.array(rows) + 30.0 * np.random.default_rng(1).integers(-2, 3, (12, 3))
    assert cluster_sizes(unwrapped, cell, 3.5).tolist() == [5, 3, 2, 1, 1]
    sheared = np.array([[1, 0, 0], [2, 1, 0], [-1, 1, 1]]) @ cell
    assert cluster_sizes(np.array(rows), sheared, 3.5).tolist() == [5, 3, 2, 1, 1]


def test_an_atom_near_its_own_image_is_one_atom() -> None:
    assert cluster_sizes(np.zeros((1, 3)), 3.0 * np.eye(3), 3.5).tolist() == [1]
