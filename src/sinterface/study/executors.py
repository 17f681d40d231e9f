"""Where stages run: processes of this machine, or Parsl here and on a cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from sinterface.processes import end_with_parent
from sinterface.study.resources import ResourcesTable
from sinterface.study.worker import carry_out

GIVEN_BACK_S = 1.0
THREADS = "OMP_NUM_THREADS"

Order = Mapping[str, Any]
Work = Callable[[Order], dict[str, Any]]


class Executor(Protocol):
    """Takes orders and returns futures of their records."""

    slots: int
    """How many stages may be handed over at once."""

    def submit(self, order: Order) -> Future[dict[str, Any]]:
        """Have a stage done."""

    def is_crash(self, error: BaseException) -> bool:
        """Return whether an error says that the worker died, not that the stage failed."""


class Processes:
    """Worker processes of this machine; use it as a context manager.

    Each slot has one process of its own, so that one that dies takes no other stage with it.

    Parameters
    ----------
    slots
        Processes side by side.
    threads
        Threads of each, for what reads ``OMP_NUM_THREADS`` when it starts; an environment that
        says otherwise has its way.
    """

    def __init__(self, slots: int, threads: int = 1) -> None:
        self.slots = slots
        self._environment = {} if THREADS in os.environ else {THREADS: str(threads)}
        self._free: list[ProcessPoolExecutor] = []
        self._all: list[ProcessPoolExecutor] = []

    def submit(self, order: Order) -> Future[dict[str, Any]]:
        """Have a stage done by a process that is free."""
        pool = self._take()
        future = pool.submit(carry_out, dict(order))
        future.add_done_callback(lambda done: self._give_back(pool, done))
        return future

    def is_crash(self, error: BaseException) -> bool:
        """Return whether the process died."""
        return isinstance(error, BrokenProcessPool)

    def _take(self) -> ProcessPoolExecutor:
        """Return a process that is free, or a new one while there are fewer than slots."""
        limit = time.monotonic() + GIVEN_BACK_S
        while not self._free and len(self._all) >= self.slots and time.monotonic() < limit:
            time.sleep(0.01)  # the future is known to be done a moment before its callback ran
        return self._free.pop() if self._free else self._start()

    def _start(self) -> ProcessPoolExecutor:
        context = get_context("spawn")
        pool = ProcessPoolExecutor(1, mp_context=context, initializer=end_with_parent)
        self._all.append(pool)
        return pool

    def _give_back(self, pool: ProcessPoolExecutor, done: Future[dict[str, Any]]) -> None:
        if done.cancelled() or isinstance(done.exception(), BrokenProcessPool):
            self._all.remove(pool)
            return
        self._free.append(pool)

    def __enter__(self) -> Self:
        os.environ.update(self._environment)  # processes are spawned one by one, by submit
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:  # stopped by the user: what runs is cut off, its checkpoint stays
            for pool in self._all:
                for process in list((pool._processes or {}).values()):
                    process.terminate()
        for name in self._environment:
            os.environ.pop(name, None)
        for pool in self._all:
            pool.shutdown(wait=error is None, cancel_futures=True)


class ParslWorkers:
    """Workers of Parsl's HighThroughputExecutor; use it as a context manager.

    Parameters
    ----------
    resources
        The study's table.
    run_directory
        Parsl's own logs and scripts go to ``.parsl`` in it.
    """

    def __init__(self, resources: ResourcesTable, run_directory: Path) -> None:
        from sinterface.study.parsl_site import parsl_config

        self.slots = resources.slots()
        self._config = parsl_config(resources, run_directory)
        self._kernel: Any = None
        self._app: Any = None
        self._request: dict[str, Any] = {}
        if resources.executor == "flux":
            wanted = {"num_tasks": 1, "cores_per_task": resources.threads * resources.ranks}
            self._request = {"parsl_resource_specification": wanted}

    def submit(self, order: Order) -> Future[dict[str, Any]]:
        """Have a stage done by any worker."""
        future: Future[dict[str, Any]] = self._app(dict(order), **self._request)
        return future

    def is_crash(self, error: BaseException) -> bool:
        """Return whether worker or manager died."""
        from parsl.executors.errors import ExecutorError
        from parsl.executors.high_throughput.errors import ManagerLost, WorkerLost
        from parsl.jobs.errors import TooManyJobFailuresError

        lost = (WorkerLost, ManagerLost, ExecutorError, TooManyJobFailuresError)
        return isinstance(error, lost)

    def __enter__(self) -> Self:
        from parsl.app.python import PythonApp
        from parsl.dataflow.dflow import DataFlowKernel

        self._kernel = DataFlowKernel(self._config)
        self._app = PythonApp(carry_out, data_flow_kernel=self._kernel, executors=["workers"])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._kernel is not None:
            self._kernel.cleanup()


def make_executor(
    resources: ResourcesTable, run_directory: Path
) -> AbstractContextManager[Executor]:
    """Return the executor that a study asks for."""
    if resources.executor == "processes":
        return Processes(resources.slots(), resources.threads)
    return ParslWorkers(resources, run_directory)
