"""All analyses of a run in one folder, with a page that shows them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.table import Table

from sinterface.errors import InputError, nearest_name
from sinterface.files import write_text
from sinterface.progress import Progress
from sinterface.report.outcome import FORMATS, Outcome
from sinterface.report.style import inline_svg
from sinterface.report.suite import SUITE, Analysis, Run

PAGE_NAME = "results.html"
FOLDER_NAME = "results"


@dataclasses.dataclass(frozen=True)
class Done:
    """What became of one analysis.

    Attributes
    ----------
    analysis
        Which.
    outcome
        Its result; None when there is none.
    reason
        Why there is none; empty otherwise.
    """

    analysis: Analysis
    outcome: Outcome | None
    reason: str


@dataclasses.dataclass(frozen=True)
class Results:
    """All analyses of a run."""

    run: Run
    folder: Path
    done: tuple[Done, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data: the folder, and for each analysis its files or why there are none."""
        return {
            "run": str(self.run.path),
            "replicas": [str(path) for path in self.run.replicas],
            "folder": str(self.folder),
            "analyses": {
                one.analysis.name: {
                    "done": one.outcome is not None,
                    "reason": one.reason,
                    "folder": one.analysis.name if one.outcome else None,
                }
                for one in self.done
            },
        }


def default_folder(path: Path) -> Path:
    """Return where the results of a run go: inside a directory, beside a file."""
    return path / FOLDER_NAME if path.is_dir() else path.parent / FOLDER_NAME / path.stem


def analyse_all(run: Run, folder: Path, only: Sequence[str] = ()) -> Results:
    """Run every analysis that applies and write its files and the page.

    Each result is written before the next analysis begins. An analysis that a run doesn't
    support doesn't stop the others: the page says why it is missing.

    Parameters
    ----------
    run
        The run.
    folder
        Made when missing; each analysis has its own folder in it.
    only
        Names of the analyses wanted; all if empty.

    Raises
    ------
    InputError
        When a name is unknown, or no analysis could be done.
    """
    chosen = _chosen(only)
    folder.mkdir(parents=True, exist_ok=True)
    done = []
    for count, analysis in enumerate(chosen):
        if run.progress is not None:
            run.progress(Progress(count, len(chosen), analysis.title))
        done.append(_one(run, analysis, folder))
    results = Results(run, folder, tuple(done))
    if not any(one.outcome for one in done):
        why = done[0].reason if done else "none is known"
        message = f"No analysis of '{run.path}' could be done: {why}"
        raise InputError(message)
    write_text(folder / "results.json", json.dumps(results.to_dict(), indent=1) + "\n")
    write_text(folder / PAGE_NAME, page(results))
    return results


def page(results: Results) -> str:
    """Return the HTML page: a section for each analysis, figures inside, offline."""
    import jinja2

    templates = files("sinterface.report") / "templates"
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((templates / "results.html.j2").read_text("utf-8"))
    return template.render(
        title=f"Results of {results.run.path.name or results.run.path}",
        css=(templates / "report.css").read_text("utf-8"),
        sections=[_section(one) for one in results.done],
        formats=FORMATS,
        n_replicas=len(results.run.replicas),
    )


def overview(results: Results) -> Table:
    """Return a table of what was done for a terminal."""
    table = Table(title=f"Analyses of {results.run.path}", title_justify="left")
    for heading in ("analysis", "done", "files or reason"):
        table.add_column(heading)
    for one in results.done:
        where = str(results.folder / one.analysis.name) if one.outcome else one.reason
        table.add_row(one.analysis.name, "yes" if one.outcome else "no", where)
    return table


def _chosen(only: Sequence[str]) -> tuple[Analysis, ...]:
    known = [analysis.name for analysis in SUITE]
    for name in only:
        if name not in known:
            message = (
                f"There is no analysis '{name}'; there are {', '.join(known)}."
                f"{nearest_name(name, known)}"
            )
            raise InputError(message)
    return tuple(one for one in SUITE if not only or one.name in only)


def _one(run: Run, analysis: Analysis, folder: Path) -> Done:
    try:
        reason = analysis.reason(run)
        if reason:
            return Done(analysis, None, reason)
        outcome = analysis.compute(run)
    except InputError as error:
        return Done(analysis, None, str(error))
    outcome.write(folder / analysis.name)
    return Done(analysis, outcome, "")


def _section(one: Done) -> dict[str, Any]:
    outcome = one.outcome
    if outcome is None:
        return {"name": one.analysis.name, "title": one.analysis.title, "reason": one.reason}
    return {
        "name": one.analysis.name,
        "title": one.analysis.title,
        "columns": list(outcome.rows[0]) if outcome.rows else [],
        "rows": [list(row.values()) for row in outcome.rows],
        "notes": outcome.notes,
        "curves": [f"{one.analysis.name}/{curves.name}.csv" for curves in outcome.curves],
        "figures": [
            {
                "svg": inline_svg(
                    drawing.figure, f"{one.analysis.name}-{drawing.name}", drawing.caption
                ),
                "caption": drawing.caption,
                "file": f"{one.analysis.name}/{drawing.name}",
                "wide": drawing.figure.get_figwidth() > 5,
            }
            for drawing in outcome.drawings
        ],
    }
