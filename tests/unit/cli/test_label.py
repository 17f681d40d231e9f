"""``sinterface label`` from a person's side."""

from __future__ import annotations

from pathlib import Path

from ase.build import bulk
from ase.io import write
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.dataset.frames import read_frames


def test_label_prints_the_path_of_its_frames(tmp_path: Path) -> None:
    write(tmp_path / "in.extxyz", [bulk("Cu"), bulk("Cu", cubic=True)])
    out = tmp_path / "out.extxyz.xz"
    arguments = ["label", str(tmp_path / "in.extxyz"), "-o", str(out), "--workers", "1"]
    result = CliRunner().invoke(app, [*arguments, "--reference", "ase:ase.calculators.emt.EMT"])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == str(out)
    assert len(read_frames(out)) == 2


def test_mistakes_exit_with_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["label", str(tmp_path / "none.toml")])
    assert result.exit_code == 2
    assert "no recipe" in result.output
