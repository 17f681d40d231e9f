"""Errors that a person can act on."""

from __future__ import annotations


class SinterfaceError(Exception):
    """Base of every error that sinterface raises on purpose."""


class InputError(SinterfaceError):
    """A user's mistake: the message says what was wrong, what was got and what to do.

    The command line prints the message as one sentence and exits with code 2.
    """


class RunError(SinterfaceError):
    """A run that had to stop (atoms lost, disk full): the reason and what was kept."""


def nearest_name(name: str, known: list[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest known name, or an empty string."""
    from difflib import get_close_matches

    found = get_close_matches(name, known, n=1, cutoff=0.5)
    return f" Did you mean '{found[0]}'?" if found else ""
