"""What a person sees while many stages run: bars on a terminal, short lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn

from sinterface.cli.talk import Drawn, Talk, percent, suited
from sinterface.progress import Progress
from sinterface.study.graph import Stage
from sinterface.study.scheduler import StageListener
from sinterface.study.stages import State


def make_stage_display(stream: TextIO | None = None) -> StageLines | StageBars:
    """Return a display that suits the stream (default: stderr)."""
    return suited(stream, StageBars, StageLines)


class StageLines(Talk, StageListener):
    """A line when a stage ends or fails; a summary of what runs every `quiet_s` seconds at most."""

    def __init__(self, stream: TextIO, quiet_s: float = 30.0) -> None:
        super().__init__(stream, quiet_s)
        self._done = self._total = 0

    def planned(self, stages: Sequence[Stage], states: Sequence[State]) -> None:
        """Say how much there is to do."""
        self._total, self._done = len(stages), sum(state == "done" for state in states)
        self.say(f"{self._total} stages, {self._done} finished earlier")

    def began(self, stage: Stage, state: State, attempt: int) -> None:
        """Say that a stage resumes or is tried again; a first begin is no news."""
        del attempt
        if state == "to resume":
            self.say(f"{stage.name}: resumes")

    def moved(self, stage: Stage, progress: Progress) -> None:
        """Say how far a stage is, not too often."""
        self.say_progress(stage.name, progress)

    def ended(self, stage: Stage, seconds: float) -> None:
        """Say that a stage is finished."""
        self._done += 1
        self.say(f"{self._done}/{self._total} {stage.name}: finished in {seconds:.1f} s")

    def failed(self, stage: Stage, reason: str, again: bool) -> None:
        """Say why a stage failed."""
        self.say(f"{stage.name}: {'begins again' if again else 'failed'}: {reason}")


class StageBars(Drawn, StageListener):
    """One bar for the whole study, and one for each stage that runs."""

    def __init__(self, console: Console) -> None:
        super().__init__(
            console,
            TextColumn("{task.fields[label]:<28}"),
            BarColumn(bar_width=28),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.description}"),
        )
        self._all: TaskID | None = None
        self._ids: dict[str, TaskID] = {}

    def planned(self, stages: Sequence[Stage], states: Sequence[State]) -> None:
        """Add the bar of the study."""
        done = sum(state == "done" for state in states)
        self._all = self._bars.add_task(
            f"{done} of {len(stages)}", total=len(stages), completed=done, label="all stages"
        )

    def began(self, stage: Stage, state: State, attempt: int) -> None:
        """Add a stage's bar."""
        del state, attempt
        self._drop(stage)
        self._ids[stage.name] = self._bars.add_task("", total=1.0, label=stage.name)

    def moved(self, stage: Stage, progress: Progress) -> None:
        """Move a stage's bar."""
        share = percent(progress) / 100
        self._bars.update(self._ids[stage.name], completed=share, description=progress.message)

    def ended(self, stage: Stage, seconds: float) -> None:
        """Take a stage's bar away and move that of the study."""
        del seconds
        self._drop(stage)
        if self._all is not None:
            self._bars.advance(self._all)
            task = next(one for one in self._bars.tasks if one.id == self._all)
            told = f"{task.completed:.0f} of {task.total or 0:.0f}"
            self._bars.update(self._all, description=told)

    def failed(self, stage: Stage, reason: str, again: bool) -> None:
        """Say why a stage failed."""
        self._drop(stage)
        what = "begins again" if again else "failed"
        self._bars.console.print(f"{stage.name}: {what}: {reason}", markup=False)

    def _drop(self, stage: Stage) -> None:
        known = self._ids.pop(stage.name, None)
        if known is not None:
            self._bars.remove_task(known)
