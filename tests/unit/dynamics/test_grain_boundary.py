import json

import numpy as np
import pytest
from ase.build import bulk
from ase.io import read, write
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.dynamics.boundary_energy import AnnealSettings
from sinterface.dynamics.boundary_search import SearchSettings
from sinterface.dynamics.grain_boundary import build_grain_boundary, second_grain
from sinterface.errors import InputError
from sinterface.potential.model import load_potential
from sinterface.structures.coincidence import symmetric_tilt
from sinterface.structures.grain import orient

TWIN = {"axis": (0, 1, 1), "sigma": 3, "plane": (1, 1, -1)}
QUICK = SearchSettings(
    shift_step_A=5.0, cuts=1, closeness=(0.8,), screened=1, screening_steps=2, relaxed=1,
    relaxation_steps=3,
)  # fmt: skip


def command(line, output, *more):
    words = ["build", "grain-boundary", *line.split(), "-o", str(output), *more]
    return CliRunner().invoke(app, words)


def test_a_cif_stands_where_llzo_does(tmp_path):
    write(tmp_path / "nacl.cif", bulk("NaCl", "rocksalt", a=5.64, cubic=True))
    out = tmp_path / "gb.cif"
    options = "--axis 0 0 1 --sigma 5 --plane 2 1 0 --no-search"
    done = command(f"{tmp_path / 'nacl.cif'} {options}", out, "--json")
    assert done.exit_code == 0, done.output
    figures = json.loads(out.with_name("gb.certificate.json").read_text())
    assert figures["kind"] == "grain boundary"
    assert figures["charge_e"] == 0
    assert figures["good"]
    assert figures["details"]["second_grain"] == "mirror"
    assert figures["details"]["boundaries_differ_by_A"] < 1e-6
    counts = read(out).symbols.formula.count()
    assert counts["Na"] == counts["Cl"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--axis 1 1 1 --sigma 5 --plane 2 1 -3", "3, 7, 13"),
        ("--axis 1 1 1 --sigma 7 --plane 2 1 3", "does not contain the tilt axis"),
        ("--axis 1 1 1 --sigma 7 --plane 2 1 -3 --thickness 8", "too thin for a cutoff"),
        ("--axis 1 1 1 --sigma 7 --plane 2 1 -3 --no-search --anneals 2", "needs the search"),
    ],
)
def test_mistakes_end_with_one_sentence(tmp_path, options, message):
    done = command(f"llzo {options}", tmp_path / "gb.extxyz")
    assert done.exit_code == 2
    assert message in done.output
    assert "Traceback" not in done.output
    assert not list(tmp_path.iterdir())


def test_a_crystal_that_is_not_cubic_is_refused(tmp_path):
    done = command("lco --axis 1 1 1 --sigma 7 --plane 2 1 -3", tmp_path / "gb.extxyz")
    assert done.exit_code == 2
    assert "not cubic" in done.output


def test_an_element_that_the_potential_lacks_is_named(tmp_path):
    cif = tmp_path / "nacl.cif"
    write(cif, bulk("NaCl", "rocksalt", a=5.64, cubic=True))
    with pytest.raises(InputError, match="contains Cl, Na, which the potential does not know"):
        build_grain_boundary(str(cif), **TWIN, potential=load_potential("llzo-lco"))


def test_zincblende_is_rotated_rocksalt_is_mirrored():
    tilt = symmetric_tilt((0, 0, 1), 5, (2, 1, 0))
    zincblende = bulk("ZnS", "zincblende", a=5.41, cubic=True)
    rocksalt = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    assert second_grain(orient(zincblende, tilt)) == "rotation"
    assert second_grain(orient(rocksalt, tilt)) == "mirror"


@pytest.fixture(scope="module")
def llzo_twin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twin")
    told = []
    anneals = AnnealSettings(1, 600.0, hold_ps=0.004, cool_ps=0.004, rest_steps=2)
    boundary = build_grain_boundary(
        **TWIN, thickness_A=12.0, potential=load_potential("llzo-lco"), search=QUICK,
        anneals=anneals, record=folder / "gb.extxyz", progress=told.append,
    )  # fmt: skip
    return boundary, folder, anneals


def test_search_relaxation_and_energy_of_an_llzo_twin(llzo_twin):
    boundary, _, _ = llzo_twin
    figures = boundary.certificate.to_dict()
    assert figures["charge_e"] == 0
    assert figures["good"]
    assert set(figures["n_atoms_by_region"]) == {"grain 1", "grain 2", "boundary"}
    assert {"La", "Zr"} <= set(figures["coordination"])
    counts = boundary.atoms.symbols.formula.count()
    assert counts["Li"] / 7 == counts["La"] / 3 == counts["Zr"] / 2 == counts["O"] / 12
    assert figures["details"]["boundaries_differ_by_A"] < 0.05
    assert 0.0 < figures["details"]["energy_J_per_m2"] < 10.0
    assert np.isfinite(boundary.energy.energy_J_per_m2)
    json.dumps(figures, allow_nan=False)


def test_a_finished_boundary_is_not_computed_again(llzo_twin):
    boundary, folder, anneals = llzo_twin
    names = {path.name for path in folder.iterdir()}
    assert names == {"gb.search.jsonl", "gb.relaxed.npz", "gb.anneals.json"}
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = build_grain_boundary(
        **TWIN, thickness_A=12.0, potential=load_potential("llzo-lco"), search=QUICK,
        anneals=anneals, record=folder / "gb.extxyz",
    )  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert again.energy.runs_J_per_m2 == boundary.energy.runs_J_per_m2
    assert again.atoms.positions == pytest.approx(boundary.atoms.positions)
