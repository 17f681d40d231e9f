"""Run a study of any kind but the plain one: its graph of stages, through an executor."""

from __future__ import annotations

import json
from pathlib import Path

from sinterface.files import write_text
from sinterface.study.changes import noted
from sinterface.study.executors import make_executor
from sinterface.study.graph import Stage, in_order
from sinterface.study.kinds import find_kind
from sinterface.study.kinds.site import Site
from sinterface.study.lock import hold
from sinterface.study.runner import PLAN_NAME, STUDY_NAME, explained
from sinterface.study.scheduler import StageListener, bring_to_end
from sinterface.study.steps.reporting import REPORT_NAME


def plan_site(site: Site) -> tuple[Stage, ...]:
    """Return every stage of a study, each after those that it reads.

    Raises
    ------
    InputError
        When the study names something that can't be read or doesn't fit.
    """
    return in_order(find_kind(site.kind).plan(site))


def run_directory_of(site: Site) -> Path:
    """Return ``runs/<study name>-<scale>`` under the current directory."""
    name = site.settings.study.name
    return Path("runs") / (f"{name}-{site.scale}" if site.scale else name)


def run_site(site: Site, run_directory: Path, listener: StageListener | None = None) -> Path:
    """Bring every stage of a study to its end; return the path of the report.

    Raises
    ------
    InputError
        When the study names something impossible, or another process holds the directory.
    RunError
        When a stage had to stop; what is finished stays.
    """
    listener = listener or StageListener()
    stages = plan_site(site)
    with explained(run_directory):
        run_directory.mkdir(parents=True, exist_ok=True)
        with hold(run_directory) as left_behind:
            if left_behind is not None:
                listener.took_over(left_behind)
            keep_plan(site, stages, run_directory)
            resources = site.settings.resources
            with make_executor(resources, run_directory) as executor:
                bring_to_end(
                    stages,
                    run_directory,
                    site.path.parent,
                    executor,
                    retries=resources.retries,
                    listener=listener,
                )
    return stages[-1].directory(run_directory) / REPORT_NAME


def keep_plan(site: Site, stages: tuple[Stage, ...], run_directory: Path) -> None:
    """Keep the study file and the list of stages for `show` and `status`."""
    entries = [
        {
            "name": stage.name,
            "stage": stage.step,
            "directory": stage.directory_name,
            "upstream": [other.name for other in stage.upstream],
            "hash": stage.hash,
            "atoms": stage.cost.atoms,
            "steps": stage.cost.steps,
        }
        for stage in stages
    ]
    head = dict(site.head())
    plan = json.dumps({**head, "stages": entries}, indent=1) + "\n"
    text = noted(site.path.read_text(encoding="utf-8"), site.changes)
    kept = {STUDY_NAME: text, PLAN_NAME: plan}
    for name, text in kept.items():
        path = run_directory / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)
