"""Sentences made from the numbers of a run, claiming no more than the run can carry."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sinterface.analysis.results import InterfaceAnalysis, SideDegradation
from sinterface.analysis.statistics import Measure
from sinterface.report.palette import SIDE_NAMES

NOT_RESOLVED = "not resolved"

NBSP = "\u00a0"
"""A space at which no line breaks."""


FAR = 30.0
"""Ratio of the ends of an interval from which on a common number of decimals hides one."""


def number(value: float, digits: int = 3) -> str:
    """Return a number with `digits` significant figures, a true minus sign, "–" if undefined."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -4 or exponent > 5:
        mantissa = f"{value / 10**exponent:.{max(digits - 1, 0)}f}"
        return f"{mantissa}·10{superscript(exponent)}".replace("-", "−")
    return f"{value:.{max(digits - 1 - exponent, 0)}f}".replace("-", "−")


def with_error(value: float, error: float, unit: str = "") -> str:
    """Return "2.31 ± 0.12 Å" or "2.3 ± 0.4 Å": the value to the digits that its error leaves.

    The error has two significant figures where it begins with 1 or 2, else one; the spaces inside
    don't break. Without a finite, positive error the value stands alone.
    """
    if not math.isfinite(value):
        return "–"
    tail = f"{NBSP}{unit}" if unit else ""
    if not (math.isfinite(error) and error > 0):
        return number(value) + tail
    exponent = math.floor(math.log10(error))
    if exponent < -4 or exponent > 4:
        power = math.floor(math.log10(max(abs(value), error)))
        inner = with_error(value / 10.0**power, error / 10.0**power)
        return f"({inner})·10{superscript(power)}{tail}"
    decimals = max((1 if error < 2.95 * 10.0**exponent else 0) - exponent, 0)
    told = round(value, decimals) + 0.0  # no −0.0
    return f"{told:.{decimals}f}{NBSP}±{NBSP}{error:.{decimals}f}{tail}".replace("-", "−")


def interval(low: float, high: float) -> str:
    """Return "3.2 to 3.4", both ends to the digits that the width leaves; powers of ten outside.

    Ends of one sign far apart stand for themselves.
    """
    if low * high > 0 and max(abs(low), abs(high)) > FAR * min(abs(low), abs(high)):
        return f"{number(low, 2)} to {number(high, 2)}"
    power = math.floor(math.log10(max(abs(low), abs(high), 1e-300)))
    scale, mark = (1.0, "") if -4 < power < 5 else (10.0**power, f"·10{superscript(power)}")
    width = abs(high - low) / scale
    decimals = max(1 - math.floor(math.log10(width)), 0) if width > 0.0 else 3
    text = f"{low / scale:.{decimals}f} to {high / scale:.{decimals}f}".replace("-", "−")
    return f"({text}){mark}" if mark else text


def with_interval(value: float, low: float, high: float) -> str:
    """Return "3.33 (3.2 to 3.4)", or "3.33 (3.2 to 3.4)·10⁻⁵" where powers of ten are wanted."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return number(value)
    power = math.floor(math.log10(abs(value))) if value else 0
    if -4 < power < 5 or low <= 0 or high > FAR * low:
        return f"{number(value)} ({interval(low, high).strip('()')})"
    scale = 10.0**power
    inner = f"{number(value / scale)} ({interval(low / scale, high / scale)})"
    return f"{inner}·10{superscript(power)}"


def superscript(value: int) -> str:
    """Return an integer in superscript characters."""
    return str(value).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def duration(time_ps: float) -> str:
    """Return a time in ps, or in ns from one nanosecond on."""
    if time_ps >= 1000:
        return f"{time_ps / 1000:.4g}{NBSP}ns"
    return f"{time_ps:.4g}{NBSP}ps"


def final_value(measure: Measure) -> str:
    """Return the last window's value: with its standard error where resolved, else without."""
    return _value(measure, measure.final, measure.final_std)


def formula(counts: Mapping[str, int]) -> str:
    """Return a formula with subscripts, carriers and framework first, oxygen last."""
    order = ["Li", "La", "Zr", "Co"]
    ranks = {symbol: rank for rank, symbol in enumerate(order)} | {"O": len(order) + 1}
    symbols = sorted(counts, key=lambda symbol: (ranks.get(symbol, len(order)), symbol))
    lowered = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    return "".join(f"{symbol}{counts[symbol]}".translate(lowered) for symbol in symbols)


