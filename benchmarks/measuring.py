"""Interleaved measurements: in every round each contestant has one turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

LEAST_TURN_S = 0.05  # fast ones are called again within a turn, so that the clock's grain is small


class NotMeasuredError(Exception):
    """Why something can't be measured here."""


@dataclass(frozen=True)
class Contestant:
    """Something to be measured.

    Attributes
    ----------
    name, group
        Unique together; the group says which table it stands in.
    atoms
        How many atoms a call works on; 0 for a peak, whose `facts` hold its ``"operations"``.
    run
        One call.
    threads
        At most two. With two, what counts is the CPU time of the busier one: what a step takes
        when both have a core for themselves. Wall time is kept beside it.
    facts
        What else a reader must know, kept in the results.
    """

    name: str
    group: str
    atoms: int
    run: Callable[[], object]
    threads: int = 1
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Turns:
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


def _turn(run: Callable[[], object]) -> tuple[float, float]:
    """Return the medians of CPU seconds of the busier thread and of wall seconds in one turn."""
    cpu: list[float] = []
    wall: list[float] = []
    while sum(wall) < LEAST_TURN_S:
        start_wall, start_all, start = time.perf_counter(), time.process_time(), time.thread_time()
        run()
        own, everyone = time.thread_time() - start, time.process_time() - start_all
        cpu.append(max(own, everyone - own))
        wall.append(time.perf_counter() - start_wall)
    return statistics.median(cpu), statistics.median(wall)


def _quartiles(values: Sequence[float]) -> list[float]:
    if len(values) < 2:
        return [values[0], values[0]]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return [low, high]


def _summary(contestant: Contestant, turns: _Turns) -> dict[str, Any]:
    clock = "CPU time of the " + ("busier thread" if contestant.threads > 1 else "thread")
    median = statistics.median(turns.cpu)
    if contestant.group == "peak":
        speed = {"gflops": contestant.facts["operations"] / median / 1e9}
    else:
        speed = {"atoms": contestant.atoms, "atom_steps_per_s": contestant.atoms / median}
    return {
        "name": contestant.name,
        "group": contestant.group,
        **speed,
        "threads": contestant.threads,
        "clock": clock,
        "median_s": median,
        "quartiles_s": _quartiles(turns.cpu),
        "least_s": min(turns.cpu),
        "median_wall_s": statistics.median(turns.wall),
        **contestant.facts,
    }


def measure(contestants: Sequence[Contestant], rounds: int) -> list[dict[str, Any]]:
    """Call each once to warm up, then `rounds` times in turn; return medians and quartiles.

    The order is turned round in every second round, so that none always follows the same one.
    """
    turns = [_Turns() for _ in contestants]
    columns = (BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn())
    # no refreshing thread beside what is measured
    with Progress(*columns, TextColumn("{task.description}"), auto_refresh=False) as progress:
        task = progress.add_task("", total=(rounds + 1) * len(contestants))
        for k in range(rounds + 1):
            order = range(len(contestants))
            for n in order if k % 2 == 0 else reversed(order):
                label = "warming up" if k == 0 else f"round {k} of {rounds}"
                progress.update(task, description=f"{label}: {contestants[n].name}")
                progress.refresh()
                if k == 0:
                    contestants[n].run()
                else:
                    cpu, wall = _turn(contestants[n].run)
                    turns[n].cpu.append(cpu)
                    turns[n].wall.append(wall)
                progress.advance(task)
    return [_summary(c, t) for c, t in zip(contestants, turns, strict=True)]
