"""A committee and extrapolations in LAMMPS: arrays for dump and fix, equal to ASE's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io.lammpsdata import write_lammps_data
from unit.potential.committees import CASE, make_committee

import sinterface
from sinterface.dynamics.lammps_library import start_lammps
from sinterface.potential import lammps_plugin_path
from sinterface.structures.crystals import layered_lco

TYPES = ["Li", "Co", "O"]
WATCH = """
fix watch all pair 2 sinterface energy_std 0 force_std 1 extrapolations 1
compute watch all pair sinterface
compute largest all reduce max f_watch[1] f_watch[2] f_watch[3]
thermo_style custom step pe c_watch[1] c_watch[2] c_watch[3] c_watch[4] c_largest[2]
"""


@pytest.fixture(scope="module")
def committee(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    return make_committee(tmp_path_factory.mktemp("committee"))


@pytest.fixture(scope="module")
def atoms() -> Atoms:
    found = layered_lco() * (4, 3, 1)
    found.rattle(0.3, seed=5)
    return found


def _expected(folder: Path, atoms: Atoms) -> dict[str, Any]:
    atoms = atoms.copy()
    potential = sinterface.load_potential(folder)
    atoms.calc = potential.calculator(committee="forces", count_extrapolation=True)
    atoms.get_forces()
    return atoms.calc.results


def _setup(folder: Path, data: Path, style: str = "precision double") -> str:
    return f"""
units metal
atom_modify map array sort 0 0
plugin load {lammps_plugin_path()}
read_data {data}
pair_style sinterface {style}
pair_coeff * * {folder} {" ".join(TYPES)}
{WATCH}
"""


def _write(path: Path, atoms: Atoms) -> Path:
    write_lammps_data(path, atoms, specorder=TYPES, masses=True, units="metal")
    return path


@pytest.fixture
def lammps() -> Iterator[Any]:
    instance = start_lammps()
    yield instance
    instance.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_arrays_and_sums_equal_ase(lammps, committee, atoms, tmp_path, threads):
    expected = _expected(committee[0], atoms)
    assert expected["extrapolations"].max() > 3
    data = _write(tmp_path / "data", atoms)
    lammps.commands_string(_setup(committee[0], data, f"precision double threads {threads}"))
    lammps.command("run 0")
    order = np.argsort(lammps.numpy.extract_atom("id")[: len(atoms)])
    found = lammps.numpy.extract_fix("watch", 1, 2)[: len(atoms)][order]
    np.testing.assert_allclose(found[:, 0], expected["energies_std"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found[:, 1], expected["forces_std"], rtol=1e-8, atol=1e-11)
    np.testing.assert_array_equal(found[:, 2], expected["extrapolations"])
    sums = lammps.numpy.extract_compute("watch", 0, 1)
    counts = expected["extrapolations"]
    np.testing.assert_array_equal(sums[:2], [np.sum(counts > 0), counts.sum()])
    assert sums[2] == pytest.approx(expected["energies_std"].max(), rel=1e-9)
    assert sums[3] == pytest.approx(expected["forces_std"].max(), rel=1e-8)
    assert lammps.get_thermo("pe") == pytest.approx(expected["energy"], rel=1e-12)


def test_dump_of_two_ranks(committee, atoms, tmp_path):
    """Under MPI an atom's force deviation needs what other ranks' atoms add to it."""
    data = _write(tmp_path / "data", atoms)
    script = tmp_path / "in.lammps"
    script.write_text(
        _setup(committee[0], data)
        + f"dump d all custom 2 {tmp_path}/dump id f_watch[*]\ndump_modify d sort id"
        + " format float %.12g\nfix nve all nve\ntimestep 0.001\nrun 4\n"
        + f"write_dump all custom {tmp_path}/last id x y z modify sort id format float %.15g\n"
    )
    bin_directory = Path(sys.executable).parent
    command = [bin_directory / "mpiexec", "-n", "2", bin_directory / "lmp", "-in", script]
    done = subprocess.run(
        [*map(str, command), "-log", "none"],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    frames = (tmp_path / "dump").read_text().split("ITEM: TIMESTEP\n")[1:]
    assert len(frames) == 3
    moved = atoms.copy()
    last = np.loadtxt(tmp_path / "last", skiprows=9)
    for text, positions in ((frames[0], atoms.positions), (frames[2], last[:, 1:])):
        moved.positions = positions
        expected = _expected(committee[0], moved)
        found = np.loadtxt(text.splitlines()[8:])
        np.testing.assert_allclose(found[:, 1], expected["energies_std"], rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(found[:, 2], expected["forces_std"], rtol=1e-7, atol=1e-9)
        np.testing.assert_array_equal(found[:, 3], expected["extrapolations"])


def test_halt_stops_on_a_limit(lammps, committee, atoms, tmp_path):
    """LAMMPS' own fix halt stops where the deviation passes a limit (docs/engine.md)."""
    lammps.commands_string(_setup(committee[0], _write(tmp_path / "data", atoms)))
    lammps.commands_string("variable largest equal c_largest[2]\nrun 0")
    limit = 1.02 * lammps.numpy.extract_compute("largest", 0, 1)[1]
    lammps.commands_string(f"""
fix halt all halt 2 v_largest > {limit} error soft message no
velocity all create 3000 7
fix nve all nve
timestep 0.002
run 500
""")
    step = lammps.extract_global("ntimestep")
    assert 0 < step < 500
    assert step % 2 == 0
    assert lammps.numpy.extract_compute("largest", 0, 1)[1] > limit


