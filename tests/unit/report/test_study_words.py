"""Words of a study: intervals to the digits they deserve, and what isn't told from zero."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from sinterface.analysis.arrhenius import Point, fit_arrhenius
from sinterface.report.study_methods import methods
from sinterface.report.study_results import StudyResults, Value, conditions
from sinterface.report.study_words import headlines
from sinterface.report.words import interval, with_error, with_interval
from sinterface.study.steps.aggregating import dynamics_of
from sinterface.study.steps.transport_results import fitted


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.238, 0.276, "0.238 to 0.276"),
        (-0.253, 0.859, "−0.3 to 0.9"),
        (8e-9, 2.5e-8, "(0.8 to 2.5)·10⁻⁸"),
        (1.3e-13, 4.5e-11, "1.3·10⁻¹³ to 4.5·10⁻¹¹"),
    ],
)
def test_an_interval_shows_both_ends(low: float, high: float, words: str) -> None:
    assert interval(low, high) == words


def test_values_with_intervals_and_errors() -> None:
    assert with_interval(3.33e-5, 3.21e-5, 3.45e-5) == "3.33 (3.21 to 3.45)·10⁻⁵"
    assert with_interval(0.388, 0.3, 0.5) == "0.388 (0.30 to 0.50)"
    assert with_error(-0.01, 1.1).startswith("0.0")


def results(*values: Value, **changes: Any) -> StudyResults:
    study = StudyResults("s", "interfaces", "laptop", "S", {}, values, ())
    return dataclasses.replace(study, **changes)


def measured(value: float, low: float, high: float, facet: str) -> Value:
    where = conditions({"facet": facet, "volume": "relaxed"})
    return Value("d", "difference", value, 0.1, (low, high), "Å", True, "", where)


def test_what_is_not_told_from_zero_says_so() -> None:
    near, far = measured(0.4, -0.1, 0.9, "(104)"), measured(0.4, 0.2, 0.6, "(100)")
    assert headlines(results(near)) == [
        "The difference is 0.40\u00a0±\u00a00.10\u00a0Å on (104), not told from zero."
    ]
    (both,) = headlines(results(near, far))
    assert "on (104) (not told from zero) and" in both
    assert both.endswith("on (100).")


def test_every_reason_names_its_cases() -> None:
    empty = [
        Value("d", "width", float("nan"), float("nan"), (), "Å", False, reason,
              conditions({"facet": facet}))
        for facet, reason in (("(104)", "it melted"), ("(003)", "too flat"), ("(100)", "it melted"))
    ]  # fmt: skip
    good = dataclasses.replace(measured(1.0, 0.5, 1.5, "(110)"), name="width")
    (said,) = headlines(results(good, *empty))
    assert "The width on (104) and on (100) is not resolved: it melted." in said.replace("  ", " ")
    assert "The width on (003) is not resolved: too flat." in said


def test_an_interval_that_tells_nothing_is_not_resolved() -> None:
    tight = [Point(T, 1e-3 * 2.718281828 ** (-0.3 / 8.617e-5 / T), 1e-9, "") for T in (800, 1000)]
    wide = [dataclasses.replace(one, std_cm2_s=0.6 * one.D_cm2_s) for one in tight]
    for points, good in ((tight, True), (wide, False)):
        found = fitted(fit_arrhenius(points, at_K=(300.0,)), "Li", {"x": 0.0})
        assert [one.resolved for one in found] == [good, good]
    assert "includes zero" in found[0].reason
    assert "too wide" in found[1].reason


def test_methods_tell_the_runs(tmp_path: Path) -> None:
    phase = {
        "kind": "dynamics", "duration_ps": 150.0, "keep": True, "temperature_K": 800.0,
        "thermostat": "bussi", "cell": "fixed",
    }  # fmt: skip
    for number, kelvin in enumerate((800.0, 1400.0)):
        folder = tmp_path / str(number)
        folder.mkdir()
        phases = [{**phase, "keep": False, "cell": "axes"}, {**phase, "temperature_K": kelvin}]
        content = {"settings": {"phases": phases, "timestep_fs": 2.0}}
        (folder / "dynamics.json").write_text(json.dumps(content))
        (folder / "stage.json").write_text(json.dumps({"summary": {"n_atoms": 192}}))
    told = dynamics_of([tmp_path / "0", tmp_path / "1", tmp_path])
    assert told["runs"] == 2
    words = methods(results(provenance={"dynamics": told}), None)[1][0]
    assert "with stochastic velocity rescaling, time step 2 fs: 2 runs (192 atoms, 150 ps" in words
    assert "800 to 1,400 K; the cell is free in some phases)" in words
