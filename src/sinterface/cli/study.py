"""What ``check`` and ``run`` do with a study file of any kind but the plain one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sinterface.cli.shown import print_result

if TYPE_CHECKING:
    from sinterface.study.kinds.site import Site
    from sinterface.study.reading import StudyFile
    from sinterface.study.stages import Pipeline


def check_general(
    path: Path,
    scale: str | None,
    changes: Sequence[str],
    against: Path | None,
    output: Path | None,
    *,
    benchmark: bool,
    as_json: bool,
) -> None:
    """Tell what each scale takes, or what would be done anew against a directory."""
    from sinterface.cli.study_tables import comparison_table, scales_table
    from sinterface.study.comparison import compare
    from sinterface.study.estimate import estimate_site
    from sinterface.study.general import plan_site
    from sinterface.study.graph import state_of
    from sinterface.study.scales import read_site, scales_of

    if against is not None:
        stages = plan_site(read_site(path, scale, changes))
        found = compare(stages, [state_of(stage, against) for stage in stages], against)
        print_result(found.to_dict(), comparison_table(found), as_json)
        return
    wanted: list[str | None] = [*(scales_of(path) or (None,))] if scale is None else [scale]
    sites = [read_site(path, one, changes) for one in wanted]
    estimates = [estimate_site(site, output) for site in sites]  # complains before it measures
    if benchmark:
        rates = _rates(sites)
        estimates = [estimate_site(site, output, rates[str(site.driver)]) for site in sites]
    data = {"scales": [dataclasses.asdict(one) for one in estimates]}
    print_result(data, scales_table(estimates), as_json)


def _rates(sites: Sequence[Site]) -> dict[str, float]:
    """Measure each thing that moves atoms once."""
    from sinterface.study.estimate import measure_rate

    drivers = {str(site.driver): site for site in sites}
    return {driver: measure_rate(site) for driver, site in drivers.items()}


def compare_plain(file: StudyFile, directory: Path, pipeline: Pipeline, as_json: bool) -> None:
    """Tell what a study of one interface would do anew against a directory."""
    from sinterface.cli.study_tables import comparison_table
    from sinterface.study.comparison import compare
    from sinterface.study.stages import plan_tasks, state_of

    tasks = plan_tasks(file, pipeline.identify(file))
    found = compare(tasks, [state_of(task, directory) for task in tasks], directory)
    print_result(found.to_dict(), comparison_table(found), as_json)


def run_general(path: Path, scale: str | None, changes: Sequence[str], output: Path | None) -> Path:
    """Run a study of any kind but the plain one; return the path of the report."""
    from sinterface.cli.showing import warn_uncertified
    from sinterface.cli.stage_display import make_stage_display
    from sinterface.study.general import run_directory_of, run_site
    from sinterface.study.scales import read_site

    site = read_site(path, scale, changes)
    if site.potential is not None:
        warn_uncertified(site.potential)
    with make_stage_display() as display:
        return run_site(site, output or run_directory_of(site), display)
