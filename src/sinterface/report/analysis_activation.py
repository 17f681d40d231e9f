"""Activation energies among the analyses of one system: they want several temperatures."""

from __future__ import annotations

import numpy as np

from sinterface.errors import InputError
from sinterface.report.outcome import Outcome
from sinterface.report.suite import Run

WAY = (
    "a fit wants two or more: give 'sinterface analyze all' a set of runs at several "
    'temperatures, whose fits stand under "All together"'
)


def reason(run: Run) -> str:
    """Return why there is no fit: the replicas of one system have one temperature."""
    with run.open() as frames:
        known = np.concatenate([one.temperature_K for one in frames])
    known = known[np.isfinite(known)]
    if len(known) == 0:
        return f"the temperature isn't known, and {WAY}"
    return f"there is one temperature, {known.mean():.0f} K, and {WAY}"


def compute(run: Run) -> Outcome:
    """Say why there is no fit.

    Raises
    ------
    InputError
        Always; see `analysis_arrhenius.across_temperatures` for the fit.
    """
    raise InputError(reason(run))
