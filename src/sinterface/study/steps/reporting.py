"""The step that writes the report of a study's results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinterface.files import write_text
from sinterface.progress import Progress, ProgressCallback
from sinterface.study.graph import Place

REPORT_NAME = "report.html"


def report(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Write the page of ``results.json``."""
    from sinterface.report.study_page import study_page
    from sinterface.report.study_results import StudyResults

    progress(Progress(0.0, 1.0, "writing"))
    folder = place.before[0].directory
    page = study_page(StudyResults.read(folder), folder, f"../{folder.name}/")
    write_text(place.directory / REPORT_NAME, page)
    return {}
