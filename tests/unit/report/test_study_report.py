"""The report of any study: whole, offline, nothing said that the numbers don't carry."""

from __future__ import annotations

import csv
import dataclasses
import math
import re
from pathlib import Path

import pytest
from unit.report.synthetic_study import CARD, CERTIFICATE, at, make_study
from unit.report.test_document import Page

from sinterface.report import study_words
from sinterface.report.published import Published, compare, published_for
from sinterface.report.references import known_keys, references
from sinterface.report.study_report import write_study_report
from sinterface.report.study_results import Condition, StudyResults, Value, conditions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study") / "results-0a1b2c3d"


@pytest.fixture(scope="module")
def results(folder: Path) -> StudyResults:
    found = make_study(folder)
    found.write(folder)
    return found


@pytest.fixture(scope="module")
def page(results: StudyResults, folder: Path) -> Path:
    place = folder.parent / "report-0a1b2c3d"
    return write_study_report(place, results, folder, card=CARD, certificate=CERTIFICATE)


def test_the_page_loads_nothing_and_its_links_live(page: Path) -> None:
    found = Page(page.read_text())
    assert all(one.startswith(("data:", "#")) for one in found.loaded)
    assert len(found.ids) == len(set(found.ids))
    for link in found.links:
        if link.startswith("#"):
            assert link[1:] in found.ids
        elif not link.startswith("https://doi.org/"):
            assert (page.parent / link).is_file()


def test_it_says_what_was_found(page: Path) -> None:
    text = Page(page.read_text()).text.replace("\u00a0", " ")
    assert "The activation energy of Li is 0.250 ± 0.006 eV (x = 0) and 0.310 ± 0.010 eV" in text
    assert "The extrapolated diffusivity of Co is below 1.00·10⁻¹¹ cm²/s" in text
    assert "The diffusivity of Li lies between" in text
    assert (
        "Of 3 published values to compare with, 1 inside the 95 % interval found here, 1 outside"
        in text
    )
    assert "an error against CHGNet is not an error against DFT" in text
    assert "failed 1 of 2 lines of its stability certificate: elastic: LCO" in text
    assert "This is the laptop scale" in text
    assert "Not done: frames are too far apart" in text
    assert "Two replicas were lost." in text
    assert "Of the same formula: build-2" in text


