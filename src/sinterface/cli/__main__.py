"""``python -m sinterface.cli``: the same as ``sinterface``."""

from __future__ import annotations

from sinterface.cli.app import main

main()
