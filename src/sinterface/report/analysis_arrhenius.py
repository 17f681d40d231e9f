"""``analyze arrhenius``: activation energy from results of ``analyze diffusion``."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sinterface.analysis.arrhenius import Arrhenius, Point, fit_arrhenius
from sinterface.errors import InputError
from sinterface.report.curves import Line, line_figure
from sinterface.report.outcome import Curves, Drawing, Outcome
from sinterface.report.palette import element_color
from sinterface.report.words import interval


def read_points(paths: Sequence[Path], element: str) -> list[Point]:
    """Return the diffusivities of an element in results of ``analyze diffusion``.

    Raises
    ------
    InputError
        When a file is no such result, lacks the element or the temperature.
    """
    return [_read_point(path, element) for path in paths]


def compute(
    paths: Sequence[Path],
    element: str,
    *,
    at_K: Sequence[float] = (300.0,),
    from_K: float = 0.0,
    to_K: float | None = None,
    transitions_K: Sequence[float] = (),
) -> Outcome:
    """Fit an element's diffusivities in several results."""
    fit = fit_arrhenius(
        read_points(paths, element),
        at_K=at_K,
        from_K=from_K,
        to_K=to_K,
        transitions_K=transitions_K,
    )
    return present(fit, element)


def across_temperatures(
    found: Mapping[str, Path], *, at_K: Sequence[float] = (300.0,)
) -> list[tuple[Outcome | None, str]]:
    """Fit what several systems of a set have in common but the temperature in their name.

    Parameters
    ----------
    found
        Folder of the result of ``analyze diffusion`` by the system's name, such as
        ``"llzo-1000K"``.
    at_K
        Extrapolated to.

    Returns
    -------
    list
        A fit and an empty text, or None and the reason why there is no fit, for each element that
        moves, of each set of systems.
    """
    families: dict[str, list[Path]] = {}
    for name, folder in found.items():
        families.setdefault(re.sub(r"-?\d+(\.\d+)?K", "", name), []).append(folder)
    done: list[tuple[Outcome | None, str]] = []
    for family, folders in families.items():
        if len(folders) < 2:
            continue
        for element in _moving(folders):
            try:
                outcome = compute(folders, element, at_K=at_K)
            except InputError as error:
                done.append((None, f"{family}, {element}: {error}"))
                continue
            name = f"arrhenius-{family}-{element}" if len(families) > 1 else f"arrhenius-{element}"
            title = f"Arrhenius fit of {element}" + (f", {family}" if len(families) > 1 else "")
            done.append((dataclasses.replace(outcome, name=name, title=title), ""))
    return done


def _moving(folders: Sequence[Path]) -> list[str]:
    """Return the elements with a diffusivity in at least one result."""
    moving: list[str] = []
    for folder in folders:
        data = json.loads((folder / "diffusion.json").read_text(encoding="utf-8"))
        for element, entry in data["elements"].items():
            if entry["tracer_diffusivity_cm2_s"]["value"] is not None and element not in moving:
                moving.append(element)
    return moving


def present(fit: Arrhenius, element: str) -> Outcome:
    """Return a fit as JSON, table, curves and figure."""
    rows = [
        {"quantity": "E_a (eV)", "value": f"{fit.activation_energy_eV:.4f}",
         "95 %": "{:.4f} to {:.4f}".format(*fit.activation_energy_ci95_eV)},
        {"quantity": "D0 (cm²/s)", "value": f"{fit.prefactor_cm2_s:.3g}",
         "95 %": f"factor {np.exp(1.96 * fit.prefactor_ln_std):.2f}"},
    ]  # fmt: skip
    rows += [
        {
            "quantity": f"D at {one.temperature_K:g} K (cm²/s)",
            "value": f"{one.D_cm2_s:.3g}",
            "95 %": interval(*one.ci95),
        }
        for one in fit.extrapolations
    ]
    temperatures = ", ".join(f"{one.temperature_K:g}" for one in fit.used)
    notes = [f"temperatures that entered: {temperatures} K"]
    notes += [f"left out: {one.temperature_K:g} K, {one.source}" for one in fit.left_out]
    notes += [f"{one.temperature_K:g} K: {one.flag}" for one in fit.extrapolations if one.flag]
    if fit.p_value < 0.05:
        notes.append(
            f"the points don't lie on one line (χ² {fit.chi2:.1f}, p = {fit.p_value:.2g}); errors "
            "were widened"
        )
    data = {"element": element, **fit.to_dict()}
    points = Curves(
        "arrhenius_points",
        {
            "temperature_K": [one.temperature_K for one in fit.used],
            "D_cm2_s": [one.D_cm2_s for one in fit.used],
            "std_cm2_s": [one.std_cm2_s for one in fit.used],
        },
    )
    band = Curves(
        "arrhenius_line",
        {
            "temperature_K": fit.band_K,
            "D_cm2_s": fit.band_cm2_s,
            "low_cm2_s": fit.band_low_cm2_s,
            "high_cm2_s": fit.band_high_cm2_s,
        },
    )
    return Outcome(
        "arrhenius", f"Arrhenius fit of {element}", data, tuple(rows), (points, band),
        (_drawing(fit, element),), tuple(notes),
    )  # fmt: skip


def _drawing(fit: Arrhenius, element: str) -> Drawing:
    color = element_color(element, line=True)
    points = np.array([(one.temperature_K, one.D_cm2_s, one.std_cm2_s) for one in fit.used])
    figure = line_figure(
        [
            Line(1000.0 / fit.band_K, fit.band_cm2_s, "", color=color, dashes=(3, 1.5), width=1.0),
            Line(1000.0 / points[:, 0], points[:, 1], element, std=points[:, 2], color=color,
                 marker="o", bars=True),
        ],
        "1000/T (1/K)", "D (cm²/s)", logarithmic="y",
    )  # fmt: skip
    axis = figure.axes[0]
    axis.fill_between(
        1000.0 / fit.band_K, fit.band_low_cm2_s, fit.band_high_cm2_s, color=color, alpha=0.2, lw=0
    )
    text = f"$E_a$ = {fit.activation_energy_eV:.3f} ± {fit.activation_energy_std_eV:.3f} eV"
    axis.text(0.04, 0.05, text, transform=axis.transAxes, fontsize=8.5)
    caption = "Diffusivity against 1/T with standard errors, weighted fit and its 95 % band."
    return Drawing("arrhenius", figure, caption)


def _read_point(path: Path, element: str) -> Point:
    file = path / "diffusion.json" if path.is_dir() else path
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        found, kelvin = data["elements"], data["temperature_K"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = (
            f"'{file}' is no result of 'analyze diffusion' ({error}); write one with "
            "'sinterface analyze diffusion ... -o DIR'."
        )
        raise InputError(message) from error
    if element not in found:
        message = f"'{file}' holds {', '.join(found)} but no {element}; choose one of them."
        raise InputError(message)
    if kelvin is None:
        message = f"'{file}' tells no temperature; run it again with --temperature-K."
        raise InputError(message)
    value = found[element]["tracer_diffusivity_cm2_s"]
    number, std = (np.nan if value[key] is None else value[key] for key in ("value", "std"))
    return Point(float(kelvin), float(number), float(std), str(file))
