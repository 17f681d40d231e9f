"""A structure's certificate in words: the same for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sinterface.structures.contacts import shortest_allowed

Figures = Mapping[str, Any]


def is_structure(figures: Figures) -> bool:
    """Whether this is the certificate of a structure, not some other JSON."""
    return {"formula", "n_atoms", "edges_A"} <= set(figures)


def facts(figures: Figures) -> Iterator[tuple[str, str]]:
    """Yield the main figures as name and words."""
    yield "formula", f"{figures['formula']} ({figures['n_atoms']:,} atoms)"
    if "charge_e" in figures:
        yield "formal charge", _charge(figures)
    if "density_g_per_cm3" in figures:
        yield "density", f"{figures['density_g_per_cm3']:.3f} g/cm³"
    yield "edges", " × ".join(f"{edge:.3f}" for edge in figures["edges_A"]) + " Å"
    if "angles_degrees" in figures:
        yield "angles", ", ".join(f"{angle:.2f}" for angle in figures["angles_degrees"]) + "°"
    close = [pair for pair, _, _, good in contact_rows(figures) if not good]
    yield "distances", f"too short: {', '.join(close)}" if close else "all above their limits"
    regions = figures.get("n_atoms_by_region", {})
    if list(regions) != ["all"]:
        for name, elements in regions.items():
            yield name, " ".join(f"{k}{v}" for k, v in elements.items())
    for name, strain in _strains(figures):
        yield f"strain of {name}", ", ".join(f"{value:+.2f} %" for value in strain)
    yield from _sides(figures)
    yield from _boundary(figures.get("details", {}))
    seed = figures.get("seed", figures.get("source", {}).get("seed"))
    if seed is not None:
        yield "seed", str(seed)
    source = figures.get("source", {})
    if "potential_fingerprint" in source:
        yield "potential", f"{source['potential']} ({source['potential_fingerprint']})"
    for warning in figures.get("warnings", ()):
        yield "warning", str(warning)


def contact_rows(figures: Figures) -> list[tuple[str, float, float, bool]]:
    """Return pair, shortest distance and limit in Å, and whether it is kept."""
    if "contacts" in figures:
        return [
            (pair, contact["shortest_A"], contact["limit_A"], contact["good"])
            for pair, contact in figures["contacts"].items()
        ]
    rows = []
    for pair, distance in figures.get("shortest_A", {}).items():
        limit = shortest_allowed(*pair.split("-"))
        rows.append((pair, distance, limit, distance >= limit))
    return rows


def polyhedron_rows(figures: Figures) -> list[tuple[str, str, str]]:
    """Return cation, place and histogram of its numbers of anions."""
    return [
        (element, "" if place == "all" else place, histogram(counts))
        for element, places in figures.get("coordination", {}).items()
        for place, counts in places.items()
        if counts
    ]


def parents(figures: Figures) -> list[str]:
    """Return each crystal that the structure was made from, in words."""
    return [
        f"{parent['name']}, {parent['space_group']}: {parent['source']}"
        for parent in figures.get("parents", ())
    ]


def own_figures(figures: Figures) -> dict[str, str]:
    """Return the figures that only this kind of structure has, as words."""
    return dict(_words(figures.get("details", {})))


def histogram(counts: Mapping[Any, int]) -> str:
    """Return a histogram in words: "6-fold 16"."""
    return ", ".join(f"{number}-fold {count}" for number, count in counts.items())


def _charge(figures: Figures) -> str:
    charge = figures["charge_e"]
    total = "0" if abs(charge) < 1e-6 else f"{charge:+g} e"
    states = figures.get("oxidation_states", {})
    shown = ", ".join(f"{symbol} {_signed(value)}" for symbol, value in states.items())
    return f"{total} ({shown})" if shown else total


def _strains(figures: Figures) -> Iterator[tuple[str, tuple[float, ...]]]:
    yield from figures.get("strain_percent", {}).items()
    if "mismatch_percent" in figures:
        yield str(figures.get("strained_region", "electrode")), figures["mismatch_percent"]


def _sides(figures: Figures) -> Iterator[tuple[str, str]]:
    for key, name in (("li_deficient", "Li-deficient"), ("li_sufficient", "Li-sufficient")):
        side = figures.get(key) or figures.get("details", {}).get(key)
        if side:
            words = f"Li excess {side['li_excess_per_nm2']:+.2f}/nm²"
            yield f"{name} side", f"{words}, gap {side['gap_A']:.2f} Å"


def _boundary(details: Figures) -> Iterator[tuple[str, str]]:
    """Yield the energy of a grain boundary, as relaxed and from anneals."""
    if "boundary" in details and "energy_J_per_m2" in details:
        yield "boundary's energy, relaxed", f"{details['energy_J_per_m2']:.2f} J/m²"
    found = details.get("annealed_energy")
    if found:
        number = found["settings"]["n_runs"]
        spread = found["spread_J_per_m2"]
        told = "one run, so no error"
        if spread is not None:
            told = f"{number} runs, spread {spread:.3f}"
        error = found["standard_error_J_per_m2"]
        shown = f"{found['energy_J_per_m2']:.3f}" + (f" ± {error:.3f}" if error else "")
        yield "boundary's energy, annealed", f"{shown} J/m² ({told})"


def _words(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in figures.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _words(value, f"{name} ")
        elif isinstance(value, float):
            yield name, f"{value:.4g}"
        elif value is None or value in ([], ()):
            continue
        elif isinstance(value, list | tuple):
            yield name, ", ".join(f"{v:.4g}" if isinstance(v, float) else str(v) for v in value)
        else:
            yield name, str(value)


def _signed(value: float) -> str:
    return f"{abs(value):.3g}{'+' if value > 0 else '−'}" if value else "0"
