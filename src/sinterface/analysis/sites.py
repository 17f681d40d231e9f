"""Sites of the ions of an element: where they are, how large, how long they are held."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.framework import Framework
from sinterface.analysis.jumps import JumpNetwork, jump_network
from sinterface.analysis.records import Record
from sinterface.analysis.residence import Residence, residence_time
from sinterface.analysis.site_map import SiteMap, site_maps
from sinterface.analysis.site_volumes import (
    AccessibleHulls,
    Positions,
    common_number,
    convergence,
    site_volumes,
)
from sinterface.analysis.stream import Frames
from sinterface.analysis.visits import Visits, find_visits, joined
from sinterface.analysis.voids import BLOCKED
from sinterface.errors import InputError
from sinterface.progress import Progress, ProgressCallback

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

RECROSSING_PS = 0.1
"""An excursion shorter than this, about a period of Li's vibration, is no jump."""

VOLUME_INTERVAL_PS = 0.05
"""Time between the positions whose hull is a site's volume."""

FEWEST_FRAMES = 10

FEW_POSITIONS = 25
"""Sites with fewer positions don't enter the accessible volume."""


@dataclasses.dataclass(frozen=True)
class SiteKind(Record):
    """All sites of one kind.

    Attributes
    ----------
    kind
        ``"tetrahedral"``, ``"octahedral"``, ...; ``"site"`` where found from the ions alone.
    n_sites, n_visited
        Sites, and those where an ion was.
    occupancy
        Mean number of ions on a site.
    polyhedron_A3
        Mean volume of the polyhedron of anions; NaN without a framework.
    volume_A3, volume_std_A3
        Mean volume by the positions visited (95 % hull of `Sites.volume_positions` positions at
        a fixed interval), and its standard deviation over sites.
    whole_hull_A3
        The same of the hull of all these positions.
    accessible_A3, accessible_std_A3, accessible_positions
        Mean volume of the hull of every position taken in each site (the accessible volume of the
        program Sitator, Kahle et al. 2019), its standard deviation over sites, and the mean
        number of these positions. It grows without end with the length of the run.
    volume_convergence
        Number of positions, mean volume, standard deviation over sites; shape (n_steps, 3).
    residence
        See `analysis.residence`.
    residence_without_filter_ps
        The mean with every crossing counted as a jump.
    """

    kind: str
    n_sites: int
    n_visited: int
    occupancy: float
    polyhedron_A3: float
    volume_A3: float
    volume_std_A3: float
    whole_hull_A3: float
    accessible_A3: float
    accessible_std_A3: float
    accessible_positions: float
    volume_convergence: NDArray[np.float64]
    residence: Residence
    residence_without_filter_ps: float


@dataclasses.dataclass(frozen=True)
class Sites(Record):
    """Sites of an element.

    Attributes
    ----------
    element, n_ions, n_replicas, duration_ps, interval_ps, temperature_K
        What was followed, in how many runs, for how long (the shortest), frame interval;
        temperature NaN where unknown.
    found_from
        ``"framework"`` (voids between the anions) or ``"density"`` (where the ions are).
    recrossing_ps
        Excursions shorter than that are no jumps.
    volume_interval_ps, volume_positions
        Time between the positions whose hull is a volume, and how many of them for each site.
    between_share
        Share of the ions' frames that they spent in no site.
    kinds
        One record a kind.
    fractional, replica, kind, occupancy, volume_A3, residence_ps, departures
        Of each site of all replicas: centre, number of the replica from 1, kind, mean number of
        ions, volume by the positions visited (NaN with too few), time spent over departures (NaN
        without), departures.
    cell
        Mean cell of the first run, rows are vectors, shape (3, 3), in Å.
    network
        Jumps between sites.
    """

    element: str
    n_ions: int
    n_replicas: int
    duration_ps: float
    interval_ps: float
    temperature_K: float
    found_from: str
    recrossing_ps: float
    volume_interval_ps: float
    volume_positions: int
    between_share: float
    kinds: tuple[SiteKind, ...]
    fractional: NDArray[np.float64]
    replica: NDArray[np.int64]
    kind: NDArray[np.str_]
    occupancy: NDArray[np.float64]
    volume_A3: NDArray[np.float64]
    residence_ps: NDArray[np.float64]
    departures: NDArray[np.int64]
    cell: NDArray[np.float64]
    network: JumpNetwork


