"""Grain boundaries in time: energy, excess volume, disorder, segregation and its free energy.

A bicrystal has its two boundaries at 0 and ½ of the third cell vector; both count as one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.frames import read_track, time_windows
from sinterface.analysis.framework import Framework
from sinterface.analysis.neighbors import find_neighbors
from sinterface.analysis.polyhedra import octahedral_shape_measure
from sinterface.analysis.records import Record
from sinterface.analysis.statistics import Evidence, Measure, combine, window_means
from sinterface.analysis.stream import Frames
from sinterface.analysis.survival import control_survival
from sinterface.errors import InputError
from sinterface.progress import Progress, ProgressCallback
from sinterface.units import BOLTZMANN_EV_PER_K, EV_PER_A3_IN_GPA

FloatArray = NDArray[np.float64]

HALF_WIDTH_A = 5.0
"""How far a boundary reaches to both sides, as where it is built."""

BIN_A = 1.0
N_WINDOWS = 10
MOST_FRAMES = 400
J_PER_M2 = EV_PER_A3_IN_GPA / 10.0
"""1 eV/Å² in J/m²."""

FRAMEWORK = ("La", "Zr")
OXYGEN_A = 3.2


@dataclasses.dataclass(frozen=True)
class GrainBoundaries(Record):
    """What the boundaries of a set of bicrystals are like, and how it changes.

    Attributes
    ----------
    element
        What segregates; empty where the bicrystals hold none of it.
    n_runs, n_controls, area_nm2, half_width_A
        Runs and bulk controls, area of one boundary, how far a boundary reaches.
    energy
        (E − N E_bulk per atom)/(2A) in J/m²; None without energies or a bulk of the same
        composition. The error holds that of the bulk.
    excess_volume
        (V − N V_bulk per atom)/(2A) in Å; None likewise.
    disorder
        Mean shape measure of ZrO6 within the boundaries, less that of the grains.
    segregation
        Gibbs excess of the element in 1/nm²: atoms within the boundaries beyond those that the
        grains' share of the framework's cations would put there. None without the element.
    distance_A
        Middle of the bins of the profiles: distance from the nearest boundary.
    windows_ps, share
        Windows of time; in each window and bin, the element's atoms over the framework's
        cations, mean over runs, shape (n_windows, n_bins), and its standard error between runs.
    share_std
        See `share`.
    free_energy_eV, free_energy_std_eV
        −kT ln(share/share in the grains) of the second half of the run, NaN unless `at_rest`.
    at_rest
        Whether segregation came to rest: resolved, and no trend over the second half.
    free_energy_reason
        Why there is or isn't a free energy.
    """

    element: str
    n_runs: int
    n_controls: int
    area_nm2: float
    half_width_A: float
    energy: Measure | None
    excess_volume: Measure | None
    disorder: Measure
    segregation: Measure | None
    distance_A: NDArray[np.float64]
    windows_ps: NDArray[np.float64]
    share: NDArray[np.float64]
    share_std: NDArray[np.float64]
    free_energy_eV: NDArray[np.float64]
    free_energy_std_eV: NDArray[np.float64]
    at_rest: bool
    free_energy_reason: str


def follow_boundaries(
    runs: Sequence[Frames],
    controls: Sequence[Frames] = (),
    *,
    element: str = "Co",
    energies_eV: tuple[Sequence[FloatArray], Sequence[FloatArray]] | None = None,
    half_width_A: float = HALF_WIDTH_A,
    progress: ProgressCallback | None = None,
) -> GrainBoundaries:
    """Follow the boundaries of independent bicrystals.

    Parameters
    ----------
    runs
        One run a build.
    controls
        Runs of the bulk crystal of the same composition at the same temperature.
    element
        What segregates.
    energies_eV
        Potential energies of the frames of each run and of each control.
    half_width_A
        How far a boundary reaches to both sides.
    progress
        Told after every frame.

    Raises
    ------
    InputError
        When the cell holds no La or Zr, or no grain is left beside the boundaries.
    """
    sides = [_Sides(run, element, half_width_A) for run in runs]
    total = sum(len(side.frames) for side in sides)
    done = 0
    for side in sides:
        for index in side.frames:
            side.add(index)
            done += 1
            if progress is not None:
                progress(Progress(done, total, "grain boundaries"))
    evidence = _evidence(runs, controls)
    time = sides[0].time_ps
    edges, window = time_windows(time, N_WINDOWS)
    middle = 0.5 * (edges[1:] + edges[:-1])

    def measure(name: str, unit: str, rows: list[FloatArray], quantum: float = 0.0) -> Measure:
        parts = [window_means(row[: len(time)], window, len(middle)) for row in rows]
        values, errors = (np.array(part) for part in zip(*parts, strict=True))
        return combine(name, unit, middle, values, errors, evidence, quantum=quantum)

    area = sides[0].area_A2
    found = bool(sides[0].chosen.any())
    segregation = None
    if found:
        rows = [np.array(side.excess) for side in sides]
        segregation = measure(f"excess of {element}", "nm⁻²", rows, 50.0 / area)
    shares = np.array([side.share(window, len(middle)) for side in sides])
    at_rest, reason = _rest(segregation, evidence)
    if at_rest and np.isnan(_temperature_K(sides)):
        reason += "; no free energy, for the files tell no temperature"
    values, errors = _free_energy(shares, sides, at_rest)
    bulk = _Bulk(runs, controls, energies_eV)
    return GrainBoundaries(
        element=element if found else "",
        n_runs=len(runs),
        n_controls=len(controls),
        area_nm2=area / 100.0,
        half_width_A=half_width_A,
        energy=bulk.measure("energy", measure),
        excess_volume=bulk.measure("volume", measure),
        disorder=measure(
            "ZrO6 shape measure, boundary less grain", "", [np.array(s.disorder) for s in sides]
        ),
        segregation=segregation,
        distance_A=sides[0].distance_A,
        windows_ps=np.column_stack([edges[:-1], edges[1:]]),
        share=shares.mean(axis=0),
        share_std=shares.std(axis=0, ddof=1) / np.sqrt(len(shares))
        if len(shares) > 2
        else np.full(shares.shape[1:], np.nan),
        free_energy_eV=values,
        free_energy_std_eV=errors,
        at_rest=at_rest,
        free_energy_reason=reason,
    )


class _Sides:
    """Counts of one run, frame by frame, on both sides of its boundaries."""

    def __init__(self, run: Frames, element: str, half_width_A: float) -> None:
        self.run, self.half_width_A = run, half_width_A
        self.frames = range(0, run.n_frames, -(-run.n_frames // MOST_FRAMES))
        self.time_ps = run.time_ps[list(self.frames)]
        self.framework = Framework(run, element)
        self.chosen = run.symbols == element
        self.cations = np.isin(run.symbols, FRAMEWORK)
        self.zirconium = np.flatnonzero(run.symbols == "Zr")
        self.oxygen = np.flatnonzero(run.symbols == "O")
        if not self.cations.any():
            raise InputError(
                f"'{run.name}' holds neither La nor Zr, whose grains would tell where boundaries "
                "are; give a bicrystal of LLZO."
            )
        self.area_A2 = float(np.linalg.norm(np.cross(*run.mean_cell[:2])))
        self.height_A = run.volume_A3 / self.area_A2
        if self.height_A < 4.0 * half_width_A + 4.0:
            raise InputError(
                f"'{run.name}' is {self.height_A:.1f} Å high: no grain is left beside two "
                f"boundaries that reach {half_width_A:g} Å to both sides; give a higher "
                "bicrystal."
            )
        n_bins = int(0.25 * self.height_A / BIN_A)
        self.edges = np.linspace(0.0, 0.25 * self.height_A, n_bins + 1)
        self.distance_A = 0.5 * (self.edges[1:] + self.edges[:-1])
        self.excess: list[float] = []
        self.disorder: list[float] = []
        self.counts: list[tuple[FloatArray, FloatArray]] = []

    def add(self, index: int) -> None:
        fractional = self.framework.without_drift(index)
        place = fractional[:, 2] % 0.5
        distance = np.minimum(place, 0.5 - place) * self.height_A
        near = distance < self.half_width_A
        grain = ~near & (distance > self.half_width_A + 1.0)
        inside = int((self.chosen & near).sum())
        ratio = (self.chosen & grain).sum() / max(int((self.cations & grain).sum()), 1)
        expected = float(ratio * (self.cations & near).sum())
        self.excess.append((inside - expected) / (2.0 * self.area_A2) * 100.0)
        self.counts.append(
            (
                np.histogram(distance[self.chosen], self.edges)[0].astype(np.float64),
                np.histogram(distance[self.cations], self.edges)[0].astype(np.float64),
            )
        )
        self.disorder.append(self._disorder(index, near, grain))

    def _disorder(self, index: int, near: NDArray[np.bool_], grain: NDArray[np.bool_]) -> float:
        positions = self.run.positions(index)
        found = find_neighbors(
            positions[self.oxygen], positions[self.zirconium], self.run.cell[index], OXYGEN_A
        )
        start = np.searchsorted(found.query, np.arange(len(self.zirconium) + 1))
        whole = np.flatnonzero(np.diff(start) >= 6)
        shapes = octahedral_shape_measure(found.vectors[start[whole][:, None] + np.arange(6)])
        atoms = self.zirconium[whole]
        if not (near[atoms].any() and grain[atoms].any()):
            return np.nan
        return float(shapes[near[atoms]].mean() - shapes[grain[atoms]].mean())

    def share(self, window: NDArray[np.int64], n_windows: int) -> FloatArray:
        """Return the element's atoms over the framework's cations by window and distance."""
        rows = []
        for k in range(n_windows):
            inside = [self.counts[i] for i in np.flatnonzero(window[: len(self.counts)] == k)]
            ours = np.sum([one for one, _ in inside], axis=0)
            cations = np.sum([other for _, other in inside], axis=0)
            rows.append(np.divide(ours, cations, out=np.full(len(ours), np.nan), where=cations > 0))
        return np.array(rows)


class _Bulk:
    """Energy and volume against the bulk."""

    def __init__(
        self,
        runs: Sequence[Frames],
        controls: Sequence[Frames],
        energies_eV: tuple[Sequence[FloatArray], Sequence[FloatArray]] | None,
    ) -> None:
        alike = [one for one in controls if _composition(one) == _composition(runs[0])]
        self.runs, self.controls = runs, alike
        self.energies = energies_eV if energies_eV and len(alike) == len(controls) else None

    def measure(self, what: str, make: object) -> Measure | None:
        """Return the excess energy in J/m² or the excess volume in Å; None without a bulk."""
        if not self.controls or (what == "energy" and self.energies is None):
            return None
        rows, errors = [], []
        for number, run in enumerate(self.runs):
            frames = range(0, run.n_frames, -(-run.n_frames // MOST_FRAMES))
            own, per_atom = self._values(what, number)
            area = float(np.linalg.norm(np.cross(*run.mean_cell[:2])))
            unit = J_PER_M2 if what == "energy" else 1.0
            factor = unit / (2.0 * area)
            rows.append((own[list(frames)] - run.n_atoms * per_atom.mean()) * factor)
            spread = per_atom.std(ddof=1) / np.sqrt(len(per_atom)) if len(per_atom) > 1 else 0.0
            errors.append(run.n_atoms * spread * factor)
        name, unit_name = {
            "energy": ("boundary energy", "J/m²"),
            "volume": ("excess volume", "Å"),
        }[what]
        found: Measure = make(name, unit_name, rows)  # type: ignore[operator]
        std = np.hypot(found.std, float(np.mean(errors)))
        return dataclasses.replace(
            found, std=std, initial_std=float(std[0]), final_std=float(std[-1])
        )

    def _values(self, what: str, number: int) -> tuple[FloatArray, FloatArray]:
        """Return the frames' values of one run, and the mean per atom of each control."""
        if what == "energy" and self.energies is not None:
            pairs = zip(self.energies[1], self.controls, strict=True)
            per_atom = np.array([energy.mean() / one.n_atoms for energy, one in pairs])
            return np.asarray(self.energies[0][number]), per_atom
        per_atom = np.array([one.volume_A3 / one.n_atoms for one in self.controls])
        return np.abs(np.linalg.det(self.runs[number].cell)), per_atom


