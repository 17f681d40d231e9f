"""``sinterface train`` from a person's side."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from sinterface.cli.app import app


def test_missing_torch_is_a_sentence_that_names_the_extra(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; sys.argv = ['sinterface', 'train', 'r.toml']; "
        "from sinterface.cli.app import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr == (
        "Error: Training needs torch; install it with: pip install 'sinterface[train]'.\n"
    )


def test_unknown_split_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(
        '[data]\nfiles = ["a.extxyz"]\n[potential]\nelements = ["Li"]\n'
    )
    result = CliRunner().invoke(app, ["train", str(tmp_path / "r.toml"), "--split", "alphabet"])
    assert result.exit_code == 2
    assert "data.split" in result.stderr
    assert "'alphabet'" in result.stderr
