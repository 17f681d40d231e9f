"""What a person sees while a study runs: bars on a terminal, short lines elsewhere; on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from sinterface.progress import Progress
from sinterface.study.lock import Holder
from sinterface.study.runner import Listener
from sinterface.study.stages import State, Task


def make_display(stream: TextIO | None = None) -> Lines | Drawing:
    """Return a display that suits the stream (default: stderr)."""
    stream = stream or sys.stderr
    return Drawing(Console(file=stream)) if stream.isatty() else Lines(stream)


class Lines(Listener):
    """One short line an event; progress every `quiet_s` seconds at most.

    Parameters
    ----------
    stream
        Where the lines go.
    quiet_s
        Least time between two lines about the same task, seconds.
    """

    def __init__(self, stream: TextIO, quiet_s: float = 15.0) -> None:
        self._stream = stream
        self._quiet_s = quiet_s
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def began(self, task: Task, state: State) -> None:
        """Say what happens to a stage."""
        words = {"done": "finished earlier", "to resume": "resumes", "to run": "begins"}
        self._say(f"{task.name}: {words[state]}")

    def moved(self, task: Task, progress: Progress) -> None:
        """Say how far a stage is, not too often."""
        if time.monotonic() - self._last >= self._quiet_s:
            self._say(f"{task.name}: {_percent(progress):.0f} % {progress.message}".rstrip())

    def ended(self, task: Task, seconds: float) -> None:
        """Say that a stage is finished."""
        self._say(f"{task.name}: finished in {seconds:.1f} s")

    def took_over(self, holder: Holder) -> None:
        """Say whose lock was taken over."""
        self._say(f"took over the lock left by {holder}, no longer running")

    def _say(self, text: str) -> None:
        self._last = time.monotonic()
        print(text, file=self._stream, flush=True)


class Drawing(Listener):
    """A bar for each stage, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            TextColumn("{task.fields[label]:<12}"),
            BarColumn(bar_width=28),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=console,
        )
        self._ids: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Begin drawing."""
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing; leave the bars as they are."""
        self._bars.stop()

    def began(self, task: Task, state: State) -> None:
        """Add a stage's bar."""
        done = state == "done"
        self._ids[task.name] = self._bars.add_task(
            "finished earlier" if done else "", total=1.0, completed=int(done), label=task.name
        )

    def moved(self, task: Task, progress: Progress) -> None:
        """Move a stage's bar."""
        fraction = _percent(progress) / 100
        self._bars.update(self._ids[task.name], completed=fraction, description=progress.message)

    def ended(self, task: Task, seconds: float) -> None:
        """Fill a stage's bar."""
        self._bars.update(self._ids[task.name], completed=1.0, description=f"{seconds:.1f} s")

    def took_over(self, holder: Holder) -> None:
        """Say whose lock was taken over."""
        self._bars.console.print(f"took over the lock left by {holder}, no longer running")


def _percent(progress: Progress) -> float:
    return 100 * min(1.0, progress.done / progress.total) if progress.total > 0 else 0.0
