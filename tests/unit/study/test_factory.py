"""A factory's file: order, skipping, refusals; and one that labels, explores and trains."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.dataset.frames import label_of, read_frames
from sinterface.errors import InputError
from sinterface.study.factory import make, read_factory

WALK = """
name = "walk"
reference = "ase:ase.calculators.lj.LennardJones"
seed = 5
[[sample]]
system = "lco-layered"
start = { builder = "lco" }
temperatures_K = [300]
steps = 3
keep_every = 1
replicas = 6
[dynamics]
max_force_eV_per_A = 1e4
"""
TRAIN = """
[data]
files = ["labels.extxyz", "more.extxyz"]
validation_fraction = 0.3
largest_force_eV_per_A = 1e4
[potential]
elements = ["Li", "O", "Co"]
hidden = [4]
[symmetry]
cutoff_A = 3.0
radial = [[0.5, 1.5]]
angular = []
[fit]
epochs = 1
"""
FACTORY = """
name = "all"
[[step]]
label = "walk.toml"
make = "labels.extxyz"
[[step]]
explore = "again.toml"
potential = "llzo-lco"
select = 3
make = "more.extxyz"
[[step]]
train = "train.toml"
make = "pot"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "walk.toml").write_text(WALK)
    (tmp_path / "again.toml").write_text(WALK.replace("seed = 5", "seed = 6"))
    (tmp_path / "train.toml").write_text(TRAIN)
    (tmp_path / "all.toml").write_text(FACTORY)
    return tmp_path


def test_one_file_makes_a_potential(folder: Path) -> None:
    pytest.importorskip("torch")
    made = make(folder / "all.toml", workers=1)
    assert [each.skipped for each in made] == [False] * 3
    assert len(read_frames(folder / "more.extxyz")) == 3
    assert label_of(read_frames(folder / "more.extxyz")[0]).reference.startswith("ase:")
    assert (folder / "pot" / "potential.toml").exists()
    before = (folder / "pot" / "potential.toml").read_bytes()
    (folder / "more.extxyz").unlink()
    again = make(folder / "all.toml", workers=1)
    assert [each.skipped for each in again] == [True, False, True]
    assert (folder / "pot" / "potential.toml").read_bytes() == before


def test_dry_run_tells_what_is_left(folder: Path) -> None:
    (folder / "labels.extxyz").write_text("here")
    result = CliRunner().invoke(app, ["factory", str(folder / "all.toml"), "--dry-run", "--json"])
    assert result.exit_code == 0, result.output
    assert [each["skipped"] for each in json.loads(result.stdout)] == [True, False, False]
    assert not (folder / "more.extxyz").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('label = "walk.toml"\n', "", "exactly one of label, explore, train"),
        ('potential = "llzo-lco"\n', "", "needs a potential"),
        ("select", "selct", r"Did you mean 'select'"),
        ("name =", "name", "isn't TOML"),
    ],
)
def test_faults_are_one_sentence(folder: Path, old: str, new: str, message: str) -> None:
    (folder / "all.toml").write_text(FACTORY.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_factory(folder / "all.toml")


def test_missing_file() -> None:
    with pytest.raises(InputError, match="no file"):
        read_factory(Path("nowhere.toml"))
