"""Sites of the garnet, and of ions that hop between known places."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_frames import frames_from_arrays
from numpy.typing import NDArray

from sinterface.analysis.site_map import site_map
from sinterface.analysis.site_volumes import Positions, hull_volume
from sinterface.analysis.sites import find_sites
from sinterface.analysis.stream import Frames
from sinterface.analysis.voids import find_voids
from sinterface.errors import InputError
from sinterface.structures.crystals import llzo_framework, llzo_lithium_sites

CELL = 12.98 * np.eye(3)


@pytest.mark.parametrize("shear", [0, 1])
@pytest.mark.parametrize("shake_A", [0.0, 0.03])
def test_the_garnet_has_24_tetrahedra_and_48_octahedra(shear: int, shake_A: float) -> None:
    framework = llzo_framework()
    positions = framework.positions + np.random.default_rng(1).normal(0.0, shake_A, (136, 3))
    cell = CELL.copy()
    cell[1] += shear * cell[0]
    anion = framework.numbers == 8
    found = find_voids(positions[anion], positions[~anion], cell)
    kinds, counts = np.unique(found.kind, return_counts=True)
    numbers = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
    assert numbers["tetrahedral"] == 24
    assert numbers["octahedral"] == 48
    assert set(numbers) == {"tetrahedral", "octahedral", "blocked"}
    assert found.volume_A3.sum() == pytest.approx(12.98**3, rel=1e-6)
    # 24d of the space group are the tetrahedra's centres.
    wanted = llzo_lithium_sites()
    tetrahedra = wanted.get_scaled_positions()[wanted.get_tags() == 0]
    centers = found.fractional[found.kind == "tetrahedral"] @ cell @ np.linalg.inv(CELL)
    apart = centers[:, None] - tetrahedra
    apart -= np.rint(apart)
    assert np.linalg.norm(apart @ CELL, axis=2).min(axis=1).max() < 0.05 + 2.0 * shake_A


def hopping_run(
    n_frames: int = 2000, *, sheared: bool = False, breathing: float = 0.0, wrapped: bool = False
) -> tuple[Frames, NDArray[np.int64]]:
    """Return Li that hop between a tetrahedron and an octahedron of a shaking garnet.

    Mean stays of 20 and 60 frames, in a gap of 50 fs: 1 and 3 ps.
    """
    rng = np.random.default_rng(3)
    framework = llzo_framework()
    anion = framework.numbers == 8
    voids = find_voids(framework.positions[anion], framework.positions[~anion], CELL)
    centers = voids.fractional @ CELL
    tetrahedra = np.flatnonzero(voids.kind == "tetrahedral")[:10]
    octahedra = np.flatnonzero(voids.kind == "octahedral")
    partners = []
    for one in tetrahedra:
        apart = voids.fractional[octahedra] - voids.fractional[one]
        apart -= np.rint(apart)
        distance = np.linalg.norm(apart @ CELL, axis=1)
        k = next(k for k in distance.argsort() if octahedra[k] not in partners)
        partners.append(int(octahedra[k]))
    ends = np.stack([tetrahedra, partners])
    where = np.empty((n_frames, 10), dtype=np.int64)
    where[0] = rng.integers(0, 2, 10)
    leave = np.array([1.0 / 20.0, 1.0 / 60.0])
    for frame in range(1, n_frames):
        now = where[frame - 1]
        where[frame] = np.where(rng.random(10) < leave[now], 1 - now, now)
    path = centers[ends[where, np.arange(10)]] + rng.normal(0.0, 0.12, (n_frames, 10, 3))
    shaking = framework.positions + rng.normal(0.0, 0.08, (n_frames, 136, 3))
    positions = np.concatenate([shaking, path], axis=1)
    numbers = np.concatenate([framework.numbers, np.full(10, 3)])
    cells = np.broadcast_to(CELL, (n_frames, 3, 3)).copy()
    if sheared:
        cells[:, 2] -= cells[:, 0]
    if breathing:
        factor = 1.0 + breathing * np.sin(np.arange(n_frames))[:, None, None]
        positions, cells = positions * factor, cells * factor
    run = frames_from_arrays(numbers, positions, cells, interval_ps=0.05)
    return run, where


@pytest.mark.parametrize("change", [{}, {"sheared": True}, {"breathing": 0.01}])
def test_known_hops_come_back(change: dict[str, float]) -> None:
    run, where = hopping_run(**change)
    found = find_sites(run, "Li", recrossing_ps=0.0)
    assert found.found_from == "framework"
    assert found.network.n_jumps == pytest.approx(
        np.count_nonzero(np.diff(where, axis=0)), rel=0.02
    )
    stays = {kind.kind: kind for kind in found.kinds}
    for name, truth in (("tetrahedral", 1.0), ("octahedral", 3.0)):
        low, high = stays[name].residence.ci95_ps
        assert low < truth < high
        assert stays[name].n_visited == 10
    assert stays["tetrahedral"].occupancy * 24 == pytest.approx((where == 0).mean() * 10, rel=0.02)
    # 95 % of a Gaussian lie within 2.795 σ; the hull of a finite sample stays inside.
    sphere = 4.0 / 3.0 * np.pi * (2.795 * 0.12) ** 3
    assert 0.5 * sphere < stays["octahedral"].volume_A3 < sphere
    growth = stays["octahedral"].volume_convergence
    assert (np.diff(growth[:, 1]) > 0.0).all()
    assert found.network.back_share > 0.9  # two sites: each jump is taken back


def test_replicas_are_followed_together() -> None:
    run, _ = hopping_run(600)
    found = find_sites([run, run], "Li", recrossing_ps=0.0)
    single = find_sites(run, "Li", recrossing_ps=0.0)
    assert found.n_replicas == 2
    assert found.network.n_jumps == 2 * single.network.n_jumps
    assert len(found.kind) == 2 * len(single.kind)
    for both, one in zip(found.kinds, single.kinds, strict=True):
        assert both.kind == one.kind
        assert both.occupancy == pytest.approx(one.occupancy)
        assert both.residence.mean_ps == pytest.approx(one.residence.mean_ps)
        assert both.residence.std_ps == pytest.approx(one.residence.std_ps / np.sqrt(2), rel=0.05)


def test_the_accessible_volume_is_the_hull_of_every_position() -> None:
    from scipy.spatial import ConvexHull

    from sinterface.analysis.site_volumes import AccessibleHulls

    rng = np.random.default_rng(0)
    hulls = AccessibleHulls(2)
    points = rng.normal(size=(4000, 3))
    for part in np.array_split(points, 40):
        hulls.add(np.zeros(len(part), dtype=np.int64), part)
    assert hulls.volumes()[0] == pytest.approx(ConvexHull(points).volume)
    assert np.isnan(hulls.volumes()[1])


def test_a_filter_for_recrossings_lengthens_stays_and_is_told() -> None:
    run, _ = hopping_run(1000)
    found = find_sites(run, "Li", recrossing_ps=0.3)
    for kind in found.kinds:
        assert kind.residence.mean_ps > kind.residence_without_filter_ps
    assert found.recrossing_ps == 0.3


def test_without_a_framework_sites_come_from_the_density() -> None:
    run, where = hopping_run(1000)
    found = find_sites(run, "Li", found_from="density", recrossing_ps=0.0)
    assert found.found_from == "density"
    assert len(found.kind) == 20
    jumps = np.count_nonzero(np.diff(where, axis=0))
    assert found.network.n_jumps == pytest.approx(jumps, rel=0.03)


def test_a_molten_framework_is_noticed() -> None:
    run, _ = hopping_run(50)
    rng = np.random.default_rng(4)
    walk = rng.normal(0.0, 0.4, (50, 146, 3)).cumsum(axis=0)
    positions = np.array([run.positions(i) for i in range(50)]) + walk
    molten = frames_from_arrays(run.numbers, positions, CELL, interval_ps=0.05)
    assert site_map(molten, "Li").found_from == "density"


def test_volumes_converge_to_the_region_that_holds_95_percent() -> None:
    rng = np.random.default_rng(5)
    points = rng.normal(size=(20000, 3)) * [0.1, 0.2, 0.3]
    whole = 4.0 / 3.0 * np.pi * 0.1 * 0.2 * 0.3 * 2.795**3
    volumes = [hull_volume(points[:n]) / whole for n in (100, 1000, 20000)]
    assert 0.25 < volumes[0] < volumes[1] < 0.9 < volumes[2] < 1.0
    assert np.isnan(hull_volume(points[:4]))
    flat = points * [1.0, 1.0, 0.0]
    assert hull_volume(flat) == 0.0


def test_a_sample_of_positions_is_fair() -> None:
    sample = Positions(2)
    for step in range(5000):
        sample.add(np.array([0, 0, 1]), np.full((3, 3), float(step)))
    assert sample.seen.tolist() == [10000, 5000]
    assert sample.of(0)[:, 0].mean() == pytest.approx(2500.0, rel=0.1)
    assert sample.of(1)[:, 0].mean() == pytest.approx(2500.0, rel=0.1)


def test_mistakes_are_told() -> None:
    run, _ = hopping_run(12)
    with pytest.raises(InputError, match="holds no Co"):
        find_sites(run, "Co")
    with pytest.raises(InputError, match="'framework', 'density' or 'auto'"):
        find_sites(run, "Li", found_from="guess")
