from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from sinterface.potential.certificate import keep_certificate, standing, warning
from sinterface.potential.model import SHIPPED, Potential


@pytest.fixture
def potential(tmp_path: Path) -> Potential:
    """A copy of the shipped potential, without certificate."""
    shutil.copytree(SHIPPED / "llzo-lco", tmp_path / "mine")
    (tmp_path / "mine" / "certificate.json").unlink(missing_ok=True)
    return Potential(tmp_path / "mine")


def _content(potential: Potential, verdict: str = "pass", length: str = "full") -> dict[str, Any]:
    line = {"name": "dimers", "group": "short range", "verdict": verdict, "reason": ""}
    return {
        "potential": {"fingerprint": potential.fingerprint},
        "length": length,
        "verdict": verdict,
        "lines": [line],
    }


def test_none_is_told_with_the_command(potential: Potential) -> None:
    assert standing(potential).state == "none"
    text = warning(potential)
    assert "has no stability certificate" in text
    assert f"sinterface certify {potential.directory}" in text


def test_a_certificate_that_passed_is_silent(potential: Potential) -> None:
    keep_certificate(potential, _content(potential))
    assert standing(potential).state == "pass"
    assert warning(potential) == ""


def test_a_failure_is_told_with_its_names(potential: Potential) -> None:
    keep_certificate(potential, _content(potential, "fail"))
    assert "failed its stability certificate: dimers" in warning(potential)


def test_it_belongs_to_the_very_files(potential: Potential) -> None:
    keep_certificate(potential, _content(potential))
    with open(potential.directory / "input.nn", "a") as handle:
        handle.write("# another\n")
    changed = Potential(potential.directory)
    assert standing(changed).state == "of another potential"
    assert "belongs to other files" in warning(changed)


def test_a_quick_one_does_not_replace_a_full_one(potential: Potential) -> None:
    assert keep_certificate(potential, _content(potential, length="quick")) is not None
    assert keep_certificate(potential, _content(potential)) is not None
    assert keep_certificate(potential, _content(potential, "fail", "quick")) is None
    assert standing(potential).length == "full"


def test_a_quick_pass_is_not_enough(potential: Potential) -> None:
    keep_certificate(potential, _content(potential, length="quick"))
    assert "a quick certificate only" in warning(potential)


def test_a_damaged_one_is_none(potential: Potential) -> None:
    (potential.directory / "certificate.json").write_text("{]")
    assert standing(potential).state == "none"
