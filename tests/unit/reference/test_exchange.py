"""Array jobs: written, run by their own script, collected; nothing that changed is believed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write
from typer.testing import CliRunner

import sinterface
from sinterface.cli.app import app
from sinterface.dataset.frames import label_of, read_frames
from sinterface.errors import InputError
from sinterface.reference.exchange import export_file, export_jobs, import_jobs
from sinterface.reference.labelling import Limits, label_structures
from sinterface.reference.settings import Settings, read_settings

EMT = "ase:ase.calculators.emt.EMT"
HALF = Limits(max_failed_share=0.5)
FAKE = Path(__file__).with_name("fake_codes.py")


def alloys(n_structures: int) -> list[Atoms]:
    found = []
    for index in range(n_structures):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols[1] = "Ni"
        atoms.rattle(0.1, seed=index)
        atoms.info = {"system": "alloy", "trajectory": "t", "temperature_K": 500.0}
        found.append(atoms)
    return found


def start(directory: Path, index: int, *, check: bool = True) -> None:
    """Run one task of the array, as Slurm would."""
    source = str(Path(sinterface.__file__).parents[1])
    environment = os.environ | {
        "SLURM_ARRAY_TASK_ID": str(index),
        "SLURM_SUBMIT_DIR": str(directory),
        "SINTERFACE": f"{sys.executable} -m sinterface.cli",
        "PYTHONPATH": source,
    }
    command = ["bash", str(directory / "job.sh")]
    subprocess.run(command, env=environment, check=check, capture_output=True)


def fake(*words: str) -> Settings:
    command = " ".join([sys.executable, str(FAKE), "espresso", *words])
    return read_settings("espresso", {"command": command, "spin_polarised": False})


def test_round_trip_of_a_python_reference(tmp_path: Path) -> None:
    structures, jobs = alloys(2), tmp_path / "jobs"
    assert export_jobs([*structures, structures[0]], jobs, read_settings(EMT)) == 2
    assert "#SBATCH --array=0-1\n" in (jobs / "job.sh").read_text()
    start(jobs, 1)
    (jobs / "000000" / "label.extxyz").touch()  # still being written
    report, waiting = import_jobs(jobs, tmp_path / "o.extxyz")
    assert (report.n_frames, waiting) == (1, 1)
    start(jobs, 0)
    report, waiting = import_jobs(jobs, tmp_path / "o.extxyz")
    assert (report.n_frames, report.skipped, waiting) == (2, 1, 0)
    here = label_structures(structures, tmp_path / "here.extxyz", 1, reference=EMT)
    for ours, theirs in zip(read_frames(here.output), read_frames(report.output), strict=True):
        assert label_of(ours) == label_of(theirs)
        assert np.abs(ours.get_forces() - theirs.get_forces()).max() < 2e-5


def test_round_trip_of_a_file_code_with_one_failure(tmp_path: Path) -> None:
    jobs, out = tmp_path / "jobs", tmp_path / "o.extxyz"
    export_jobs(alloys(2), jobs, fake())
    assert (jobs / "000000" / "espresso.pwi").exists()
    assert "espresso" in (jobs / "README.md").read_text()
    start(jobs, 0)
    script = (jobs / "job.sh").read_text()
    (jobs / "job.sh").write_text(script.replace("espresso >", "espresso unconverged >"))
    start(jobs, 1)
    report, _ = import_jobs(jobs, out, failures=HALF)
    assert (report.n_frames, report.failed) == (1, 1)
    (log,) = report.quarantine.iterdir()
    assert "not converged" in log.read_text()
    (jobs / "000001" / "finished").unlink()
    (jobs / "job.sh").write_text(script)
    start(jobs, 1)
    report, _ = import_jobs(jobs, out, failures=HALF)
    assert (report.n_frames, report.failed) == (2, 0)


def test_a_command_that_fails_is_reported(tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"
    export_jobs(alloys(2), jobs, fake())
    start(jobs, 0)
    script = (jobs / "job.sh").read_text()
    (jobs / "job.sh").write_text(script.replace(str(FAKE), "nowhere.py"))
    start(jobs, 1, check=False)
    assert (jobs / "000001" / "failed").exists()
    report, waiting = import_jobs(jobs, tmp_path / "o.extxyz", failures=HALF)
    assert (report.n_frames, report.failed, waiting) == (1, 1, 0)


def test_changed_inputs_and_settings_are_refused(tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"
    export_jobs(alloys(2), jobs, fake())
    start(jobs, 0)
    start(jobs, 1)
    path = jobs / "000001" / "espresso.pwi"
    path.write_text(path.read_text().replace("60.0", "40.0"))
    report, _ = import_jobs(jobs, tmp_path / "o.extxyz", failures=HALF)
    (log,) = report.quarantine.iterdir()
    assert "espresso.pwi" in log.read_text()
    assert "changed after the export" in log.read_text()
    options = json.loads((jobs / "options.json").read_text())
    (jobs / "options.json").write_text(json.dumps(options | {"cutoff_Ry": 40.0}))
    with pytest.raises(InputError, match="never mixed"):
        import_jobs(jobs, tmp_path / "o.extxyz")


def test_unfit_folders_and_sources_are_refused(tmp_path: Path) -> None:
    jobs, settings = tmp_path / "jobs", read_settings(EMT)
    with pytest.raises(InputError, match="no jobs made by"):
        import_jobs(tmp_path, tmp_path / "o.extxyz")
    with pytest.raises(InputError, match="no structure"):
        export_jobs([], jobs, settings)
    with pytest.raises(InputError, match="is a recipe"):
        export_file(tmp_path / "r.toml", jobs, settings)
    export_jobs(alloys(1), jobs, settings)
    with pytest.raises(InputError, match="isn't empty"):
        export_jobs(alloys(1), jobs, settings)
    with pytest.raises(InputError, match="has ended yet"):
        import_jobs(jobs, tmp_path / "o.extxyz")


def test_vasp_jobs_say_what_they_lack(tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"
    export_jobs(alloys(1), jobs, read_settings("vasp"))
    assert not list(jobs.rglob("POTCAR"))
    assert "licensed" in (jobs / "README.md").read_text()
    assert "VASP_PP_PATH" in (jobs / "job.sh").read_text()


def test_the_command_line_exports_labels_and_explains(tmp_path: Path) -> None:
    runner = CliRunner()
    write(tmp_path / "in.extxyz", alloys(2))
    source, jobs, out = (str(tmp_path / name) for name in ("in.extxyz", "jobs", "o.extxyz"))
    done = runner.invoke(app, ["label", source, "--reference", EMT, "--export", jobs, "--json"])
    assert json.loads(done.stdout) == {"jobs": 2, "directory": jobs}
    done = runner.invoke(
        app, ["label", source, "--reference", EMT, "-o", out, "--workers", "1", "--json"]
    )
    found = json.loads(done.stdout)
    assert (found["n_frames"], found["failed"], found["output"]) == (2, 0, out)
    for wrong in ([], [source, "--import", jobs], ["--import", jobs, "--export", jobs]):
        done = runner.invoke(app, ["label", *wrong])
        assert done.exit_code == 2
        assert "Give either a source" in done.stderr
