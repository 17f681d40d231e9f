"""What the displays of a running study share: lines now and then, or bars; on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Self, TextIO, TypeVar

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import ProgressColumn

from sinterface.progress import Progress

OnTerminal = TypeVar("OnTerminal")
Elsewhere = TypeVar("Elsewhere")


def suited(
    stream: TextIO | None,
    on_terminal: Callable[[Console], OnTerminal],
    elsewhere: Callable[[TextIO], Elsewhere],
) -> OnTerminal | Elsewhere:
    """Return the display that suits a stream (None: stderr)."""
    stream = stream or sys.stderr
    return on_terminal(Console(file=stream)) if stream.isatty() else elsewhere(stream)


def percent(progress: Progress) -> float:
    """Return how far something is, 0 to 100."""
    return 100 * min(1.0, progress.done / progress.total) if progress.total > 0 else 0.0


class Talk:
    """One short line an event; progress every `quiet_s` seconds at most.

    Parameters
    ----------
    stream
        Where the lines go.
    quiet_s
        Least time between two lines about progress, seconds.
    """

    def __init__(self, stream: TextIO, quiet_s: float) -> None:
        self._stream = stream
        self._quiet_s = quiet_s
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def took_over(self, holder: object) -> None:
        """Say whose lock was taken over."""
        self.say(taken_over(holder))

    def say(self, text: str) -> None:
        """Write a line."""
        self._last = time.monotonic()
        print(text, file=self._stream, flush=True)

    def say_progress(self, name: str, progress: Progress) -> None:
        """Write how far something is, not too often."""
        if time.monotonic() - self._last >= self._quiet_s:
            self.say(f"{name}: {percent(progress):.0f} % {progress.message}".rstrip())


class Drawn:
    """Bars on a terminal.

    Parameters
    ----------
    console
        The terminal.
    columns
        What stands in each line.
    """

    def __init__(self, console: Console, *columns: ProgressColumn) -> None:
        self._bars = Bars(*columns, console=console)

    def __enter__(self) -> Self:
        """Begin drawing."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing; leave the bars as they are."""
        self._bars.stop()

    def took_over(self, holder: object) -> None:
        """Say whose lock was taken over."""
        self._bars.console.print(taken_over(holder), markup=False)


def taken_over(holder: object) -> str:
    """Return the sentence about a lock that a killed process left."""
    return f"took over the lock left by {holder}, no longer running"
