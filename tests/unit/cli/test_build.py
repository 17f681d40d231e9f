"""`sinterface build`: what it writes, what it shows again, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.structures.formats import read_structure


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["build", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("name", ["s.extxyz", "s.cif", "s.data", "s.vasp", "POSCAR"])
def test_a_crystal_in_every_format(tmp_path: Path, name: str) -> None:
    code, out, err = run("crystal", "co3o4", "--repeat", 1, 1, 2, "-o", tmp_path / name)
    assert (code, err) == (0, "")
    assert "Co 2.67+" in out
    assert "Smith and Hobson" in out
    assert len(read_structure(tmp_path / name)) == 112
    stem = name.partition(".")[0]
    figures = json.loads((tmp_path / f"{stem}.certificate.json").read_text("utf-8"))
    assert figures["good"]
    assert figures["parents"][0]["space_group"] == "Fd-3m (227)"
    assert (tmp_path / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
    shown = CliRunner().invoke(app, ["show", str(tmp_path / name)])
    assert "crystal: good" in shown.stdout


def test_doping_twice_remembers_charges_and_formula_units(tmp_path: Path) -> None:
    first, second = tmp_path / "a.extxyz", tmp_path / "b.extxyz"
    code, out, _ = run("dope", "llzo", "--rule", "Co3+ on Li", "--x", 0.5, "-o", first, "--json")
    assert code == 0
    assert json.loads(out)["details"]["removed"] == {"Li": 8}
    code, out, _ = run("dope", first, "--rule", "Co4+ on Zr", "--x", 0.25, "-o", second, "--json")
    figures = json.loads(out)
    assert code == 0
    assert figures["details"]["dopants"] == 2
    assert figures["oxidation_states"]["Co"] == pytest.approx(20 / 6)
    assert figures["charge_e"] == pytest.approx(0.0)
    assert figures["parents"][0]["name"] == "llzo"


def test_a_packed_mixture_is_told_to_be_raw(tmp_path: Path) -> None:
    code, out, err = run("mixture", "M2", "--melt-ps", 0, "-o", tmp_path / "m.extxyz")
    assert code == 0
    assert "relax it before use" in err
    assert "mixture" in out


def test_a_molten_cell_tells_its_course_and_is_doped_and_relaxed(tmp_path: Path) -> None:
    glass, doped = tmp_path / "glass.extxyz", tmp_path / "doped.extxyz"
    times = ["--melt-ps", 0.2, "--quench-ps", 0.4, "--density-ps", 0.1]
    short = ["--potential", "llzo-lco-n2p2", "--json"]
    code, out, _ = run("amorphous", "llzo", *times, *short, "-o", glass)
    made = json.loads(out)
    assert code == 0
    assert made["source"]["potential"] == "llzo-lco-n2p2"
    assert len(made["source"]["potential_fingerprint"]) == 12
    course = made["details"]["molten_and_quenched"]
    assert "4000 K for 0.2 ps" in course
    rule = ["--rule", "Co4+ on Zr", "--count", 6]
    code, out, _ = run("dope", glass, *rule, "--relax", *short, "-o", doped)
    figures = json.loads(out)
    assert code == 0
    assert figures["kind"] == "doped amorphous"
    assert figures["oxidation_states"]["Co"] == 4.0
    assert figures["charge_e"] == 0.0
    assert figures["details"]["molten_and_quenched"] == course
    assert abs(figures["details"]["pressure_GPa"]) <= 0.1
    assert figures["details"]["largest_force_eV_per_A"] <= 0.05
    assert figures["good"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["crystal", "lzo"], "Did you mean 'llzo'"),
        (["crystal", "lco", "--repeat", 0, 1, 1], "1 or more"),
        (["dope", "llzo", "--rule", "Al3+ on Li"], "either --x"),
        (["dope", "llzo", "--rule", "Al3+ on Li", "--x", 0.3], "x = 0.25"),
        (["dope", "llzo", "--rule", "Al3+ on Li", "--count", 1, "--mode", "region"], "--within"),
        (["dope", "llzo", "--rule", "Al3+ on Li", "--count", 1, "--relax"], "contains Al"),
        (["amorphous", "llzo", "--timestep-fs", 0], "timestep"),
        (["mixture", "M9"], "Did you mean"),
        (["mixture", "Al2O3:20"], "contains Al"),
        (["mixture", "LiCoO2:1"], "--multiply 6"),
        (["amorphous", "lco"], "cutoff"),
        (["amorphous", "nothing.cif"], "nor a file"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, arguments: list[object], message: str) -> None:
    code, out, err = run(*arguments, "-o", tmp_path / "x.extxyz")
    assert code == 2
    assert out == ""
    assert err.startswith("Error: ")
    assert message in err
    assert list(tmp_path.iterdir()) == []


CIF = """data_x
_cell_length_a {a}
_cell_length_b {a}
_cell_length_c {a}
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
"""


@pytest.mark.parametrize("command", ["crystal", "amorphous", "dope", "grain-boundary", "interface"])
def test_a_crystal_that_cannot_be_neutral_is_refused(tmp_path: Path, command: str) -> None:
    odd = tmp_path / "odd.cif"
    odd.write_text(CIF.format(a=4) + "Al1 Al 0 0 0 1\nO1 O 0.5 0.5 0.5 1\n", "utf-8")
    more: dict[str, list[object]] = {
        "dope": ["--rule", "Ga3+ on Al", "--count", 1],
        "grain-boundary": ["--axis", 0, 0, 1, "--sigma", 5, "--plane", 2, 1, 0, "--no-search"],
        "interface": ["lco", "--potential", "none"],
    }
    code, _, err = run(command, odd, *more.get(command, []), "-o", tmp_path / "x.extxyz")
    assert code == 2
    assert "can't be made neutral" in err


def test_a_peroxide_gets_the_states_of_its_bonds(tmp_path: Path) -> None:
    cif = tmp_path / "bao2.cif"  # I4/mmm, Abrahams and Kalnajs, Acta Cryst. 7 (1954) 838
    sites = "Ba1 Ba 0 0 0 1\nBa2 Ba .5 .5 .5 1\nO1 O 0 0 .3911 1\nO2 O 0 0 .6089 1\n"
    sites += "O3 O .5 .5 .8911 1\nO4 O .5 .5 .1089 1\n"
    text = CIF.format(a=3.815).replace("_cell_length_c 3.815", "_cell_length_c 6.851")
    cif.write_text(text + sites, "utf-8")
    code, out, _ = run("crystal", cif, "-o", tmp_path / "x.extxyz", "--json")
    figures = json.loads(out)
    assert code == 0
    assert figures["charge_e"] == 0.0
    assert figures["oxidation_states"] == {"Ba": 2.0, "O": -1.0}


def test_an_occupancy_above_one_is_named(tmp_path: Path) -> None:
    cif = tmp_path / "over.cif"
    cif.write_text(CIF.format(a=4) + "Mg1 Mg 0 0 0 1\nO1 O 0.5 0.5 0.5 1.4\n", "utf-8")
    code, _, err = run("crystal", cif, "-o", tmp_path / "x.extxyz")
    assert code == 2
    assert "occupancy above one" in err


def test_a_name_without_a_format_is_refused_first(tmp_path: Path) -> None:
    code, _, err = run("amorphous", "llzo", "-o", tmp_path / "x.abc")
    assert code == 2
    assert "tells no format" in err


def test_labels_that_a_poscar_loses_are_told(tmp_path: Path) -> None:
    from sinterface.structures.crystals import load_crystal
    from sinterface.structures.formats import write_structure

    atoms = load_crystal("lco") * (3, 3, 1)
    atoms.set_array("region", (atoms.positions[:, 2] > 7).astype(int))
    write_structure(atoms, tmp_path / "a.extxyz")
    arguments = ["dope", tmp_path / "a.extxyz", "--rule", "Al3+ on Co", "--count", 2]
    code, _, err = run(*arguments, "-o", tmp_path / "b.vasp")
    assert code == 0
    assert "can't hold the labels 'region'" in err
    code, _, err = run(*arguments, "-o", tmp_path / "b.data")
    assert (code, err) == (0, "")
    assert sum(read_structure(tmp_path / "b.data").arrays["region"]) == sum(atoms.arrays["region"])
