"""What other packages add by entry points: analyses (`sinterface.analyses`), references."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Final, Literal

Group = Literal["sinterface.analyses", "sinterface.references"]

ANALYSES: Final = "sinterface.analyses"
REFERENCES: Final = "sinterface.references"


@cache
def found_plugins(group: Group) -> dict[str, str]:
    """Return what installed packages offer in a group: name → ``module`` or ``module:object``.

    Nothing is imported.
    """
    return {point.name: point.value for point in entry_points(group=group)}
