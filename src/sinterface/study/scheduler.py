"""Bring a graph of stages to its end: skip the done, retry the dead, go on around a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sinterface.errors import InputError, RunError
from sinterface.progress import Progress
from sinterface.study.executors import Executor
from sinterface.study.graph import Stage, check_finished, state_of
from sinterface.study.stages import State
from sinterface.study.worker import job, read_progress

LOOK_S = 0.5
FURTHER = 0.01
"""Share of a stage that an attempt must add to count as progress."""


class StageListener:
    """Told what happens to the stages; this one says nothing."""

    def planned(self, stages: Sequence[Stage], states: Sequence[State]) -> None:
        """Take note of all stages and what state each is in."""

    def began(self, stage: Stage, state: State, attempt: int) -> None:
        """Take note that a stage was handed to a worker."""

    def moved(self, stage: Stage, progress: Progress) -> None:
        """Take note of the progress of a stage."""

    def ended(self, stage: Stage, seconds: float) -> None:
        """Take note that a stage was finished just now."""

    def failed(self, stage: Stage, reason: str, again: bool) -> None:
        """Take note that a stage failed, and whether it is begun again."""

    def took_over(self, holder: object) -> None:
        """Take note that the lock of a killed process was taken over."""


@dataclass
class _Board:
    """What is known of the stages while they run."""

    finished: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    mistaken: bool = False
    attempts: dict[str, int] = field(default_factory=dict)
    reached: dict[str, float] = field(default_factory=dict)
    fruitless: dict[str, int] = field(default_factory=dict)
    running: dict[Future[dict[str, Any]], tuple[Stage, float]] = field(default_factory=dict)

    def note(self, stage: Stage, progress: Progress | None) -> None:
        """Take note of how far a stage is; one that gets further has all its retries again."""
        done = progress.done / progress.total if progress is not None and progress.total else 0.0
        if done >= self.reached.get(stage.name, 0.0) + FURTHER:
            self.reached[stage.name] = done
            self.fruitless[stage.name] = 0

    def ready(self, stages: Sequence[Stage]) -> list[Stage]:
        """Return the stages whose upstream is finished and that nobody works on."""
        busy = {stage.name for stage, _ in self.running.values()}
        taken = busy | self.finished | set(self.failed)
        return [
            stage
            for stage in stages
            if stage.name not in taken
            and all(other.name in self.finished for other in stage.upstream)
        ]


def bring_to_end(
    stages: Sequence[Stage],
    run_directory: Path,
    study_folder: Path,
    executor: Executor,
    *,
    retries: int = 2,
    listener: StageListener | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Do every stage that isn't finished, as many side by side as the executor has slots.

    A stage whose worker died (its job's time was up, say), or that had to stop, is begun again up
    to `retries` times in a row without getting further; a mistake of the user isn't. The others
    that don't need it go on to their end first.

    Parameters
    ----------
    stages
        In an order in which each stands behind those that it reads.
    run_directory, study_folder
        Where the directories go; what names in settings are relative to.
    executor
        Where stages run.
    retries
        How often a stage is begun again without getting further than before.
    listener
        Told what is going on.
    clock
        Seconds.

    Raises
    ------
    InputError
        When a stage failed by the user's mistake, or a finished stage's file was cut short.
    RunError
        When a stage failed for another reason, as often as it may.
    """
    listener = listener or StageListener()
    states = [state_of(stage, run_directory) for stage in stages]
    done = [stage for stage, state in zip(stages, states, strict=True) if state == "done"]
    check_finished(done, run_directory)
    board = _Board(finished={stage.name for stage in done})
    listener.planned(stages, states)
    while True:
        for stage in board.ready(stages)[: max(0, executor.slots - len(board.running))]:
            attempt = board.attempts[stage.name] = board.attempts.get(stage.name, 0) + 1
            listener.began(stage, state_of(stage, run_directory), attempt)
            future = executor.submit(job(stage, run_directory, study_folder, attempt))
            board.running[future] = stage, clock()
        if not board.running:
            break
        ended, _ = wait(list(board.running), timeout=LOOK_S, return_when=FIRST_COMPLETED)
        for future in ended:
            stage, started = board.running.pop(future)
            board.note(stage, read_progress(run_directory, stage.directory_name))
            _settle(future, stage, clock() - started, board, executor, retries, listener)
        for stage, _ in board.running.values():
            progress = read_progress(run_directory, stage.directory_name)
            board.note(stage, progress)
            if progress is not None:
                listener.moved(stage, progress)
    _complain(board, stages)


def _settle(
    future: Future[dict[str, Any]],
    stage: Stage,
    seconds: float,
    board: _Board,
    executor: Executor,
    retries: int,
    listener: StageListener,
) -> None:
    """Take note of a future that ended: the stage is finished, failed, or to be begun again."""
    error = future.exception()
    if error is None:
        board.finished.add(stage.name)
        listener.ended(stage, seconds)
        return
    crash = executor.is_crash(error)
    if not crash and not isinstance(error, (InputError, RunError, OSError)):
        raise error  # a fault of the program: its traceback is wanted
    told = " ".join(str(error).split())[:300]
    reason = f"its worker died ({told})" if crash else str(error)
    board.fruitless[stage.name] = board.fruitless.get(stage.name, 0) + 1
    again = not isinstance(error, InputError) and board.fruitless[stage.name] <= retries
    listener.failed(stage, reason, again)
    if not again:
        board.failed[stage.name] = reason
        board.mistaken |= isinstance(error, InputError)


def _complain(board: _Board, stages: Sequence[Stage]) -> None:
    if not board.failed:
        return
    name, reason = next(iter(board.failed.items()))
    waiting = len(stages) - len(board.finished) - len(board.failed)
    others = f" So did {len(board.failed) - 1} more." if len(board.failed) > 1 else ""
    attempts = board.attempts[name]
    tries = f" (tried {attempts} times)" if attempts > 1 else ""
    text = (
        f"The stage '{name}' failed{tries}: {reason}{others} {len(board.finished)} stages are "
        f"finished and stay; {waiting} wait for it. Mend that and run again."
    )
    raise InputError(text) if board.mistaken else RunError(text)
