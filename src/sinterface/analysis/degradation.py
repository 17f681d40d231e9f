"""How much an interface degraded in a set of runs, side by side, with uncertainty."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.boundaries import LAYER_THICKNESS_A, plane_spacing
from sinterface.analysis.clusters import CO_O_BOND_A
from sinterface.analysis.diffusion import mean_squared_displacement
from sinterface.analysis.frames import (
    ELECTRODE,
    ELECTROLYTE,
    FloatArray,
    Track,
    Trajectory,
    read_track,
    time_windows,
)
from sinterface.analysis.profiles import element_profiles
from sinterface.analysis.rdf import partial_rdfs
from sinterface.analysis.results import InterfaceAnalysis, SideDegradation
from sinterface.analysis.sides import (
    BEYOND_A,
    Series,
    edge_widths,
    electrode_cobalt,
    follow_bulk,
    follow_cobalt,
)
from sinterface.analysis.statistics import Evidence, Measure, combine, window_means
from sinterface.analysis.survival import (
    FrameworkSurvival,
    control_survival,
    interface_survival,
)
from sinterface.errors import InputError
from sinterface.progress import Progress, ProgressCallback

__all__ = ["InterfaceAnalysis", "SideDegradation", "analyze_interface", "definitions"]

N_WINDOWS = 20
"""Windows of time of the degradation figures."""

SIDE_NAMES = {"lower": "li_deficient", "upper": "li_sufficient"}


def analyze_interface(
    trajectories: Sequence[Trajectory],
    *,
    references: Sequence[FloatArray] | None = None,
    controls: Sequence[Trajectory] = (),
    max_frames: int = 400,
    progress: ProgressCallback | None = None,
) -> InterfaceAnalysis:
    """Analyse the runs of several independent builds of one interface.

    Parameters
    ----------
    trajectories
        One run a build, with the same frame interval; the shortest sets the time that is used.
    references
        Relaxed positions that each run started from, shape (n_atoms, 3), in Å, for "the relaxed
        outermost Co plane"; without them the first frame stands in, which a warning says.
    controls
        Runs of bulk slabs of the electrolyte and of the electrode at the same temperature and
        strain, told apart by ``region``; unless both stay crystals no figure counts as resolved.
    max_frames
        Frames read of each run, at a regular stride.
    progress
        Called with the state of the computation.

    Raises
    ------
    InputError
        When there is no run, the runs differ in frame interval, or the electrode holds no Co.
    """
    if not trajectories:
        raise InputError("No trajectory was given to the analysis; run the dynamics first.")
    if references is not None and len(references) != len(trajectories):
        message = (
            f"{len(references)} relaxed structures were given for {len(trajectories)} runs; "
            "give one for each run."
        )
        raise InputError(message)
    report = _Steps(progress, 2 * len(trajectories) + 4)
    tracks = []
    for index, trajectory in enumerate(trajectories):
        reference = None if references is None else references[index]
        tracks.append(read_track(trajectory, reference=reference, max_frames=max_frames))
        report(f"read run {index + 1}")
    tracks, warnings = _alike(tracks)
    series = []
    for index, track in enumerate(tracks):
        series.append(follow_cobalt(track))
        report(f"followed Co in run {index + 1}")
    checks = [read_track(control, max_frames=max_frames) for control in controls]
    bulks = tuple(one for check in checks for one in control_survival(_bulk(check), check))
    evidence = interface_evidence(tracks, bulks)
    relaxed = None
    if references is not None:
        starts = [track.relaxed() for track in tracks]
        relaxed = _Figures(starts, [follow_cobalt(start) for start in starts], evidence, None)
    figures = _Figures(tracks, series, evidence, relaxed)
    sides = figures.side("lower"), figures.side("upper")
    report("boundaries")
    profiles = element_profiles(tracks, [one.planes for one in series])
    report("profiles")
    rdfs = partial_rdfs(tracks)
    report("pair distributions")
    survival = interface_survival(
        tracks, [(one.planes.lower_A, one.planes.upper_A) for one in series]
    )
    survival += bulks
    msd = mean_squared_displacement(tracks)
    report("displacements")
    temperature = np.concatenate([track.temperature_K for track in tracks])
    time = tracks[0].time_ps
    if references is None:
        warnings.append(
            "the outermost Co planes are those of the first frame, for want of the relaxed one"
        )
    warnings += _cautions(evidence, survival, float(time[-1] - time[0]))
    return InterfaceAnalysis(
        n_replicas=len(tracks),
        n_controls=len(checks),
        n_atoms=len(tracks[0].symbols),
        n_frames=sum(track.n_frames for track in tracks),
        duration_ps=float(time[-1] - time[0]),
        frame_interval_ps=float(time[1] - time[0]),
        temperature_K=float(temperature.mean()),
        temperature_std_K=float(temperature.std()),
        area_nm2=profiles.area_A2 / 100.0,
        sides=sides,
        inside_csm=figures.disorder("inside", "csm"),
        inside_coordination=figures.disorder("inside", "coordination"),
        profiles=profiles,
        rdfs=rdfs,
        msd=msd,
        survival=survival,
        definitions=definitions(),
        warnings=tuple(warnings),
        **_bulk_measures(checks),
    )


def definitions() -> dict[str, str]:
    """Return each figure's definition in words, with its cutoffs."""
    return {
        "interdiffusion width": (
            "√π ∫ c (1 − c) dd of the share c = Co/(Co + La + Zr) across the boundary, d along the "
            "normal, which is σ where c = ½ erfc(d/(√2 σ)); counts are broadened by a Gaussian of "
            "the Co planes' spacing, and what a sharp boundary of the same atoms gives is taken "
            "away in quadrature; below half that spacing it is not resolved and reads “≤”"
        ),
        "interdiffused Co": (
            f"Co more than {BEYOND_A:g} Å beyond the relaxed outermost Co plane with no path of "
            f"Co–O–Co bonds (Co–O up to {CO_O_BOND_A:g} Å) back to a Co between the planes"
        ),
        "disorder of the CoO6 layer": (
            "mean continuous shape measure of the six nearest O against the octahedron, centre "
            "included, over the Co of the relaxed plane nearest to the boundary "
            f"({LAYER_THICKNESS_A:g} Å thick) in which at least half have six O, wherever they "
            "are later; the middle third of "
            "the slab (inside) is measured alike"
        ),
        "coordination": f"O within {CO_O_BOND_A:g} Å of those Co",
    }


