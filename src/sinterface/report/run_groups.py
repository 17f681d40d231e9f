"""Which trajectories below a directory are replicas of one system."""

from __future__ import annotations

import re
from pathlib import Path

_REPLICA = (
    re.compile(r"-seed-\d+$"),
    re.compile(r"(-\d+)?-[0-9a-f]{8}$"),
)
"""What tells replicas of one system apart in the names of their folders: the seed of a set of
simulations; number and hash of a study's stage."""


def group_runs(directory: Path) -> dict[str, tuple[Path, ...]]:
    """Return the runs in the folders of a directory, replicas together, by the system's name.

    Folders that differ only in ``-seed-N``, or in the number and hash of a study's stage, hold
    replicas of one system; others hold other systems (another structure, another temperature).

    Parameters
    ----------
    directory
        Folder of a set of ``sinterface simulate``, or of a study.
    """
    found: dict[str, list[Path]] = {}
    for folder in sorted(one.parent for one in directory.glob("*/segment-000.h5")):
        found.setdefault(system_name(folder.name), []).append(folder)
    return {name: tuple(folders) for name, folders in found.items()}


def system_name(folder: str) -> str:
    """Return a run folder's name without what tells its replicas apart."""
    for pattern in _REPLICA:
        bare = pattern.sub("", folder)
        if bare != folder and bare:
            return bare
    return folder
