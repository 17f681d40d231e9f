"""Print where LAMMPS' headers and library, MPI's headers and library lie; exit 1 without them."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path


def locate(package: str, name: str) -> Path:
    """Return the path of the file called `name` that `package` has installed."""
    for file in metadata.files(package) or []:
        if file.name == name:
            return Path(str(file.locate())).resolve()
    sys.exit(f"{package} has no {name}")


try:
    headers = locate("lammps", "pair.h").parent
    library = locate("lammps", "liblammps.so.0")
    mpi = locate("mpich", "mpi.h").parent
    mpi_library = locate("mpich", "libmpi.so.12")
except metadata.PackageNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed")
print(f"{headers};{library};{mpi};{mpi_library}", end="")