class _Steps:
    """Count steps for a progress callback."""

    def __init__(self, progress: ProgressCallback | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self, message: str) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(Progress(self._done, self._total, message))


@dataclasses.dataclass(frozen=True)
class _Figures:
    """Make the measures of a set of runs; `relaxed` makes those of their starting structures."""

    tracks: list[Track]
    series: list[Series]
    evidence: Evidence
    relaxed: _Figures | None

    def side(self, which: str) -> SideDegradation:
        """Return the degradation of the ``"lower"`` or ``"upper"`` boundary."""
        mean_length = np.mean([track.length_A for track in self.tracks])
        heights = [
            getattr(one.planes, f"{which}_A") * mean_length / track.length_A
            for one, track in zip(self.series, self.tracks, strict=True)
        ]
        members = [np.count_nonzero(one.groups[which]) for one in self.series]
        return SideDegradation(
            side=SIDE_NAMES[which],
            plane_A=float(np.mean(heights)),
            n_layer_co=float(np.mean(members)),
            width=self.width(which, "interdiffusion width", None),
            width_la=self.width(which, "interdiffusion width, Co against La", "La"),
            width_zr=self.width(which, "interdiffusion width, Co against Zr", "Zr"),
            interdiffused=self.interdiffused(which, per_area=False),
            interdiffused_per_nm2=self.interdiffused(which, per_area=True),
            layer_csm=self.disorder(which, "csm"),
            layer_coordination=self.disorder(which, "coordination"),
            resolved=self.evidence.resolved,
            reason=self.evidence.reason,
        )

    def width(self, which: str, name: str, partner: str | None) -> Measure:
        """Return an interdiffusion width against one electrolyte cation, or all of them."""
        time, window = self.windows()
        results, spacings = [], []
        for track, one in zip(self.tracks, self.series, strict=True):
            cations = set(track.symbols[track.framework(ELECTROLYTE)].tolist()) - {"Co"}
            partners = tuple(sorted(cations)) if partner is None else (partner,)
            spacing = plane_spacing(track.heights(track.reference[electrode_cobalt(track)], 0))
            found = edge_widths(track, one.planes, which, window, len(time), partners, spacing)
            results.append(found)
            spacings.append(spacing)
        values, errors = (np.array(part) for part in zip(*results, strict=True))
        start = self.relaxed.width(which, name, partner).initial if self.relaxed else np.nan
        resolution = 0.5 * max(spacings)
        return combine(
            name, "Å", time, values, errors, self.evidence, relaxed=start, resolution=resolution
        )

    def interdiffused(self, which: str, *, per_area: bool) -> Measure:
        """Return the interdiffused Co of one side, as a count or per nm²."""
        rows = [
            one.interdiffused[which] / (track.area_A2 / 100.0 if per_area else 1.0)
            for one, track in zip(self.series, self.tracks, strict=True)
        ]
        start = np.nan
        if self.relaxed is not None:
            start = self.relaxed.interdiffused(which, per_area=per_area).initial
        areas = [track.area_A2 / 100.0 for track in self.tracks]
        quantum = 1.0 / float(np.mean(areas)) if per_area else 1.0
        unit = "nm⁻²" if per_area else ""
        return self.measure("interdiffused Co", unit, rows, start, quantum=quantum)

    def disorder(self, group: str, quantity: str) -> Measure:
        """Return the shape measure or coordination of one group of Co."""
        where = "inside" if group == "inside" else "layer at the boundary"
        name = {"csm": "CoO6 shape measure", "coordination": "O neighbours of Co"}[quantity]
        rows = [getattr(one, quantity)[group] for one in self.series]
        start = self.relaxed.disorder(group, quantity).initial if self.relaxed else np.nan
        return self.measure(f"{name}, {where}", "", rows, start)

    def measure(
        self,
        name: str,
        unit: str,
        rows: list[FloatArray],
        relaxed: float,
        *,
        quantum: float = 0.0,
    ) -> Measure:
        """Return a measure of the frame-by-frame series of each run."""
        time, window = self.windows()
        parts = [window_means(row, window, len(time)) for row in rows]
        values, errors = (np.array(part) for part in zip(*parts, strict=True))
        return combine(
            name, unit, time, values, errors, self.evidence, relaxed=relaxed, quantum=quantum
        )

    def windows(self) -> tuple[FloatArray, NDArray[np.int64]]:
        """Return the middle of each window of time and the window of each frame."""
        edges, window = time_windows(self.tracks[0].time_ps, N_WINDOWS)
        return 0.5 * (edges[1:] + edges[:-1]), window