def initial_value(measure: Measure) -> str:
    """Return the first window's value: with its standard error where resolved, else without."""
    return _value(measure, measure.initial, measure.initial_std)


def relaxed_value(measure: Measure) -> str:
    """Return the value of the relaxed structures, before heating; "–" if unknown."""
    return _value(measure, measure.relaxed, math.nan)


def _value(measure: Measure, value: float, error: float) -> str:
    if measure.below(value):
        return f"≤{NBSP}{with_error(measure.resolution, math.nan, measure.unit)}"
    return with_error(value, error if measure.resolved else math.nan, measure.unit)


def change_value(measure: Measure) -> str:
    """Return the change over the run with sign and standard error, or "not resolved"."""
    if not measure.resolved:
        return NOT_RESOLVED
    sign = "+" if measure.change > 0 else ""
    text = sign + with_error(measure.change, measure.change_std, measure.unit)
    return f"{text} or more" if measure.lower_bound else text


def change_sentence(subject: str, measure: Measure) -> str:
    """Return one sentence about what a figure did during the run.

    Parameters
    ----------
    subject
        What is measured, as it stands after "The".
    measure
        Its figures.
    """
    if not math.isfinite(measure.final):
        return f"The {subject} is undefined in this run: {reason(measure.reason)}."
    if measure.below(max(measure.initial, measure.final)):
        return (
            f"The {subject} stays below what the planes' spacing lets one tell "
            f"({final_value(measure)})."
        )
    before = ""
    if math.isfinite(measure.relaxed):
        before = f"is {relaxed_value(measure)} in the relaxed structure, before heating, and "
    if not measure.resolved:
        return (
            f"The {subject} {before}reads {initial_value(measure)} in the first window and "
            f"{final_value(measure)} in the last; whether that is a change is {NOT_RESOLVED}."
        )
    return (
        f"The {subject} {before}goes from {initial_value(measure)} to {final_value(measure)} "
        f"between the first window and the last, {_verdict(measure)} ({change_value(measure)})."
    )


def _verdict(measure: Measure) -> str:
    """Return whether a resolved figure changed in the run, or before its first window."""
    if measure.changed:
        return "a change that differs from zero at 95 %"
    whole = abs(measure.final - measure.relaxed)
    if not whole > _student(len(measure.replicas)) * measure.final_std:
        return "no change that can be told from zero at 95 %"
    if abs(measure.initial - measure.relaxed) > 0.5 * whole:
        return (
            "so that most of its change happened during heating, before the first window, thermal "
            "motion included; what came after can't be told from zero at 95 %"
        )
    return "which differs from the relaxed structure but not from the first window at 95 %"


def escaped_sentence(side: SideDegradation) -> str:
    """Return one sentence about the Co atoms that left the electrode on a side."""
    count, density = side.interdiffused, side.interdiffused_per_nm2
    if not math.isfinite(count.final):
        return "The number of Co atoms that left the electrode is undefined in this run."
    if float(np.nan_to_num(count.replicas).max(initial=0.0)) == 0:
        limit = ""
        if count.resolved:
            atoms = number(3.0 / len(count.replicas), 2)
            limit = f" (fewer than {atoms} Co atoms a build at 95 %)"
        return (
            "No Co atom was found detached and more than 4 Å beyond the relaxed outermost Co plane "
            f"in any window{limit}; in a run of this length that is no proof of stability."
        )
    text = (
        f"At the end {final_value(count)} Co atoms a build ({final_value(density)}) are more than "
        "4 Å beyond the relaxed outermost Co plane and detached from it"
    )
    if math.isfinite(density.relaxed):
        text += f" ({relaxed_value(density)} in the relaxed structure, before heating)"
    if not density.resolved:
        return f"{text}; whether that is more than at the start is {NOT_RESOLVED}."
    if density.changed:
        return f"{text}, against {initial_value(density)} at the start (different at 95 %)."
    return f"{text}, not to be told from the start ({initial_value(density)}) at 95 %."


