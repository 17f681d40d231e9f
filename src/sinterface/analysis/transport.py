"""Diffusivities from a streamed trajectory: tracer, collective, along each axis, with intervals.

Definitions: D is the slope of the mean squared displacement over 2d; the collective diffusivity
is that of the summed displacement of an element's atoms; H_R = D_tracer/D_collective; the ionic
conductivity is the slope of the squared charge displacement over 6VkT.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from sinterface.analysis.diffusion import squared_displacements
from sinterface.analysis.drift import find_drift
from sinterface.analysis.estimates import Estimate, diffusivity, scaled
from sinterface.analysis.motion import (
    A3_PER_CM3,
    ELEMENTARY_CHARGE_C,
    ElementDiffusion,
    ElementMotion,
    Motion,
)
from sinterface.analysis.records import Record
from sinterface.analysis.slopes import fit_lags
from sinterface.analysis.stream import Frames
from sinterface.errors import InputError
from sinterface.progress import ProgressCallback
from sinterface.units import BOLTZMANN_EV_PER_K

MIN_FRAMES = 10
"""Fewest frames for a diffusivity."""

CHARGES: dict[str, float] = {
    "H": 1.0, "Li": 1.0, "Na": 1.0, "K": 1.0, "Mg": 2.0, "Ca": 2.0, "Al": 3.0, "Ga": 3.0,
    "La": 3.0, "Y": 3.0, "Co": 3.0, "Ni": 2.0, "Mn": 4.0, "Zr": 4.0, "Ti": 4.0, "Ge": 4.0,
    "Si": 4.0, "Ta": 5.0, "Nb": 5.0, "P": 5.0, "O": -2.0, "S": -2.0, "F": -1.0, "Cl": -1.0,
    "Br": -1.0, "I": -1.0, "N": -3.0,
}  # fmt: skip
"""Formal charges, in elementary charges."""


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
    flux = Motion(lags, shortest)
    found = []
    fluxes = [np.zeros((run.n_frames, 3)) for run in runs]
    for element in runs[0].elements:
        if element not in wanted and not used_charges.get(element):
            continue
        motion = ElementMotion(lags, shortest)
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
        drift="; ".join(dict.fromkeys(one.words for one in drifts)),
        notes=tuple(dict.fromkeys(note for run in runs for note in run.notes)),
    )


def _conductivity(
    flux: Motion, runs: Sequence[Frames], interval_ps: float, kelvin: float
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
