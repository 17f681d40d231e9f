"""A single progress bar on stderr, for commands that do one long thing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sinterface.progress import Progress, ProgressCallback


@contextmanager
def progress_bar(message: str) -> Iterator[ProgressCallback]:
    """Yield a callback that draws progress on stderr, and only on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    columns = (BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:
        bar = bars.add_task(message, total=None)

        def show(state: Progress) -> None:
            bars.update(bar, total=state.total, completed=state.done, description=state.message)

        yield show