def _composition(run: Frames) -> tuple[tuple[str, float], ...]:
    names, counts = np.unique(run.symbols, return_counts=True)
    return tuple(
        (str(name), round(float(count) / run.n_atoms, 4))
        for name, count in zip(names, counts, strict=True)
    )


def _evidence(runs: Sequence[Frames], controls: Sequence[Frames]) -> Evidence:
    different: list[FloatArray] = []
    for run in runs:
        start = run.fractional(0)
        if not any(
            start.shape == other.shape and np.allclose(start, other, atol=1e-4)
            for other in different
        ):
            different.append(start)
    verdicts = [
        one.survived
        for control in controls
        if control.n_frames > 1
        for one in control_survival("bulk electrolyte", read_track(control))
        if one.element in FRAMEWORK  # Co on Li's sites travels in a sound crystal
    ]
    name = ("electrolyte",)
    return Evidence(
        len(different),
        missing_controls=() if verdicts else name,
        moved_controls=name if False in verdicts else (),
        unsure_controls=name if None in verdicts and False not in verdicts else (),
    )


def _rest(segregation: Measure | None, evidence: Evidence) -> tuple[bool, str]:
    """Return whether segregation has come to rest, and why (not)."""
    if segregation is None:
        return False, "there is nothing that segregates"
    if not evidence.resolved:
        return False, evidence.reason
    half = len(segregation.mean) // 2
    late = segregation.replicas[:, half:]
    if late.shape[1] < 3:
        return False, "not resolved: too few frames"
    times = np.arange(late.shape[1]) - 0.5 * (late.shape[1] - 1)
    slopes = late @ times / (times**2).sum() * (late.shape[1] - 1)
    change, error = float(slopes.mean()), float(slopes.std(ddof=1) / np.sqrt(len(slopes)))
    said = f"over the second half the excess changed by {change:+.2g} ± {error:.2g} nm⁻²"
    still = abs(change) < 2.0 * error and error < 0.25 * abs(float(late.mean())) + 0.05
    if still:
        return True, f"at rest: {said}"
    return False, f"not resolved: not at rest, {said}"


def _temperature_K(sides: Sequence[_Sides]) -> float:
    told = np.concatenate([side.run.temperature_K for side in sides])
    return float(told[np.isfinite(told)].mean()) if np.isfinite(told).any() else float("nan")


def _free_energy(
    shares: FloatArray, sides: Sequence[_Sides], at_rest: bool
) -> tuple[FloatArray, FloatArray]:
    n_bins = shares.shape[2]
    if not at_rest:
        return np.full(n_bins, np.nan), np.full(n_bins, np.nan)
    late = np.nanmean(shares[:, shares.shape[1] // 2 :], axis=1)
    grain = sides[0].distance_A > sides[0].half_width_A + 1.0
    inside = np.nanmean(late[:, grain], axis=1, keepdims=True)
    heat = BOLTZMANN_EV_PER_K * _temperature_K(sides)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = -heat * np.log(late / inside)
    each[~np.isfinite(each)] = np.nan
    known = np.isfinite(each).all(axis=0)
    error = each.std(axis=0, ddof=1) / np.sqrt(len(each))
    return np.where(known, each.mean(axis=0), np.nan), np.where(known, error, np.nan)
