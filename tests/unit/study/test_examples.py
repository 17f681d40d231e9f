"""The study files that ship with sinterface."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinterface.study.estimate import estimate_site, makespan
from sinterface.study.general import plan_site
from sinterface.study.reading import read_study
from sinterface.study.scales import SCALES, is_plain, read_site, scales_of

FOLDER = Path(__file__).parents[3] / "examples"
EXAMPLES = [path for path in sorted(FOLDER.glob("*.toml")) if is_plain(path)]
PAPER = sorted((FOLDER / "paper").glob("*.toml"))
PAIRS = sorted((FOLDER / "pair").glob("*.toml"))
LIMIT_H = {"laptop": 1.0, "overnight": 12.0}
RATES = {"llzo-lco": 90_000.0, "llzo-lco-n2p2": 150_000.0}
"""Atom-steps a second on one core, a tenth less than measured (docs/performance.md); two cores."""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_reads(path: Path) -> None:
    assert read_study(path).study.study.name == path.stem


def test_quick_example_can_carry_error_bars() -> None:
    study = next(read_study(path) for path in EXAMPLES if path.stem == "quick").study
    assert study.study.replicas >= 3
    assert study.study.controls


@pytest.mark.parametrize("path", PAPER, ids=lambda path: path.stem)
def test_paper_study_fits_its_scales(path: Path) -> None:
    assert scales_of(path) == SCALES
    sizes = []
    for scale in SCALES:
        site = read_site(path, scale)
        assert site.settings.study.name == path.stem
        hours = makespan(plan_site(site), 2, RATES[site.driver["potential"]]) / 3600.0
        assert hours < LIMIT_H.get(scale, float("inf")), f"{scale} takes {hours:.1f} h"
        sizes.append(estimate_site(site).atom_steps)
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_second_pair_plans(path: Path) -> None:
    for scale in SCALES:
        stages = plan_site(read_site(path, scale))
        assert stages[-1].step == "report"
        assert "potential" not in stages[0].inputs
