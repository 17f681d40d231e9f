from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sinterface.errors import InputError
from sinterface.study.lock import LOCK_NAME, hold, hold_new, holder

HOLD = """
import sys
from pathlib import Path
from sinterface.study.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def start(directory: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def refused(directory: Path, *, write: bool) -> None:
    with hold_new(directory):
        if write:
            (directory / "kept").touch()
        raise InputError("refused")


def test_a_refused_run_leaves_no_folder_behind(tmp_path: Path) -> None:
    for write in (False, True):
        with pytest.raises(InputError, match="refused"):
            refused(tmp_path / "a" / "b", write=write)
        assert (tmp_path / "a" / "b" / LOCK_NAME).exists() is write
        assert (tmp_path / "a").exists() is write
    (tmp_path / "c").mkdir()
    with pytest.raises(InputError, match="refused"):
        refused(tmp_path / "c", write=False)
    assert (tmp_path / "c").exists()  # not made here


def test_held_directory_names_its_holder(tmp_path: Path) -> None:
    process = start(tmp_path)
    try:
        found = holder(tmp_path)
        assert found is not None
        assert found.pid == process.pid
        with (
            pytest.raises(InputError, match=f"process {process.pid} on .* since 20"),
            hold(tmp_path),
        ):
            pass
    finally:
        process.communicate()
    assert holder(tmp_path) is None


def test_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    process = start(tmp_path)
    process.kill()
    process.communicate()
    assert holder(tmp_path) is None
    with hold(tmp_path) as left_behind:
        assert left_behind is not None
        assert left_behind.pid == process.pid
    with hold(tmp_path) as left_behind:
        assert left_behind is None


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_lets_go(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with hold(tmp_path):
            assert f'"pid": {os.getpid()}' in (tmp_path / LOCK_NAME).read_text()
            raise error

    with pytest.raises(error):
        fail()
    assert (tmp_path / LOCK_NAME).read_text() == ""
    with hold(tmp_path) as left_behind:
        assert left_behind is None
