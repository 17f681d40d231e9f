"""Results of a transport study: diffusivities, Arrhenius fits, lattice parameter, polyhedra."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.analysis.drift import NOT_AT_REST
from sinterface.analysis.statistics import student_interval
from sinterface.errors import InputError
from sinterface.study.graph import Before, Place
from sinterface.study.steps.aggregating import Found, analyses, data_of, reason_of, summary_of

if TYPE_CHECKING:
    from sinterface.analysis.arrhenius import Arrhenius, Point
    from sinterface.report.outcome import Outcome
    from sinterface.report.study_results import Value

SYSTEM = ("x", "volume")
"""Conditions that tell one Arrhenius fit from another."""

MOVING = "No element of the framework stays at its places, as it does in a crystal"
"""How the note begins that names such runs."""

HEADLINES = ("activation_energy", "extrapolated_diffusivity", "extrapolated_conductivity")

FEWEST = 5
"""Departures that a mean residence time wants: its standard error is the mean over their root."""

WIDEST = 1000.0
"""Ratio of the ends of an extrapolation's 95 % interval from which on it tells nothing."""


def collect(place: Place) -> Found:
    """Return what a transport study found."""
    settings = place.settings["values"]
    points, values, notes = diffusivities(place)
    fits, more = arrhenius(points, settings)
    values += [*more, *conductivities(values, settings)]
    lattice_values, lattice = lattices(place, settings)
    outcomes = [arrhenius_outcome(element, fits[element]) for element in fits if fits[element]]
    outcomes += [lattice] if lattice is not None else []
    ions = [one for stage in analyses(place, "sites") for one in sites(stage)]
    shapes = [one for stage in analyses(place, "polyhedra") for one in polyhedra(stage)]
    found = [*_headlines(values), *lattice_values, *ions, *shapes, *_details(values)]
    return Found(found, outcomes, notes)


def diffusivities(
    place: Place,
) -> tuple[dict[tuple[str, tuple[Any, ...]], list[Point]], list[Value], list[str]]:
    """Return points by element and system, all values, and what wasn't done."""
    from sinterface.analysis.arrhenius import Point
    from sinterface.report.study_results import Value, bounded, conditions

    points: dict[tuple[str, tuple[Any, ...]], list[Point]] = {}
    values: list[Value] = []
    notes, moving = [], []
    for stage in analyses(place, "diffusion"):
        where, data = stage.settings["where"], data_of(stage)
        if data is None:
            notes.append(f"{stage.name}: {reason_of(stage)}")
            continue
        kelvin = float(where["temperature_K"])
        if data["drift"].endswith(NOT_AT_REST):
            moving.append(f"x = {where['x']:g} at {kelvin:g} K")
        for element, found in data["elements"].items():
            tracer = found["tracer_diffusivity_cm2_s"]
            values.append(
                bounded("diffusivity", f"diffusivity of {element}", tracer, "cm²/s", where)
            )
            moved = Value(
                "moved", f"{element} that left their place", float(found["n_moved"]), math.nan, (),
                "atoms", True, f"of {found['n_atoms'] * data['n_replicas']}", conditions(where),
            )  # fmt: skip
            values.append(moved)
            value, std = (math.nan if tracer[k] is None else tracer[k] for k in ("value", "std"))
            system = element, tuple((key, where.get(key)) for key in SYSTEM if key in where)
            points.setdefault(system, []).append(Point(kelvin, value, std, stage.name))
        values.append(
            bounded("conductivity", "ionic conductivity", data["conductivity_S_cm"], "S/cm", where)
        )
    if moving:
        every = len(moving) == len(analyses(place, "diffusion"))
        notes.append(f"{MOVING}: {'every run' if every else '; '.join(dict.fromkeys(moving))}")
    return points, values, notes


