"""``analyze profiles``: where each element is along the normal, and how far it has gone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.boundaries import CoPlanes
from sinterface.analysis.degradation import interface_evidence
from sinterface.analysis.frames import ELECTRODE, ELECTROLYTE, Track, read_track, time_windows
from sinterface.analysis.interdiffusion import (
    RICH,
    gibbs_excess,
    mixing_fit,
    profile_fit,
    rate_law,
    rich_layer,
    with_blocks,
)
from sinterface.analysis.profiles import Profiles, element_profiles
from sinterface.analysis.sides import SIDES, follow_cobalt
from sinterface.analysis.statistics import Evidence, standard_error, window_means
from sinterface.analysis.stream import open_frames
from sinterface.analysis.survival import FrameworkSurvival, control_survival
from sinterface.report.outcome import Outcome
from sinterface.report.palette import SIDE_NAMES
from sinterface.report.profiles_figures import (
    KEYS,
    count_curves,
    count_drawing,
    profile_curves,
    profile_drawing,
)
from sinterface.report.suite import Run

FloatArray = NDArray[np.float64]

N_BLOCKS = 4
COUNT_WINDOWS = 20

MOST_MIXED = 0.25
"""Co is a slab when the stretch of the normal that it takes holds at most this share of the La and
Zr that would lie there by chance."""


def reason(run: Run) -> str:
    """Return why the analysis doesn't apply: it always does."""
    del run
    return ""


def compute(
    run: Run, *, bin_width_A: float = 0.5, n_windows: int = 4, max_frames: int = 400
) -> Outcome:
    """Analyse the profiles of all replicas of a run together."""
    with run.open() as opened:
        notes = list(dict.fromkeys(note for one in opened for note in one.notes))
        regions = all(one.has_regions for one in opened)
        built = _built(run)
        bulks = _controls(run) if regions else []
        tracks = [
            read_track(_guessed(one, regions), reference=place, max_frames=max_frames)
            for one, place in zip(opened, built, strict=True)
        ]
    if any(place is None for place in built):
        notes.append("planes and drift start from the first frame: no relaxed structure is at hand")
    shortest = min(track.n_frames for track in tracks)
    tracks = [track.until(shortest) for track in tracks]
    if not _is_interface(tracks):
        if not regions:
            whole = np.zeros(len(tracks[0].symbols), dtype=np.int8)
            tracks = [dataclasses.replace(track, region=whole) for track in tracks]
        return _bulk(tracks, bin_width_A, n_windows, notes)
    if not regions:
        notes.append("the file tells no regions: Co counts as the electrode, all else as the other")
    return _interface(tracks, bin_width_A, n_windows, notes, interface_evidence(tracks, bulks))


def _controls(run: Run) -> list[FrameworkSurvival]:
    """Return whether the frameworks of the bulk controls stayed where they were."""
    found: list[FrameworkSurvival] = []
    for name, path in run.controls.items():
        with open_frames(path, run.selection) as frames:
            found += control_survival(f"bulk {name}", read_track(frames))
    return found


def _built(run: Run) -> list[FloatArray | None]:
    """Return the relaxed positions that each replica started from, or None for each."""
    from ase.io import read

    if len(run.structures) != len(run.replicas):
        return [None] * len(run.replicas)
    frames: list[Any] = [read(path) for path in run.structures]
    return [np.asarray(atoms.positions, dtype=np.float64) for atoms in frames]


class _Regions:
    """A trajectory whose regions are guessed: Co and what is between its planes: electrode."""

    def __init__(self, frames: Any) -> None:
        self._frames = frames
        self.region = (frames.symbols == "Co").astype(np.int8)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._frames, name)


def _guessed(frames: Any, told: bool) -> Any:
    return frames if told else _Regions(frames)


