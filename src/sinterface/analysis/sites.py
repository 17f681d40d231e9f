"""Sites of the ions of an element: where they are, how large, how long they are held."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sinterface.analysis.framework import Framework
from sinterface.analysis.jumps import JumpNetwork, jump_network
from sinterface.analysis.maxima import density_maxima
from sinterface.analysis.records import Record
from sinterface.analysis.residence import Residence, residence_time
from sinterface.analysis.site_volumes import (
    Positions,
    common_number,
    convergence,
    site_volumes,
)
from sinterface.analysis.stream import Frames
from sinterface.analysis.visits import Visits, find_visits
from sinterface.analysis.voids import BLOCKED, find_voids, with_images
from sinterface.errors import InputError
from sinterface.progress import Progress, ProgressCallback

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

RECROSSING_PS = 0.1
"""An excursion shorter than this, about a period of Li's vibration, is no jump."""

VOLUME_INTERVAL_PS = 0.05
"""Time between the positions whose hull is a site's volume."""

FRAMEWORK_FRAMES = 200
MOLTEN_A = 0.9
"""Root mean square distance from its mean place, from which an atom is no framework."""

ANIONS = ("N", "O", "F", "S", "Cl", "Br", "I")
NEAREST = 8
REACH_A = 4.0


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
    volume_convergence: NDArray[np.float64]
    residence: Residence
    residence_without_filter_ps: float


@dataclasses.dataclass(frozen=True)
class Sites(Record):
    """Sites of an element.

    Attributes
    ----------
    element, n_ions, duration_ps, interval_ps, temperature_K
        What was followed, for how long, frame interval; temperature NaN where unknown.
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
    fractional, kind, occupancy, volume_A3, residence_ps, departures
        Of each site: centre, kind, mean number of ions, volume by the positions visited (NaN with
        too few), time spent over departures (NaN without), departures.
    network
        Jumps between sites.
    """

    element: str
    n_ions: int
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
    kind: NDArray[np.str_]
    occupancy: NDArray[np.float64]
    volume_A3: NDArray[np.float64]
    residence_ps: NDArray[np.float64]
    departures: NDArray[np.int64]
    network: JumpNetwork


@dataclasses.dataclass(frozen=True)
class SiteMap:
    """Centres of sites in the mean cell, and what tells them apart.

    An ion is in the site of least power distance |x − c|² − r²: with r the distance to the
    anions about a void, the border of two voids is the face that they share.
    """

    fractional: FloatArray
    square_A2: FloatArray
    kind: NDArray[np.str_]
    polyhedron_A3: FloatArray
    cell: FloatArray
    found_from: str

    def searcher(self) -> _Searcher:
        """Return what finds the site of a position."""
        return _Searcher(self)


class _Searcher:
    def __init__(self, sites: SiteMap) -> None:
        self.cell, self.kind = sites.cell, sites.kind
        points, self.whose = with_images(sites.fractional @ sites.cell, sites.cell, REACH_A)
        self.points, self.square = points, sites.square_A2[self.whose]
        self.tree = cKDTree(points)
        self.blocked = sites.kind == BLOCKED

    def find(self, fractional: FloatArray) -> tuple[IntArray, FloatArray]:
        """Return the site of each position (−1: none) and the offset from its centre."""
        positions = (fractional - np.floor(fractional)) @ self.cell
        near = min(NEAREST, len(self.points))
        distance, index = self.tree.query(positions, k=near, distance_upper_bound=REACH_A)
        distance, index = distance.reshape(len(positions), -1), index.reshape(len(positions), -1)
        missing = index == len(self.points)
        index = np.where(missing, 0, index)
        power = np.where(missing, np.inf, distance**2 - self.square[index])
        best = index[np.arange(len(index)), power.argmin(axis=1)]
        sites = np.where(missing.all(axis=1), -1, self.whose[best])
        sites = np.where((sites >= 0) & self.blocked[sites], -1, sites)
        return sites.astype(np.int64), positions - self.points[best]


