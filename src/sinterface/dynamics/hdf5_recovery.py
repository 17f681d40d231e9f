"""Close an HDF5 file whose writer was killed, so that any reader opens it.

A writer in SWMR mode keeps the data readable at every moment, but a killed one leaves the file
marked as being written and its superblock with an old end-of-file address. Readers that know
nothing of SWMR then refuse the file. The superblock (48 bytes, versions 2 and 3) is put right
here, its checksum included; data are never touched.

Source: HDF5 File Format Specification, version 3.0, section II.A; checksum: B. Jenkins' lookup3.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from sinterface.errors import InputError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
SUPERBLOCK_BYTES = 48
_MASK = 0xFFFFFFFF
_VERSION, _FLAGS, _END_OF_FILE, _CHECKSUM = 8, 11, 28, 44


def is_marked_as_written(path: Path) -> bool:
    """Return whether a writer holds the file, or held it when it was killed.

    Raises
    ------
    InputError
        When the file is no HDF5 file with a superblock of version 2 or 3.
    """
    return _superblock(path)[_FLAGS] != 0


def end_of_data(path: Path) -> int:
    """Return the end-of-file address as of the last flush; a shorter file was cut."""
    return int(struct.unpack_from("<Q", _superblock(path), _END_OF_FILE)[0])


def close_killed_file(path: Path) -> None:
    """Clear the marks of a killed writer and set the end-of-file address to the file's size.

    Only for a file that no process is writing. A closed file is left as it is.
    """
    block = bytearray(_superblock(path))
    if block[_FLAGS] == 0:
        return
    if _lookup3(bytes(block[:_CHECKSUM])) != struct.unpack_from("<I", block, _CHECKSUM)[0]:
        raise InputError(_damaged(path))
    block[_FLAGS] = 0
    struct.pack_into("<Q", block, _END_OF_FILE, path.stat().st_size)
    struct.pack_into("<I", block, _CHECKSUM, _lookup3(bytes(block[:_CHECKSUM])))
    with open(path, "r+b") as handle:
        handle.write(block)
        handle.flush()
        os.fsync(handle.fileno())


def _superblock(path: Path) -> bytes:
    with open(path, "rb") as handle:
        block = handle.read(SUPERBLOCK_BYTES)
    if len(block) < SUPERBLOCK_BYTES or not block.startswith(SIGNATURE):
        raise InputError(
            f"'{path}' is not a trajectory of sinterface (no HDF5 file, or cut short); "
            "give the directory of a dynamics run."
        )
    if block[_VERSION] not in (2, 3) or block[9] != 8:
        raise InputError(
            f"'{path}' is an HDF5 file that sinterface did not write "
            f"(superblock version {block[_VERSION]}); give the directory of a dynamics run."
        )
    return block


def _damaged(path: Path) -> str:
    return (
        f"'{path}' is damaged (its superblock does not match its checksum); restore a copy, or "
        f"remove the folder '{path.parent}' and run the dynamics again."
    )


def _lookup3(data: bytes) -> int:
    """Return Bob Jenkins' ``hashlittle`` of `data` with initial value 0."""
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    while len(data) > 12:
        a, b, c = (x + y & _MASK for x, y in zip((a, b, c), _words(data), strict=True))
        a, b, c = _mix(a, b, c)
        data = data[12:]
    if not data:
        return c
    a, b, c = (x + y & _MASK for x, y in zip((a, b, c), _words(data), strict=True))
    return _final(a, b, c)


def _words(data: bytes) -> tuple[int, ...]:
    return struct.unpack("<3I", data[:12].ljust(12, b"\0"))


def _rotate(x: int, k: int) -> int:
    return (x << k | x >> (32 - k)) & _MASK


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    for k in (4, 6, 8, 16, 19, 4):
        a = ((a - c) & _MASK) ^ _rotate(c, k)
        c = (c + b) & _MASK
        a, b, c = b, c, a
    return a, b, c


def _final(a: int, b: int, c: int) -> int:
    for k in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - _rotate(b, k)) & _MASK
        a, b, c = b, c, a
    return b
