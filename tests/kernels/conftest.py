from __future__ import annotations

import pytest

from sinterface.kernels import _core


@pytest.fixture(params=_core.available_kernels())
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Force each instruction set that this machine can run."""
    monkeypatch.setenv("SINTERFACE_KERNEL", request.param)
    return str(request.param)