def find_sites(
    runs: Frames | Sequence[Frames],
    element: str,
    *,
    found_from: str = "auto",
    recrossing_ps: float = RECROSSING_PS,
    volume_interval_ps: float = VOLUME_INTERVAL_PS,
    progress: ProgressCallback | None = None,
) -> Sites:
    """Find an element's sites, and follow its ions from site to site, replicas together.

    Each replica has sites of its own, so that dopants may stand elsewhere in each.

    Parameters
    ----------
    runs
        One run or several of one system; each is read twice: a sample for the framework, then
        every frame.
    element
        Whose sites.
    found_from
        ``"framework"``, ``"density"``, or ``"auto"``: the framework while it stands (in every
        replica).
    recrossing_ps
        An ion that comes back to a site within that time has not jumped.
    volume_interval_ps
        Least time between the positions whose hull is a volume.
    progress
        Told after every frame.

    Raises
    ------
    InputError
        For an absent element, too few frames, or a framework that isn't there.
    """
    several = [runs] if isinstance(runs, Frames) else list(runs)
    for run in several:
        run.atoms_of(element)
        if run.n_frames < FEWEST_FRAMES:
            raise InputError(
                f"'{run.name}' has {run.n_frames} frames; sites need {FEWEST_FRAMES} or more, a "
                "few for each time that an ion stays."
            )
    maps = site_maps(several, element, found_from)
    first = np.cumsum([0] + [len(one.kind) for one in maps])
    positions, hulls = Positions(int(first[-1])), AccessibleHulls(int(first[-1]))
    every = max(1, round(volume_interval_ps / several[0].interval_ps))
    total = sum(run.n_frames for run in several)
    told = 0
    where = []
    for run, sites, start in zip(several, maps, first, strict=False):
        count = _counter(progress, told, total, element)
        where.append(_follow(run, element, sites, (positions, hulls), int(start), every, count))
        told += run.n_frames
    filtered = [
        find_visits(one, recrossing_frames=_frames(recrossing_ps, several[0].interval_ps))
        for one in where
    ]
    plain = [find_visits(one) for one in where] if recrossing_ps > 0 else filtered
    known = np.concatenate([run.temperature_K for run in several])
    known = known[np.isfinite(known)]
    found = _record(
        several, element, maps, where, (positions, hulls), (joined(filtered), joined(plain))
    )
    return dataclasses.replace(
        found,
        recrossing_ps=recrossing_ps,
        volume_interval_ps=every * several[0].interval_ps,
        temperature_K=float(known.mean()) if len(known) else np.nan,
    )


def _counter(
    progress: ProgressCallback | None, told: int, total: int, element: str
) -> Callable[[int], None]:
    def count(done: int) -> None:
        if progress is not None:
            progress(Progress(told + done, total, f"sites of {element}"))

    return count


def _follow(
    run: Frames,
    element: str,
    sites: SiteMap,
    collectors: tuple[Positions, AccessibleHulls],
    first: int,
    every: int,
    count: Callable[[int], None],
) -> NDArray[np.int32]:
    """Return the site of each ion in each frame of a run, (n_frames, n_ions); collect positions.

    Sites are numbered from `first`; −1 is none.
    """
    ions = run.atoms_of(element)
    searcher, framework = sites.searcher(), Framework(run, element)
    where = np.empty((run.n_frames, len(ions)), dtype=np.int32)
    for index in range(run.n_frames):
        found, offsets = searcher.find(framework.without_drift(index)[ions])
        found = np.where(found >= 0, found + first, -1)
        where[index] = found
        if index % every == 0:
            held = found >= 0
            for one in collectors:
                one.add(found[held], offsets[held])
        count(index + 1)
    return where


def _frames(time_ps: float, interval_ps: float) -> int:
    return int(np.ceil(time_ps / interval_ps - 1e-9))


