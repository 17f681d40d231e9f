"""What is summed up while the atoms of one element are followed through all runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.diffusion import squared_displacements
from sinterface.analysis.drift import Drift
from sinterface.analysis.estimates import (
    MAX_RELATIVE_STD,
    Estimate,
    diffusivity,
    ratio,
    scaled,
)
from sinterface.analysis.records import Record
from sinterface.analysis.slope_scatter import Scatters
from sinterface.analysis.slopes import Slope, fit_slope
from sinterface.analysis.stream import Frames
from sinterface.progress import ProgressCallback
from sinterface.units import BOLTZMANN_EV_PER_K

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

HOP_A = 2.0
"""Length of a hop, by which the number of jumps in a run is judged."""

MIN_JUMPS = 10.0
"""Fewest jumps, of all atoms together, for a diffusivity."""

FEW_ATOMS = 5
RARE = 2.0
"""With fewer atoms than `FEW_ATOMS` in all runs, whose hops make the slope vary `RARE` times as
much as Gaussian motion would, their scatter tells no interval, only a bound."""

MOVED_A = 1.2
"""An atom has left its place when its mean position has moved farther than this."""

ELEMENTARY_CHARGE_C = 1.602176634e-19
A3_PER_CM3 = 1e24


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


class Motion:
    """Sums over the atoms of one element in all runs, one component set (3 axes or one)."""

    def __init__(self, lags: IntArray, n_frames: int) -> None:
        self.lags = lags
        self.scatters = Scatters(n_frames)
        self.each: list[FloatArray] = []
        self.lengths: list[int] = []

    def begin(self) -> None:
        """Begin with another run."""
        self.scatters.begin_replica()

    def add(self, positions: FloatArray, msd: FloatArray, n_common: int) -> None:
        """Add paths of a run with their MSDs; scatter is measured over the first `n_common`."""
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
        """Return the slope at long lags; without `scattered` as of Gaussian, independent paths."""
        lengths, counts = np.unique(self.lengths, return_counts=True)
        return fit_slope(
            self.lags,
            self.mean,
            lengths=lengths.astype(np.int64),
            numbers=counts.astype(np.float64),
            n_components=n_components,
            scatters=self.scatters if scattered else None,
        )


class ElementMotion:
    """All that is gathered about one element while its atoms are followed."""

    def __init__(self, lags: IntArray, n_common: int) -> None:
        self._lags = lags
        self._common = n_common
        self._all = Motion(lags, n_common)
        self._axes = [Motion(lags, n_common) for _ in range(3)]
        self._sum = Motion(lags, n_common)
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
        """Return the element's figures once all runs have been followed."""
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
    if n_atoms < FEW_ATOMS and slope.inflation > RARE:
        return f"{n_atoms} atom(s) with rare hops: too few to tell how their paths scatter"
    return ""
