"""Committees made of a reference potential and copies of it with other weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from sinterface.potential.committee import write_committee

CASE = Path(__file__).parents[2] / "reference" / "n2p2" / "wide"


def perturbed(folder: Path, seed: int, case: Path = CASE) -> Path:
    """Copy `case` with weights that differ by some per cent."""
    shutil.copytree(case, folder)
    (folder / "expected.txt").unlink(missing_ok=True)
    rng = np.random.default_rng(seed)
    for path in sorted(folder.glob("weights.*.data")):
        weights = np.loadtxt(path, usecols=0)
        weights *= 1 + 0.03 * rng.normal(size=len(weights))
        path.write_text("".join(f"{w:.16e}\n" for w in weights))
    return folder


def make_committee(folder: Path, n: int = 3) -> tuple[Path, list[Path]]:
    """Write members ``member-a0``, ... and their committee below `folder`."""
    members = [perturbed(folder / f"member-a{k}", k) for k in range(n)]
    write_committee(folder / "committee", members)
    return folder / "committee", members