def arrhenius(
    points: Mapping[tuple[str, tuple[Any, ...]], list[Point]], settings: Mapping[str, Any]
) -> tuple[dict[str, list[tuple[str, Arrhenius]]], list[Value]]:
    """Return the fits of each element, and their values; the dopant from its own temperature on."""
    from sinterface.analysis.arrhenius import fit_arrhenius
    from sinterface.report.study_results import Value, conditions

    fits: dict[str, list[tuple[str, Arrhenius]]] = {}
    values: list[Value] = []
    at_K = float(settings["extrapolate_K"])
    for (element, system), own in points.items():
        where = dict(system)
        from_K = settings["dopant_from_K"] if element == settings["dopant"] else 0.0
        told = conditions(where)
        name = f"activation energy of {element}"
        try:
            fit = fit_arrhenius(own, at_K=(at_K,), from_K=float(from_K))
        except InputError as error:
            values.append(
                Value(
                    "activation_energy",
                    name,
                    math.nan,
                    math.nan,
                    (),
                    "eV",
                    False,
                    str(error),
                    told,
                )
            )
            continue
        fits.setdefault(element, []).append((_label(where), fit))
        values += fitted(fit, element, where)
    return fits, values


def fitted(fit: Arrhenius, element: str, where: Mapping[str, Any]) -> list[Value]:
    """Return activation energy and extrapolations of a fit; intervals that tell nothing, as such.

    An activation energy is resolved where its 95 % interval lies above zero, an extrapolation
    where its interval is narrower than `WIDEST`.
    """
    from sinterface.report.study_results import Value, conditions
    from sinterface.report.words import interval

    used = ", ".join(f"{one.temperature_K:g}" for one in fit.used)
    name, told = f"activation energy of {element}", conditions(where)
    low, high = fit.activation_energy_ci95_eV
    energy, std = fit.activation_energy_eV, fit.activation_energy_std_eV
    how, good = f"weighted fit over {used} K", low > 0
    if not good:
        how += f": the 95 % interval, {interval(low, high)} eV, includes zero"
        energy = std = math.nan
    ends = (low, high) if good else ()
    found = [Value("activation_energy", name, energy, std, ends, "eV", good, how, told)]
    for one in fit.extrapolations:
        good = one.ci95[1] < WIDEST * one.ci95[0]
        how = one.flag or "from the Arrhenius fit"
        if not good:
            how = f"the 95 % interval, {interval(*one.ci95)} cm²/s, is too wide to tell anything"
        number, std = (one.D_cm2_s, one.D_cm2_s * one.std_ln) if good else (math.nan, math.nan)
        found.append(
            Value(
                "extrapolated_diffusivity", f"extrapolated diffusivity of {element}", number,
                std, one.ci95 if good else (), "cm²/s", good, how,
                conditions({**where, "temperature_K": one.temperature_K}),
            )
        )  # fmt: skip
    return found


def conductivities(values: Sequence[Value], settings: Mapping[str, Any]) -> list[Value]:
    """Return each system’s ionic conductivity at another temperature, from a fit of σT."""
    from sinterface.analysis.arrhenius import Point, fit_arrhenius
    from sinterface.report.study_results import Value, conditions

    points: dict[tuple[tuple[str, Any], ...], list[Point]] = {}
    for value in values:
        if value.key == "conductivity":
            told = {one.name: one.value for one in value.conditions}
            kelvin = float(told["temperature"])
            system = tuple((key, told[key]) for key in SYSTEM if key in told)
            one = Point(kelvin, value.value * kelvin, value.std * kelvin, value.name)
            points.setdefault(system, []).append(one)
    found = []
    for system, own in points.items():
        try:
            fit = fit_arrhenius(own, at_K=(float(settings["extrapolate_K"]),))
        except InputError:  # fewer than three points: D's own fit says so
            continue
        at = fit.extrapolations[0]
        number, ends = at.D_cm2_s / at.temperature_K, [k / at.temperature_K for k in at.ci95]
        if ends[1] >= WIDEST * ends[0]:
            continue
        how = f"weighted fit of σT, E_a {fit.activation_energy_eV:.3f} eV"
        where = {**dict(system), "temperature_K": at.temperature_K}
        found.append(
            Value(
                "extrapolated_conductivity", "extrapolated ionic conductivity", number,
                number * at.std_ln, (ends[0], ends[1]), "S/cm", True,
                f"{how}; {at.flag}" if at.flag else how, conditions(where),
            )
        )  # fmt: skip
    return found


PUBLISHED = "Kim et al., Energy Storage Mater. (2024), doi 10.1016/j.ensm.2024.103842"


