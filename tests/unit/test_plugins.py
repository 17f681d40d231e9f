"""Analyses and references of other packages, found by their entry points."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinterface.errors import InputError
from sinterface.plugins import found_plugins
from sinterface.reference.calculators import open_reference
from sinterface.reference.settings import read_settings
from sinterface.report.results_page import _chosen
from sinterface.report.suite import SUITE, all_analyses
from sinterface.study.config import AnalysisTable

MODULE = '''
from ase.calculators.lj import LennardJones

from sinterface.report.outcome import Outcome


class Argon(LennardJones):
    """A made-up reference."""


def reason(run):
    return ""


def compute(run):
    return Outcome("frames", "Frames", {"replicas": len(run.replicas)})
'''
ENTRY_POINTS = """
[sinterface.analyses]
frames = garnet_extras

[sinterface.references]
argon = garnet_extras:Argon
"""


@pytest.fixture
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another package with an analysis and a reference, as pip would leave it."""
    (tmp_path / "garnet_extras.py").write_text(MODULE)
    about = tmp_path / "garnet_extras-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: garnet-extras\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    found_plugins.cache_clear()
    yield
    found_plugins.cache_clear()
    sys.modules.pop("garnet_extras", None)


@pytest.mark.usefixtures("_package")
def test_an_analysis_of_another_package_joins_the_suite() -> None:
    assert [one.name for one in all_analyses()] == [*(one.name for one in SUITE), "frames"]
    (chosen,) = _chosen(["frames"])
    assert chosen.title == "Frames"
    assert chosen.module == "garnet_extras"
    assert AnalysisTable.model_validate({"observables": ["rdf", "frames"]}).observables[1] == (
        "frames"
    )


@pytest.mark.usefixtures("_package")
def test_a_reference_of_another_package_has_a_name() -> None:
    reference = open_reference(read_settings("argon", {"arguments": {"epsilon": 0.5}}))
    assert type(reference.calculator).__name__ == "Argon"
    with pytest.raises(InputError, match=r"Unknown reference 'argo'.*argon"):
        read_settings("argo")


def test_without_it_the_names_are_unknown() -> None:
    assert all_analyses() == SUITE
    with pytest.raises(ValueError, match="there is no analysis 'frames'"):
        AnalysisTable.model_validate({"observables": ["frames"]})