def _record(
    runs: Sequence[Frames],
    element: str,
    maps: Sequence[SiteMap],
    where: Sequence[NDArray[np.int32]],
    collected: tuple[Positions, AccessibleHulls],
    visits: tuple[Visits, Visits],
) -> Sites:
    filtered, plain = visits
    positions, accessible = collected[0], collected[1].volumes()
    seen = collected[1].seen
    run = runs[0]
    site_kind = np.concatenate([one.kind for one in maps])
    fractional = np.concatenate([one.fractional for one in maps])
    polyhedron_A3 = np.concatenate([one.polyhedron_A3 for one in maps])
    sizes = [len(one.kind) for one in maps]
    followed_ps = np.repeat([one.n_frames * one.interval_ps for one in runs], sizes)
    n_sites = len(site_kind)
    times = np.bincount(filtered.site, filtered.n_frames * run.interval_ps, n_sites)
    departures = np.bincount(filtered.site[~filtered.cut_after], minlength=n_sites)
    residence = np.divide(times, departures, out=np.full(n_sites, np.nan), where=departures > 0)
    occupancy = times / followed_ps
    visited = np.bincount(filtered.site, minlength=n_sites) > 0
    names = _in_order(site_kind, occupancy)
    n_positions = common_number(positions, [visited & (site_kind == name) for name in names])
    volumes = site_volumes(positions, n_positions)
    whole = site_volumes(positions, n_positions, share=1.0)
    kinds = []
    for kind in names:
        here = site_kind == kind
        of_kind, of_plain = here[filtered.site], here[plain.site]
        measured = here & np.isfinite(volumes)
        known, hulls = volumes[measured], whole[measured]
        often = here & (seen >= FEW_POSITIONS)
        kinds.append(
            SiteKind(
                kind=kind,
                n_sites=int(here.sum()),
                n_visited=int(visited[here].sum()),
                occupancy=float(occupancy[here].mean()),
                polyhedron_A3=float(polyhedron_A3[here].mean()),
                volume_A3=float(known.mean()) if len(known) else np.nan,
                volume_std_A3=float(known.std()) if len(known) else np.nan,
                whole_hull_A3=float(hulls.mean()) if len(known) else np.nan,
                accessible_A3=float(accessible[often].mean()) if often.any() else np.nan,
                accessible_std_A3=float(accessible[often].std()) if often.any() else np.nan,
                accessible_positions=float(seen[often].mean()) if often.any() else 0.0,
                volume_convergence=convergence(positions, np.flatnonzero(here & visited)),
                residence=residence_time(filtered, of_kind, run.interval_ps),
                residence_without_filter_ps=residence_time(
                    plain, of_plain, run.interval_ps
                ).mean_ps,
            )
        )
    return Sites(
        element=element,
        n_ions=where[0].shape[1],
        n_replicas=len(runs),
        duration_ps=min(one.duration_ps for one in runs),
        interval_ps=run.interval_ps,
        temperature_K=np.nan,
        found_from=maps[0].found_from,
        recrossing_ps=np.nan,
        volume_interval_ps=np.nan,
        volume_positions=n_positions,
        between_share=float(sum((one < 0).sum() for one in where) / sum(one.size for one in where)),
        kinds=tuple(kinds),
        fractional=fractional,
        replica=np.repeat(np.arange(1, len(maps) + 1), sizes),
        kind=site_kind,
        occupancy=occupancy,
        volume_A3=volumes,
        residence_ps=residence,
        departures=departures,
        cell=run.mean_cell,
        network=jump_network(filtered, fractional, site_kind, run.interval_ps),
    )


def _in_order(kind: NDArray[np.str_], occupancy: FloatArray) -> list[str]:
    """Return the kinds, the most occupied ones first, without those that are never visited."""
    names = [str(name) for name in np.unique(kind) if name != BLOCKED]
    share = {name: float(occupancy[kind == name].sum()) for name in names}
    first = [name for name in ("tetrahedral", "octahedral") if name in names]
    rest = sorted(
        (name for name in names if name not in first and share[name] > 0.0),
        key=lambda name: -share[name],
    )
    return first + rest
