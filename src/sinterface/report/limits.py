"""What a run can't say, in sentences made from its own figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sinterface.analysis.results import InterfaceAnalysis
from sinterface.report import words

LONG_RUN_PS = 1000.0
"""Below this, a run is called a demonstration of the machinery."""


def limits(
    analysis: InterfaceAnalysis,
    *,
    potential_card: Mapping[str, Any],
    cutoff_A: float | None,
    study: Mapping[str, Any],
    certificates: Sequence[Mapping[str, Any]] = (),
) -> list[str]:
    """Return what the run can and can't say, in sentences made from its own figures."""
    plane = study.get("interface", {}).get("electrode_plane")
    said = [
        _time_limit(analysis),
        _builds_limit(analysis),
        _reference_limit(potential_card),
        _charge_limit(cutoff_A, plane),
        f"At {analysis.temperature_K:.0f} K everything is faster than in a cell or a furnace; "
        "nothing here is extrapolated to another temperature, since melting and glass transitions "
        "may lie between.",
        _temperature_limit(analysis, study.get("dynamics", {}).get("temperature_K")),
        _relaxation_limit(certificates),
        *_survival_limits(analysis),
    ]
    own = [one for one in analysis.warnings if not _said(one, analysis)]
    return [text for text in said if text] + [words.sentence(text) for text in own]


def _temperature_limit(analysis: InterfaceAnalysis, asked_K: float | None) -> str:
    if asked_K is None or abs(analysis.temperature_K - asked_K) < 0.03 * asked_K:
        return ""
    return (
        f"The mean temperature of the frames, {analysis.temperature_K:.0f} K, is not the "
        f"{asked_K:.0f} K that were asked for: the run had not come to equilibrium."
    )


def _relaxation_limit(certificates: Sequence[Mapping[str, Any]]) -> str:
    entries = [certificate.get("relaxation", {}) for certificate in certificates]
    open_ones = [str(n) for n, one in enumerate(entries, 1) if one.get("converged") is False]
    if not open_ones:
        return ""
    return (
        f"The relaxation of build{'s' if len(open_ones) > 1 else ''} {', '.join(open_ones)} "
        "stopped before it reached its tolerances (see the certificate)."
    )


def _survival_limits(analysis: InterfaceAnalysis) -> list[str]:
    """Return one sentence on frameworks that moved and one on those that can't be judged."""
    moved, unknown = (
        [f"{one.element} in the {one.where}" for one in analysis.survival if one.survived is told]
        for told in (False, None)
    )
    texts = []
    if moved:
        texts.append(f"Did not stay a crystal: {', '.join(moved)} (see Motion).")
    if unknown:
        texts.append(f"Whether it stayed a crystal can't be said: {', '.join(unknown)}.")
    return texts


def _time_limit(analysis: InterfaceAnalysis) -> str:
    span = words.duration(analysis.duration_ps)
    if analysis.duration_ps < LONG_RUN_PS:
        return f"{span} show that the machinery works, not how an interface ages."
    return f"{span} are long for molecular dynamics and short against hours of co-sintering."


def _builds_limit(analysis: InterfaceAnalysis) -> str:
    side = analysis.sides[0]
    if side.resolved:
        return (
            f"Every ± of a degradation figure is the {words.reason(side.reason)}, beside "
            f"{analysis.n_controls} bulk controls that stayed crystals."
        )
    return (
        f"Figures marked “{words.NOT_RESOLVED}” carry no uncertainty: {words.reason(side.reason)}."
    )


def _reference_limit(card: Mapping[str, Any]) -> str:
    method = words.reference_method(card)
    if method is None:
        return "The potential's card doesn't say which reference it was trained on."
    if "chgnet" in method.lower():
        return (
            f"The potential is a surrogate trained on {method}, itself trained on PBE+U: an error "
            "against CHGNet is not an error against DFT, and this run is not DFT."
        )
    return f"The potential is a surrogate trained on {method}; its errors come on top of that."


def _charge_limit(cutoff_A: float | None, plane: Sequence[int] | None) -> str:
    reach = "a short-ranged" if cutoff_A is None else f"a {cutoff_A:g} Å"
    text = f"No long-range charge is in {reach} potential"
    if plane is not None and tuple(plane)[:2] == (0, 0):
        return (
            f"{text}, and this electrode plane ({''.join(map(str, plane))}) is polar: its "
            "electrostatics are beyond this run."
        )
    return f"{text}; space charge and polar planes are beyond it."


def _said(warning: str, analysis: InterfaceAnalysis) -> bool:
    """Return whether `limits` says a warning of the analysis already, in its own words."""
    frameworks = tuple(f"{one.element} in the {one.where}:" for one in analysis.survival)
    return warning.startswith((words.NOT_RESOLVED, *frameworks)) or "the machinery works" in warning