def side_paragraph(
    side: SideDegradation, analysis: InterfaceAnalysis, li_excess_per_nm2: float | None
) -> str:
    """Return the paragraph of one side.

    Parameters
    ----------
    side
        One of `analysis.sides`.
    analysis
        The whole analysis.
    li_excess_per_nm2
        Li excess of this side as built, in Li/nm², if known.
    """
    excess = ""
    if li_excess_per_nm2 is not None:
        excess = f", built with a Li excess of Γ = {signed(li_excess_per_nm2)} Li/nm²,"
    octahedra = "distortion of the CoO₆ octahedra at this boundary (shape measure)"
    sentences = [
        f"This side{excess} was followed for {duration(analysis.duration_ps)} at "
        f"{analysis.temperature_K:.0f} K in {_builds(analysis.n_replicas)}.",
        change_sentence("interdiffusion width", side.width),
        escaped_sentence(side),
        change_sentence(octahedra, side.layer_csm),
        _inside_sentence(analysis),
    ]
    if not side.resolved:
        sentences.append(f"{NOT_RESOLVED.capitalize()}, because: {reason(side.reason)}.")
    return " ".join(sentence for sentence in sentences if sentence)


def comparison_sentence(analysis: InterfaceAnalysis) -> str:
    """Return whether the two sides differ in their change of interdiffusion width.

    The builds are paired: both sides live in one cell. Student's t at 95 %.
    """
    lower, upper = analysis.sides
    if not (lower.width.resolved and upper.width.resolved):
        return f"Whether the two sides degrade differently is {NOT_RESOLVED}."
    change = [side.width.replicas[:, -1] - side.width.replicas[:, 0] for side in analysis.sides]
    difference = change[0] - change[1]
    mean, error = _mean_and_error(difference)
    if error > 0.0 and abs(mean) > _student(len(difference)) * error:
        more, less = (lower, upper) if mean > 0 else (upper, lower)
        return (
            f"The {SIDE_NAMES[more.side]} side widened more than the {SIDE_NAMES[less.side]} one, "
            f"by {with_error(abs(mean), error, lower.width.unit)} (paired builds, 95 %)."
        )
    return (
        "The two sides can't be told apart by their widening: "
        f"{with_error(mean, error, lower.width.unit)} between them (paired builds, 95 %)."
    )


def headline(analysis: InterfaceAnalysis) -> str:
    """Return the sentence at the top of a report; one more where the electrode fell apart."""
    return _width_headline(analysis) + _electrode_clause(analysis)


def _electrode_clause(analysis: InterfaceAnalysis) -> str:
    """Return that the inside of the slab did not stay a crystal, where that is so."""
    moved = [one for one in analysis.survival if one.where == "electrode"]
    if all(one.survived is not False for one in moved):
        return ""
    return (
        " The electrode itself, in the inside of its slab, did not stay a crystal: what happens at "
        "its boundaries is not theirs alone."
    )


def _width_headline(analysis: InterfaceAnalysis) -> str:
    resolved = [side for side in analysis.sides if side.width.resolved]
    span = f"{duration(analysis.duration_ps)} at {analysis.temperature_K:.0f} K"
    if not resolved and analysis.sides[0].resolved:
        return (
            f"{span}: neither interdiffusion width rose above what the planes' spacing lets one "
            "tell."
        )
    if not resolved:
        return (
            f"{span}: what happened in {_builds(analysis.n_replicas)} is shown; whether it is "
            f"more than chance is {NOT_RESOLVED}."
        )
    changed = [SIDE_NAMES[side.side] for side in resolved if side.width.changed]
    if not changed:
        return f"{span}: neither interdiffusion width changed beyond its uncertainty."
    return (
        f"{span}: the interdiffusion width changed beyond its uncertainty on the "
        f"{' and the '.join(changed)} side{'s' if len(changed) > 1 else ''}."
    )


