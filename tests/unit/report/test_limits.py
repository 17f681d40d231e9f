"""What a run can't say is said, from its own figures."""

from __future__ import annotations

from dataclasses import replace

from unit.report.synthetic import CARD, STUDY

from sinterface.analysis.results import InterfaceAnalysis
from sinterface.report import words
from sinterface.report.limits import limits


def plain(text: str) -> str:
    """Return a text with ordinary spaces."""
    return text.replace(words.NBSP, " ")


def test_limits_are_made_from_the_run(analysis: InterfaceAnalysis) -> None:
    said = plain(" ".join(limits(analysis, potential_card=CARD, cutoff_A=6.0, study=STUDY)))
    assert "40 ps show that the machinery works, not how an interface ages." in said
    assert "CHGNet 0.4.2" in said
    assert "not DFT" in said
    assert "No long-range charge is in a 6 Å potential" in said
    assert said.count("Co in the electrode") == 1
    assert "is polar" not in said


def test_polar_planes_long_runs_and_other_references_change_the_limits(
    analysis: InterfaceAnalysis,
) -> None:
    long = replace(analysis, duration_ps=10_000.0)
    said = plain(
        " ".join(
            limits(
                long,
                potential_card={"reference": {"name": "gpaw"}},
                cutoff_A=None,
                study={"interface": {"electrode_plane": [0, 0, 3]}},
            )
        )
    )
    assert "(003) is polar" in said
    assert "10 ns are long for molecular dynamics" in said
    assert "CHGNet" not in said
    assert "trained on GPAW" in said


def test_frameworks_that_moved_and_unfinished_preparations_are_named(
    analysis: InterfaceAnalysis,
) -> None:
    melted = replace(analysis.survival[0], survived=False)
    run = replace(
        analysis,
        survival=(melted,),
        temperature_K=1113.0,
        warnings=("the runs have different lengths",),
    )
    certificates = [{"relaxation": {"converged": True}}, {"relaxation": {"converged": False}}]
    said = limits(run, potential_card=CARD, cutoff_A=6.0, study=STUDY, certificates=certificates)
    text = " ".join(said)
    assert "Did not stay a crystal: La in the electrolyte" in text
    assert "1113 K, is not the 1500 K" in text
    assert "relaxation of build 2 stopped" in text
    assert said[-1] == "The runs have different lengths."