def _alike(tracks: list[Track]) -> tuple[list[Track], list[str]]:
    """Cut all runs to the shortest one; refuse different frame intervals."""
    steps = [float(track.time_ps[1] - track.time_ps[0]) for track in tracks]
    if max(steps) - min(steps) > 0.01 * min(steps):
        message = (
            f"The runs have different frame intervals ({min(steps):g} and {max(steps):g} ps); "
            "run the replicas with the same settings."
        )
        raise InputError(message)
    shortest = min(track.n_frames for track in tracks)
    if all(track.n_frames == shortest for track in tracks):
        return tracks, []
    longest = max(float(track.time_ps[-1]) for track in tracks)
    cut = [track.until(shortest) for track in tracks]
    warning = (
        f"the runs have different lengths (up to {longest:g} ps); only the first "
        f"{cut[0].time_ps[-1]:g} ps of each are used"
    )
    return cut, [warning]


def _count_independent(tracks: Sequence[Track]) -> int:
    """Count builds that differ in their start; equal ones with other velocities are one build."""
    different: list[FloatArray] = []
    for track in tracks:
        start = track.reference
        if not any(
            start.shape == other.shape and np.allclose(start, other, atol=1e-3)
            for other in different
        ):
            different.append(start)
    return len(different)


def _bulk(check: Track) -> str:
    """Return the name of a control by the slab that its atoms stand for."""
    return "bulk electrode" if np.all(check.region == ELECTRODE) else "bulk electrolyte"


def _bulk_measures(checks: Sequence[Track]) -> dict[str, Measure]:
    """Return the disorder figures of the bulk electrode, if one with Co and O was given."""
    for track in checks:
        if _bulk(track) == "bulk electrode" and {"Co", "O"} <= set(track.symbols.tolist()):
            edges, window = time_windows(track.time_ps, N_WINDOWS)
            time = 0.5 * (edges[1:] + edges[:-1])
            names = {"csm": "CoO6 shape measure", "coordination": "O neighbours of Co"}
            return {
                f"bulk_{key}": _one_run(f"{name}, bulk electrode", time, row, window)
                for (key, name), row in zip(names.items(), follow_bulk(track), strict=True)
            }
    return {}


def _one_run(name: str, time_ps: FloatArray, row: FloatArray, window: NDArray[np.int64]) -> Measure:
    means, errors = window_means(row, window, len(time_ps))
    return combine(name, "", time_ps, means[None], errors[None], Evidence(1, ()))


def interface_evidence(tracks: Sequence[Track], bulks: Sequence[FrameworkSurvival]) -> Evidence:
    """Return what stands behind the runs of an interface.

    Parameters
    ----------
    tracks
        One run a build.
    bulks
        Verdicts about the bulk controls, ``"bulk electrolyte"`` and ``"bulk electrode"``.
    """
    verdicts: dict[str, list[bool | None]] = {
        slab: [one.survived for one in bulks if one.where == f"bulk {slab}"]
        for slab in ("electrolyte", "electrode")
    }
    return Evidence(
        _count_independent(tracks),
        missing_controls=tuple(slab for slab, found in verdicts.items() if not found),
        moved_controls=tuple(slab for slab, found in verdicts.items() if False in found),
        unsure_controls=tuple(
            slab for slab, found in verdicts.items() if None in found and False not in found
        ),
    )


def _cautions(
    evidence: Evidence, survival: Sequence[FrameworkSurvival], duration_ps: float
) -> list[str]:
    cautions = []
    if not evidence.resolved:
        cautions.append(evidence.reason)
    if duration_ps < 1000.0:
        cautions.append(
            f"{duration_ps:.3g} ps show that the machinery works, not how an interface ages"
        )
    cautions += [
        f"{one.element} in the {one.where}: {one.reason}"
        for one in survival
        if one.survived is not True
    ]
    return cautions