def test_the_table_for_pandas_tells_reasons_and_published_values(
    results: StudyResults, folder: Path
) -> None:
    with (folder / "values.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    assert [row["reason"] for row in rows] == [value.reason for value in results.values]
    barrier = next(row for row in rows if row["name"] == "activation energy of Li")
    assert float(barrier["published_low"]) <= float(barrier["published_high"])
    assert barrier["published_by"].startswith("calculation: ")


def test_figures_stand_inside(page: Path) -> None:
    text = page.read_text()
    assert text.count('<svg class="figure"') == 1
    assert 'aria-label="Mean squared displacement &lt;of Li>."' in text
    assert "<image" not in text


def test_bibtex_holds_what_the_methods_cite(page: Path) -> None:
    bibtex = (page.parent / "references.bib").read_text()
    keys = re.findall(r"@\w+\{([^,]+),", bibtex)
    assert keys[0] == "kim2024"
    assert {"bullerjahn2020", "deng2023", "thompson2022"} <= set(keys)
    assert "kaplan1958" not in keys  # no section of sites
    assert len(keys) == len(set(keys))


def test_without_a_potential_or_structures(results: StudyResults, tmp_path: Path) -> None:
    bare = dataclasses.replace(results, structures=(), sections=(), values=())
    text = Page(write_study_report(tmp_path, bare, tmp_path).read_text()).text
    assert "This study ended without a value." in text
    assert "A reference calculator moved the atoms" in text


def test_every_source_is_known() -> None:
    from sinterface.report import published, study_methods

    for entry in published._entries():
        source = entry["source"]
        assert source in known_keys() or " " in source
        assert ("value" in entry) != ("low" in entry)
    for table in (study_methods.KINDS, study_methods.ANALYSES):
        references(tuple(key for _, keys in table.values() for key in keys) or ("kim2024",))


def published(low: float, high: float | None = None) -> Published:
    return Published(low, low if high is None else high, math.nan, "eV", "x", "kim2024", "")


@pytest.mark.parametrize(
    ("other", "verdict", "words"),
    [
        (published(0.26), "agrees", "inside"),
        (published(0.3), "differs", "17 % below"),
        (published(0.2, 0.24), "agrees", "inside"),
        (published(0.8), "differs", "3.2 times as small"),
    ],
)
def test_verdicts(other: Published, verdict: str, words: str) -> None:
    value = Value("a", "a", 0.25, 0.01, (0.23, 0.27), "eV", True)
    found = compare(value, other)
    assert found.verdict == verdict
    assert words in found.words


def test_a_bound_excludes_only_what_lies_above_it() -> None:
    value = Value("a", "a", math.nan, math.nan, (0.0, 0.5), "eV", False)
    assert compare(value, published(0.4)).verdict == "allowed"
    assert compare(value, published(0.6)).verdict == "excluded"
    unknown = dataclasses.replace(value, ci95=())
    assert compare(unknown, published(0.4)).verdict == "not resolved"
    loose = Value("a", "a", 0.25, math.nan, (), "eV", True)
    assert compare(loose, published(0.4)).verdict == "no interval"
    assert "38 % below" in compare(loose, published(0.4)).words


def test_cases_are_told_one_by_one_and_not_as_a_range(results: StudyResults) -> None:
    hops = tuple(
        Value("barrier_forward", "forward barrier of Li", 0.1 * k, 0.01, (), "eV", True,
              conditions=conditions({"hop": f"hop-{k}"}))
        for k in range(1, 7)
    )  # fmt: skip
    (said,) = study_words.headlines(dataclasses.replace(results, values=hops))
    assert "between" not in said
    assert said.count("hop-") == 6


def test_published_values_belong_to_their_conditions(results: StudyResults) -> None:
    undoped, doped = results.values[:2]
    assert [one.low for one in published_for(undoped, results)] == [0.243]
    assert [one.low for one in published_for(doped, results)] == [0.273]
    other = dataclasses.replace(results, settings={"crystal": "lco", "rule": ""})
    assert published_for(undoped, other) == ()
    own = dataclasses.replace(undoped, published=0.5, published_source="elsewhere")
    assert [one.low for one in published_for(own, results)] == [0.5, 0.243]


def test_conditions_in_words() -> None:
    told = study_words.conditions_text(at(x=0.125, temperature=1000.0, volume="fixed"))
    assert told.replace("\u00a0", " ") == "x = 0.125, 1000 K, fixed volume"


def test_published_ranges_stand_beside_what_a_study_calls_its_values(
    results: StudyResults,
) -> None:
    """A transition inside the paper's range agrees with it; a boundary has its own energy."""
    heated = Value(
        "transition_temperature", "transition temperature on heating", 860.0, 4.0, (850.0, 870.0),
        "K", True, "", (Condition("branch", "heating"),),
    )  # fmt: skip
    study = dataclasses.replace(
        results, kind="phase-transition", settings={"crystal": "llzo-tetragonal"}
    )
    paper, experiment = published_for(heated, study)
    assert (paper.low, paper.high, paper.by) == (850.0, 900.0, "calculation")
    assert (experiment.low, experiment.high) == (898.0, 918.0)
    assert compare(heated, paper).verdict == "agrees"
    assert compare(heated, experiment).verdict == "differs"

    boundary = Value(
        "boundary_energy", "energy", 0.7, 0.1, (0.5, 0.9), "J/m²", True, "",
        (Condition("boundary", "Σ7(21-3)"),),
    )  # fmt: skip
    garnet = dataclasses.replace(results, kind="grain-boundaries", settings={"crystal": "llzo"})
    assert [one.low for one in published_for(boundary, garnet)] == [1.26]
