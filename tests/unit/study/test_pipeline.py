"""What the real stages make of a study file, before anything runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import ase.io
import pytest
from ase import Atoms
from ase.build import bulk
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.dynamics import interface_making, lammps_library
from sinterface.errors import InputError
from sinterface.potential.model import load_potential
from sinterface.structures.crystals import layered_lco
from sinterface.structures.extent import SIZES
from sinterface.study.pipeline import (
    PIPELINE,
    STRUCTURE_NAME,
    finite,
    identify,
    measure_rate,
    read_built,
    write_structure,
)
from sinterface.study.reading import StudyFile, read_study
from sinterface.study.stages import Workplace, plan_tasks

IDENTITIES = dict.fromkeys(("potential", "electrolyte", "electrode"), "x")
POTENTIAL = Path(__file__).parents[2] / "reference" / "n2p2" / "wide"


def study(folder: Path, **interface: object) -> StudyFile:
    keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in interface.items())
    path = folder / "a.toml"
    path.write_text(
        f"[study]\nname = 'a'\n[potential]\nname = '{POTENTIAL}'\n"
        f"[interface]\nsize = 'tiny'\n{keys}"
    )
    return read_study(path)


def test_identities_follow_content(tmp_path: Path) -> None:
    named = identify(study(tmp_path))
    assert named["potential"] == load_potential(POTENTIAL).fingerprint
    ase.io.write(tmp_path / "lco.cif", layered_lco())
    first = identify(study(tmp_path, electrode="lco.cif"))
    assert first["electrode"] != named["electrode"]
    assert first["electrolyte"] == named["electrolyte"]
    stretched = layered_lco()
    stretched.set_cell(stretched.cell * 1.01, scale_atoms=True)
    ase.io.write(tmp_path / "lco.cif", stretched)
    assert identify(study(tmp_path, electrode="lco.cif"))["electrode"] != first["electrode"]


def test_potential_beside_the_study_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").symlink_to(POTENTIAL)
    (tmp_path / "a.toml").write_text("[study]\nname = 'a'\n[potential]\nname = 'mine'\n")
    monkeypatch.chdir("/")
    assert identify(read_study(tmp_path / "a.toml"))["potential"]


def test_crystal_with_an_element_that_the_potential_lacks(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "si.cif", bulk("Si"))
    with pytest.raises(InputError, match=r"electrode 'si.cif' holds Si, which .* 'wide' lacks"):
        identify(study(tmp_path, electrode="si.cif"))


@pytest.mark.parametrize(
    ("interface", "expected"),
    [
        ({"electrode": "none.cif"}, "neither a crystal called nor a file"),
        ({"max_strain": 0.0001}, "planes don't match within a strain of 0.01 %"),
    ],
)
def test_check_refuses_what_cannot_be_built(
    tmp_path: Path, interface: dict[str, object], expected: str
) -> None:
    path = study(tmp_path, **interface).path
    result = CliRunner().invoke(app, ["check", str(path), "-o", str(tmp_path / "run")])
    assert result.exit_code == 2
    assert expected in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", ["check", "run"])
def test_refused_before_anything_is_built(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal(**interface: object) -> str:
        path = study(tmp_path, **interface).path
        result = CliRunner().invoke(app, [command, str(path), "-o", str(tmp_path / "run")])
        assert result.exit_code == 2
        assert not (tmp_path / "run").exists()
        return result.stderr

    delithiated = layered_lco()
    del delithiated[delithiated.symbols == "Li"]
    ase.io.write(tmp_path / "coo2.cif", delithiated)
    expected = "'coo2.cif', Co3O6, has a formal charge of -3 e (oxidation states: Co +3, O -2)"
    assert expected in refusal(electrode="coo2.cif")
    assert "The electrode 'llzo' holds no Co, got La, Li, O, Zr" in refusal(electrode="llzo")
    with monkeypatch.context() as patch:
        patch.setitem(SIZES, "tiny", replace(SIZES["tiny"], electrode_A=5.0))
        assert "The electrode slab measures" in refusal()
    monkeypatch.setattr(lammps_library, "SUPPORTED_VERSION", 20990101)
    assert "LAMMPS of version 20990101 is needed, got 20250722" in refusal()


def test_hashes_know_the_lattice_and_the_share_of_the_strain(tmp_path: Path) -> None:
    def hashes(**interface: object) -> tuple[str, ...]:
        tasks = plan_tasks(
            study(tmp_path, **interface),
            IDENTITIES,
        )
        return tuple(task.hash for task in tasks if task.stage in ("build", "control"))

    usual = hashes()
    assert hashes(lattice_temperature_K=0.0, strain_share=0.0) == usual
    for changed in ({"lattice_temperature_K": 300.0}, {"strain_share": 0.5}):
        assert not set(hashes(**changed)) & set(usual)


def test_a_build_and_its_control_have_the_lattice_at_a_temperature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expanded(crystal: Atoms, *_: object, **__: object) -> Atoms:
        warm = crystal.copy()
        warm.set_cell(crystal.cell * 1.01, scale_atoms=True)
        return warm

    monkeypatch.setattr(interface_making, "crystal_at", expanded)
    path = study(tmp_path, lattice_temperature_K=600.0).path
    path.write_text(f"{path.read_text('utf-8')}[relax]\nmax_steps = 1\n", "utf-8")
    file = read_study(path)
    tasks = plan_tasks(file, IDENTITIES)
    for task in (tasks[0], next(task for task in tasks if task.part == "electrolyte")):
        place = Workplace(file, task, tmp_path / task.stage, ())
        place.directory.mkdir()
        PIPELINE.functions[task.stage](place, lambda _: None)
        edges = ase.io.read(place.directory / STRUCTURE_NAME).cell.lengths()
        assert edges[0] == pytest.approx(1.01 * 12.98)


def test_check_counts_atoms_of_builds_and_controls(tmp_path: Path) -> None:
    path = study(tmp_path).path
    arguments = ["check", str(path), "-o", str(tmp_path / "run"), "--no-benchmark", "--json"]
    stages = json.loads(CliRunner().invoke(app, arguments).stdout)["stages"]
    atoms = {stage["name"]: stage["atoms"] for stage in stages}
    assert atoms["dynamics 3"] == 432
    assert atoms["dynamics electrolyte"] == 192
    assert atoms["dynamics electrode"] == 240


def test_speed_is_measured(tmp_path: Path) -> None:
    assert measure_rate(study(tmp_path), seconds=0.0) > 0


def test_structure_survives_its_file(tmp_path: Path) -> None:
    atoms = layered_lco()
    atoms.set_array("region", (atoms.positions[:, 2] > 7).astype("int8"))
    write_structure(tmp_path / "interface.extxyz", atoms)
    read = read_built(tmp_path)
    assert read.arrays["region"].dtype == "int8"
    assert (read.arrays["region"] == atoms.arrays["region"]).all()
    assert abs(read.positions - atoms.positions).max() < 1e-7
    assert (read.numbers == atoms.numbers).all()


def test_undefined_numbers_become_null() -> None:
    assert finite({"a": float("nan"), "b": 1.0, "c": "x"}) == {"a": None, "b": 1.0, "c": "x"}
