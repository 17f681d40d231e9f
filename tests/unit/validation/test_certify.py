"""A whole certificate, shortened to the bone, and the warning of `run`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sinterface.cli.showing import warn_uncertified
from sinterface.potential.certificate import keep_certificate, standing
from sinterface.potential.model import SHIPPED, Potential
from sinterface.report.checks_pages import write_certificate_page
from sinterface.structures.crystals import layered_lco
from sinterface.validation import certify as module
from sinterface.validation.certify import CertificateSettings, Crystal, certify
from sinterface.validation.systems import System

REFERENCE = "ase:unit.validation.counted_reference.PlantedReference"
SHORT = CertificateSettings(REFERENCE, True, 0.04, 0.02, 0.1, 0.05, 1)


@pytest.fixture
def potential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Potential:
    """A copy of the shipped potential, and certificates of LCO alone."""

    def lco() -> object:
        return layered_lco() * (3, 3, 1)

    system = System("lco", "layered", "LCO", lambda _: lco())  # type: ignore[arg-type, return-value]
    monkeypatch.setattr(module, "hot_systems", lambda _: (system,))
    monkeypatch.setattr(module, "CRYSTALS", (Crystal("LCO", lco, layered_lco, 600.0),))  # type: ignore[arg-type]
    monkeypatch.setattr(module, "SQUEEZED", {"lco": lco})
    shutil.copytree(SHIPPED / "llzo-lco", tmp_path / "mine")
    (tmp_path / "mine" / "certificate.json").unlink(missing_ok=True)
    return Potential(tmp_path / "mine")


def test_a_certificate_is_made_once_and_warns_until_it_passes(
    potential: Potential, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warn_uncertified(potential)
    assert "WARNING: The potential 'mine' has no stability certificate" in capsys.readouterr().err
    made = certify(potential, tmp_path / "out", SHORT)
    again = certify(potential, tmp_path / "out", SHORT)
    assert made["steps"]["done"] == 9
    assert again["steps"] == {"done": 0, "skipped": made["steps"]["done"]}
    assert again["lines"] == made["lines"]
    verdicts = {line["name"]: line["verdict"] for line in made["lines"]}
    assert verdicts["dimers"] == "pass"
    assert verdicts["2000 K: lco"] == "pass"
    assert verdicts["stays a crystal: LCO, 600 K"] == "not judged"  # a tenth of a picosecond
    assert verdicts["equation of state: LCO"] == "pass"  # the reference is the potential, shifted
    assert verdicts["elastic constants: LCO"] == "pass"
    page = write_certificate_page(made, tmp_path / "out").read_text()
    assert "Stability certificate of mine" in page
    assert "too short or too few atoms to say" in page
    keep_certificate(potential, made)
    assert standing(potential).state == made["verdict"]
    assert standing(potential).length == "quick"