def _is_interface(tracks: Sequence[Track]) -> bool:
    """Return whether Co forms a slab beside La or Zr in every run."""
    for track in tracks:
        cobalt = (track.symbols == "Co") & (track.region == ELECTRODE)
        others = np.isin(track.symbols, ("La", "Zr")) & (track.region == ELECTROLYTE)
        if np.count_nonzero(cobalt) < 4 or not others.any():
            return False
        height = track.heights(track.reference, 0) % track.length_A
        start, length = _slab(height[cobalt], track.length_A)
        inside = (height[others] - start) % track.length_A < length
        # a dopant's atoms lie among those of the host, a slab's do not
        if inside.mean() > MOST_MIXED * length / track.length_A:
            return False
    return True


def _slab(heights_A: FloatArray, period_A: float) -> tuple[float, float]:
    """Return where the shortest stretch of the period begins that holds all heights; its length."""
    order = np.sort(heights_A)
    gaps = np.diff(order, append=order[0] + period_A)
    widest = int(np.argmax(gaps))
    return float(order[(widest + 1) % len(order)]), period_A - float(gaps[widest])


def _bulk(tracks: Sequence[Track], bin_width_A: float, n_windows: int, notes: list[str]) -> Outcome:
    """Return profiles alone, where there is no slab of Co beside an electrolyte."""
    nothing = np.zeros(0, dtype=bool)
    planes = [CoPlanes(np.nan, np.nan, nothing, nothing, nothing) for _ in tracks]
    profiles = element_profiles(tracks, planes, bin_width_A=bin_width_A, n_windows=n_windows)
    notes.append("no slab of Co beside La or Zr: no boundary is looked for")
    data = {"profiles": profiles.to_dict(), "sides": {}}
    rows = tuple(
        {"element": element, "atoms": f"{profiles.per_A[-1, i].sum() * profiles.bin_width_A:.0f}"}
        for i, element in enumerate(profiles.elements)
    )
    return Outcome(
        "profiles", "Element profiles", data, rows, (profile_curves(profiles),),
        (profile_drawing(profiles, ()),), tuple(notes),
    )  # fmt: skip


def _interface(
    tracks: Sequence[Track],
    bin_width_A: float,
    n_windows: int,
    notes: list[str],
    evidence: Evidence,
) -> Outcome:
    series = [follow_cobalt(track) for track in tracks]
    planes = [one.planes for one in series]
    profiles = element_profiles(tracks, planes, bin_width_A=bin_width_A, n_windows=n_windows)
    each = [
        element_profiles([track], [plane], bin_width_A=bin_width_A, n_windows=n_windows)
        for track, plane in zip(tracks, planes, strict=True)
    ]
    edges, window = time_windows(tracks[0].time_ps, COUNT_WINDOWS)
    middles = 0.5 * (edges[1:] + edges[:-1]) - edges[0]
    counts = {
        side: np.array(
            [window_means(one.interdiffused[side], window, len(middles))[0] for one in series]
        )
        for side in SIDES
    }
    sides = {
        KEYS[side]: {
            "share_of_co": _mixing(tracks, planes, side, n_windows),
            "elements": _element_fits(each, profiles, side),
            "gibbs_excess_per_nm2": _excess(each, profiles, side),
            "la_rich_layer": _layer(each, profiles, side, evidence),
            "co_beyond": _beyond(counts[side], middles, profiles.area_A2, evidence),
        }
        for side in SIDES
    }
    if len(tracks) < 3:
        notes.append("fewer than three builds: errors are from blocks of time, no error of a build")
    notes.append(evidence.reason)
    verdict = {"resolved": evidence.resolved, "reason": evidence.reason}
    data = {"profiles": profiles.to_dict(), "sides": sides, "evidence": verdict}
    return Outcome(
        "profiles",
        "Element profiles, interdiffusion and segregation",
        data,
        tuple(_row(KEYS[side], sides[KEYS[side]]) for side in SIDES),
        (profile_curves(profiles), count_curves(counts, middles)),
        (
            profile_drawing(profiles, (profiles.lower_A, profiles.upper_A)),
            count_drawing(counts, middles),
        ),
        tuple(notes),
    )


