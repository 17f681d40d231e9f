"""A structure's certificate as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType


def certificate_table(figures: Mapping[str, Any]) -> RenderableType:
    """Return the certificate of a built structure, one line a figure."""
    from sinterface.cli.tables import facts_table

    return facts_table(dict(figures))
