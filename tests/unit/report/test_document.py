"""The report: whole, offline, with the numbers as computed and the files beside it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from unit.report.synthetic import CARD, CERTIFICATE, PROVENANCE, STUDY, make_analysis, make_cells

from sinterface.analysis.results import InterfaceAnalysis
from sinterface.errors import InputError
from sinterface.report import document, pictures, words
from sinterface.report.references import references

NAMES = ("interface", "width", "interdiffused-per-nm2", "layer-csm", "rdf", "msd")


class Page(HTMLParser):
    """Collect what a browser would load, the links, the ids and the words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self._silent = ""
        self.feed(text)
        self.text = re.sub(r"[ \n]+", " ", " ".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        self._silent = tag if tag in ("script", "style") else self._silent
        self.ids += [values["id"]] if "id" in values else []
        if tag == "a":
            self.links.append(values.get("href", ""))
            return
        self.loaded += [values[key] for key in ("src", "href", "data", "srcset") if key in values]

    def handle_endtag(self, tag: str) -> None:
        self._silent = "" if tag == self._silent else self._silent

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def write(folder: Path, analysis: InterfaceAnalysis) -> Path:
    """Write a report of synthetic cells."""
    n = analysis.n_replicas
    return document.write_report(
        folder,
        study=STUDY,
        analysis=analysis,
        structures=[make_cells(seed) for seed in range(n)],
        certificates=[CERTIFICATE] * n,
        potential_card=CARD,
        provenance=PROVENANCE,
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a study of two builds: not resolved, with pictures of both."""
    return write(tmp_path_factory.mktemp("report") / "new", make_analysis(n_replicas=2))


@pytest.fixture(scope="module")
def page(written: Path) -> Page:
    """Return that page, read."""
    return Page(written.read_text(encoding="utf-8"))


def test_nothing_is_loaded_from_anywhere(written: Path, page: Page) -> None:
    assert page.loaded
    assert all(target.startswith(("data:image/png", "#")) for target in page.loaded)
    text = written.read_text(encoding="utf-8")
    style = re.search(r"<style>(.*?)</style>", text, flags=re.DOTALL)
    assert style is not None
    assert "url(" not in style.group(1)
    assert "@import" not in style.group(1)
    assert "default-src 'none'" in text
    assert "connect-src" not in text


def test_links_lead_to_files_that_exist_or_to_references(written: Path, page: Page) -> None:
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids
        elif not link.startswith("https://doi.org/10."):
            assert (written.parent / link).is_file(), link


def test_identifiers_are_unique(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))


def test_figures_and_curves_lie_beside_the_page(written: Path) -> None:
    folder = written.parent
    for name in (*NAMES, "build-2"):
        assert (folder / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert "</svg>" in (folder / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    for name in ("profiles", "rdf", "msd", "degradation"):
        lines = (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        assert len(lines) > 5
    assert not list(folder.rglob("*.tmp"))


def test_numbers_stand_as_computed(page: Page) -> None:
    analysis = make_analysis(n_replicas=2)
    for side in analysis.sides:
        for measure in (side.width, side.interdiffused_per_nm2, side.layer_csm):
            assert words.final_value(measure) in page.text
            assert words.initial_value(measure) in page.text
    assert "Γ = −1.78 Li/nm²" in page.text
    assert "(3.17 ± 0.21)·10⁻⁵" in page.text.replace(words.NBSP, " ")
    for value in ("744", "3.21", "0.147", "1498.7", "0.1.0", "ab" * 32, "2.81, 2.06"):
        assert value in page.text


def test_two_builds_are_not_resolved_and_no_error_is_claimed(page: Page) -> None:
    assert page.text.count(words.NOT_RESOLVED) > 15
    summary = page.text[: page.text.index("What this run can")]
    assert "±" not in summary
    assert "not how an interface ages" in page.text


def test_every_section_and_both_sides_are_there(page: Page) -> None:
    for name in ("summary", "interface", "degradation", "structure", "motion", "certificate",
                 "potential", "run", "methods", "viewer", "scene"):  # fmt: skip
        assert name in page.ids
    assert page.text.count("Li-deficient side") >= 2
    assert page.text.count("Li-sufficient side") >= 2


def test_the_view_holds_the_cells(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="scene">(.*?)</script>', text)
    assert found is not None
    assert set(json.loads(found.group(1))["frames"]) == {"before", "after"}


def test_names_with_markup_are_escaped_and_missing_parts_are_said_to_miss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubs = {name: pictures.Picture(name, "", "", "<svg/>", "<svg/>", (), "") for name in NAMES}
    monkeypatch.setattr(document, "draw_all", lambda *_: stubs)
    path = document.write_report(
        tmp_path,
        study={**STUDY, "report": {"title": "<script>alert(1)</script> & more"}},
        analysis=make_analysis(n_replicas=1, n_controls=0),
        structures=[make_cells()],
        certificates=[],
        potential_card={},
        provenance={},
    )
    text = path.read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in text
    page = Page(text)
    assert "states no held-out errors" in page.text
    assert "doesn't say which reference" in page.text
    assert "No certificate was given" in page.text


def test_without_structures_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no structures"):
        document.write_report(
            tmp_path / "new",
            study=STUDY,
            analysis=make_analysis(),
            structures=[],
            certificates=[],
            potential_card=CARD,
            provenance=PROVENANCE,
        )
    assert not (tmp_path / "new").exists()


def test_drift_of_the_electrode_is_removed_and_it_sits_in_the_middle() -> None:
    before, _ = make_cells()
    after = before.copy()
    after.positions += [0.0, 0.0, 7.0]
    first, last = document._aligned(before, after)
    assert np.allclose(first.positions, last.positions)
    electrode = first.arrays["region"] == 1
    middle = first.positions[electrode, 2].mean()
    assert middle == pytest.approx(0.5 * first.cell[2, 2], abs=0.1)
    assert np.array_equal(before.positions[0], make_cells()[0].positions[0])


def test_li_excess_is_the_mean_over_builds() -> None:
    other = {"li_deficient": {"li_excess_per_nm2": -2.0}}
    assert document.li_excess([CERTIFICATE, other], "li_deficient") == pytest.approx(-1.89)
    assert document.li_excess([other], "li_sufficient") is None


def test_references_are_whole() -> None:
    for entry in references():
        assert all((entry.key, entry.authors, entry.title, entry.journal, entry.year))
        assert entry.doi.startswith("10.")
        assert entry.bibtex.startswith("@article{")
        assert entry.bibtex.endswith("}")
    assert references(("behler2007",))[0].authors == "J. Behler, M. Parrinello"
