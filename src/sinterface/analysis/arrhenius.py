"""Activation energy and extrapolation of diffusivities at several temperatures."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2
from scipy.stats import t as student_t

from sinterface.analysis.records import Record
from sinterface.errors import InputError
from sinterface.units import BOLTZMANN_EV_PER_K

FloatArray = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Point(Record):
    """A diffusivity at a temperature; NaN where there is only a bound."""

    temperature_K: float
    D_cm2_s: float
    std_cm2_s: float
    source: str


@dataclasses.dataclass(frozen=True)
class Extrapolation(Record):
    """D at another temperature, with the interval that the fit gives, and what to beware of."""

    temperature_K: float
    D_cm2_s: float
    std_ln: float
    ci95: tuple[float, float]
    flag: str


@dataclasses.dataclass(frozen=True)
class Arrhenius(Record):
    """Weighted fit of ln D = ln D0 − E_a/kT.

    Attributes
    ----------
    activation_energy_eV, activation_energy_std_eV, activation_energy_ci95_eV
        E_a, standard error and 95 % interval.
    prefactor_cm2_s, prefactor_ln_std
        D0, and the standard error of its logarithm.
    chi2, p_value
        Of the fit; a small probability says that the points don't lie on one line, and widens
        the errors by √(χ²/ν).
    used, left_out
        Points that entered, and those that didn't with the reason in `source`.
    extrapolations
        At the temperatures asked for.
    band_K, band_cm2_s, band_low_cm2_s, band_high_cm2_s
        The line with its 95 % band.
    """

    activation_energy_eV: float
    activation_energy_std_eV: float
    activation_energy_ci95_eV: tuple[float, float]
    prefactor_cm2_s: float
    prefactor_ln_std: float
    chi2: float
    p_value: float
    used: tuple[Point, ...]
    left_out: tuple[Point, ...]
    extrapolations: tuple[Extrapolation, ...]
    band_K: NDArray[np.float64]
    band_cm2_s: NDArray[np.float64]
    band_low_cm2_s: NDArray[np.float64]
    band_high_cm2_s: NDArray[np.float64]


def fit_arrhenius(
    points: Sequence[Point],
    *,
    at_K: Sequence[float] = (300.0,),
    from_K: float = 0.0,
    to_K: float | None = None,
    transitions_K: Sequence[float] = (),
) -> Arrhenius:
    """Fit an activation energy, each point weighted by 1/(σ_D/D)².

    The points' own errors set those of the line; where they don't lie on it (χ² improbable at
    5 %) the errors grow by √(χ²/ν) and intervals use Student's t.

    Parameters
    ----------
    points
        Diffusivities; those with NaN are left out.
    at_K
        Where to extrapolate to.
    from_K, to_K
        Range of temperatures that enter.
    transitions_K
        Transitions; an extrapolation across one is flagged.

    Raises
    ------
    InputError
        When fewer than two temperatures remain.
    """
    used, left = [], []
    for point in sorted(points, key=lambda one: one.temperature_K):
        why = _left_out(point, from_K, np.inf if to_K is None else to_K)
        if why:
            left.append(dataclasses.replace(point, source=f"{point.source}: {why}"))
        else:
            used.append(point)
    kelvin = np.array([point.temperature_K for point in used])
    if len(np.unique(kelvin)) < 2:
        reasons = "; ".join(f"{one.temperature_K:g} K: {one.source}" for one in left)
        message = (
            f"An Arrhenius fit needs diffusivities at two or more temperatures, got {len(used)}"
            f"{' (left out: ' + reasons + ')' if left else ''}; run at more temperatures, longer."
        )
        raise InputError(message)
    beta = 1.0 / (BOLTZMANN_EV_PER_K * kelvin)
    logs = np.log([point.D_cm2_s for point in used])
    sigma = np.array([point.std_cm2_s / point.D_cm2_s for point in used])
    design = np.stack([np.ones_like(beta), -beta], axis=1) / sigma[:, None]
    covariance = np.linalg.inv(design.T @ design)
    intercept, energy = covariance @ design.T @ (logs / sigma)
    residual = logs / sigma - design @ (intercept, energy)
    freedom = len(used) - 2
    square = float(residual @ residual)
    p_value = float(chi2.sf(square, freedom)) if freedom else np.nan
    quantile = 1.959964
    if freedom and p_value < 0.05:
        covariance = covariance * square / freedom
        quantile = float(student_t.ppf(0.975, freedom))
    energy_std = float(np.sqrt(covariance[1, 1]))

    def line(temperature: FloatArray) -> tuple[FloatArray, FloatArray]:
        rows = np.stack([np.ones_like(temperature), -1.0 / (BOLTZMANN_EV_PER_K * temperature)], 1)
        return rows @ (intercept, energy), np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows))

    span = np.array([*kelvin, *at_K])
    band = 1.0 / np.linspace(1.0 / span.max(), 1.0 / span.min(), 200)
    middle, width = line(band)
    return Arrhenius(
        activation_energy_eV=float(energy),
        activation_energy_std_eV=energy_std,
        activation_energy_ci95_eV=(
            float(energy - quantile * energy_std),
            float(energy + quantile * energy_std),
        ),
        prefactor_cm2_s=float(np.exp(intercept)),
        prefactor_ln_std=float(np.sqrt(covariance[0, 0])),
        chi2=square,
        p_value=p_value,
        used=tuple(used),
        left_out=tuple(left),
        extrapolations=tuple(
            _extrapolated(float(one), line, quantile, kelvin, transitions_K) for one in at_K
        ),
        band_K=band,
        band_cm2_s=np.exp(middle),
        band_low_cm2_s=np.exp(middle - quantile * width),
        band_high_cm2_s=np.exp(middle + quantile * width),
    )


def _left_out(point: Point, from_K: float, to_K: float) -> str:
    if not np.isfinite(point.D_cm2_s):
        return "no diffusivity, only a bound"
    if not (point.std_cm2_s > 0.0):
        return "no standard error"
    if not from_K <= point.temperature_K <= to_K:
        return "outside the temperatures chosen"
    return ""


def _extrapolated(
    temperature: float,
    line: object,
    quantile: float,
    kelvin: FloatArray,
    transitions_K: Sequence[float],
) -> Extrapolation:
    assert callable(line)
    middle, width = line(np.array([temperature]))
    value, spread = float(middle[0]), float(width[0])
    low, high = min(temperature, float(kelvin.min())), max(temperature, float(kelvin.max()))
    crossed = [f"{one:g} K" for one in transitions_K if low < one < high]
    flags = []
    if crossed:
        flags.append(f"crosses the transition at {', '.join(crossed)}: not to be trusted")
    if temperature < float(kelvin.min()) or temperature > float(kelvin.max()):
        flags.append("an extrapolation: holds only if the mechanism stays the same")
    return Extrapolation(
        temperature_K=temperature,
        D_cm2_s=float(np.exp(value)),
        std_ln=spread,
        ci95=(float(np.exp(value - quantile * spread)), float(np.exp(value + quantile * spread))),
        flag="; ".join(flags),
    )
