"""``analyze rdf``: pair distributions, coordination, structure factors."""

from __future__ import annotations

from typing import Any

import numpy as np

from sinterface.analysis.pair_functions import PairFunctions, pair_functions
from sinterface.report.curves import Line, grid_figure, line_figure
from sinterface.report.outcome import Curves, Drawing, Outcome
from sinterface.report.suite import Run


def reason(run: Run) -> str:
    """Return why the analysis doesn't apply: it always does."""
    del run
    return ""


def compute(
    run: Run,
    *,
    r_max_A: float = 10.0,
    bin_width_A: float = 0.02,
    max_frames: int = 100,
    q_max_per_A: float = 20.0,
) -> Outcome:
    """Analyse pair distances in all replicas of a run together."""
    with run.open(min_frames=1) as frames:
        found = pair_functions(
            frames,
            r_max_A=r_max_A,
            bin_width_A=bin_width_A,
            max_frames=max_frames,
            q_max_per_A=q_max_per_A,
            progress=run.progress,
        )
        notes = tuple(dict.fromkeys(note for one in frames for note in one.notes))
        mixed = any(one.has_regions for one in frames)
    return present(found, notes, mixed=mixed)


def present(found: PairFunctions, notes: tuple[str, ...] = (), *, mixed: bool = False) -> Outcome:
    """Return a result as JSON, table, curves and figures."""
    if mixed:
        notes = (*notes, "two materials share the cell: g(r) doesn't tend to 1 at long range")
    labels = ["–".join(pair) for pair in found.pairs]
    rows = tuple(
        {
            "pair": label,
            "first peak (Å)": _number(found.first_peak_A[i], 3),
            "shell ends (Å)": _number(found.first_minimum_A[i], 2),
            f"{'neighbours'}": _number(found.coordination[i], 2),
            "the other way": _number(found.coordination_back[i], 2),
        }
        for i, label in enumerate(labels)
    )
    return Outcome(
        name="rdf",
        title="Pair distributions",
        data=_data(found),
        rows=rows,
        curves=_curves(found, labels),
        drawings=_drawings(found, labels),
        notes=(*notes, *found.notes),
    )


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def _data(found: PairFunctions) -> dict[str, Any]:
    plain = found.to_dict()
    pairs = {
        "-".join(pair): {
            "first_peak_A": plain["first_peak_A"][i],
            "first_minimum_A": plain["first_minimum_A"][i],
            "coordination": {
                pair[0]: plain["coordination"][i],
                pair[1]: plain["coordination_back"][i],
            },
            "g": plain["g"][i],
            "g_std": plain["g_std"][i],
        }
        for i, pair in enumerate(found.pairs)
    }
    kept = ("r_A", "total", "total_std", "neutron_G", "xray_G", "q_per_A", "neutron_s", "xray_s")
    head = {key: plain[key] for key in ("elements", "density_per_A3", "n_frames")}
    return {**head, "pairs": pairs, **{key: plain[key] for key in kept}}


def _curves(found: PairFunctions, labels: list[str]) -> tuple[Curves, ...]:
    partial: dict[str, Any] = {"r_A": found.r_A, "total": found.total}
    for i, label in enumerate(labels):
        name = label.replace("–", "-")
        partial |= {f"g_{name}": found.g[i], f"std_{name}": found.g_std[i]}
        partial[f"running_{name}"] = found.running[i]
    pdf = {
        "r_A": found.r_A,
        "neutron_g": found.neutron_g,
        "neutron_G_per_A2": found.neutron_G,
        "xray_g": found.xray_g,
        "xray_G_per_A2": found.xray_G,
    }
    factors = {"q_per_A": found.q_per_A, "neutron": found.neutron_s, "xray": found.xray_s}
    factors |= {label.replace("–", "-"): found.partial_s[i] for i, label in enumerate(labels)}
    return Curves("rdf", partial), Curves("pdf", pdf), Curves("structure_factor", factors)


def _drawings(found: PairFunctions, labels: list[str]) -> tuple[Drawing, ...]:
    r, blue = found.r_A, "#0080c6"
    panels = [("all atoms", [Line(r, found.total, std=_band(found.total_std), color="#1b2130")])]
    panels += [
        (label, [Line(r, found.g[i], std=_band(found.g_std[i]), color=blue, width=1.1)])
        for i, label in enumerate(labels)
    ]
    partial = grid_figure(panels, "r (Å)", "g(r)", columns=4, from_zero=True)
    factor = line_figure(
        [Line(found.q_per_A, found.neutron_s, "neutron"),
         Line(found.q_per_A, found.xray_s, "X-ray", dashes=(4, 1.5))],
        "Q (1/Å)", "S(Q)", width_in=5.0, height_in=2.8,
    )  # fmt: skip
    pdf = line_figure(
        [Line(r, found.neutron_G, "neutron"),
         Line(r, found.xray_G, "X-ray", dashes=(4, 1.5))],
        "r (Å)", "G(r) (1/Å²)", width_in=5.0, height_in=2.8,
    )  # fmt: skip
    error = "band: standard error"
    return (
        Drawing("rdf", partial, f"Partial radial distribution functions ({error})."),
        Drawing(
            "structure_factor",
            factor,
            "Faber–Ziman structure factors; below 0 where single atoms scatter more than all "
            "together.",
        ),
        Drawing("pdf", pdf, "Pair distribution functions as diffraction sees them."),
    )


def _band(std: Any) -> Any:
    return std if np.isfinite(std).any() else None
