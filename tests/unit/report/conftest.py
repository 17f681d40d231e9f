"""Fixtures of the report's tests."""

from __future__ import annotations

import pytest
from unit.report.synthetic import make_analysis

from sinterface.analysis.results import InterfaceAnalysis


@pytest.fixture
def analysis() -> InterfaceAnalysis:
    """Three builds beside controls."""
    return make_analysis()


@pytest.fixture
def lonely_analysis() -> InterfaceAnalysis:
    """One build and no control: nothing is resolved."""
    return make_analysis(n_replicas=1, n_controls=0)
