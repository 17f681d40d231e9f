"""Tasks that survive kills and failures: one part file each, joined at the end."""

from __future__ import annotations

import fcntl
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

from ase import Atoms

from sinterface.dataset.frames import check_frames, read_structures, write_frames
from sinterface.errors import InputError, RunError
from sinterface.files import write_text
from sinterface.processes import end_with_parent
from sinterface.progress import Progress, ProgressCallback

MAX_FAILED_SHARE = 0.2
"""Above this share of failed tasks a run fails; it stops early once five of them have failed."""

PACKED_SUFFIXES = (".extxyz", ".extxyz.xz")


class Task(Protocol):
    """A piece of work with a name made from its content."""

    @property
    def key(self) -> str:
        """Name of the part file."""

    def run(self) -> list[Atoms]:
        """Return labelled frames, or raise."""


@dataclass(frozen=True)
class LabelReport:
    """What a labelling run did.

    Attributes
    ----------
    output
        File of all labelled frames.
    n_frames
        Frames in it.
    done, skipped, failed
        Tasks worked off now, found finished, and quarantined (in all).
    quarantine
        Folder of one log a failed task.
    """

    output: Path
    n_frames: int
    done: int
    skipped: int
    failed: int
    quarantine: Path


def parts_directory(out: Path) -> Path:
    """Return the folder of finished parts, quarantine and working folders of `out`."""
    return out.with_name(f"{out.name}.parts")


def run_tasks(
    tasks: Sequence[Task],
    out: Path,
    *,
    workers: int = 2,
    progress: ProgressCallback | None = None,
    settings_hash: str | None = None,
    max_failed_share: float = MAX_FAILED_SHARE,
    retry: bool = False,
) -> LabelReport:
    """Work off `tasks` in processes of one thread each and join their frames into `out`.

    Every task's frames are first written to ``<out>.parts/<key>.extxyz.xz``, whole or not at all;
    a killed run, started again, does only the tasks without a part. A task that raises leaves
    ``<out>.parts/quarantine/<key>.log`` and isn't tried again until that file is deleted, or
    `retry` is set.

    Parameters
    ----------
    settings_hash
        Of the reference that all tasks share. The first run notes it in ``<out>.parts``; later
        ones into the same `out` must have the same.
    max_failed_share
        Above this share of failed tasks nothing is joined into `out`.

    Raises
    ------
    InputError
        When there is no task, `out` has another suffix than .extxyz or .extxyz.xz, or holds
        labels of other settings.
    RunError
        When another process works on `out`, too many of the tasks failed, or a worker died;
        finished parts stay.
    """
    if not tasks or not str(out).endswith(PACKED_SUFFIXES):
        raise InputError(
            f"Labels of {len(tasks)} structures or trajectories were asked for in '{out}'; "
            "give at least one, and a name that ends in .extxyz or .extxyz.xz."
        )
    parts = parts_directory(out)
    with _locked(parts):
        _claim(parts, settings_hash)
        if retry:
            for task in tasks:
                _log(parts, task.key).unlink(missing_ok=True)
        open_tasks = [task for task in tasks if not _is_settled(parts, task.key)]
        _work_off(open_tasks, tasks, parts, workers, max_failed_share, progress)
        failed = sum(_log(parts, task.key).exists() for task in tasks)
        if failed > max_failed_share * len(tasks):
            raise _too_many(failed, len(tasks), parts)
        frames = _join(tasks, parts)
        if frames:
            write_frames(out, frames)
    skipped = len(tasks) - len(open_tasks)
    return LabelReport(out, len(frames), len(open_tasks), skipped, failed, parts / "quarantine")


@contextmanager
def _locked(parts: Path) -> Iterator[None]:
    (parts / "quarantine").mkdir(parents=True, exist_ok=True)
    with open(parts / ".lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(
                f"Another process is labelling into '{parts}'; wait for it, or stop it."
            ) from error
        for leftover in parts.glob(".*.tmp"):
            leftover.unlink()
        yield


def _claim(parts: Path, settings_hash: str | None) -> None:
    """Note whose labels these are, or refuse those of other settings."""
    note = parts / "settings_hash"
    if settings_hash is None:
        return
    if not note.exists():
        write_text(note, settings_hash + "\n")
        return
    found = note.read_text(encoding="utf-8").strip()
    if found != settings_hash:
        raise InputError(
            f"'{parts}' holds labels of the reference settings {found}, and now {settings_hash} "
            "was asked for; energies of different settings have no common zero: give another "
            "output, or delete that folder."
        )


def _too_many(failed: int, finished: int, parts: Path) -> RunError:
    return RunError(
        f"{failed} of {finished} labels failed; read the logs in '{parts / 'quarantine'}', "
        "then run the same command with --retry, or with a larger --max-failed."
    )


def _part(parts: Path, key: str) -> Path:
    return parts / f"{key}.extxyz.xz"


def _log(parts: Path, key: str) -> Path:
    return parts / "quarantine" / f"{key}.log"


def _is_settled(parts: Path, key: str) -> bool:
    return _part(parts, key).exists() or _log(parts, key).exists()


def _work_off(
    open_tasks: Sequence[Task],
    tasks: Sequence[Task],
    parts: Path,
    workers: int,
    max_failed_share: float,
    progress: ProgressCallback | None,
) -> None:
    finished = len(tasks) - len(open_tasks)
    failed = sum(_log(parts, task.key).exists() for task in tasks)
    for key in _results(open_tasks, parts, workers):
        finished += 1
        failed += _log(parts, key).exists()
        if failed >= 5 and failed > max_failed_share * finished:
            raise _too_many(failed, finished, parts)
        if progress is not None:
            progress(Progress(finished, len(tasks), f"{key} ({failed} failed)"))


def _results(open_tasks: Sequence[Task], parts: Path, workers: int) -> Iterator[str]:
    if workers <= 1 or len(open_tasks) <= 1:
        for task in open_tasks:
            yield _settle(task, parts)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=end_with_parent)
    try:
        futures: list[Future[str]] = [pool.submit(_settle, task, parts) for task in open_tasks]
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool as error:
        raise RunError(
            "A labelling process died (killed, or out of memory); finished parts are kept: run "
            "the same command again, with fewer workers if memory ran out."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _settle(task: Task, parts: Path) -> str:
    """Do one task: a part file, or a log in the quarantine."""
    try:
        frames = task.run()
        check_frames(frames, task.key)
    except MemoryError:
        raise
    except Exception as error:  # any failure of any calculator: log it, go on with the rest
        reason = "".join(traceback.format_exception(error))
        write_text(_log(parts, task.key), f"{task!r}\n\n{reason}")
    else:
        write_frames(_part(parts, task.key), frames)
    return task.key


def _join(tasks: Sequence[Task], parts: Path) -> list[Atoms]:
    found = [_part(parts, task.key) for task in tasks if _part(parts, task.key).exists()]
    return [frame for path in found for frame in read_structures(path)]
