from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sinterface.provenance import (
    available_cores,
    cpu_model,
    digest,
    file_digest,
    git_state,
    host,
    source_state,
    versions,
)


def test_digest_ignores_the_order_of_keys_only() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": [1, 2]}) != digest({"a": [2, 1]})
    assert digest("") == "12ae32cb1ec02d01eda3581b127c1fee3b0dc53572ed6baf239721a03d82e126"
    with pytest.raises(ValueError, match="JSON"):
        digest(float("nan"))


def test_file_digest(tmp_path: Path) -> None:
    """SHA-256 of ``abc``: FIPS 180-2, appendix B.1."""
    (tmp_path / "a").write_text("abc")
    assert file_digest(tmp_path / "a").startswith("ba7816bf8f01cfea")


def test_host(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: Old: CPU 3\n")
    assert cpu_model(tmp_path / "cpuinfo") == "Old: CPU 3"
    assert cpu_model(tmp_path / "missing")
    assert set(host()) == {"system", "cpu", "cores"}


def test_cores_respect_a_container(tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text("100000 100000\n")
    assert available_cores(quota) == 1
    quota.write_text("max 100000\n")
    assert available_cores(quota) == available_cores(tmp_path / "missing") >= 1


def test_versions() -> None:
    found = versions()
    assert found["sinterface"]
    assert {"numpy", "ase", "vesin", "mpich", "matplotlib"} <= set(found)


def test_git_state(tmp_path: Path) -> None:
    assert git_state(tmp_path) is None
    run = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "a").write_text("1")
    for command in (["init", "-q"], ["add", "a"], ["commit", "-q", "-m", "a"]):
        subprocess.run([*run, *command], check=True)
    state = git_state(tmp_path)
    assert state is not None
    assert len(state["commit"]) == 40
    assert state["modified"] is False
    (tmp_path / "a").write_text("2")
    assert git_state(tmp_path) == {**state, "modified": True}
    module = tmp_path / "src" / "sinterface" / "provenance.py"
    assert source_state(module) == git_state(tmp_path)
    assert source_state(tmp_path / "lib" / "python" / "site-packages" / "sinterface" / "a") is None