def test_misuse_is_explained(lammps, committee, atoms, tmp_path):
    data = _write(tmp_path / "data", atoms)
    lammps.commands_string(_setup(committee[0], data))
    with pytest.raises(Exception, match="has no 'charge' for fix pair; it has extrapolations"):
        lammps.command("fix x all pair 1 sinterface charge 0")
    lammps.command("fix x all pair 1 sinterface force_std 0")
    with pytest.raises(Exception, match="force_std 1"):
        lammps.commands_string("unfix watch\nuncompute largest\nthermo_style one\nrun 1")
    lammps.command("clear")
    with pytest.raises(Exception, match="energy_std needs a committee"):
        lammps.commands_string(_setup(CASE, data))


def test_hybrid_scaled_members_are_the_committee(lammps, committee, atoms, tmp_path):
    """What `sinterface export` prints for n2p2's hdnnp, tried with our own style."""
    from sinterface.potential.export import export_potential, lammps_commands

    folder = tmp_path / "out"
    shutil.copytree(committee[0], tmp_path / "zbl")
    with (tmp_path / "zbl" / "extension.nn").open("a") as extension:
        extension.write("zbl 1.0 2.25\n")
    for k in (2, 3):
        (tmp_path / "zbl" / f"member-{k}" / "extension.nn").write_text("zbl 1.0 2.25\n")
    potential = sinterface.load_potential(tmp_path / "zbl")
    exported = export_potential(potential, folder)
    assert sum("committee" in note for note in exported.notes) == 1
    assert (folder / "member-3" / "weights.057.data").exists()
    commands = "\n".join(lammps_commands(potential, folder))
    assert commands.startswith("pair_style hybrid/scaled")
    for k, member in enumerate((folder, folder / "member-2", folder / "member-3"), start=1):
        assert sinterface.load_potential(member).n_members == 1
        start = commands.index(f"hdnnp 6 dir {member} ")
        end = commands.index("cfenergy 1.0", start) + len("cfenergy 1.0")
        commands = commands[:start] + "sinterface precision double" + commands[end:]
        commands = commands.replace(f"* * hdnnp {k} Li", f"* * sinterface {k} {member} Li")
    data = tmp_path / "data"
    write_lammps_data(data, atoms, specorder=list(potential.elements), masses=True, units="metal")
    lammps.commands_string(f"""
units metal
atom_modify map array sort 0 0
plugin load {lammps_plugin_path()}
read_data {data}
{commands}
run 0
""")
    expected = _expected(tmp_path / "zbl", atoms)
    order = np.argsort(lammps.numpy.extract_atom("id")[: len(atoms)])
    forces = lammps.numpy.extract_atom("f")[: len(atoms)][order]
    assert lammps.get_thermo("pe") == pytest.approx(expected["energy"], rel=1e-9)
    np.testing.assert_allclose(forces, expected["forces"], rtol=1e-8, atol=1e-9)