def lattices(place: Place, settings: Mapping[str, Any]) -> tuple[list[Value], Outcome | None]:
    """Return the lattice parameter at each content, its change against x = 0, and their figure."""
    from sinterface.report.study_results import Value, conditions

    edges: dict[tuple[float, float], list[float]] = {}
    single: dict[tuple[float, float], float] = {}
    for stage in place.of("equilibrate"):
        found = summary_of(stage)
        kelvin = float(stage.settings["phases"][-1]["temperature_K"])
        x = float(stage.settings["where"]["x"])
        cells = float(np.prod(settings["supercell"])) ** (1.0 / 3.0)
        edges.setdefault((x, kelvin), []).append(found["edge_A"] / cells)
        single[x, kelvin] = (found["edge_error_A"] or math.nan) / cells
    values, rows = [], []
    for (x, kelvin), own in sorted(edges.items()):
        mean = float(np.mean(own))
        several = len(own) > 1
        std = float(np.std(own, ddof=1) / math.sqrt(len(own))) if several else single[x, kelvin]
        how = f"cube root of the mean volume, {len(own)} builds" if several else "one build"
        where = conditions({"x": x, "temperature_K": kelvin})
        values.append(
            Value(
                "lattice_parameter", "lattice parameter", mean, std,
                student_interval(mean, std, len(own)), "Å", True, how, where,
            )
        )  # fmt: skip
        rows.append((x, kelvin, mean, std))
        base = next((row for row in rows if row[0] == 0.0 and row[1] == kelvin), None)
        if base is not None and x > 0:
            change = 100.0 * (mean / base[2] - 1.0)
            error = 100.0 * math.hypot(std, base[3]) / base[2]
            fewest = min(len(own), len(edges[0.0, kelvin]))
            known = settings["rule"] == "Co4+ on Zr" and x == 0.5
            published = -0.73 if known else math.nan
            values.append(
                Value(
                    "lattice_change", "change of the lattice parameter", change, error,
                    student_interval(change, error, fewest), "%", True, "against x = 0", where,
                    published, PUBLISHED if known else "",
                )
            )  # fmt: skip
    return values, _lattice_outcome(rows) if len({row[0] for row in rows}) > 1 else None


def sites(stage: Before) -> list[Value]:
    """Return residence times and volumes of an ion's kinds of sites."""
    from sinterface.report.study_results import Value, conditions

    data = data_of(stage)
    found = []
    for kind in data.get("kinds", ()) if data else ():
        told = {key: v for key, v in stage.settings["where"].items() if key != "element"}
        where = conditions({"site": kind["kind"], **told})
        residence = kind["residence"]
        mean = math.nan if residence["mean_ps"] is None else float(residence["mean_ps"])
        ends = residence["ci95_ps"] or ()
        known = tuple(float(end) for end in ends) if None not in ends else ()
        seen = int(residence["n_departures"])
        std = mean / math.sqrt(seen) if seen else math.nan
        how = f"{seen} departures, stays at the ends of the run censored"
        good = math.isfinite(mean) and seen >= FEWEST
        if seen < FEWEST:
            how = f"only {seen} departures; a mean wants {FEWEST}"
            mean, known = math.nan, ()
        name = f"residence time of {data['element'] if data else ''}"
        found.append(
            Value("residence_time", name, mean, std if good else math.nan, known, "ps", good, how,
                  where)
        )  # fmt: skip
        volume, error = kind["accessible_A3"], kind["accessible_std_A3"]
        if volume is not None:
            how = (
                f"hull of every position taken, mean over {kind['n_visited']} sites; it grows with "
                "the length of the run"
            )
            name = f"accessible volume of {data['element'] if data else ''}"
            std = math.nan if error is None else float(error) / math.sqrt(kind["n_visited"])
            found.append(Value("site_volume", name, float(volume), std, (), "Å³", True, how, where))
    return found


def polyhedra(stage: Before) -> list[Value]:
    """Return the mean shape measure of each kind of polyhedron."""
    from sinterface.report.study_results import Value, conditions

    data = data_of(stage)
    if not data:
        return []
    kinds = [data] if "center" in data else [one for one in data.values() if _is_kind(one)]
    found = []
    for one in kinds:
        own = np.array([v for v in one["csm_of_replicas"] if v is not None], dtype=np.float64)
        if not len(own):
            continue
        several = len(own) > 1
        std = float(own.std(ddof=1) / math.sqrt(len(own))) if several else math.nan
        name = f"shape measure of {one['center']}{one['ligand']}{one['coordination']}"
        how = f"against the {one['ideal']}; 0 is undistorted; {len(own)} build(s)"
        mean = float(own.mean())
        found.append(
            Value("shape_measure", name, mean, std, student_interval(mean, std, len(own)), "",
                  True, how, conditions(stage.settings["where"]))
        )  # fmt: skip
    return found


