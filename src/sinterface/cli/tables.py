"""Results as tables for people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sinterface.study.forecast import Forecast
from sinterface.study.prediction import Prediction
from sinterface.study.summary import Summary

LONGEST_LIST = 6
NOISE = 1e-12


def forecast_table(forecast: Forecast) -> RenderableType:
    """Return what `check` tells: the stages, then size and time."""
    stages = _table("stage", "state", "atoms", "steps", "frames", "disk", "time")
    for stage in forecast.stages:
        stages.add_row(
            stage.name,
            stage.state,
            _number(stage.atoms),
            _number(stage.steps),
            _number(stage.frames),
            "" if stage.disk_MB is None else f"{stage.disk_MB:.1f} MB",
            duration(stage.seconds),
        )
    rate = forecast.rate_atom_steps_per_s
    facts = {
        "study": forecast.study,
        "run directory": forecast.run_directory,
        "speed": f"{rate:,.0f} atom-steps/s ({forecast.rate_source})" if rate else "not measured",
        "threads": forecast.threads,
        "disk": f"{forecast.disk_MB:.1f} MB needed, {forecast.free_MB:,.0f} MB free",
        "dynamics left": _left(forecast.seconds),
    }
    return Group(stages, "", facts_table(facts))


def summary_table(summary: Summary) -> RenderableType:
    """Return what `show` tells."""
    if summary.kind == "potential":
        return _potential(summary.content)
    if summary.kind == "certificate":
        from sinterface.cli.certificate_table import certificate_table

        return certificate_table(summary.content)
    if summary.kind != "run":
        title = Text(f"{summary.kind} {summary.path}", style="bold")
        return Group(title, facts_table(summary.content))
    content = summary.content
    stages = _table("stage", "state", "ended", "")
    for stage in content["stages"]:
        known = ("name", "state", "ended")
        rest = ", ".join(
            f"{key} {_text(value)}"
            for key, value in stage.items()
            if key not in known and not isinstance(value, dict)
        )
        stages.add_row(stage["name"], stage["state"], stage.get("ended", ""), Text(rest))
    facts = {key: content[key] or "no" for key in ("study", "running", "report")}
    return Group(facts_table(facts), "", stages, "", facts_table(content["results"]))


def _potential(content: dict[str, Any]) -> RenderableType:
    """Return a potential's card: what it is, its held-out errors by system, how it was made."""
    card = content.get("card", {})
    facts = {key: value for key, value in content.items() if key != "card"}
    parts: list[RenderableType] = [facts_table(facts)]
    errors = card.get("errors", {})
    rows = {name: row for name, row in errors.items() if isinstance(row, dict)}
    if rows:
        parts += ["", _errors(rows, card.get("data", {}).get("training", {}))]
    if "explanation" in errors:
        parts += ["", Text(str(errors["explanation"]))]
    rest = {key: value for key, value in card.items() if key not in ("errors", "commands", "data")}
    parts += ["", facts_table(rest)]
    if card.get("commands"):
        parts += [
            "",
            Text("made by", style="bold"),
            *(Text(f"  {line}") for line in card["commands"]),
        ]
    return Group(*parts)


def _errors(rows: dict[str, Any], training: dict[str, int]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("held-out errors of")
    for head in ("trained on", "held out", "meV/atom", "shifted", "eV/Å", "GPa"):
        table.add_column(head, justify="right")
    keys = ("energy_meV_per_atom", "energy_shifted_meV_per_atom", "force_eV_per_A", "stress_GPa")
    for name, row in rows.items():
        frames = training.get(name, sum(training.values()) if name == "all" else None)
        figures = (f"{row[key]:.{1 if 'meV' in key else 2}f}" if key in row else "" for key in keys)
        table.add_row(name, _number(frames), _number(row.get("frames")), *figures)
    return table


def prediction_table(prediction: Prediction) -> RenderableType:
    """Return what `predict` tells."""
    facts = prediction.to_dict()
    for name in ("forces_eV_per_A", "extrapolations", "energies_std_eV", "forces_std_eV_per_A"):
        if facts[name] is not None:
            facts[name] = f"{prediction.n_atoms} rows; see --json or --output"
    if prediction.n_members == 1:
        facts = {name: value for name, value in facts.items() if "std" not in name}
    return facts_table(facts)


def duration(seconds: float | None) -> str:
    """Return a time for people: ``"40 s"``, ``"12 min"``, ``"3.5 h"``, ``"2.1 days"``."""
    if seconds is None:
        return ""
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.{1 if unit == 'h' else 0}f} {unit}"
    return f"{seconds / 86400:.1f} days"


def _left(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return f"about {duration(seconds)}" if seconds else "none"


def facts_table(content: dict[str, Any]) -> Table:
    """Return nested figures as lines of key and value."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for key, value in _flat(content):
        table.add_row(Text(key, style="bold"), Text(_text(value)))
    return table


def _flat(content: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, dict) and "standard_error" in value:
            yield f"{prefix}{key}", _measure(value)
        elif isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _measure(entry: dict[str, Any]) -> str:
    """Return "0.63 ± 0.12 Å"; without an error bar where the run doesn't resolve it."""
    from sinterface.report.words import NOT_RESOLVED, with_error

    value, error = entry["value"], entry["standard_error"]
    resolved = entry.get("resolved", error is not None)
    if value is None:
        return NOT_RESOLVED
    told = with_error(value, math.nan if error is None else error, entry["unit"])
    return told if resolved else f"{told} ({NOT_RESOLVED})"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        right = column in ("atoms", "steps", "frames", "disk", "time")
        table.add_column(column, justify="right" if right else "left")
    return table


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, float):
        return f"{value:.5g}" if abs(value) > NOISE else "0"
    if isinstance(value, list):
        shown = ", ".join(_text(item) for item in value[:LONGEST_LIST])
        return f"[{shown}, … {len(value)} in all]" if len(value) > LONGEST_LIST else f"[{shown}]"
    return str(value)
