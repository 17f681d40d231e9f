from __future__ import annotations

import json
import os
import random
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from sinterface.dynamics import course
from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.lammps import run_nvt
from sinterface.dynamics.trajectory import open_trajectory
from sinterface.errors import InputError, RunError
from sinterface.progress import Progress

SHORT = {
    "temperature_K": 60.0,
    "duration_ps": 8.0,
    "equilibration_ps": 3.0,
    "timestep_fs": 4.0,
    "frame_interval_ps": 0.1,
    "checkpoint_interval_ps": 1.0,
    "seed": 5,
    "velocities": True,
}
RUN = """
import json, sys
from ase import Atoms
from ase.io.jsonio import decode
from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.lammps import run_nvt
task = json.load(open(sys.argv[1]))
run_nvt(
    decode(task["atoms"]), Interaction(**{k: tuple(v) if isinstance(v, list) else v
    for k, v in task["interaction"].items()}), task["directory"],
    progress=lambda p: print(p.done, p.message.split()[0], flush=True), **task["settings"])
"""


@pytest.fixture
def skewed(argon: Atoms) -> Atoms:
    """A skewed cell, not lower-triangular, its atoms away from their sites."""
    argon.set_cell(argon.cell.array @ np.array([[1, 0, 0], [0.1, 1, 0], [0, 0, 1.0]]), True)
    argon.rotate(25, (0, 0, 1), rotate_cell=True)
    argon.rattle(0.05, seed=1)
    return argon


def frames_of(directory: Path) -> dict[str, np.ndarray]:
    with open_trajectory(directory) as trajectory:
        return {
            "step": trajectory.step,
            "cell": trajectory.cell,
            "temperature": trajectory.temperature_K,
            "energy": trajectory.potential_energy_eV,
            "pressure": trajectory.pressure_GPa,
            "positions": np.array(list(trajectory.frames())),
            "velocities": np.array([trajectory.velocities(i) for i in range(trajectory.n_frames)]),
        }


def test_killed_run_continues_bit_by_bit(
    tmp_path: Path, skewed: Atoms, argon_interaction: Interaction, start_script
) -> None:
    """SIGKILL at random moments of equilibration and production; then to the end."""
    from dataclasses import asdict

    from ase.io.jsonio import encode

    run_nvt(skewed, argon_interaction, tmp_path / "whole", **SHORT)
    whole = frames_of(tmp_path / "whole")
    assert whole["step"].tolist() == list(range(0, 2001, 25))
    task = {
        "atoms": encode(skewed),
        "interaction": asdict(argon_interaction),
        "directory": str(tmp_path / "killed"),
        "settings": SHORT,
    }
    (tmp_path / "task.json").write_text(json.dumps(task))
    generator = random.Random(7)
    for first, last in ((12, 25), (12, 30), (8, 30), (1, 10)):
        process = start_script(RUN, str(tmp_path / "task.json"))
        n_told, acknowledged = generator.randint(first, last), 0
        for line in process.stdout:
            acknowledged += "production" in line
            n_told -= 1
            if n_told == 0:
                process.send_signal(signal.SIGKILL)
                break
        acknowledged += sum("production" in line for line in process.stdout)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        if acknowledged:
            part = frames_of(tmp_path / "killed")
            n = len(part["step"])
            assert n >= acknowledged
            for name in whole:
                np.testing.assert_array_equal(part[name], whole[name][:n], err_msg=name)
    run_nvt(skewed, argon_interaction, tmp_path / "killed", **SHORT)
    resumed = frames_of(tmp_path / "killed")
    for name in whole:
        np.testing.assert_array_equal(resumed[name], whole[name], err_msg=name)
    assert len(list((tmp_path / "killed").glob("segment-*.h5"))) >= 3


