"""Labelling survives failures, kills and a second process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators import emt
from ase.io import write

import sinterface
from sinterface.dataset.frames import label_of, read_frames
from sinterface.errors import InputError, RunError
from sinterface.progress import Progress
from sinterface.reference import tasks
from sinterface.reference.labelling import Limits, label_file, label_structures

EMT = "ase:ase.calculators.emt.EMT"
SLOW = """
import time
from ase.calculators.emt import EMT
class Slow(EMT):
    def calculate(self, *arguments, **named):
        time.sleep(0.25)
        super().calculate(*arguments, **named)
"""
STUBBORN = """
import numpy as np
from ase.calculators.emt import EMT
class Stubborn(EMT):
    calls = 0
    def calculate(self, *arguments, **named):
        super().calculate(*arguments, **named)
        Stubborn.calls += 1
        self.converged = Stubborn.calls != 3
class Magnetic(EMT):
    implemented_properties = [*EMT.implemented_properties, "magmoms"]
    def calculate(self, *arguments, **named):
        super().calculate(*arguments, **named)
        self.results["magmoms"] = np.arange(4.0)
        self.results["free_energy"] = self.results["energy"] - 1
"""


def _copper(n_structures: int, seed: int = 0) -> list[Atoms]:
    found = []
    for index in range(n_structures):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, seed=seed + index)
        atoms.info = {"system": "copper", "trajectory": f"t{index % 2}", "temperature_K": 500.0}
        found.append(atoms)
    return found


def _unreadable_by_emt() -> Atoms:
    return Atoms("Xe", cell=[4, 4, 4], pbc=True)


def test_labels_come_in_order_with_their_origin(tmp_path: Path) -> None:
    structures = _copper(4)
    seen: list[Progress] = []
    report = label_structures(
        [*structures, structures[0]], tmp_path / "o.extxyz.xz", 1, reference=EMT,
        progress=seen.append,
    )  # fmt: skip
    frames = read_frames(report.output)
    assert (report.n_frames, report.done, report.skipped, report.failed) == (4, 4, 0, 0)
    assert [state.done for state in seen] == [1, 2, 3, 4]
    assert [label_of(frame).trajectory for frame in frames] == ["t0", "t1", "t0", "t1"]
    for before, after in zip(structures, frames, strict=True):
        assert np.abs(before.get_positions(wrap=True) - after.positions).max() < 1e-5


def test_finished_labels_are_not_made_again(tmp_path: Path) -> None:
    out = tmp_path / "o.extxyz.xz"
    label_structures(_copper(2), out, 1, reference=EMT)
    times = {
        path: path.stat().st_mtime_ns for path in out.with_name(f"{out.name}.parts").glob("*.xz")
    }
    report = label_structures(_copper(3), out, 1, reference=EMT)
    assert (report.done, report.skipped, report.n_frames) == (1, 2, 3)
    assert len(times) == 2
    assert all(path.stat().st_mtime_ns == t for path, t in times.items())


def test_failures_are_quarantined_and_the_rest_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "o.extxyz"
    close = Atoms("Cu2", positions=[[0, 0, 0], [0.3, 0, 0]], cell=[6, 6, 6], pbc=True)
    structures = [_unreadable_by_emt(), *_copper(2), close]
    half = Limits(max_failed_share=0.5)
    report = label_structures(structures, out, 1, reference=EMT, failures=half)
    assert (report.n_frames, report.failed) == (2, 2)
    logs = " ".join(path.read_text() for path in sorted(report.quarantine.iterdir()))
    assert "NotImplementedError" in logs
    assert "A force of" in logs
    again = label_structures(structures, out, 1, reference=EMT, failures=half)
    assert (again.done, again.failed, again.n_frames) == (0, 2, 2)
    retried = Limits(max_failed_share=0.5, retry=True)
    again = label_structures(structures, out, 1, reference=EMT, failures=retried)
    assert (again.done, again.failed, again.n_frames) == (2, 2, 2)
    with pytest.raises(RunError, match="2 of 4 labels failed"):
        label_structures(structures, out, 1, reference=EMT)


def test_what_says_that_it_has_not_converged_is_quarantined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stubborn_emt.py").write_text(STUBBORN)
    monkeypatch.syspath_prepend(tmp_path)
    report = label_structures(
        _copper(6), tmp_path / "o.extxyz", 1, reference="ase:stubborn_emt.Stubborn"
    )
    assert (report.n_frames, report.failed) == (5, 1)
    (log,) = report.quarantine.iterdir()
    assert "has not converged" in log.read_text()


def test_labels_carry_settings_free_energies_and_moments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stubborn_emt.py").write_text(STUBBORN)
    monkeypatch.syspath_prepend(tmp_path)
    name = "ase:stubborn_emt.Magnetic"
    report = label_structures(_copper(1), tmp_path / "o.extxyz", 1, reference=name)
    frame = read_frames(report.output)[0]
    atoms = _copper(1)[0]
    atoms.calc = emt.EMT()
    assert frame.get_potential_energy() == pytest.approx(atoms.get_potential_energy() - 1, abs=1e-4)
    assert frame.get_magnetic_moments().tolist() == [0.0, 1.0, 2.0, 3.0]
    assert label_of(frame).reference_settings == {"reference": name, "version": "unknown"}


def test_too_many_failures_stop_the_run(tmp_path: Path) -> None:
    bad = [_unreadable_by_emt() for _ in range(8)]
    for index, atoms in enumerate(bad):
        atoms.positions += index
    with pytest.raises(RunError, match="5 of 8 labels failed"):
        label_structures(_copper(3) + bad, tmp_path / "o.extxyz", 1, reference=EMT)
    assert len(list((tmp_path / "o.extxyz.parts").glob("*.xz"))) == 3


def test_a_full_disk_stops_and_condemns_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RunError("No room left on the disk")

    monkeypatch.setattr(tasks, "write_frames", full)
    with pytest.raises(RunError, match="No room"):
        label_structures(_copper(2), tmp_path / "o.extxyz", 1, reference=EMT)
    assert not list((tmp_path / "o.extxyz.parts" / "quarantine").iterdir())


def test_unfit_output_and_a_second_process_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in \.extxyz"):
        label_structures(_copper(1), tmp_path / "o.json", 1, reference=EMT)
    with pytest.raises(InputError, match="0 structures"):
        label_structures([], tmp_path / "o.extxyz", 1, reference=EMT)
    with tasks._locked(tmp_path / "o.extxyz.parts"), pytest.raises(RunError, match="Another"):
        label_structures(_copper(1), tmp_path / "o.extxyz", 1, reference=EMT)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "slow_emt.py").write_text(SLOW)
    source = str(Path(sinterface.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": f"{source}:{tmp_path}", "OMP_NUM_THREADS": "1"}


def test_killed_in_the_middle_it_resumes(tmp_path: Path, environment: dict[str, str]) -> None:
    """SIGKILL of the parent: workers end too, finished parts stay, the rest is done after."""
    write(tmp_path / "in.extxyz", _copper(12))
    code = (
        "from pathlib import Path; from sinterface.reference.labelling import label_file\n"
        "if __name__ == '__main__':\n"
        " print(label_file(Path('in.extxyz'), Path('o.extxyz.xz'), reference='ase:slow_emt.Slow'))"
    )
    (tmp_path / "go.py").write_text(code)
    command = [sys.executable, "go.py"]
    parts = tmp_path / "o.extxyz.xz.parts"
    process = subprocess.Popen(command, cwd=tmp_path, env=environment)
    deadline = time.monotonic() + 60
    while len(list(parts.glob("*.xz"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(1.0)
    kept = {path: path.stat().st_mtime_ns for path in parts.glob("*.xz")}
    assert 3 <= len(kept) < 12
    assert not (tmp_path / "o.extxyz.xz").exists()
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert all(path.stat().st_mtime_ns == t for path, t in kept.items())
    assert len(read_frames(tmp_path / "o.extxyz.xz")) == 12


def test_a_reference_beside_a_recipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(
        'name = "r"\n[[sample]]\nsystem = "lco"\nstart = { builder = "lco" }\n'
        "temperatures_K = [300]\nsteps = 2\nkeep_every = 2\n"
    )
    with pytest.raises(InputError, match="names the reference 'chgnet'"):
        label_file(tmp_path / "r.toml", reference=EMT)


def test_a_recipe_becomes_frames(tmp_path: Path) -> None:
    pytest.importorskip("chgnet")
    (tmp_path / "r.toml").write_text(
        'name = "r"\n[[sample]]\nsystem = "lco"\nstart = { builder = "lco" }\n'
        "temperatures_K = [300]\nsteps = 2\nkeep_every = 2\n"
    )
    report = label_file(tmp_path / "r.toml", tmp_path / "r.extxyz.xz", workers=1)
    assert report.n_frames == 1
    assert label_of(read_frames(report.output)[0]).system == "lco"
