"""Diffusivities from a streamed trajectory: tracer, collective, along each axis, with intervals.

Definitions: D is the slope of the mean squared displacement over 2d; the collective diffusivity
is that of the summed displacement of an element's atoms; H_R = D_tracer/D_collective; the ionic
conductivity is the slope of the squared charge displacement over 6VkT.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.diffusion import squared_displacements
from sinterface.analysis.drift import Drift, find_drift
from sinterface.analysis.records import Record
from sinterface.analysis.slopes import Scatters, Slope, fit_lags, fit_slope
from sinterface.analysis.stream import Frames
from sinterface.errors import InputError
from sinterface.progress import ProgressCallback
from sinterface.units import A2_PER_PS_IN_CM2_PER_S, BOLTZMANN_EV_PER_K

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

HOP_A = 2.0
"""Length of a hop, by which the number of jumps in a run is judged."""

MIN_JUMPS = 10.0
"""Fewest jumps, of all atoms together, for a diffusivity."""

MOVED_A = 1.2
"""An atom has left its place when its mean position has moved farther than this."""

MAX_RELATIVE_STD = 1.0 / 3.0
"""Standard error over value beyond which there is a bound but no diffusivity."""

MIN_FRAMES = 10
"""Fewest frames for a diffusivity."""

ELEMENTARY_CHARGE_C = 1.602176634e-19
A3_PER_CM3 = 1e24

CHARGES: dict[str, float] = {
    "H": 1.0, "Li": 1.0, "Na": 1.0, "K": 1.0, "Mg": 2.0, "Ca": 2.0, "Al": 3.0, "Ga": 3.0,
    "La": 3.0, "Y": 3.0, "Co": 3.0, "Ni": 2.0, "Mn": 4.0, "Zr": 4.0, "Ti": 4.0, "Ge": 4.0,
    "Si": 4.0, "Ta": 5.0, "Nb": 5.0, "P": 5.0, "O": -2.0, "S": -2.0, "F": -1.0, "Cl": -1.0,
    "Br": -1.0, "I": -1.0, "N": -3.0,
}  # fmt: skip
"""Formal charges, in elementary charges."""


@dataclasses.dataclass(frozen=True)
class Estimate(Record):
    """A number with its uncertainty, or a bound where there is no number.

    Attributes
    ----------
    value, std
        NaN when not resolved.
    ci95
        Interval that holds the true value with 95 % probability; from 0 to the bound when the
        value isn't resolved.
    upper_bound
        What the true value lies below with 95 % probability; NaN where the value is resolved.
    reason
        Why there is no value, or how it was obtained.
    """

    value: float
    std: float
    ci95: tuple[float, float]
    upper_bound: float
    reason: str

    @property
    def resolved(self) -> bool:
        """Whether there is a value."""
        return bool(np.isfinite(self.value))


@dataclasses.dataclass(frozen=True)
class ElementDiffusion(Record):
    """Motion of one element.

    Attributes
    ----------
    element, n_atoms
        Chemical symbol; atoms of one replica.
    tracer_diffusivity_cm2_s
        Self-diffusivity.
    axes_cm2_s
        The same along x, y and z.
    collective_diffusivity_cm2_s
        Of the sum of all atoms' displacements.
    haven_ratio
        Tracer over collective diffusivity.
    nernst_einstein_S_cm
        Conductivity from the tracer diffusivity alone (H_R = 1).
    n_jumps
        Jumps in all runs, estimated from the diffusive path and `HOP_A`.
    n_moved
        Atoms that have left their place.
    lag_ps, msd_A2, msd_std_A2
        MSD over all origins and its standard error, shape (n_lags,).
    line_A2
        Offset (Å²), and slope (Å²/ps), of the fitted line.
    fit_ps
        Shortest and longest lag of the fit.
    inflation
        Variance of the slope over that of Gaussian independent atoms.
    """

    element: str
    n_atoms: int
    tracer_diffusivity_cm2_s: Estimate
    axes_cm2_s: tuple[Estimate, ...]
    collective_diffusivity_cm2_s: Estimate
    haven_ratio: Estimate
    nernst_einstein_S_cm: Estimate
    n_jumps: float
    n_moved: int
    lag_ps: NDArray[np.float64]
    msd_A2: NDArray[np.float64]
    msd_std_A2: NDArray[np.float64]
    line_A2: tuple[float, ...]
    fit_ps: tuple[float, ...]
    inflation: float


@dataclasses.dataclass(frozen=True)
class Transport(Record):
    """Diffusion in a set of runs of one system.

    Attributes
    ----------
    elements
        One for each element wanted.
    conductivity_S_cm
        From the displacement of all charges together; NaN without a temperature.
    charges
        Charges used, in elementary charges.
    temperature_K
        Mean over frames and runs, or as given; NaN if unknown.
    n_replicas, n_frames, interval_ps, duration_ps
        Runs, frames of all of them, their interval, length of the shortest.
    drift
        What was taken out.
    notes
        What a reader must know.
    """

    elements: tuple[ElementDiffusion, ...]
    conductivity_S_cm: Estimate
    charges: dict[str, float]
    temperature_K: float
    n_replicas: int
    n_frames: int
    interval_ps: float
    duration_ps: float
    drift: str
    notes: tuple[str, ...]


class _Motion:
    """Sums over the atoms of one element in all runs, one component set (3 axes or one)."""

    def __init__(self, lags: IntArray, n_frames: int) -> None:
        self.lags = lags
        self.scatters = Scatters(n_frames)
        self.each: list[FloatArray] = []
        self.lengths: list[int] = []

    def begin(self) -> None:
        self.scatters.begin_replica()

    def add(self, positions: FloatArray, msd: FloatArray, n_common: int) -> None:
        self.each.append(msd)
        self.lengths += [len(positions)] * len(msd)
        self.scatters.add(positions[:n_common], msd)

    @property
    def mean(self) -> FloatArray:
        """MSD over paths, each weighted by its number of origins."""
        weight = np.asarray(self.lengths, float)[:, None] - self.lags
        each = np.concatenate(self.each)
        return np.asarray((weight * each).sum(axis=0) / weight.sum(axis=0))

    def slope(self, n_components: int, *, scattered: bool = True) -> Slope:
        lengths, counts = np.unique(self.lengths, return_counts=True)
        return fit_slope(
            self.lags,
            self.mean,
            lengths=lengths.astype(np.int64),
            numbers=counts.astype(np.float64),
            n_components=n_components,
            scatters=self.scatters if scattered else None,
        )


def transport(
    runs: Sequence[Frames],
    *,
    elements: Sequence[str] = (),
    charges: Mapping[str, float] | None = None,
    temperature_K: float | None = None,
    drift: str = "auto",
    progress: ProgressCallback | None = None,
) -> Transport:
    """Return diffusivities, Haven ratios and conductivity of a system.

    Parameters
    ----------
    runs
        Replicas of one system, with one frame interval.
    elements
        Those wanted; all if empty.
    charges
        In elementary charges, over the formal ones of `CHARGES`.
    temperature_K
        Instead of the mean of the frames.
    drift
        ``"auto"``: that of the elements at rest, slab by slab; ``"none"``; ``"all"``: that of
        the centre of mass.
    progress
        Called with the state of the computation.

    Raises
    ------
    InputError
        When an element is absent or there are too few frames.
    """
    shortest = min(run.n_frames for run in runs)
    if shortest < MIN_FRAMES:
        name = min(runs, key=lambda run: run.n_frames).name
        message = (
            f"'{name}' has {shortest} frames; a diffusivity needs {MIN_FRAMES} or more: run "
            "longer, or write frames more often."
        )
        raise InputError(message)
    wanted = tuple(elements) or runs[0].elements
    used_charges = {one: CHARGES.get(one, 0.0) for one in runs[0].elements} | dict(charges or {})
    lags = fit_lags(shortest)
    interval = runs[0].interval_ps
    kelvin = _temperature(runs, temperature_K)
    drifts = [find_drift(run, drift) for run in runs]
    flux = _Motion(lags, shortest)
    found = []
    fluxes = [np.zeros((run.n_frames, 3)) for run in runs]
    for element in runs[0].elements:
        if element not in wanted and not used_charges.get(element):
            continue
        motion = _ElementMotion(lags, shortest)
        for index, (run, shift) in enumerate(zip(runs, drifts, strict=True)):
            total = motion.follow(run, run.atoms_of(element), shift, element in wanted, progress)
            fluxes[index] += used_charges.get(element, 0.0) * total
        if element in wanted:
            volume = float(np.mean([run.volume_A3 for run in runs]))
            charge = used_charges.get(element, 0.0)
            found.append(motion.result(element, runs, interval, volume, kelvin, charge))
    for element in wanted:
        runs[0].atoms_of(element)
    for path in fluxes:
        flux.begin()
        msd = squared_displacements(path[:, None], int(lags[-1]) + 1)[:, lags]
        flux.add(path[:, None], msd, shortest)
    return Transport(
        elements=tuple(found),
        conductivity_S_cm=_conductivity(flux, runs, interval, kelvin),
        charges=used_charges,
        temperature_K=kelvin,
        n_replicas=len(runs),
        n_frames=sum(run.n_frames for run in runs),
        interval_ps=interval,
        duration_ps=min(run.duration_ps for run in runs),
        drift=drifts[0].words,
        notes=tuple(dict.fromkeys(note for run in runs for note in run.notes)),
    )


class _ElementMotion:
    """All that is gathered about one element while its atoms are followed."""

    def __init__(self, lags: IntArray, n_common: int) -> None:
        self._lags = lags
        self._common = n_common
        self._all = _Motion(lags, n_common)
        self._axes = [_Motion(lags, n_common) for _ in range(3)]
        self._sum = _Motion(lags, n_common)
        self._n_moved = 0
        self._n_atoms = 0
        self._path_ps = 0.0

    def follow(
        self,
        run: Frames,
        atoms: IntArray,
        shift: Drift,
        wanted: bool,
        progress: ProgressCallback | None,
    ) -> FloatArray:
        """Follow an element's atoms in a run; return the sum of their positions, (n_frames, 3)."""
        total = np.zeros((run.n_frames, 3))
        for motion in (self._all, *self._axes, self._sum):
            motion.begin()
        for chosen, path in run.blocks(atoms, progress=progress if wanted else None):
            path -= shift.of(run, chosen)
            path -= path[0]
            total += path.sum(axis=1)
            if wanted:
                self._add(path)
        self._n_atoms = len(atoms)
        self._path_ps += len(atoms) * run.duration_ps
        if wanted:
            msd = squared_displacements(total[:, None], int(self._lags[-1]) + 1)[:, self._lags]
            self._sum.add(total[:, None], msd, self._common)
        return total

    def _add(self, path: FloatArray) -> None:
        top = int(self._lags[-1]) + 1
        parts = [squared_displacements(path[..., axis : axis + 1], top) for axis in range(3)]
        each = [part[:, self._lags] for part in parts]
        self._all.add(path, sum(each[1:], each[0]), self._common)
        for axis, motion in enumerate(self._axes):
            motion.add(path[..., axis : axis + 1], each[axis], self._common)
        tenth = max(len(path) // 10, 1)
        moved = path[-tenth:].mean(axis=0) - path[:tenth].mean(axis=0)
        self._n_moved += int(np.count_nonzero(np.linalg.norm(moved, axis=1) > MOVED_A))

    def result(
        self,
        element: str,
        runs: Sequence[Frames],
        interval: float,
        volume_A3: float,
        kelvin: float,
        charge: float,
    ) -> ElementDiffusion:
        slope = self._all.slope(3)
        n_jumps = max(slope.value, 0.0) / interval * self._path_ps / HOP_A**2
        total_atoms = self._n_atoms * len(runs)
        why_not = _refusal(slope, n_jumps, self._n_moved, total_atoms)
        tracer = diffusivity(slope, 3, interval, why_not)
        axes = tuple(diffusivity(one.slope(1), 1, interval, why_not) for one in self._axes)
        sums = self._sum.slope(3)
        collective = diffusivity(sums, 3, interval, why_not, scale=1.0 / self._n_atoms)
        factor = np.nan
        if charge and np.isfinite(kelvin):
            density = self._n_atoms / volume_A3 * A3_PER_CM3
            factor = density * charge**2 * ELEMENTARY_CHARGE_C / (BOLTZMANN_EV_PER_K * kelvin)
        each = np.concatenate(self._all.each)
        spread = each.std(axis=0, ddof=1) if len(each) > 1 else np.full(len(self._lags), np.nan)
        return ElementDiffusion(
            element=element,
            n_atoms=self._n_atoms,
            tracer_diffusivity_cm2_s=tracer,
            axes_cm2_s=axes,
            collective_diffusivity_cm2_s=collective,
            haven_ratio=ratio(tracer, collective),
            nernst_einstein_S_cm=scaled(tracer, factor),
            n_jumps=n_jumps,
            n_moved=self._n_moved,
            lag_ps=self._lags.astype(np.float64) * interval,
            msd_A2=self._all.mean,
            msd_std_A2=spread / np.sqrt(len(each)),
            line_A2=(slope.offset, slope.value / interval),
            fit_ps=(slope.first * interval, slope.last * interval),
            inflation=slope.inflation,
        )


def _refusal(slope: Slope, n_jumps: float, n_moved: int, n_atoms: int) -> str:
    """Return why a tracer diffusivity can't be told; empty when it can."""
    if slope.value <= 0.0 or slope.std > MAX_RELATIVE_STD * slope.value:
        return "the slope of the MSD is within three standard errors of zero: the run is too short"
    if not slope.linear:
        return "the MSD has not become linear: the run is too short"
    if n_jumps < MIN_JUMPS:
        return f"about {n_jumps:.1f} jumps of {HOP_A:g} Å in all; {MIN_JUMPS:g} are needed"
    if n_moved < min(3, n_atoms):
        return f"{n_moved} atom(s) left their place by more than {MOVED_A:g} Å: too few jumps"
    return ""


def diffusivity(
    slope: Slope, n_components: int, interval_ps: float, why_not: str = "", *, scale: float = 1.0
) -> Estimate:
    """Return a diffusivity in cm²/s from a slope in Å² a frame."""
    unit = scale * A2_PER_PS_IN_CM2_PER_S / (2.0 * n_components * interval_ps)
    if not why_not and (slope.value <= 0.0 or slope.std > MAX_RELATIVE_STD * slope.value):
        why_not = "the slope is within three standard errors of zero: the run is too short"
    if why_not:
        bound = unit * slope.upper_bound(0.95)
        return Estimate(np.nan, np.nan, (0.0, bound), bound, why_not)
    low, high = slope.interval()
    how = f"lags {slope.first * interval_ps:.3g}–{slope.last * interval_ps:.3g} ps"
    return Estimate(unit * slope.value, unit * slope.std, (unit * low, unit * high), np.nan, how)


def scaled(estimate: Estimate, factor: float) -> Estimate:
    """Return an estimate times an exact factor."""
    return Estimate(
        value=estimate.value * factor,
        std=estimate.std * factor,
        ci95=(estimate.ci95[0] * factor, estimate.ci95[1] * factor),
        upper_bound=estimate.upper_bound * factor,
        reason=estimate.reason if np.isfinite(factor) else "no temperature, or no charge",
    )


def ratio(above: Estimate, below: Estimate) -> Estimate:
    """Return the ratio of two estimates, their errors taken as independent, ln-normal."""
    if not (above.resolved and below.resolved):
        why = above.reason if not above.resolved else below.reason
        return Estimate(np.nan, np.nan, (np.nan, np.nan), np.nan, f"not resolved: {why}")
    value = above.value / below.value
    relative = float(np.hypot(above.std / above.value, below.std / below.value))
    spread = float(np.exp(1.96 * relative))
    reason = "tracer over collective diffusivity"
    return Estimate(value, value * relative, (value / spread, value * spread), np.nan, reason)


def _conductivity(
    flux: _Motion, runs: Sequence[Frames], interval_ps: float, kelvin: float
) -> Estimate:
    """Return the conductivity from the squared displacement of charge, in S/cm."""
    if not np.isfinite(kelvin):
        nothing = np.nan
        reason = "no temperature is known; give --temperature-K"
        return Estimate(nothing, nothing, (nothing, nothing), nothing, reason)
    if not flux.mean[-1] > 0.0:
        return Estimate(np.nan, np.nan, (np.nan, np.nan), np.nan, "no charge moves")
    volume_cm3 = float(np.mean([run.volume_A3 for run in runs])) / A3_PER_CM3
    moved = diffusivity(flux.slope(3), 3, interval_ps, "")
    factor = ELEMENTARY_CHARGE_C / (BOLTZMANN_EV_PER_K * kelvin * volume_cm3)
    return scaled(moved, factor)


def _temperature(runs: Sequence[Frames], given: float | None) -> float:
    if given is not None:
        if not given > 0.0:
            raise InputError(f"The temperature must be greater than 0 K, got {given:g}.")
        return given
    frames = np.concatenate([run.temperature_K for run in runs])
    return float(frames.mean())
