"""Steps whose results are kept: a finished one is skipped, a killed one goes on in its folder."""

from __future__ import annotations

import fcntl
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sinterface.errors import InputError, RunError
from sinterface.files import write_text
from sinterface.provenance import digest, now

RESULT_NAME = "result.json"
FORMAT = 1

Work = Callable[[Path], Mapping[str, Any]]
"""Does a step in its folder and returns its JSON-able result."""


class Steps:
    """Results by name and hash of what decides them.

    Parameters
    ----------
    directory
        Folder of all steps; made when missing.
    identity
        What every step depends on (fingerprint of the potential, the reference).
    """

    def __init__(self, directory: Path, identity: Mapping[str, Any]) -> None:
        self.directory = directory
        self.identity = dict(identity)
        self.done = self.skipped = 0

    def folder(self, name: str, settings: Mapping[str, Any]) -> Path:
        """Return the folder of a step: its name and its hash."""
        return self.directory / f"{name}-{self._hash(name, settings)[:10]}"

    def do(self, name: str, settings: Mapping[str, Any], work: Work) -> dict[str, Any]:
        """Return the kept result of a step, or do it in its folder and keep the result.

        Parameters
        ----------
        name
            Name for people, fit for a folder.
        settings
            Everything beside the identity that changes the result; JSON-able.
        work
            Called only when there is no result of these settings.
        """
        folder = self.folder(name, settings)
        kept = _read(folder / RESULT_NAME)
        if kept is not None:
            self.skipped += 1
            return kept
        folder.mkdir(parents=True, exist_ok=True)
        started = time.perf_counter()
        result = finite(work(folder))
        record = {
            "step": name,
            "hash": self._hash(name, settings),
            "settings": {**self.identity, **settings},
            "seconds": round(time.perf_counter() - started, 1),
            "ended": now(),
            "result": result,
        }
        write_text(folder / RESULT_NAME, json.dumps(record, indent=1, allow_nan=False) + "\n")
        self.done += 1
        return dict(result)

    def _hash(self, name: str, settings: Mapping[str, Any]) -> str:
        return digest({"format": FORMAT, "step": name, **self.identity, "settings": dict(settings)})


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["result"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"'{path}' is damaged ({error}); delete it and run again.") from error


def finite(value: Any) -> Any:
    """Return a JSON-able value with None for numbers that are undefined."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        return finite(value.item())
    return value


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Hold `directory` for this process.

    Raises
    ------
    RunError
        When another process holds it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / ".lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(
                f"Another process works in '{directory}'; wait for it, or choose another folder."
            ) from error
        yield
