"""Coordination polyhedra of a structure or a run: shapes, bond lengths, angles, coordination."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.histograms import Spread, Tally
from sinterface.analysis.neighbors import Neighbors, find_neighbors
from sinterface.analysis.records import Record
from sinterface.analysis.shapes import (
    COORDINATIONS,
    IDEALS,
    Ideal,
    ideals_of,
    shape_measure,
)
from sinterface.analysis.stream import Frames
from sinterface.errors import InputError
from sinterface.progress import Progress, ProgressCallback

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SEARCH_A = 4.2
"""Distance within which ligands are looked for, in Å."""

SAMPLED_FRAMES = 20
"""Frames from which the coordination number and the longest bond are found."""

OCTAHEDRON = next(ideal for ideal in IDEALS if ideal.code == "OC-6")


def octahedral_shape_measure(ligands: FloatArray) -> FloatArray:
    """Return the measure of six ligands, shape (..., 6, 3), against the octahedron."""
    return shape_measure(ligands, OCTAHEDRON)


@dataclasses.dataclass(frozen=True)
class Polyhedra(Record):
    """Coordination polyhedra about one element.

    Attributes
    ----------
    center, ligand
        Elements.
    coordination
        Ligands of each polyhedron: the nearest ones.
    ideal, ideal_code
        The ideal that `csm` is measured against, in words and as in SHAPE: the nearest one of
        its coordination unless one was asked for.
    csm
        Continuous shape measure over polyhedra and frames; 0 is undistorted.
    csm_of_each_ideal
        The same against every ideal of this coordination.
    csm_of_centers
        Mean over frames of each centre's measure, all replicas one after the other; NaN where it
        never had enough ligands.
    csm_of_replicas
        Mean of each replica, shape (n_replicas,).
    bond_length_A, angle_deg
        Over all bonds, and over all ligand–centre–ligand angles.
    cutoff_A
        Longest bond that counts in `coordination_shares`.
    coordination_shares
        Share of the centres with each number of ligands within `cutoff_A`.
    n_centers, n_incomplete
        Centres a frame, and (all frames) those with too few ligands within the search distance.
    time_ps, csm_in_time, coordination_in_time
        Means of each frame of the first replica, shape (n_frames,).
    histograms
        For csm, bond_length_A and angle_deg: middle of each bin and its share.
    """

    center: str
    ligand: str
    coordination: int
    ideal: str
    ideal_code: str
    csm: Spread
    csm_of_each_ideal: dict[str, Spread]
    csm_of_centers: NDArray[np.float64]
    csm_of_replicas: NDArray[np.float64]
    bond_length_A: Spread
    angle_deg: Spread
    cutoff_A: float
    coordination_shares: dict[str, float]
    n_centers: int
    n_incomplete: int
    time_ps: NDArray[np.float64]
    csm_in_time: NDArray[np.float64]
    coordination_in_time: NDArray[np.float64]
    histograms: dict[str, NDArray[np.float64]]


def measure_polyhedra(
    runs: Sequence[Frames],
    center: str,
    *,
    ligand: str = "O",
    coordination: int | None = None,
    ideal: str | None = None,
    cutoff_A: float | None = None,
    progress: ProgressCallback | None = None,
) -> Polyhedra:
    """Measure the polyhedra of `ligand` about `center`, frame by frame.

    Parameters
    ----------
    runs
        Replicas of one system; a structure is a run of one frame.
    center, ligand
        Elements.
    coordination
        4, 6 or 8; by default the one after which the distances to the ligands make their
        largest step, over the first frames.
    ideal
        Name or SHAPE code of the ideal; by default the nearest one.
    cutoff_A
        Longest bond; by default the middle of that step.
    progress
        Told after every frame.

    Raises
    ------
    InputError
        For an absent element, a coordination without an ideal, or centres without ligands.
    """
    shells = [_Shells(run, run.atoms_of(center), run.atoms_of(ligand)) for run in runs]
    wanted = _wanted_ideal(ideal)
    number = coordination or (wanted.coordination if wanted else None)
    number, longest = shells[0].first_shell(number, cutoff_A, f"{ligand} about {center}")
    candidates = (wanted,) if wanted else ideals_of(number)
    if any(one.coordination != number for one in candidates):
        raise InputError(
            f"The ideal '{ideal}' has {candidates[0].coordination} vertices, not {number}; "
            "give a coordination and an ideal that agree."
        )
    tally = _Shapes(candidates, number, [len(one.centers) for one in shells], longest)
    total = sum(run.n_frames for run in runs)
    done = 0
    for replica, run in enumerate(runs):
        for index in range(run.n_frames):
            tally.add(replica, shells[replica].of_frame(index))
            done += 1
            if progress is not None:
                progress(Progress(done, total, f"{center}{ligand}{number}"))
    return tally.result(center, ligand, runs[0].time_ps)


def _wanted_ideal(name: str | None) -> Ideal | None:
    if name is None:
        return None
    for ideal in IDEALS:
        if name.lower() in (ideal.name, ideal.code.lower()):
            return ideal
    known = ", ".join(f"{ideal.name} ({ideal.code})" for ideal in IDEALS)
    raise InputError(f"There is no ideal polyhedron '{name}'; give one of {known}.")


class _Shells:
    """The ligands about each centre, frame by frame."""

    def __init__(self, run: Frames, centers: IntArray, ligands: IntArray) -> None:
        self.run, self.centers, self.ligands = run, centers, ligands

    def of_frame(self, index: int) -> Neighbors:
        positions = self.run.positions(index)
        points, queries = positions[self.ligands], positions[self.centers]
        return find_neighbors(points, queries, self.run.cell[index], SEARCH_A)

    def first_shell(
        self, number: int | None, cutoff_A: float | None, what: str
    ) -> tuple[int, float]:
        """Return the coordination number and the longest bond."""
        if number is not None and number not in COORDINATIONS:
            raise InputError(
                f"There is no ideal polyhedron of {number} vertices; give a coordination of "
                f"{', '.join(map(str, COORDINATIONS))}."
            )
        step = max(1, self.run.n_frames // SAMPLED_FRAMES)
        frames = range(0, self.run.n_frames, step)
        sums, counts = np.zeros(max(COORDINATIONS) + 1), np.zeros(max(COORDINATIONS) + 1)
        for index in frames:
            rows = _ranked(self.of_frame(index), len(self.centers), len(sums))
            sums += np.nansum(rows, axis=0)
            counts += np.isfinite(rows).sum(axis=0)
        if counts[(number or min(COORDINATIONS)) - 1] == 0:
            raise InputError(
                f"There are not {number or min(COORDINATIONS)} {what} within {SEARCH_A:g} Å of "
                "any centre; look at the structure, or give another centre or ligand."
            )
        mean = np.divide(sums, counts, out=np.full(len(sums), SEARCH_A), where=counts > 0)
        mean[counts < 0.5 * counts[0]] = SEARCH_A
        steps = {n: mean[n] - mean[n - 1] for n in COORDINATIONS if counts[n - 1] > 0}
        number = number or max(steps, key=lambda n: steps[n])
        return number, cutoff_A or float(0.5 * (mean[number - 1] + mean[number]))


def _ranked(found: Neighbors, n_centers: int, n_ranks: int) -> FloatArray:
    """Return the distances to the nearest ligands, shape (n_centers, n_ranks), NaN beyond."""
    start = np.searchsorted(found.query, np.arange(n_centers))
    rank = np.arange(len(found.query)) - start[found.query]
    rows = np.full((n_centers, n_ranks), np.nan)
    near = rank < n_ranks
    rows[found.query[near], rank[near]] = found.distances[near]
    return rows


class _Shapes:
    """Sums over frames of all replicas."""

    def __init__(
        self, ideals: tuple[Ideal, ...], number: int, n_centers: list[int], cutoff_A: float
    ) -> None:
        self.ideals, self.number, self.cutoff_A = ideals, number, cutoff_A
        self.measures = [Tally(0.0, 100.0, 0.1) for _ in ideals]
        self.bonds, self.angles = Tally(0.5, SEARCH_A, 0.02), Tally(0.0, 180.0, 1.0)
        self.sums = [np.zeros((len(ideals), n)) for n in n_centers]
        self.counts = [np.zeros(n) for n in n_centers]
        self.frames: list[tuple[list[float], float]] = []
        self.coordination: IntArray = np.zeros(0, dtype=np.int64)
        self.n_incomplete = 0

    def add(self, replica: int, found: Neighbors) -> None:
        n_centers = len(self.counts[replica])
        start = np.searchsorted(found.query, np.arange(n_centers + 1))
        whole = np.flatnonzero(np.diff(start) >= self.number)
        self.n_incomplete += n_centers - len(whole)
        rows = start[whole][:, None] + np.arange(self.number)
        vectors, lengths = found.vectors[rows], found.distances[rows]
        means = []
        for k, ideal in enumerate(self.ideals):
            values = shape_measure(vectors, ideal)
            self.measures[k].add(values)
            self.sums[replica][k, whole] += values
            means.append(float(values.mean()) if len(values) else np.nan)
        self.counts[replica][whole] += 1
        self.bonds.add(lengths)
        self.angles.add(_angles(vectors / lengths[..., None]))
        within = np.bincount(found.query[found.distances <= self.cutoff_A], minlength=n_centers)
        shares = np.bincount(within)
        size = max(len(shares), len(self.coordination))
        both = [np.pad(one, (0, size - len(one))) for one in (shares, self.coordination)]
        self.coordination = both[0] + both[1]
        if replica == 0:
            self.frames.append((means, float(within.mean())))

    def result(self, center: str, ligand: str, time_ps: FloatArray) -> Polyhedra:
        counts = np.concatenate(self.counts)
        if not counts.any():
            raise InputError(
                f"No {center} has {self.number} {ligand} within {SEARCH_A:g} Å in any frame; look "
                "at the structure, or give another coordination."
            )
        spreads = [tally.spread() for tally in self.measures]
        best = int(np.argmin([one.mean for one in spreads]))
        total = self.coordination.sum()
        tallies = {
            "csm": self.measures[best],
            "bond_length_A": self.bonds,
            "angle_deg": self.angles,
        }
        return Polyhedra(
            center=center,
            ligand=ligand,
            coordination=self.number,
            ideal=self.ideals[best].name,
            ideal_code=self.ideals[best].code,
            csm=spreads[best],
            csm_of_each_ideal={
                ideal.name: spread for ideal, spread in zip(self.ideals, spreads, strict=True)
            },
            csm_of_centers=np.divide(
                np.concatenate([sums[best] for sums in self.sums]),
                counts,
                out=np.full(len(counts), np.nan),
                where=counts > 0,
            ),
            csm_of_replicas=np.array([sums[best].sum() for sums in self.sums])
            / np.maximum([one.sum() for one in self.counts], 1.0),
            bond_length_A=self.bonds.spread(),
            angle_deg=self.angles.spread(),
            cutoff_A=self.cutoff_A,
            coordination_shares={
                str(n): float(count / total) for n, count in enumerate(self.coordination) if count
            },
            n_centers=len(self.counts[0]),
            n_incomplete=self.n_incomplete,
            time_ps=time_ps,
            csm_in_time=np.array([means[best] for means, _ in self.frames]),
            coordination_in_time=np.array([number for _, number in self.frames]),
            histograms={name: tally.histogram() for name, tally in tallies.items()},
        )


def _angles(directions: FloatArray) -> FloatArray:
    """Return the angles between all pairs of unit vectors, (..., n, 3) -> (..., n(n−1)/2)."""
    first, second = np.triu_indices(directions.shape[-2], k=1)
    cosines = (directions[..., first, :] * directions[..., second, :]).sum(axis=-1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0))))
