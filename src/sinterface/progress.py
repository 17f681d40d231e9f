"""What a long computation tells about itself while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """State of a long computation.

    Attributes
    ----------
    done, total
        Work done and work in all, in the same unit.
    message
        Short text for a person, for example ``"1503 K, 1.2 ns/day"``.
    """

    done: float
    total: float
    message: str = ""


ProgressCallback = Callable[[Progress], None]
