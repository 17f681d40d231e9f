from __future__ import annotations

from pathlib import Path

import h5py
import pytest

from sinterface.dynamics import hdf5_recovery
from sinterface.errors import InputError


@pytest.mark.parametrize(
    ("data", "checksum"),
    [(b"", 0xDEADBEEF), (b"Four score and seven years ago", 0x17770551)],
)
def test_checksum_known_answers(data: bytes, checksum: int) -> None:
    """From the self-test of B. Jenkins' lookup3.c."""
    assert hdf5_recovery._lookup3(data) == checksum


def test_checksum_is_that_of_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["x"] = 1
    block = path.read_bytes()[:48]
    assert hdf5_recovery._lookup3(block[:44]) == int.from_bytes(block[44:], "little")


def test_closed_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["x"] = 1
    before = path.read_bytes()
    hdf5_recovery.close_killed_file(path)
    assert path.read_bytes() == before
    assert not hdf5_recovery.is_marked_as_written(path)


def test_refuses_a_damaged_superblock(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["x"] = 1
    block = bytearray(path.read_bytes())
    block[11] = 5
    path.write_bytes(block)
    with pytest.raises(InputError, match="damaged"):
        hdf5_recovery.close_killed_file(path)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 100])
def test_refuses_what_is_not_hdf5(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a trajectory"):
        hdf5_recovery.is_marked_as_written(path)
