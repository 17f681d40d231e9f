"""The study files that ship with sinterface."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinterface.study.reading import read_study

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_reads(path: Path) -> None:
    assert read_study(path).study.study.name == path.stem


def test_quick_example_can_carry_error_bars() -> None:
    study = next(read_study(path) for path in EXAMPLES if path.stem == "quick").study
    assert study.study.replicas >= 3
    assert study.study.controls
