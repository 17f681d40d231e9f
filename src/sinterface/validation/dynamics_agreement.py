"""What trajectories of two drivers show, side by side: first peaks, spectra, diffusivities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np

from sinterface.analysis.estimates import Estimate
from sinterface.analysis.frames import read_track
from sinterface.analysis.rdf import partial_rdfs
from sinterface.analysis.stream import Frames, open_all
from sinterface.analysis.transport import transport
from sinterface.analysis.vibrations import Peak, Spectra, vibrations
from sinterface.dynamics.trajectory import open_trajectory

PAPER: Final = {
    "first_peak_rmse_A": 0.054,
    "vibration_rmse_cm1": 16.4,
    "diffusivity_mean_relative_error": 0.169,
}
GOALS: Final = {
    "first_peak_rmse_A": 0.02,
    "vibration_rmse_cm1": 8.0,
    "diffusivity_mean_relative_error": 0.10,
}

BIN_A, MAX_R_A = 0.02, 6.0
MIN_PAIRS = 12
"""Least number of atoms of the rarer element of a pair whose peak is compared."""

COMBINED_95: Final = 1.96


def properties(runs: Sequence[Path]) -> dict[str, Any]:
    """Return what runs of one system show: first peaks, spectra, diffusivities (JSON-able)."""
    with ExitStack() as stack:
        frames = [stack.enter_context(each) for each in open_all(runs, velocities=True)]
        spectra = vibrations(frames)
        moving = transport(frames, drift="all")
        found = {
            "temperature_K": float(np.mean([run.temperature_K.mean() for run in frames])),
            "atoms": _counts(frames[0]),
            "spectra": _spectra(spectra),
            "diffusivities": {
                each.element: _estimate(each.tracer_diffusivity_cm2_s) for each in moving.elements
            },
        }
    with ExitStack() as stack:
        tracks = [read_track(stack.enter_context(open_trajectory(run))) for run in runs]
        rdfs = partial_rdfs(
            tracks, r_max_A=MAX_R_A, bin_width_A=BIN_A, n_frames=len(tracks[0].time_ps)
        )
    found["rdf"] = {
        "r_A": rdfs.r_A.round(3).tolist(),
        "pairs": [f"{a}–{b}" for a, b in rdfs.pairs],
        "g": rdfs.g.round(3).tolist(),
        "first_peak_A": rdfs.first_peak_A.tolist(),
    }
    return found


def compare(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Compare two results of `properties`: the potential's and the reference's."""
    return {
        "temperatures_K": {
            "potential": ours["temperature_K"],
            "reference": theirs["temperature_K"],
        },
        "pairs": _compare_peaks(ours, theirs),
        "vibrations": _compare_spectra(ours["spectra"], theirs["spectra"]),
        "diffusivities": _compare_diffusivities(ours["diffusivities"], theirs["diffusivities"]),
        "curves": {
            "r_A": theirs["rdf"]["r_A"],
            "pairs": theirs["rdf"]["pairs"],
            "reference": theirs["rdf"]["g"],
            "potential": ours["rdf"]["g"],
        },
        "spectra": {"potential": ours["spectra"], "reference": theirs["spectra"]},
    }


def summary(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the paper's three figures over all systems, and how many diffusivities agree."""
    pairs = [row["potential"] - row["reference"] for each in entries for row in each["pairs"]]
    modes = [row["potential"] - row["reference"] for each in entries for row in each["vibrations"]]
    means = [
        row["potential_mean"] - row["reference_mean"]
        for each in entries
        for row in each["vibrations"]
    ]
    moved = [row for each in entries for row in each["diffusivities"]]
    relative = [abs(row["relative_error"]) for row in moved if row["relative_error"] is not None]
    return {
        "first_peak_rmse_A": _root_mean_square(pairs),
        "vibration_rmse_cm1": _root_mean_square(modes),
        "mean_wavenumber_rmse_cm1": _root_mean_square(means),
        "diffusivity_mean_relative_error": float(np.mean(relative)) if relative else None,
        "diffusivities": len(moved),
        "diffusivities_agreeing": sum(row["agrees"] for row in moved),
    }


def _root_mean_square(differences: Sequence[float]) -> float | None:
    return float(np.sqrt(np.mean(np.square(differences)))) if differences else None


def _counts(run: Frames) -> dict[str, int]:
    symbols, counts = np.unique(run.symbols, return_counts=True)
    return {str(symbol): int(count) for symbol, count in zip(symbols, counts, strict=True)}


def _spectra(spectra: Spectra) -> dict[str, Any]:
    rows = [*spectra.density, spectra.total]
    names = [*spectra.elements, "total"]
    return {
        "cm1": spectra.cm1.round(2).tolist(),
        "density": {k: v.round(5).tolist() for k, v in zip(names, rows, strict=True)},
        "highest_peak": {k: _peak(spectra.peaks[k]) for k in names if spectra.peaks[k]},
    }


def _peak(peaks: Sequence[Peak]) -> dict[str, float]:
    tallest = max(peaks, key=lambda peak: peak.height)
    return {"cm1": tallest.cm1, "std_cm1": tallest.std_cm1}


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {
        "value": estimate.value,
        "std": estimate.std,
        "ci95": list(estimate.ci95),
        "upper_bound": estimate.upper_bound,
        "resolved": estimate.resolved,
    }


def _compare_peaks(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    counts = theirs["atoms"]
    peaks = zip(ours["rdf"]["first_peak_A"], theirs["rdf"]["first_peak_A"], strict=True)
    for pair, (own, their) in zip(theirs["rdf"]["pairs"], peaks, strict=True):
        fewest = min(counts[symbol] for symbol in pair.split("–"))
        known = own is not None and their is not None and np.isfinite([own, their]).all()
        if fewest >= MIN_PAIRS and known:
            rows.append({"pair": pair, "potential": own, "reference": their})
    return rows


def _compare_spectra(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Compare highest peaks, which noise moves along a broad top, and mean wavenumbers (cm⁻¹)."""
    own, their = ours["highest_peak"], theirs["highest_peak"]
    return [
        {
            "element": name,
            "potential": own[name]["cm1"],
            "reference": their[name]["cm1"],
            "std_cm1": float(np.hypot(own[name]["std_cm1"], their[name]["std_cm1"])),
            "potential_mean": _mean_cm1(ours, name),
            "reference_mean": _mean_cm1(theirs, name),
        }
        for name in their
        if name in own and name != "total"
    ]


def _mean_cm1(spectra: Mapping[str, Any], name: str) -> float:
    return float(np.average(spectra["cm1"], weights=spectra["density"][name]))


def _compare_diffusivities(
    ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> list[dict[str, Any]]:
    rows = []
    for element, their in theirs.items():
        own = ours[element]
        both = own["resolved"] and their["resolved"]
        if not (own["resolved"] or their["resolved"]):
            continue
        difference = own["value"] - their["value"] if both else None
        rows.append(
            {
                "element": element,
                "potential": own,
                "reference": their,
                "relative_error": None if difference is None else difference / their["value"],
                "agrees": _agree(own, their) if difference is None
                else bool(abs(difference) <= COMBINED_95 * np.hypot(own["std"], their["std"])),
            }
        )  # fmt: skip
    return rows


def _agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether the one that is resolved can lie below the bound of the one that isn't."""
    known, bounded = (one, other) if one["resolved"] else (other, one)
    return bool(known["ci95"][0] <= bounded["upper_bound"])
