"""A run of dynamics whose atoms are shared by MPI ranks: ``sinterface simulate`` under mpiexec."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sinterface.errors import RunError
from sinterface.files import write_text
from sinterface.study.graph import Place
from sinterface.study.manual import toml_value
from sinterface.study.simulations import RESULT_NAME

if TYPE_CHECKING:
    from ase import Atoms

START_NAME, SET_NAME = "start.extxyz", "run.toml"
TOLD: Final = 600
"""Characters of a failed run's last words that go into the error."""


def run_on_ranks(place: Place, atoms: Atoms) -> dict[str, Any]:
    """Run dynamics on the ranks that the study's resources ask for; return the result's figures.

    Raises
    ------
    RunError
        When the command isn't there or ends with an error.
    """
    from sinterface.structures.formats import write_structure

    write_structure(atoms, place.directory / START_NAME)
    write_text(place.directory / SET_NAME, _set(place))
    started = shlex.split(place.extras["mpiexec"].format(ranks=place.extras["ranks"]))
    command = [*started, sys.executable, "-m", "sinterface.cli", "simulate"]
    command += [str(place.directory / SET_NAME), "-o", str(place.directory), "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise RunError(
            f"'{shlex.join(started)}' can't be started ({error.strerror}); set [resources] mpiexec "
            "to this site's command."
        ) from error
    if done.returncode != 0:
        last = " ".join((done.stderr or done.stdout).split())[-TOLD:]
        raise RunError(f"'{shlex.join(started)}' ended with {done.returncode}: {last}")
    return read_result(place.directory)


def read_result(directory: Path) -> dict[str, Any]:
    """Return the figures of a finished run."""
    content = json.loads((directory / RESULT_NAME).read_text(encoding="utf-8"))
    told: Mapping[str, Any] = content["runs"][0]
    return {key: value for key, value in told.items() if key not in ("directory", "seed")}


def _set(place: Place) -> str:
    """Return the file of a set of one run."""
    s = place.settings
    head = {
        "structures": [START_NAME],
        "potential": place.extras["potential"],
        "seed": place.seed,
        "threads": place.extras.get("threads", 1),
        "velocities": s.get("velocities", False),
        **{key: s[key] for key in ("timestep_fs", "frame_interval_ps", "checkpoint_interval_ps")},
    }
    lines = [f"{key} = {toml_value(value)}" for key, value in head.items()]
    for phase in s["phases"]:
        lines += [
            "",
            "[[phase]]",
            *(f"{key} = {toml_value(value)}" for key, value in phase.items()),
        ]
    return "\n".join(lines) + "\n"
