"""Tables about studies of any kind: their scales, what a change would redo, how far a run is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sinterface.cli.tables import duration, facts_table
from sinterface.study.comparison import Comparison
from sinterface.study.estimate import ScaleEstimate
from sinterface.study.status import Status

LONGEST = 40


def scales_table(estimates: Sequence[ScaleEstimate]) -> RenderableType:
    """Return what `check` tells of one or all scales of a study."""
    first = estimates[0]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("scale")
    for head in ("stages", "done", "runs", "most atoms", "steps", "atom-steps", "disk", "time"):
        table.add_column(head, justify="right")
    for one in estimates:
        table.add_row(
            one.scale or "–", f"{one.stages:,}", f"{one.done:,}", f"{one.runs:,}",
            f"{one.largest_atoms:,}", f"{one.steps:,}", f"{one.atom_steps:.2g}",
            f"{one.disk_MB:,.0f} MB", duration(one.seconds) if one.seconds else "",
        )  # fmt: skip
    facts = {
        "study": f"{first.study} ({first.kind})",
        "speed": "; ".join(_speeds(estimates)) or "not measured",
        "at once": f"{first.slots} stages",
        "disk free": f"{first.free_MB:,.0f} MB",
    }
    parts: list[RenderableType] = [facts_table(facts), "", table]
    if len(estimates) == 1:
        parts += ["", _steps_table(first)]
    return Group(*parts)


def _speeds(estimates: Sequence[ScaleEstimate]) -> list[str]:
    """Return the measured rate of each driver."""
    rates = {one.driver: one.rate_atom_steps_per_s for one in estimates}
    return [
        f"{driver} {rate:,.0f} atom-steps/s on one core, measured just now"
        for driver, rate in rates.items()
        if rate
    ]


def _steps_table(one: ScaleEstimate) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("step")
    for head in ("stages", "atom-steps", "core time"):
        table.add_column(head, justify="right")
    for step, found in one.by_step.items():
        moved = found["atom_steps"] or 0.0
        table.add_row(
            step, f"{found['stages']:,.0f}", f"{moved:.2g}" if moved else "",
            duration(found["core_seconds"]),
        )  # fmt: skip
    return table


def comparison_table(found: Comparison) -> RenderableType:
    """Return what a changed study would do anew."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("stage", "what", "because of", "took"):
        table.add_column(head)
    for change in found.changes[:LONGEST]:
        why = "; ".join(
            f"{key}: {_short(then)} → {_short(now)}" for key, then, now in change.settings
        )
        table.add_row(change.name, change.state, Text(why), duration(change.seconds))
    if len(found.changes) > LONGEST:
        table.add_row(f"… {len(found.changes)} in all")
    anew = sum(change.state != "no longer used" for change in found.changes)
    facts = {"against": found.run_directory, "kept": f"{len(found.kept)} stages",
             "to do": f"{anew} stages"}  # fmt: skip
    return Group(table, "", facts_table(facts)) if found.changes else facts_table(facts)


def status_table(status: Status) -> RenderableType:
    """Return how far a run is."""
    share = "" if status.share is None else f", {100 * status.share:.0f} % of the dynamics"
    facts: dict[str, Any] = {
        "study": f"{status.study} ({status.kind}{' ' + status.scale if status.scale else ''})",
        "running": status.running or "no",
        "done": f"{status.done} of {status.stages} stages{share}",
        "begun": status.begun,
        "worked for": duration(status.core_s),
        "report": status.report or "not yet",
    }
    parts: list[RenderableType] = [facts_table(facts)]
    if status.now:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for head in ("now", "", ""):
            table.add_column(head)
        for one in status.now:
            percent = "" if one.percent is None else f"{one.percent:.0f} %"
            table.add_row(one.name, percent, Text(one.message))
        parts += ["", table]
    if status.results:
        parts += ["", facts_table(status.results)]
    return Group(*parts)


def _short(value: Any) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
