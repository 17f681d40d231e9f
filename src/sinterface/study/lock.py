"""One process at a time in a run directory."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from sinterface.errors import InputError
from sinterface.provenance import now

LOCK_NAME = "lock.json"


@dataclass(frozen=True)
class Holder:
    """The process that holds a run directory: its id, its machine, when it began (UTC)."""

    pid: int
    host: str
    started: str

    def __str__(self) -> str:
        """Return the words of an error message."""
        return f"process {self.pid} on {self.host} since {self.started}"


@contextmanager
def hold(run_directory: Path) -> Iterator[Holder | None]:
    """Hold a run directory until the block ends; the kernel lets go if the process is killed.

    Yields
    ------
    Holder or None
        The killed process that left its lock behind, where there was one.

    Raises
    ------
    InputError
        When another process holds the directory; the message names it.
    """
    path = run_directory / LOCK_NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _acquire(descriptor):
            who = _read(descriptor) or "another process"
            raise InputError(
                f"The run directory '{run_directory}' is held by {who}; wait until it has "
                "finished, or choose another directory with --output."
            )
        left_behind = _read(descriptor)
        _write(descriptor, asdict(Holder(os.getpid(), socket.gethostname(), now())))
        try:
            yield left_behind
        finally:
            _write(descriptor, None)
    finally:
        os.close(descriptor)


@contextmanager
def hold_new(run_directory: Path) -> Iterator[Holder | None]:
    """Like `hold`, in a directory that is made when missing.

    Where the block fails and leaves nothing but the lock, folders made here are taken away again:
    a refused command leaves nothing behind.
    """
    made = [one for one in (run_directory, *run_directory.parents) if not one.exists()]
    run_directory.mkdir(parents=True, exist_ok=True)
    try:
        with hold(run_directory) as left_behind:
            yield left_behind
    except BaseException:
        with suppress(OSError):  # another run may stand beside it
            if made and [one.name for one in run_directory.iterdir()] == [LOCK_NAME]:
                (run_directory / LOCK_NAME).unlink()
                for one in made:
                    one.rmdir()
        raise


def holder(run_directory: Path) -> Holder | None:
    """Return who holds a run directory now, or None."""
    path = run_directory / LOCK_NAME
    if not path.is_file():
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor) or Holder(0, "an unknown machine", "an unknown time")
    finally:
        os.close(descriptor)
    return None


def _acquire(descriptor: int) -> bool:
    """Try a few times: `holder` in another process takes the lock for an instant."""
    for _ in range(5):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False


def _read(descriptor: int) -> Holder | None:
    text = os.pread(descriptor, 4096, 0)
    try:
        content = json.loads(text)
        return Holder(int(content["pid"]), str(content["host"]), str(content["started"]))
    except (ValueError, KeyError, TypeError):
        return None


def _write(descriptor: int, content: dict[str, object] | None) -> None:
    text = b"" if content is None else json.dumps(content).encode()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text, 0)