def _mixing(
    tracks: Sequence[Track], planes: Sequence[CoPlanes], side: str, n_windows: int
) -> list[dict[str, Any]]:
    """Return the error function of Co's share among the cations in each window of time."""
    depths = [_depths(track, plane, side) for track, plane in zip(tracks, planes, strict=True)]
    edges, window = time_windows(tracks[0].time_ps, n_windows)
    found = []
    for index in range(len(edges) - 1):
        frames = np.flatnonzero(window == index)
        chosen = frames[:: max(len(frames) // 20, 1)]
        whole = mixing_fit(
            np.concatenate([depth[chosen].ravel() for depth, _ in depths]),
            np.concatenate([np.tile(kind, len(chosen)) for _, kind in depths]),
        )
        parts = [
            mixing_fit(depth[part], np.tile(kind, (len(part), 1)))
            for depth, kind in depths
            for part in (
                [chosen] if len(depths) >= 3 else np.array_split(chosen, min(N_BLOCKS, len(chosen)))
            )
        ]
        fit = with_blocks(whole, parts).to_dict()
        found.append({"from_ps": float(edges[index]), "to_ps": float(edges[index + 1]), **fit})
    return found


def _depths(track: Track, planes: CoPlanes, side: str) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return how far the cations are beyond a boundary, (n_frames, n), and which are Co.

    Cations nearer to the other boundary are left out by the reach of half a slab either way:
    each counts for the boundary that its first frame is nearest to.
    """
    cations = np.flatnonzero(np.isin(track.symbols, ("Co", "La", "Zr")))
    heights = track.heights(track.positions[:, cations])
    heights = heights - track.heights(track.drift(ELECTRODE)[:, None])
    plane = planes.upper_A if side == "upper" else planes.lower_A
    sign = 1.0 if side == "upper" else -1.0
    length = track.length_A
    depth = sign * ((heights - plane + 0.5 * length) % length - 0.5 * length)
    slab = planes.upper_A - planes.lower_A
    near = (depth[0] > -0.5 * slab) & (depth[0] < 0.5 * (length - slab))
    return depth[:, near], np.asarray(track.symbols[cations][near] == "Co")


def _side_profile(
    profiles: Profiles, side: str, window: int, row: int
) -> tuple[FloatArray, FloatArray, tuple[float, float]]:
    """Return depth, density (atoms/Å³) and reach about one boundary, from a window's profile."""
    slab = profiles.upper_A - profiles.lower_A
    reach = (-0.5 * slab, 0.5 * (profiles.length_A - slab))
    plane = profiles.upper_A if side == "upper" else profiles.lower_A
    sign = 1.0 if side == "upper" else -1.0
    length = profiles.length_A
    d = sign * ((profiles.z_A - plane + 0.5 * length) % length - 0.5 * length)
    order = np.argsort(d)
    inside = order[(d[order] >= reach[0]) & (d[order] <= reach[1])]
    # bins of one period lie evenly; the order of depth is that of the axis or its mirror
    even = reach[0] + profiles.bin_width_A * (np.arange(len(inside)) + 0.5)
    even += float(d[inside][0] - even[0])
    density = profiles.density_per_A3[window, row][inside]
    return np.asarray(even, dtype=np.float64), density, reach


def _element_fits(
    each: Sequence[Profiles], profiles: Profiles, side: str
) -> dict[str, list[dict[str, Any]]]:
    """Return error functions through the cations' own profiles in each window."""
    found: dict[str, list[dict[str, Any]]] = {}
    for element in ("Co", "La", "Zr"):
        if element not in profiles.elements:
            continue
        row = profiles.elements.index(element)
        found[element] = []
        for window in range(len(profiles.windows_ps)):
            fits = []
            for one in (profiles, *each):
                d, density, _ = _side_profile(one, side, window, row)
                fits.append(profile_fit(d, density, smoothing_A=1.5))
            found[element].append(with_blocks(fits[0], fits[1:]).to_dict())
    return found


def _excess(each: Sequence[Profiles], profiles: Profiles, side: str) -> dict[str, Any]:
    """Return each element's Gibbs excess in the first and the last window and its change."""
    found = {}
    for row, element in enumerate(profiles.elements):
        values = np.array(
            [
                [100.0 * gibbs_excess(*_side_profile(one, side, window, row)) for window in (0, -1)]
                for one in each
            ]
        )
        change = values[:, 1] - values[:, 0]
        first, last = values.mean(axis=0)
        std = standard_error(np.column_stack([values, change]))
        names = ("first", "last", "change")
        means = (first, last, change.mean())
        found[element] = {
            name: {"value": _finite(mean), "std": _finite(error)}
            for name, mean, error in zip(names, means, std, strict=True)
        }
    return found


def _layer(
    each: Sequence[Profiles], profiles: Profiles, side: str, evidence: Evidence
) -> dict[str, Any] | None:
    """Return whether a La-rich layer lies at a boundary in the last window."""
    if "La" not in profiles.elements:
        return None
    row = profiles.elements.index("La")
    found = [rich_layer(*_side_profile(one, side, -1, row)) for one in each]
    began = [rich_layer(*_side_profile(one, side, 0, row)) for one in each]
    place, height = np.mean(found, axis=0)
    spread = standard_error(np.array(found))
    error = float(spread[1])
    beyond = height - 2.0 * error > RICH if np.isfinite(error) else height > RICH
    return {
        "found": bool(beyond),
        "place_A": _finite(place),
        "over_bulk": _finite(height),
        "over_bulk_std": _finite(error),
        "over_bulk_at_first": _finite(np.mean(began, axis=0)[1]),
        "resolved": bool(np.isfinite(error)) and evidence.resolved,
    }


def _beyond(
    counts: FloatArray, time_ps: FloatArray, area_A2: float, evidence: Evidence
) -> dict[str, Any]:
    """Return Co beyond the boundary against time, and its rate law where builds can tell one."""
    mean = counts.mean(axis=0)
    poisson = np.sqrt(np.maximum(mean, 1.0) / len(counts))
    std = np.fmax(standard_error(counts), poisson)
    law = rate_law(time_ps, mean, std)
    if not evidence.resolved:
        reason = f"{evidence.reason} ({law.reason})"
        law = dataclasses.replace(law, law="not resolved", reason=reason)
    return {
        "time_ps": time_ps.tolist(),
        "count": [_finite(one) for one in mean],
        "std": [_finite(one) for one in std],
        "per_nm2": [_finite(100.0 * one / area_A2) for one in mean],
        "rate_law": law.to_dict(),
    }


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _row(side: str, found: dict[str, Any]) -> dict[str, str]:
    last = found["share_of_co"][-1]
    layer = found["la_rich_layer"]
    beyond = found["co_beyond"]
    return {
        "side": SIDE_NAMES[side],
        "width σ (Å)": _pm(last["width_A"], last["width_std_A"]),
        "depth (Å)": _pm(last["depth_A"], last["depth_std_A"]),
        "Co beyond 4 Å": _pm(beyond["count"][-1], beyond["std"][-1]),
        "rate law": beyond["rate_law"]["law"],
        "La-rich layer": _layer_word(layer),
        "change of excess (1/nm²)": ", ".join(
            f"{element} {one['change']['value']:+.1f}"
            for element, one in found["gibbs_excess_per_nm2"].items()
            if one["change"]["value"] is not None
        ),
    }


def _layer_word(layer: dict[str, Any] | None) -> str:
    if layer is None:
        return "–"
    if not layer["resolved"]:
        return "not resolved"
    return "yes" if layer["found"] else "no"


def _pm(value: float | None, std: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if std is None else f"{value:.2f} ± {std:.2f}"
