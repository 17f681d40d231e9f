"""Work side by side in processes of this machine, with one progress for all."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import Any, Generic, TypeVar

from sinterface.progress import Progress, ProgressCallback

Item = TypeVar("Item")
Result = TypeVar("Result")


def end_with_parent() -> None:
    """End this worker when the process that started it is gone, so that no orphan works on."""
    parent = parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()


def side_by_side(
    work: Callable[[Item, ProgressCallback], Result],
    items: Sequence[Item],
    workers: int,
    progress: ProgressCallback | None = None,
) -> list[Result]:
    """Return ``work(item, progress)`` of each item, in their order.

    Parameters
    ----------
    work
        A function that can be pickled.
    workers
        Processes side by side.
    progress
        Told the progress of all: each item counts the same.

    Raises
    ------
    Exception
        Of the first item that fails; the others go on to their end first.
    """
    context = get_context("spawn")
    with context.Manager() as manager:
        told = manager.Queue()
        with ProcessPoolExecutor(workers, context, initializer=end_with_parent) as pool:
            jobs = [pool.submit(_Told(work, told, n), item) for n, item in enumerate(items)]
            shares = [0.0] * len(items)
            while not all(job.done() for job in jobs) or not told.empty():
                try:
                    number, state = told.get(timeout=0.2)
                except queue.Empty:
                    continue
                shares[number] = state.done / state.total if state.total else 0.0
                if progress is not None:
                    message = f"{number + 1} of {len(items)}: {state.message}"
                    progress(Progress(sum(shares), len(items), message))
            return [job.result() for job in jobs]


@dataclass(frozen=True)
class _Told(Generic[Item, Result]):
    """Work whose progress goes into a queue."""

    work: Callable[[Item, ProgressCallback], Result]
    told: Any
    number: int

    def __call__(self, item: Item) -> Result:
        return self.work(item, lambda state: self.told.put((self.number, state)))
