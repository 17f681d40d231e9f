"""The whole analysis on made-up runs whose degradation is planted."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sinterface.analysis.degradation import InterfaceAnalysis, analyze_interface
from sinterface.errors import InputError

N_FRAMES = 60


def degrading_run(make_trajectory: Any, slabs: Any, seed: int, n_lost: int) -> Any:
    """Return a run in which `n_lost` Co of the lower plane jump 6 Å out half way through."""
    rng = np.random.default_rng(seed)
    start = slabs.positions + rng.normal(0.0, 0.02, slabs.positions.shape)
    frames = start + rng.normal(0.0, 0.05, (N_FRAMES, *start.shape))
    cobalt = slabs.of("Co")
    lowest = cobalt[np.argsort(slabs.positions[cobalt, 2])][:n_lost]
    frames[N_FRAMES // 2 :, lowest, 2] -= 6.0
    return make_trajectory(slabs.symbols, slabs.region, frames, slabs.cell)


@pytest.fixture(scope="module")
def analysis(make_trajectory: Any, make_slabs: Any) -> InterfaceAnalysis:
    slabs = make_slabs()
    runs = [degrading_run(make_trajectory, slabs, seed, 3 + seed) for seed in range(3)]
    return analyze_interface(runs, references=[slabs.positions] * 3)


def test_planted_losses_are_found_on_their_side(analysis: InterfaceAnalysis, slabs: Any) -> None:
    deficient, sufficient = analysis.sides
    assert (deficient.side, sufficient.side) == ("li_deficient", "li_sufficient")
    assert deficient.plane_A == pytest.approx(slabs.lower_A)
    assert sufficient.plane_A == pytest.approx(slabs.upper_A)
    assert deficient.interdiffused.initial == 0.0
    assert deficient.interdiffused.final == pytest.approx(4.0)
    assert deficient.interdiffused.final_std == pytest.approx(np.sqrt(12.0) / 3.0)  # Poisson
    assert deficient.interdiffused_per_nm2.final == pytest.approx(4.0 / 1.44)
    assert sufficient.interdiffused.final == 0.0
    assert deficient.width.change > 5.0 * abs(sufficient.width.change)
    assert deficient.layer_coordination.change < -0.5
    assert abs(sufficient.layer_coordination.change) < 0.1
    assert abs(sufficient.layer_csm.change) < 0.1
    assert abs(analysis.inside_csm.change) < 0.1
    assert analysis.inside_csm.relaxed == pytest.approx(0.0, abs=1e-6)
    assert analysis.inside_csm.initial > 0.0
    assert deficient.interdiffused.relaxed == 0.0


def test_one_build_seen_three_times_is_not_three_builds(
    analysis: InterfaceAnalysis, make_trajectory: Any, slabs: Any
) -> None:
    # The fixture gives three runs of one relaxed structure, and no controls.
    measure = analysis.sides[0].interdiffused
    assert not measure.resolved
    assert not measure.changed
    assert "1 independent build" in measure.reason
    assert "no bulk control of the electrolyte and electrode" in measure.reason
    assert measure.reason in analysis.warnings


def test_three_builds_and_controls_are_resolved(make_trajectory: Any, make_slabs: Any) -> None:
    slabs = make_slabs()
    runs = [degrading_run(make_trajectory, slabs, seed, 3 + seed % 2) for seed in range(4)]
    rng = np.random.default_rng(9)
    rest = slabs.positions + rng.normal(0.0, 0.05, (N_FRAMES, *slabs.positions.shape))
    controls = []
    for slab in (0, 1):
        kept = slabs.region == slab
        symbols = [symbol for symbol, keep in zip(slabs.symbols, kept, strict=True) if keep]
        frames = rest[:, kept]
        controls.append(make_trajectory(symbols, slabs.region[kept], frames, slabs.cell))
    analysis = analyze_interface(runs, controls=controls)
    measure = analysis.sides[0].interdiffused
    assert measure.resolved
    assert measure.changed
    assert not analysis.sides[1].interdiffused.changed
    assert analysis.n_controls == 2
    where = {one.where for one in analysis.survival}
    assert where == {"electrolyte", "electrode", "bulk electrolyte", "bulk electrode"}
    assert any("first frame" in warning for warning in analysis.warnings)
    assert analysis.bulk_csm is not None
    assert analysis.bulk_coordination is not None
    # This control keeps the O beyond its outermost Co.
    assert analysis.bulk_coordination.final == pytest.approx(6.0)
    assert 0.0 < analysis.bulk_csm.final < 0.5
    assert not analysis.bulk_csm.resolved
    # A control that melts, or is too short to judge, is no control.
    walk = rng.normal(0.0, 0.4, controls[1].all_positions.shape).cumsum(axis=0)
    melt = dataclasses.replace(controls[1], all_positions=controls[1].all_positions + walk)
    melted = analyze_interface(runs, controls=[controls[0], melt]).sides[0].interdiffused
    assert not melted.resolved
    assert not melted.changed
    assert "the bulk control of the electrode did not stay a crystal" in melted.reason


def test_an_analysis_survives_the_disk(analysis: InterfaceAnalysis, tmp_path: Path) -> None:
    paths = analysis.write(tmp_path / "analysis")
    assert all(path.is_file() for path in paths)
    read = InterfaceAnalysis.read(tmp_path / "analysis")
    assert read.to_dict() == analysis.to_dict()
    assert isinstance(read.sides[0].width.mean, np.ndarray)
    assert read.rdfs.pairs == analysis.rdfs.pairs
    np.testing.assert_array_equal(read.profiles.fraction, analysis.profiles.fraction)
    for field in dataclasses.fields(analysis):
        kind = type(getattr(analysis, field.name))
        assert isinstance(getattr(read, field.name), kind), field.name
    json.loads((tmp_path / "analysis/analysis.json").read_text(), parse_constant=pytest.fail)


def test_tables_have_units_and_every_row(analysis: InterfaceAnalysis, tmp_path: Path) -> None:
    analysis.write(tmp_path)
    with (tmp_path / "degradation.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == len(analysis.inside_csm.time_ps)
    assert float(rows[-1]["li_deficient_interdiffused_co"]) == pytest.approx(4.0)
    with (tmp_path / "profiles.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert {"z_A", "Co_per_A", "Co_per_A3", "Co_fraction"} <= set(rows[0])
    assert len(rows) == analysis.profiles.per_A.shape[0] * analysis.profiles.per_A.shape[2]


def test_a_missing_analysis_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No readable analysis"):
        InterfaceAnalysis.read(tmp_path)
    (tmp_path / "analysis.json").write_text("{}")
    with pytest.raises(InputError, match="No readable analysis"):
        InterfaceAnalysis.read(tmp_path)


def test_runs_that_do_not_belong_together(make_trajectory: Any, slabs: Any) -> None:
    with pytest.raises(InputError, match="No trajectory"):
        analyze_interface([])
    runs = [degrading_run(make_trajectory, slabs, seed, 1) for seed in range(2)]
    with pytest.raises(InputError, match="1 relaxed structures"):
        analyze_interface(runs, references=[slabs.positions])
    runs[1].time_ps = 2.0 * runs[1].time_ps
    with pytest.raises(InputError, match="different frame intervals"):
        analyze_interface(runs)


def test_the_shortest_run_sets_the_time_and_progress_ends(make_trajectory: Any, slabs: Any) -> None:
    runs = [degrading_run(make_trajectory, slabs, seed, 1) for seed in range(2)]
    for name in ("time_ps", "temperature_K", "cell", "all_positions"):
        setattr(runs[1], name, getattr(runs[1], name)[:50])
    told = []
    analysis = analyze_interface(runs, progress=told.append)
    assert analysis.duration_ps == pytest.approx(4.9)
    assert analysis.n_frames == 100
    assert any("different lengths" in warning for warning in analysis.warnings)
    assert told[-1].done == told[-1].total
