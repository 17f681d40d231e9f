"""The network of jumps between sites."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.pathway import loops
from sinterface.analysis.records import Record
from sinterface.analysis.visits import Visits
from sinterface.analysis.voids import BLOCKED

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class JumpNetwork(Record):
    """Jumps between sites.

    Attributes
    ----------
    start, end, count
        Sites of each connection that was used, and how often, shape (n_connections,) each.
    kinds
        Kinds of sites.
    between_kinds
        Jumps from one kind (row) to another (column), shape (n_kinds, n_kinds).
    rate_per_ps
        The same per time spent on the first kind.
    neighbors
        Mean number of sites of each kind (column) that jumps connect with a site of a kind
        (row), over the sites that were left or reached.
    n_jumps
        All jumps.
    back_share
        Share of the jumps that the ion's next jump takes back; one over the number of
        neighbours where jumps forget each other.
    dimensions
        Independent directions in which the used connections run through the periodic cell.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    count: NDArray[np.int64]
    kinds: tuple[str, ...]
    between_kinds: NDArray[np.int64]
    rate_per_ps: NDArray[np.float64]
    neighbors: NDArray[np.float64]
    n_jumps: int
    back_share: float
    dimensions: int


def jump_network(
    visits: Visits, fractional: FloatArray, kind: NDArray[np.str_], interval_ps: float
) -> JumpNetwork:
    """Return the network of the jumps in some visits.

    Parameters
    ----------
    visits
        Of all ions.
    fractional, kind
        Centres and kinds of the sites.
    interval_ps
        Time between frames.
    """
    start, end = visits.jumps()
    n_sites = len(kind)
    pairs, count = np.unique(start * n_sites + end, return_counts=True)
    first, last = pairs // max(n_sites, 1), pairs % max(n_sites, 1)
    used = set(kind[visits.site].tolist())
    names = tuple(name for name in sorted(used - {BLOCKED}))
    of = {name: index for index, name in enumerate(names)}
    numbers = np.array([of.get(str(name), 0) for name in kind], dtype=np.int64)
    table = np.zeros((len(names),) * 2, dtype=np.int64)
    np.add.at(table, (numbers[first], numbers[last]), count)
    times = np.bincount(
        numbers[visits.site], visits.n_frames * interval_ps, minlength=len(names)
    ).astype(np.float64)
    return JumpNetwork(
        start=first,
        end=last,
        count=count.astype(np.int64),
        kinds=names,
        between_kinds=table,
        rate_per_ps=np.asarray(table / np.maximum(times, 1e-300)[:, None]),
        neighbors=_neighbors(first, last, numbers, len(names)),
        n_jumps=len(start),
        back_share=_back_share(visits),
        dimensions=_dimensions(first, last, fractional),
    )


def _neighbors(first: IntArray, last: IntArray, kind: IntArray, n_kinds: int) -> FloatArray:
    links = np.unique(
        np.concatenate([np.column_stack([first, last]), np.column_stack([last, first])]), axis=0
    )
    table = np.zeros((n_kinds, n_kinds))
    if len(links) == 0:
        return table
    np.add.at(table, (kind[links[:, 0]], kind[links[:, 1]]), 1.0)
    linked = np.bincount(kind[np.unique(links[:, 0])], minlength=n_kinds)
    return np.asarray(table / np.maximum(linked, 1)[:, None])


def _back_share(visits: Visits) -> float:
    same = visits.ion[2:] == visits.ion[:-2]
    if not same.any():
        return float("nan")
    return float((visits.site[2:] == visits.site[:-2])[same].mean())


def _dimensions(first: IntArray, last: IntArray, fractional: FloatArray) -> int:
    edges: list[list[tuple[int, tuple[int, int, int]]]] = [[] for _ in range(len(fractional))]
    crossed = -np.rint(fractional[last] - fractional[first]).astype(np.int64)
    for one, other, (a, b, c) in zip(first.tolist(), last.tolist(), crossed.tolist(), strict=True):
        edges[one].append((other, (a, b, c)))
        edges[other].append((one, (-a, -b, -c)))
    return max((int(np.linalg.matrix_rank(paths)) for paths in loops(edges)), default=0)
