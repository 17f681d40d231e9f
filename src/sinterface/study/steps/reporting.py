"""The step that writes the report of a study's results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinterface.progress import Progress, ProgressCallback
from sinterface.study.graph import Place
from sinterface.study.steps.aggregating import summary_of

REPORT_NAME = "report.html"


def report(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Write the page of ``results.json``, and the BibTeX file of its references."""
    from sinterface.report.study_report import write_study_report
    from sinterface.report.study_results import StudyResults

    progress(Progress(0.0, 1.0, "writing"))
    folder = place.before[0].directory
    made = summary_of(place.before[0]).get("potential")  # in place of the one of [potential]
    card, certificate = potential_papers({**place.extras, **({"potential": made} if made else {})})
    write_study_report(
        place.directory, StudyResults.read(folder), folder, card=card, certificate=certificate
    )
    return {}


def potential_papers(
    extras: Mapping[str, Any],
) -> tuple[dict[str, Any] | None, Mapping[str, Any] | None]:
    """Return card and certificate of the potential that moved the atoms; None for a calculator."""
    if "potential" not in extras:
        return None, None
    from sinterface.potential.certificate import certificate_of
    from sinterface.potential.model import load_potential

    potential = load_potential(extras["potential"])
    told = {"cutoff_A": potential.cutoff_A, "fingerprint": potential.fingerprint}
    return {**potential.card, **told}, certificate_of(potential)