def methods(
    analysis: InterfaceAnalysis,
    *,
    study: Mapping[str, Any],
    card: Mapping[str, Any],
    cutoff_A: float | None,
    certificates: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return the methods paragraph, from the settings, certificates and what was measured."""
    interface, dynamics = study.get("interface", {}), study.get("dynamics", {})
    method = reference_method(card) or "a reference that its card does not name"
    reach = "" if cutoff_A is None else f" with a cutoff of {cutoff_A:g} Å"
    start = dynamics.get("equilibration_ps")
    heating = "" if start is None else f" after {start:g} ps of equilibration"
    step = dynamics.get("timestep_fs")
    integration = "" if step is None else f" with a time step of {step:g} fs"
    strain = interface.get("max_strain")
    strained = "" if strain is None else f" (allowed strain of an edge: {100 * strain:g} %)"
    return (
        "One periodic cell holds both boundaries: the electrode in the middle, the Li-deficient "
        f"boundary below it and the Li-sufficient one above{strained}. "
        f"{_charge_sentence(certificates)}{_relaxation_sentence(certificates)}"
        "Forces come from a Behler–Parrinello network (one network an element, atom-centred "
        f"symmetry functions{reach}) trained on {method}. Molecular dynamics at constant "
        f"temperature and volume ran in LAMMPS for {duration(analysis.duration_ps)}{heating}"
        f"{integration}, with a mean temperature of {analysis.temperature_K:.1f} K "
        f"(standard deviation {analysis.temperature_std_K:.1f} K); a frame was analysed every "
        f"{analysis.frame_interval_ps:g} ps, {analysis.n_frames} frames in all."
    )


def _charge_sentence(certificates: Sequence[Mapping[str, Any]]) -> str:
    charges = [float(one["charge_e"]) for one in certificates if "charge_e" in one]
    if not charges or len(charges) < len(certificates):
        return ""
    if max(map(abs, charges)) < 1e-6:
        return "The whole cell is formally neutral. "
    stated = ", ".join(f"{charge:+g}".replace("-", "−") for charge in charges)
    return f"The whole cell carries a formal charge (builds in order: {stated} e). "


def _relaxation_sentence(certificates: Sequence[Mapping[str, Any]]) -> str:
    ended = [one.get("relaxation", {}).get("converged") for one in certificates]
    text = "Positions and the length of the normal were relaxed before the run"
    if False in ended:
        wanting = ", ".join(str(n) for n, one in enumerate(ended, 1) if one is False)
        return f"{text}, but not to the tolerances in build {wanting}. "
    if ended and all(ended):
        text += ", to the tolerances of the settings"
    return f"{text}. "


def reference_method(card: Mapping[str, Any]) -> str | None:
    """Return name and version of the reference method in a potential's card, if it says one."""
    entry = card.get("reference")
    if isinstance(entry, str):
        return _proper(entry)
    if not isinstance(entry, Mapping):
        return None
    name = entry.get("name", entry.get("method"))
    if not isinstance(name, str):
        return None
    return f"{_proper(name)} {entry['version']}" if entry.get("version") else _proper(name)


def _proper(name: str) -> str:
    return {"chgnet": "CHGNet", "gpaw": "GPAW", "cp2k": "CP2K", "vasp": "VASP"}.get(name, name)


def _inside_sentence(analysis: InterfaceAnalysis) -> str:
    inside = analysis.inside_csm
    if not math.isfinite(inside.final):
        return ""
    before = ""
    if math.isfinite(inside.relaxed):
        before = f", from {relaxed_value(inside)} in the relaxed structure"
    text = f"In the inside of the slab the same measure ends at {final_value(inside)}{before}"
    if analysis.bulk_csm is None or not math.isfinite(analysis.bulk_csm.final):
        return f"{text}."
    bulk = final_value(analysis.bulk_csm)
    return f"{text}; in the bulk electrode at the same temperature at {bulk}."


def _builds(n: int) -> str:
    return "one build" if n == 1 else f"{n} builds"


def reason(text: str) -> str:
    """Return a reason to stand inside a sentence: no full stop, no leading "not resolved"."""
    bare = text.strip().removeprefix(f"{NOT_RESOLVED}:").strip().rstrip(".") or "no reason given"
    return bare[:1].lower() + bare[1:] if bare[1:2].islower() else bare


def sentence(text: str) -> str:
    """Return a text with a capital and one full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def signed(value: float) -> str:
    """Return a number with two decimals and its sign."""
    return f"{value:+.2f}".replace("-", "−")


def _mean_and_error(values: Any) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(len(values)))


def _student(n: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, n - 1))
