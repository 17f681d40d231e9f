"""From figures to pass or fail, with reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from sinterface.validation.conservation import MOST_DRIFT_meV_PER_ATOM_PS

Verdict = Literal["pass", "fail", "not judged"]

MOST_LATTICE = 0.01
"""Largest relative difference of a cell's edge from the reference's."""

MOST_EXTRAPOLATING = 0.02
"""Largest mean share of atoms beyond the range of training at 2000 K; our choice."""

MOST_MODULUS, MOST_CONSTANT = 0.15, 0.25
"""Largest relative difference of the bulk modulus and of the diagonal elastic constants from the
reference's; our choice."""


@dataclass(frozen=True)
class Line:
    """One check.

    Attributes
    ----------
    name, group
        What was checked, and the part of the certificate it stands in.
    verdict
        ``"pass"``, ``"fail"`` or ``"not judged"``.
    reason
        The figures behind the verdict.
    """

    name: str
    group: str
    verdict: Verdict
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain strings."""
        return asdict(self)


def overall(lines: Sequence[Line]) -> Verdict:
    """Return fail when one fails, not judged when one isn't, else pass."""
    verdicts = {line.verdict for line in lines}
    if "fail" in verdicts:
        return "fail"
    return "not judged" if "not judged" in verdicts or not lines else "pass"


def judge_dimers(found: Mapping[str, Any]) -> Line:
    """Judge the curves of all pairs."""
    bad = [f"{c['pair']} {fault}" for c in found["curves"] for fault in c["faults"]]
    good = f"{len(found['curves'])} pairs repel down to 0.5 Å"
    return Line("dimers", "short range", "fail" if bad else "pass", _listed(bad) or good)


def judge_holes(name: str, found: Mapping[str, Any]) -> Line:
    """Judge random compressions of one system."""
    good = f"{found['tries']} random compressions ended in sane structures"
    verdict: Verdict = "fail" if found["faults"] else "pass"
    return Line(f"holes: {name}", "short range", verdict, _listed(found["faults"]) or good)


def judge_drift(name: str, found: Mapping[str, Any]) -> Line:
    """Judge the energy kept at constant energy; fails when surely above the limit."""
    drift, error = found["drift_meV_per_atom_ps"], found["error_meV_per_atom_ps"]
    label = f"NVE: {name}"
    if drift is None or error is None:
        return Line(label, "dynamics", "fail", "the energy is not a number")
    limit = MOST_DRIFT_meV_PER_ATOM_PS
    reason = (
        f"{drift:+.4f} ± {error:.4f} meV/atom/ps at {found['temperature_K']:.0f} K in "
        f"{found['duration_ps']:g} ps (limit {limit:g})"
    )
    if abs(drift) - 2 * error > limit:
        return Line(label, "dynamics", "fail", reason)
    settled = abs(drift) + 2 * error <= 2 * limit
    return Line(label, "dynamics", "pass" if settled else "not judged", reason)


def judge_survival(name: str, temperature_K: float, found: Mapping[str, Any]) -> Line:
    """Judge a hot run."""
    label = f"{temperature_K:.0f} K: {name}"
    share = found["extrapolating_share"]
    beyond = "" if share is None else f", {100 * share:.2g} % of atoms beyond training"
    near = f"; came near: {_listed(found['closest'])}" if found.get("closest") else ""
    good = f"{found['duration_ps']:g} ps, {found['atoms']} atoms{beyond}{near}"
    verdict: Verdict = "fail" if found["faults"] else "pass"
    return Line(label, "survival", verdict, _listed(found["faults"]) or good)


def judge_extrapolation(shares: Mapping[str, float | None]) -> Line:
    """Judge the share of extrapolating atoms of all systems at 2000 K."""
    known = {name: share for name, share in shares.items() if share is not None}
    if not known:
        return Line("extrapolation", "survival", "not judged", "nothing was counted")
    high = [f"{n} {100 * s:.2g} %" for n, s in known.items() if s > MOST_EXTRAPOLATING]
    good = f"at most {100 * max(known.values()):.2g} % of the atoms of a system"
    reason = f"beyond {100 * MOST_EXTRAPOLATING:g} %: {_listed(high)}" if high else good
    return Line("extrapolation", "survival", "fail" if high else "pass", reason)


def judge_crystal(name: str, temperature_K: float, found: Mapping[str, Any]) -> Line:
    """Judge a crystal below melting."""
    label = f"stays a crystal: {name}, {temperature_K:.0f} K"
    if found["faults"]:
        return Line(label, "crystals", "fail", _listed(found["faults"]))
    told = [f"{one['element']}: {one['reason']}" for one in found["frameworks"]]
    states = {one["survived"] for one in found["frameworks"]}
    verdict: Verdict = "fail" if False in states else "pass"
    if verdict == "pass" and (None in states or not states):
        verdict = "not judged"
    return Line(label, "crystals", verdict, "; ".join(told) or "no framework to follow")


def judge_lattice(name: str, found: Mapping[str, Any]) -> Line:
    """Judge the edges of the cell at zero pressure against the reference's."""
    own, true = np.array(found["potential_A"]), np.array(found["reference_A"])
    differences = own / true - 1
    reason = ", ".join(
        f"{edge} {a:.3f} against {b:.3f} Å ({100 * d:+.2f} %)"
        for edge, a, b, d in zip("abc", own, true, differences, strict=True)
    )
    if not found["converged"]:
        reason += "; not fully relaxed"
    label = f"lattice: {name}"
    if float(np.abs(differences).max()) > MOST_LATTICE:
        return Line(label, "crystals", "fail", reason)
    return Line(label, "crystals", "pass" if found["converged"] else "not judged", reason)


def judge_equation(name: str, found: Mapping[str, Any]) -> Line:
    """Judge bulk modulus and volume of the equation of state."""
    own, true = found["potential_GPa"], found["reference_GPa"]
    volume = found["potential_lowest"] / found["reference_lowest"] - 1
    reason = f"bulk modulus {own:.0f} against {true:.0f} GPa, volume {100 * volume:+.1f} %"
    good = abs(own / true - 1) <= MOST_MODULUS and abs(volume) <= 3 * MOST_LATTICE
    verdict: Verdict = "pass" if good else "fail"
    return Line(f"equation of state: {name}", "elasticity", verdict, reason)


def judge_elastic(name: str, found: Mapping[str, Any]) -> Line:
    """Judge the diagonal of the clamped-ion elastic constants."""
    own, true = np.diag(found["potential_GPa"]), np.diag(found["reference_GPa"])
    worst = float(np.abs(own / true - 1).max())
    pairs = ", ".join(f"{a:.0f}/{b:.0f}" for a, b in zip(own, true, strict=True))
    reason = f"C11…C66 {pairs} GPa (potential/reference), up to {100 * worst:.0f} % apart"
    verdict: Verdict = "pass" if worst <= MOST_CONSTANT else "fail"
    return Line(f"elastic constants: {name}", "elasticity", verdict, reason)


def _listed(items: Sequence[str], most: int = 4) -> str:
    more = f"; and {len(items) - most} more" if len(items) > most else ""
    return "; ".join(items[:most]) + more