def _is_kind(value: Any) -> bool:
    return isinstance(value, dict) and "center" in value


def _lattice_outcome(rows: list[tuple[float, float, float, float]]) -> Outcome:
    from sinterface.report.curves import Line, line_figure
    from sinterface.report.outcome import Curves, Drawing, Outcome

    lines = []
    for kelvin in sorted({row[1] for row in rows}):
        own = np.array([row for row in rows if row[1] == kelvin])
        lines.append(
            Line(own[:, 0], own[:, 2], f"{kelvin:g} K", std=own[:, 3], marker="o", bars=True)
        )
    figure = line_figure(lines, "x a formula unit", "lattice parameter (Å)")
    names = ("x", "temperature_K", "lattice_parameter_A", "std_A")
    return Outcome(
        "lattice", "Lattice parameter against dopant content", {"rows": [list(r) for r in rows]},
        tuple({"x": f"{r[0]:g}", "T (K)": f"{r[1]:g}", "a (Å)": f"{r[2]:.4f} ± {r[3]:.1g}"}
              for r in rows),
        (Curves("lattice", dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))),),
        (Drawing("lattice", figure, "Lattice parameter without pressure; bars: standard errors."),),
    )  # fmt: skip


def arrhenius_outcome(element: str, fits: list[tuple[str, Arrhenius]]) -> Outcome:
    """Return the Arrhenius plot of an element, all systems in one."""
    from sinterface.report.curves import OKABE_ITO, Line, line_figure
    from sinterface.report.outcome import Curves, Drawing, Outcome
    from sinterface.report.words import with_error, with_interval

    lines: list[Line] = []
    names = ("system", "temperature_K", "D_cm2_s", "std_cm2_s")
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for number, (label, fit) in enumerate(fits):
        color = OKABE_ITO[number % len(OKABE_ITO)]
        kelvin = np.array([one.temperature_K for one in fit.used])
        found = np.array([one.D_cm2_s for one in fit.used])
        std = np.array([one.std_cm2_s for one in fit.used])
        lines.append(
            Line(1000.0 / fit.band_K, fit.band_cm2_s, "", color=color, dashes=(3, 1.5), width=1.0)
        )
        text = f"{label}: {fit.activation_energy_eV:.3f} eV"
        lines.append(
            Line(1000.0 / kelvin, found, text, std=std, color=color, marker="o", bars=True)
        )
        columns["system"] += [label] * len(kelvin)
        columns["temperature_K"] += kelvin.tolist()
        columns["D_cm2_s"] += found.tolist()
        columns["std_cm2_s"] += std.tolist()
    figure = line_figure(lines, "1000/T (1/K)", "D (cm²/s)", logarithmic="y", width_in=4.6)
    rows = tuple(
        {
            "system": label,
            "E_a (eV)": with_error(fit.activation_energy_eV, fit.activation_energy_std_eV),
            **{
                f"D at {one.temperature_K:g} K (cm²/s), 95 %": with_interval(one.D_cm2_s, *one.ci95)
                for one in fit.extrapolations
            },
        }
        for label, fit in fits
    )
    caption = "Diffusivities with standard errors over all replicas, and weighted Arrhenius fits."
    notes = [
        f"{label}: {one.flag}" for label, fit in fits for one in fit.extrapolations if one.flag
    ]
    name = f"arrhenius-{element}"
    data = {"element": element, "fits": {label: fit.to_dict() for label, fit in fits}}
    return Outcome(
        name, f"Arrhenius plot of {element}", data, rows, (Curves(name, columns),),
        (Drawing(name, figure, caption),), tuple(notes),
    )  # fmt: skip


def _label(where: Mapping[str, Any]) -> str:
    words = [f"x = {where['x']:g}"] if "x" in where else []
    words += ["fixed volume"] if where.get("volume") == "fixed" else []
    return ", ".join(words) or "all"


def _headlines(values: list[Value]) -> list[Value]:
    return [v for v in values if v.key in HEADLINES]


def _details(values: list[Value]) -> list[Value]:
    return [v for v in values if v.key not in HEADLINES]