def find_sites(
    run: Frames,
    element: str,
    *,
    found_from: str = "auto",
    recrossing_ps: float = RECROSSING_PS,
    volume_interval_ps: float = VOLUME_INTERVAL_PS,
    progress: ProgressCallback | None = None,
) -> Sites:
    """Find an element's sites, and follow its ions from site to site.

    Parameters
    ----------
    run
        The run; read twice: a sample for the framework, then every frame.
    element
        Whose sites.
    found_from
        ``"framework"``, ``"density"``, or ``"auto"``: the framework while it stands.
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
    ions = run.atoms_of(element)
    if run.n_frames < 10:
        raise InputError(
            f"'{run.name}' has {run.n_frames} frames; sites need 10 or more, a few for each time "
            "that an ion stays."
        )
    sites = site_map(run, element, found_from)
    searcher, framework = sites.searcher(), Framework(run, element)
    where = np.empty((run.n_frames, len(ions)), dtype=np.int32)
    positions = Positions(len(sites.kind))
    every = max(1, round(volume_interval_ps / run.interval_ps))
    for index in range(run.n_frames):
        found, offsets = searcher.find(framework.without_drift(index)[ions])
        where[index] = found
        if index % every == 0:
            held = found >= 0
            positions.add(found[held], offsets[held])
        if progress is not None:
            progress(Progress(index + 1, run.n_frames, f"sites of {element}"))
    visits = find_visits(where, recrossing_frames=_frames(recrossing_ps, run.interval_ps))
    plain = find_visits(where) if recrossing_ps > 0 else visits
    known = np.isfinite(run.temperature_K)
    return dataclasses.replace(
        _record(run, element, sites, where, positions, (visits, plain)),
        recrossing_ps=recrossing_ps,
        volume_interval_ps=every * run.interval_ps,
        temperature_K=float(run.temperature_K[known].mean()) if known.any() else np.nan,
    )


def _frames(time_ps: float, interval_ps: float) -> int:
    return int(np.ceil(time_ps / interval_ps - 1e-9))


def site_map(run: Frames, element: str, found_from: str = "auto") -> SiteMap:
    """Return the sites of an element, from the framework or from where its ions are."""
    if found_from not in ("auto", "framework", "density"):
        raise InputError(
            f"Sites are found from 'framework', 'density' or 'auto', not '{found_from}'."
        )
    framework, spread = _spread(run, element)
    symbols, fractional = framework.mean()
    anion = np.isin(symbols, ANIONS)
    stands = bool(anion.any()) and float(np.sqrt((spread[anion] ** 2).mean())) < MOLTEN_A
    if found_from == "density" or (found_from == "auto" and not stands):
        return _from_density(run, element)
    if not anion.any():
        raise InputError(
            f"'{run.name}' has no anions that could make sites; find them from the density."
        )
    cartesian = fractional @ run.mean_cell
    # A cation that travels is no framework, and blocks no site.
    staying = ~anion & (spread < MOLTEN_A)
    voids = find_voids(cartesian[anion], cartesian[staying], run.mean_cell)
    return SiteMap(
        voids.fractional, voids.square_A2, voids.kind, voids.volume_A3, run.mean_cell, "framework"
    )


def _spread(run: Frames, element: str) -> tuple[Framework, FloatArray]:
    """Return the framework with its mean, and each atom's root mean square distance from it."""
    framework = Framework(run, element)
    frames = range(0, run.n_frames, max(1, run.n_frames // FRAMEWORK_FRAMES))
    start = framework.without_drift(0)[framework.atoms]
    squares = np.zeros(len(framework.atoms))
    for index in frames:
        moved = framework.add(index)[framework.atoms] - start
        squares += ((moved @ run.mean_cell) ** 2).sum(axis=1)
    shift = (framework.mean()[1] - start) @ run.mean_cell
    variance = squares / len(frames) - (shift**2).sum(axis=1)
    return framework, np.sqrt(np.maximum(variance, 0.0))


def _from_density(run: Frames, element: str) -> SiteMap:
    found = density_maxima(run, element)
    n = len(found)
    return SiteMap(
        found, np.zeros(n), np.full(n, "site"), np.full(n, np.nan), run.mean_cell, "density"
    )


def _record(
    run: Frames,
    element: str,
    sites: SiteMap,
    where: NDArray[np.int32],
    positions: Positions,
    visits: tuple[Visits, Visits],
) -> Sites:
    filtered, plain = visits
    n_sites = len(sites.kind)
    times = np.bincount(filtered.site, filtered.n_frames * run.interval_ps, n_sites)
    departures = np.bincount(filtered.site[~filtered.cut_after], minlength=n_sites)
    residence = np.divide(times, departures, out=np.full(n_sites, np.nan), where=departures > 0)
    occupancy = times / (run.n_frames * run.interval_ps)
    visited = np.bincount(filtered.site, minlength=n_sites) > 0
    names = _in_order(sites.kind, occupancy)
    n_positions = common_number(positions, [visited & (sites.kind == name) for name in names])
    volumes = site_volumes(positions, n_positions)
    whole = site_volumes(positions, n_positions, share=1.0)
    kinds = []
    for kind in names:
        here = sites.kind == kind
        of_kind, of_plain = here[filtered.site], here[plain.site]
        measured = here & np.isfinite(volumes)
        known, hulls = volumes[measured], whole[measured]
        kinds.append(
            SiteKind(
                kind=kind,
                n_sites=int(here.sum()),
                n_visited=int(visited[here].sum()),
                occupancy=float(occupancy[here].mean()),
                polyhedron_A3=float(sites.polyhedron_A3[here].mean()),
                volume_A3=float(known.mean()) if len(known) else np.nan,
                volume_std_A3=float(known.std()) if len(known) else np.nan,
                whole_hull_A3=float(hulls.mean()) if len(known) else np.nan,
                volume_convergence=convergence(positions, np.flatnonzero(here & visited)),
                residence=residence_time(filtered, of_kind, run.interval_ps),
                residence_without_filter_ps=residence_time(
                    plain, of_plain, run.interval_ps
                ).mean_ps,
            )
        )
    return Sites(
        element=element,
        n_ions=where.shape[1],
        duration_ps=run.duration_ps,
        interval_ps=run.interval_ps,
        temperature_K=np.nan,
        found_from=sites.found_from,
        recrossing_ps=np.nan,
        volume_interval_ps=np.nan,
        volume_positions=n_positions,
        between_share=float((where < 0).mean()),
        kinds=tuple(kinds),
        fractional=sites.fractional,
        kind=sites.kind,
        occupancy=occupancy,
        volume_A3=volumes,
        residence_ps=residence,
        departures=departures,
        network=jump_network(filtered, sites.fractional, sites.kind, run.interval_ps),
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
