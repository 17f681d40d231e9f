"""What a person sees while a study runs: bars on a terminal, short lines elsewhere; on stderr."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn

from sinterface.cli.talk import Drawn, Talk, percent, suited
from sinterface.progress import Progress
from sinterface.study.runner import Listener
from sinterface.study.stages import State, Task


def make_display(stream: TextIO | None = None) -> Lines | Drawing:
    """Return a display that suits the stream (default: stderr)."""
    return suited(stream, Drawing, Lines)


class Lines(Talk, Listener):
    """One short line an event; progress every `quiet_s` seconds at most."""

    def __init__(self, stream: TextIO, quiet_s: float = 15.0) -> None:
        super().__init__(stream, quiet_s)

    def began(self, task: Task, state: State) -> None:
        """Say what happens to a stage."""
        words = {"done": "finished earlier", "to resume": "resumes", "to run": "begins"}
        self.say(f"{task.name}: {words[state]}")

    def moved(self, task: Task, progress: Progress) -> None:
        """Say how far a stage is, not too often."""
        self.say_progress(task.name, progress)

    def ended(self, task: Task, seconds: float) -> None:
        """Say that a stage is finished."""
        self.say(f"{task.name}: finished in {seconds:.1f} s")


class Drawing(Drawn, Listener):
    """A bar for each stage, on a terminal."""

    def __init__(self, console: Console) -> None:
        super().__init__(
            console,
            TextColumn("{task.fields[label]:<12}"),
            BarColumn(bar_width=28),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
        )
        self._ids: dict[str, TaskID] = {}

    def began(self, task: Task, state: State) -> None:
        """Add a stage's bar."""
        done = state == "done"
        self._ids[task.name] = self._bars.add_task(
            "finished earlier" if done else "", total=1.0, completed=int(done), label=task.name
        )

    def moved(self, task: Task, progress: Progress) -> None:
        """Move a stage's bar."""
        fraction = percent(progress) / 100
        self._bars.update(self._ids[task.name], completed=fraction, description=progress.message)

    def ended(self, task: Task, seconds: float) -> None:
        """Fill a stage's bar."""
        self._bars.update(self._ids[task.name], completed=1.0, description=f"{seconds:.1f} s")
