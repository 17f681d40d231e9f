"""CSV tables of an analysis, units in the names of the columns."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sinterface.files import write_text

if TYPE_CHECKING:
    from sinterface.analysis.results import InterfaceAnalysis, SideDegradation
    from sinterface.analysis.statistics import Measure

Row = Sequence[object]


def write_tables(analysis: InterfaceAnalysis, directory: Path) -> tuple[Path, ...]:
    """Write profiles, pair distributions, displacements and degradation figures as CSV."""
    tables = {
        "profiles.csv": _profiles(analysis),
        "rdf.csv": _rdf(analysis),
        "rdf_peaks.csv": _rdf_peaks(analysis),
        "msd.csv": _msd(analysis),
        "diffusivity.csv": _diffusivity(analysis),
        "degradation.csv": _degradation(analysis),
        "survival.csv": _survival(analysis),
    }
    paths = []
    for name, (header, rows) in tables.items():
        write_text(directory / name, _csv(header, rows))
        paths.append(directory / name)
    return tuple(paths)


def _csv(header: Row, rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{float(value):.8g}" if math.isfinite(value) else ""
    return "" if value is None else value


def _profiles(analysis: InterfaceAnalysis) -> tuple[Row, list[Row]]:
    profiles = analysis.profiles
    header = ["window_start_ps", "window_end_ps", "z_A"]
    for element in profiles.elements:
        header += [f"{element}_per_A", f"{element}_per_A_std"]
        header += [f"{element}_per_A3", f"{element}_fraction"]
    rows: list[Row] = []
    for window, (start, end) in enumerate(profiles.windows_ps):
        for index, z in enumerate(profiles.z_A):
            row: list[object] = [start, end, z]
            for kind in range(len(profiles.elements)):
                at = (window, kind, index)
                row += [profiles.per_A[at], profiles.per_A_std[at]]
                row += [profiles.density_per_A3[at], profiles.fraction[at]]
            rows.append(row)
    return header, rows


def _rdf(analysis: InterfaceAnalysis) -> tuple[Row, list[Row]]:
    rdfs = analysis.rdfs
    header = ["r_A"]
    for first, second in rdfs.pairs:
        header += [f"g_{first}_{second}", f"g_{first}_{second}_std"]
    rows: list[Row] = []
    for index, r in enumerate(rdfs.r_A):
        columns = zip(rdfs.g[:, index], rdfs.g_std[:, index], strict=True)
        rows.append([r, *(value for pair in columns for value in pair)])
    return header, rows


def _rdf_peaks(analysis: InterfaceAnalysis) -> tuple[Row, list[Row]]:
    rdfs = analysis.rdfs
    header = ["first", "second", "first_peak_A", "first_minimum_A", "coordination"]
    columns = (rdfs.first_peak_A, rdfs.first_minimum_A, rdfs.coordination)
    rows = [[*pair, *row] for pair, *row in zip(rdfs.pairs, *columns, strict=True)]
    return header, list(rows)


def _msd(analysis: InterfaceAnalysis) -> tuple[Row, list[Row]]:
    msd = analysis.msd
    header = ["lag_ps"]
    for element in msd.elements:
        header += [f"{element}_msd_A2", f"{element}_msd_std_A2"]
    rows: list[Row] = []
    for index, lag in enumerate(msd.lag_ps):
        columns = zip(msd.msd_A2[:, index], msd.msd_std_A2[:, index], strict=True)
        rows.append([lag, *(value for pair in columns for value in pair)])
    return header, rows


def _diffusivity(analysis: InterfaceAnalysis) -> tuple[Row, list[Row]]:
    header = ["element", "D_cm2_per_s", "D_std_cm2_per_s", "supported", "reason"]
    return header, [
        [one.element, one.D_cm2_per_s, one.D_std_cm2_per_s, one.supported, one.reason]
        for one in analysis.msd.diffusivity
    ]


def _survival(analysis: InterfaceAnalysis) -> tuple[Row, list[Row]]:
    header = ["where", "element", "n_atoms", "plateau_A2", "growth_A2_per_ps"]
    header += ["growth_std_A2_per_ps", "survived", "reason"]
    rows: list[Row] = []
    for one in analysis.survival:
        growth = (one.growth_A2_per_ps, one.growth_std_A2_per_ps)
        rows.append(
            [one.where, one.element, one.n_atoms, one.plateau_A2, *growth, one.survived, one.reason]
        )
    return header, rows


def _degradation(analysis: InterfaceAnalysis) -> tuple[Row, list[Row]]:
    columns: dict[str, Measure] = {}
    for side in analysis.sides:
        columns |= _columns(side)
    columns["inside_csm"] = analysis.inside_csm
    columns["inside_coordination"] = analysis.inside_coordination
    header = ["time_ps"]
    for name in columns:
        header += [name, f"{name}_std"]
    rows: list[Row] = []
    for index, time in enumerate(analysis.inside_csm.time_ps):
        row: list[object] = [time]
        for measure in columns.values():
            row += [measure.mean[index], measure.std[index]]
        rows.append(row)
    return header, rows


def _columns(side: SideDegradation) -> dict[str, Measure]:
    return {
        f"{side.side}_width_A": side.width,
        f"{side.side}_width_la_A": side.width_la,
        f"{side.side}_width_zr_A": side.width_zr,
        f"{side.side}_interdiffused_co": side.interdiffused,
        f"{side.side}_interdiffused_co_per_nm2": side.interdiffused_per_nm2,
        f"{side.side}_layer_csm": side.layer_csm,
        f"{side.side}_layer_coordination": side.layer_coordination,
    }