def test_interrupted_run_continues_bit_by_bit(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    """Ctrl-C in equilibration and production of an orthogonal cell."""
    run_nvt(argon, argon_interaction, tmp_path / "whole", **SHORT)

    def interrupt(after: int) -> None:
        told: list[Progress] = []

        def progress(state: Progress) -> None:
            told.append(state)
            if len(told) == after:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_nvt(argon, argon_interaction, tmp_path / "cut", progress=progress, **SHORT)

    for after in (7, 13, 25, 41):
        interrupt(after)
    run_nvt(argon, argon_interaction, tmp_path / "cut", **SHORT)
    whole, cut = frames_of(tmp_path / "whole"), frames_of(tmp_path / "cut")
    for name in whole:
        np.testing.assert_array_equal(cut[name], whole[name], err_msg=name)


def test_interrupted_committee_continues_bit_by_bit(tmp_path: Path) -> None:
    """Its deviations, asked for on some steps only, change no bit of the forces between them."""
    from sinterface.dynamics.interaction import potential_interaction
    from sinterface.potential.model import load_potential
    from sinterface.structures.interface import build_interface

    atoms = build_interface(size="tiny", seed=1).atoms
    committee = potential_interaction(load_potential("llzo-lco"), precision="mixed", threads=1)
    assert "force_std" in committee.watched
    settings = {
        "temperature_K": 1500.0,
        "equilibration_ps": 0.02,
        "duration_ps": 0.1,
        "frame_interval_ps": 0.01,
        "checkpoint_interval_ps": 0.02,
        "velocities": True,
    }
    run_nvt(atoms, committee, tmp_path / "whole", **settings)
    told: list[Progress] = []

    def progress(state: Progress) -> None:
        told.append(state)
        if len(told) in (5, 10):
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run_nvt(atoms, committee, tmp_path / "cut", progress=progress, **settings)
    run_nvt(atoms, committee, tmp_path / "cut", **settings)
    whole, cut = frames_of(tmp_path / "whole"), frames_of(tmp_path / "cut")
    for name in whole:
        np.testing.assert_array_equal(cut[name], whole[name], err_msg=name)


def test_segment_cut_short_is_told_before_the_run_goes_on(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    settings = SHORT | {"equilibration_ps": 0.0, "duration_ps": 0.5}
    run_nvt(argon, argon_interaction, tmp_path / "run", **settings)
    segment = tmp_path / "run" / "segment-000.h5"
    os.truncate(segment, segment.stat().st_size - 500)
    before = segment.read_bytes()
    with pytest.raises(InputError, match=r"remove the folder '.*/run' and run"):
        run_nvt(argon, argon_interaction, tmp_path / "run", **settings | {"duration_ps": 2.0})
    assert segment.read_bytes() == before


def test_thermostat_and_free_normal(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    """Mean temperature and normal pressure come out as asked; in-plane vectors stay."""
    told: list[Progress] = []
    result = run_nvt(
        argon,
        argon_interaction,
        tmp_path,
        temperature_K=40,
        duration_ps=60,
        equilibration_ps=30,
        timestep_fs=5,
        frame_interval_ps=0.25,
        checkpoint_interval_ps=5,
        seed=2,
        progress=told.append,
    )
    assert (result.n_atoms, result.n_frames) == (108, 241)
    assert result.duration_ps == pytest.approx(60)
    assert told[-1].done == told[-1].total == 90
    assert "ns/day" in told[-1].message
    assert result.atom_steps_per_s > 0
    with open_trajectory(tmp_path) as trajectory:
        kelvin, cell = trajectory.temperature_K[40:], trajectory.cell
        pressure = trajectory.pressure_GPa[40:].mean(axis=0)
        assert trajectory.region.tolist() == argon.arrays["region"].tolist()
        assert trajectory.settings["origin"]["lammps"] == 20250722
    assert kelvin.mean() == pytest.approx(40, abs=1.5)
    spread = 40 * np.sqrt(2 / (3 * 107))  # canonical, known answer
    assert kelvin.std() == pytest.approx(spread, rel=0.25)
    np.testing.assert_array_equal(cell[0], cell[-1])
    np.testing.assert_allclose(cell[0][:2], argon.cell.array[:2], atol=1e-12)
    assert cell[0][2, 2] > 1.02 * argon.cell.array[2, 2]
    assert abs(pressure[2, 2]) < 0.02
    assert pressure[0, 0] > 0.05


def test_finished_run_is_left_alone_and_may_grow(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    settings = SHORT | {"equilibration_ps": 0.0, "duration_ps": 1.0}
    first = run_nvt(argon, argon_interaction, tmp_path, **settings)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert json.loads((tmp_path / "dynamics.json").read_text())["finished"]
    again = run_nvt(argon, argon_interaction, tmp_path, **settings)
    assert again == first
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    longer = run_nvt(argon, argon_interaction, tmp_path, **settings | {"duration_ps": 2.0})
    assert (first.n_frames, longer.n_frames) == (11, 21)
    np.testing.assert_array_equal(frames_of(tmp_path)["step"], range(0, 501, 25))


def test_velocities_follow_the_seed(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    settings = SHORT | {"equilibration_ps": 0.0, "duration_ps": 0.1}
    first = [
        (
            run_nvt(argon, argon_interaction, tmp_path / str(k), **settings | {"seed": seed}),
            frames_of(tmp_path / str(k))["velocities"][0],
        )[1]
        for k, seed in enumerate((1, 1, 2))
    ]
    np.testing.assert_array_equal(first[0], first[1])
    assert not np.array_equal(first[0], first[2])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature_K": 0.0}, "temperature_K must be greater than 0, got 0"),
        ({"temperature_K": float("nan")}, "temperature_K"),
        ({"duration_ps": -1.0}, "duration_ps must be greater than 0, got -1"),
        ({"equilibration_ps": -1.0}, "equilibration_ps"),
        ({"timestep_fs": 0.0}, "timestep_fs"),
        ({"timestep_fs": 3.0}, "frame_interval_ps = 0.1 is not a whole multiple of timestep_fs"),
        ({"duration_ps": 0.15}, "duration_ps = 0.15 is not a whole multiple of frame_interval_ps"),
    ],
)
def test_bad_settings(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction, changes, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        run_nvt(argon, argon_interaction, tmp_path / "run", **SHORT | changes)
    assert not (tmp_path / "run").exists()


def test_bad_structures(tmp_path: Path, argon: Atoms, argon_interaction: Interaction) -> None:
    helium = argon.copy()
    helium.numbers[0] = 2
    with pytest.raises(InputError, match=r"contains He.*it knows Ar"):
        run_nvt(helium, argon_interaction, tmp_path, **SHORT)
    thin = argon[:4]
    thin.set_cell([5.3, 5.3, 15.9])
    with pytest.raises(InputError, match=r"5.30 Å thick along its vector a.*repeat it 2 times"):
        run_nvt(thin, argon_interaction, tmp_path, **SHORT)
    slab = argon.copy()
    slab.pbc = (True, True, False)
    with pytest.raises(InputError, match="periodic"):
        run_nvt(slab, argon_interaction, tmp_path, **SHORT)


def test_directory_of_another_run(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    settings = SHORT | {"equilibration_ps": 0.0, "duration_ps": 0.2}
    run_nvt(argon, argon_interaction, tmp_path / "run", **settings)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()}
    with pytest.raises(InputError, match=r"temperature_K = 60.0, now 70.0 is asked"):
        run_nvt(argon, argon_interaction, tmp_path / "run", **settings | {"temperature_K": 70.0})
    argon.positions[0] += 0.1
    with pytest.raises(InputError, match="structure"):
        run_nvt(argon, argon_interaction, tmp_path / "run", **settings)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()}
    (tmp_path / "run" / "dynamics.json").write_text("{}")
    with pytest.raises(InputError, match="not the record"):
        run_nvt(argon, argon_interaction, tmp_path / "run", **settings)
    with pytest.raises(InputError, match=r"because of \$"):
        run_nvt(argon, argon_interaction, tmp_path / "a$b", **settings)


def test_explosion(tmp_path: Path, argon: Atoms, argon_interaction: Interaction) -> None:
    """Two atoms on top of each other: the reason is told, the directory keeps its state."""
    argon.positions[1] = argon.positions[0] + [0.9, 0, 0]
    settings = SHORT | {"equilibration_ps": 0.0}
    with pytest.raises(RunError, match=r"production in '.*' stopped before 0.1 ps") as raised:
        run_nvt(argon, argon_interaction, tmp_path, **settings)
    assert "checkpoint 1-production-0000000000.restart are kept" in str(raised.value)
    assert (tmp_path / "1-production-0000000000.restart").stat().st_size > 1000
    assert frames_of(tmp_path)["step"].tolist() == [0]
    assert not json.loads((tmp_path / "dynamics.json").read_text())["finished"]


def test_too_long_a_step_loses_atoms_or_heats(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    with pytest.raises(RunError, match=r"stopped before \d"):
        run_nvt(argon, argon_interaction, tmp_path, **SHORT | {"timestep_fs": 100.0})


def test_no_room_for_a_frame(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up in mid-run; with room again, the run ends like an uninterrupted one."""
    settings = SHORT | {"equilibration_ps": 0.0, "duration_ps": 3.0}
    run_nvt(argon, argon_interaction, tmp_path / "whole", **settings)
    reserve = course.SegmentWriter._reserve

    def full(writer: course.SegmentWriter) -> None:
        if writer.n_frames == 17:
            raise OSError(28, "No space left on device")
        reserve(writer)

    monkeypatch.setattr(course.SegmentWriter, "_reserve", full)
    with pytest.raises(RunError, match="No space left on device"):
        run_nvt(argon, argon_interaction, tmp_path / "full", **settings)
    assert len(frames_of(tmp_path / "full")["step"]) == 17
    monkeypatch.undo()
    run_nvt(argon, argon_interaction, tmp_path / "full", **settings)
    whole, full_run = frames_of(tmp_path / "whole"), frames_of(tmp_path / "full")
    for name in whole:
        np.testing.assert_array_equal(whole[name], full_run[name])


def test_no_room_for_a_checkpoint(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 10

    monkeypatch.setattr(course.shutil, "disk_usage", lambda _: Usage())
    with pytest.raises(RunError, match="No room for the checkpoint"):
        run_nvt(argon, argon_interaction, tmp_path, **SHORT | {"equilibration_ps": 0.0})
    assert frames_of(tmp_path)["step"].tolist() == [0]


def test_foreign_identity_is_another_run(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    settings = SHORT | {"equilibration_ps": 0.0, "duration_ps": 0.2}
    run_nvt(argon, argon_interaction, tmp_path, **settings)
    with pytest.raises(InputError, match="interaction"):
        run_nvt(argon, replace(argon_interaction, identity="other"), tmp_path, **settings)
