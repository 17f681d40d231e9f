"""All analyses of a run in one folder, with a page that shows them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.table import Table

from sinterface.errors import InputError, nearest_name
from sinterface.files import write_text
from sinterface.progress import Progress
from sinterface.report.outcome import Outcome
from sinterface.report.sections import section_of, shown_section, write_sections
from sinterface.report.study_results import Section
from sinterface.report.suite import Analysis, Run, all_analyses

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
class System:
    """All analyses of the runs of one system.

    Attributes
    ----------
    name
        Tells it from the other systems of a set; empty where there is one.
    run, folder
        Its trajectories, and where its results stand.
    done
        What became of each analysis.
    """

    name: str
    run: Run
    folder: Path
    done: tuple[Done, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data: for each analysis its files or why there are none."""
        return {
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


@dataclasses.dataclass(frozen=True)
class Results:
    """All analyses of a run, or of a set of runs of several systems.

    Attributes
    ----------
    path, folder
        What was analysed; where its results stand.
    systems
        One, or those of a set.
    across
        What was made of all systems together, such as an Arrhenius fit.
    """

    path: Path
    folder: Path
    systems: tuple[System, ...]
    across: tuple[Done, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; that of the one system at the top where there is one."""
        content: dict[str, Any] = {"run": str(self.path), "folder": str(self.folder)}
        if len(self.systems) == 1:
            return content | self.systems[0].to_dict()
        content["systems"] = {one.name: one.to_dict() for one in self.systems}
        content["across"] = {
            one.analysis.name: {"done": one.outcome is not None, "reason": one.reason}
            for one in self.across
        }
        return content


def default_folder(path: Path) -> Path:
    """Return where the results of a run go: inside a directory, beside a file."""
    return path / FOLDER_NAME if path.is_dir() else path.parent / FOLDER_NAME / path.stem


def analyse_all(
    runs: Mapping[str, Run], path: Path, folder: Path, only: Sequence[str] = ()
) -> Results:
    """Run every analysis that applies and write its files and the page.

    Each result is written before the next analysis begins. An analysis that a run doesn't
    support doesn't stop the others: the page says why it is missing.

    Parameters
    ----------
    runs
        The runs of each system, by its name (`find_runs`).
    path
        What was given, for headings.
    folder
        Made when missing; each analysis has its own folder in it, below its system's where there
        are several.
    only
        Names of the analyses wanted; all if empty.

    Raises
    ------
    InputError
        When a name is unknown, or no analysis could be done.
    """
    chosen = _chosen(only)
    folder.mkdir(parents=True, exist_ok=True)
    systems: list[System] = []
    for name, run in runs.items():
        place = folder / name if len(runs) > 1 else folder
        done = []
        for count, analysis in enumerate(chosen):
            if run.progress is not None:
                title = f"{name}: {analysis.title}" if name else analysis.title
                whole = len(systems) * len(chosen) + count
                run.progress(Progress(whole, len(chosen) * len(runs), title))
            done.append(_one(run, analysis, place))
        place.mkdir(parents=True, exist_ok=True)
        write_sections([_section(one) for one in done], place)
        systems.append(System(name, run, place, tuple(done)))
    results = Results(path, folder, tuple(systems), _across(systems, folder))
    if not any(one.outcome for system in systems for one in system.done):
        first = systems[0].done
        why = first[0].reason if first else "none is known"
        raise InputError(f"No analysis of '{path}' could be done: {why}")
    write_text(folder / "results.json", json.dumps(results.to_dict(), indent=1) + "\n")
    write_text(folder / PAGE_NAME, page(results))
    return results


def _across(systems: Sequence[System], folder: Path) -> tuple[Done, ...]:
    """Fit the diffusivities of systems that differ in temperature, where there are enough."""
    from sinterface.report.analysis_arrhenius import across_temperatures

    found = {
        one.name: one.folder / "diffusion"
        for one in systems
        for done in one.done
        if done.analysis.name == "diffusion" and done.outcome is not None
    }
    if len(found) < 2:
        return ()
    fits = []
    for outcome, reason in across_temperatures(found):
        title = outcome.title if outcome is not None else "Activation energies"
        name = outcome.name if outcome is not None else "arrhenius"
        if outcome is not None:
            outcome.write(folder / outcome.name)
        fits.append(Done(Analysis(name, title, ""), outcome, reason))
    return tuple(fits)


def page(results: Results) -> str:
    """Return the HTML page: a section for each analysis, figures inside, offline."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.PackageLoader("sinterface.report", "templates"),
    )
    templates = files("sinterface.report") / "templates"
    return environment.get_template("results.html.j2").render(
        title=f"Results of {results.path.resolve().name}",
        css=(templates / "report.css").read_text("utf-8"),
        systems=shown_systems(results),
        n_replicas=sum(len(one.run.replicas) for one in results.systems),
    )


def shown_systems(results: Results, link: str = "") -> list[dict[str, Any]]:
    """Return what the pages' template shows: sections under a heading for each system.

    Parameters
    ----------
    results
        What was analysed.
    link
        Path from the page's folder to that of the results, for its links.
    """
    shown = []
    for one in results.systems:
        inside = f"{one.name}/" if len(results.systems) > 1 else ""
        prefix = f"{one.name}-" if inside else ""
        n = len(one.run.replicas)
        shown.append(
            {
                "name": one.name,
                "title": f"{one.name}: {n} run{'s' if n > 1 else ''}" if inside else "",
                "sections": [_shown(done, one.folder, link + inside, prefix) for done in one.done],
            }
        )
    if results.across:
        sections = [_shown(done, results.folder, link, "all-") for done in results.across]
        shown.append({"name": "all", "title": "All together", "sections": sections})
    return shown


def _shown(done: Done, folder: Path, link: str, prefix: str) -> dict[str, Any]:
    section = shown_section(_section(done), folder, link, prefix)
    return {**section, "short": done.analysis.short}


def overview(results: Results) -> Table:
    """Return a table of what was done for a terminal."""
    table = Table(title=f"Analyses of {results.path}", title_justify="left")
    several = len(results.systems) > 1
    for heading in (*(("system",) if several else ()), "analysis", "done", "files or reason"):
        table.add_column(heading)
    rows = [(one.name, one.folder, done) for one in results.systems for done in one.done]
    rows += [("all", results.folder, done) for done in results.across]
    for name, folder, done in rows:
        where = str(folder / done.analysis.name) if done.outcome else done.reason
        told = "yes" if done.outcome else "no"
        table.add_row(*((name,) if several else ()), done.analysis.name, told, where)
    return table


def _chosen(only: Sequence[str]) -> tuple[Analysis, ...]:
    analyses = all_analyses()
    known = [analysis.name for analysis in analyses]
    for name in only:
        if name not in known:
            message = (
                f"There is no analysis '{name}'; there are {', '.join(known)}."
                f"{nearest_name(name, known)}"
            )
            raise InputError(message)
    return tuple(one for one in analyses if not only or one.name in only)


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


def _section(one: Done) -> Section:
    if one.outcome is None:
        return Section(one.analysis.name, one.analysis.title, reason=one.reason)
    return section_of(one.outcome, one.analysis.title, one.analysis.name)
