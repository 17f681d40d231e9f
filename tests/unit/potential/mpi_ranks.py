"""Run by every rank of `test_lammps_mpi.py`: arguments are a folder, a style and the result's path.

The folder holds `structure.json`: box lengths, types, positions (in Å) and velocities (in Å/ps).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from sinterface.dynamics.lammps_library import start_lammps
from sinterface.potential import lammps_plugin_path
from sinterface.potential.model import SHIPPED

TYPES = ("Li", "O", "Zr", "La")
PRESSURES = ("pxx", "pyy", "pzz", "pxy", "pxz", "pyz")


def main(structure_path: str, style: str, result_path: str) -> None:
    """Forces and per-atom quantities at once, then positions after a few steps."""
    structure = json.loads(Path(structure_path).read_text())
    types, (a, b, c) = structure["types"], structure["box"]
    lammps = start_lammps()
    lammps.commands_string(f"""
units metal
atom_modify map array
plugin load {lammps_plugin_path()}
region box block 0 {a} 0 {b} 0 {c}
create_box {len(TYPES)} box
""")
    lammps.create_atoms(
        len(types),
        list(range(1, len(types) + 1)),
        types,
        structure["positions"],
        structure["velocities"],
    )
    lammps.commands_string(f"""
mass * 30
pair_style sinterface {style}
pair_coeff * * {SHIPPED / "llzo-lco"} {" ".join(TYPES)}
compute energy all pe/atom
compute stress all stress/atom NULL virial
compute centroid all centroid/stress/atom NULL virial
fix keep all ave/atom 1 1 1 c_energy c_stress[*] c_centroid[*]
fix nve all nve
timestep 0.001
thermo_style custom step pe {" ".join(PRESSURES)}
thermo_modify norm no
run 0
""")
    found = {
        "energy": lammps.get_thermo("pe"),
        "pressure": [lammps.get_thermo(name) for name in PRESSURES],
        "forces": lammps.gather_atoms("f", 1, 3),
        "energies": lammps.gather("c_energy", 1, 1),
        "stresses": lammps.gather("c_stress", 1, 6),
        "centroid_stresses": lammps.gather("c_centroid", 1, 9),
    }
    lammps.command("run 10")
    found["later_positions"] = lammps.gather_atoms("x", 1, 3)
    found["later_energy"] = lammps.get_thermo("pe")
    if lammps.extract_setting("world_rank") == 0:
        np.savez(
            result_path,
            ranks=lammps.extract_setting("world_size"),
            **{name: np.array(values) for name, values in found.items()},
        )
    lammps.finalize()  # MPI too: else the launcher kills the slower ranks


if __name__ == "__main__":
    main(*sys.argv[1:])
