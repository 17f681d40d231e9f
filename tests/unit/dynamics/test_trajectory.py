from __future__ import annotations

import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
from ase import units
from ase.io import read
from unit.dynamics.segments import (
    CELL,
    N_ATOMS,
    make_frame,
    make_motion,
    write_dense,
    write_segment,
    writer,
)

from sinterface.dynamics.hdf5_recovery import close_killed_file, end_of_data
from sinterface.dynamics.trajectory import open_trajectory
from sinterface.errors import InputError

WRITE_AND_DIE = """
import os, signal, sys
from unit.dynamics.segments import make_frame, writer
w = writer(sys.argv[1], 0)
for step in range(0, 1000, 10):
    w.append(make_frame(step))
    print(step, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
FILL_THE_DISK = """
import resource, sys
from unit.dynamics.segments import make_frame, writer
from sinterface.errors import RunError
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
w = writer(sys.argv[1], 0)
try:
    for step in range(100_000):
        w.append(make_frame(step))
except RunError as error:
    print(w.n_frames)
    print(error)
w.close()
"""
READ = """
import sys
from sinterface.dynamics.trajectory import open_trajectory
with open_trajectory(sys.argv[1]) as trajectory:
    print(trajectory.n_frames, trajectory.positions(2).sum())
"""


@pytest.fixture(scope="module")
def killed_segment(tmp_path_factory: pytest.TempPathFactory, start_script) -> bytes:
    """A segment whose writer was killed after its hundredth frame."""
    directory = tmp_path_factory.mktemp("killed")
    process = start_script(WRITE_AND_DIE, str(directory))
    told = process.communicate(timeout=200)[0].split()
    assert process.returncode == -9
    assert len(told) == 100
    return (directory / "segment-000.h5").read_bytes()


def test_round_trip(tmp_path: Path) -> None:
    with writer(tmp_path, 0, velocities=True) as segment:
        for step in range(0, 50, 10):
            segment.append(make_frame(step, velocities=True))
    with open_trajectory(tmp_path) as trajectory:
        assert trajectory.n_frames == 5
        assert trajectory.numbers.tolist() == [3, 8] * 10
        assert trajectory.region.tolist() == [0, 1] * 10
        assert trajectory.settings["temperature_K"] == 300
        np.testing.assert_array_equal(trajectory.step, range(0, 50, 10))
        np.testing.assert_allclose(trajectory.time_ps, np.arange(5) * 0.01)
        np.testing.assert_array_equal(trajectory.temperature_K, 300 + 10 * np.arange(5))
        np.testing.assert_array_equal(trajectory.cell[3], CELL + 0.03)
        np.testing.assert_array_equal(trajectory.pressure_GPa[1], np.diag([1, 2, 3]))
        np.testing.assert_allclose(trajectory.potential_energy_eV, -100)
        expected = make_frame(20, velocities=True)
        positions = trajectory.positions(2)
        assert positions.dtype == np.float64
        np.testing.assert_array_equal(positions, expected.positions.astype(np.float32))
        np.testing.assert_allclose(trajectory.velocities(2), expected.velocities / 1000, rtol=1e-6)
        assert len(list(trajectory.frames(stride=2))) == 3


def test_layout_is_h5md(tmp_path: Path) -> None:
    """Groups, attributes and links that H5MD 1.1 demands."""
    write_segment(tmp_path, 0, range(0, 30, 10))
    with h5py.File(tmp_path / "segment-000.h5") as file:
        assert file["h5md"].attrs["version"].tolist() == [1, 1]
        assert file["h5md/author"].attrs["name"] == b"sinterface"
        assert file["h5md/creator"].attrs["name"] == b"sinterface"
        assert file["h5md/modules/units"].attrs["version"].tolist() == [1, 0]
        particles = file["particles/all"]
        assert particles["position/value"].dtype == np.float32
        assert particles["position/value"].chunks == (1, N_ATOMS, 3)
        assert particles["position/value"].attrs["unit"] == "Angstrom"
        assert particles["position/time"].attrs["unit"] == "ps"
        assert particles["box"].attrs["dimension"] == 3
        assert particles["box"].attrs["boundary"].tolist() == [b"periodic"] * 3
        assert particles["box/edges/value"].shape == (3, 3, 3)
        assert particles["box/edges/step"] == particles["position/step"]
        assert particles["box/edges/time"] == particles["position/time"]
        assert h5py.check_enum_dtype(particles["species"].dtype) == {"Li": 3, "O": 8}
        for name, unit in (("temperature", "K"), ("potential_energy", "eV")):
            assert file[f"observables/{name}/value"].attrs["unit"] == unit
        assert file["observables/pressure_tensor/value"].shape == (3, 3, 3)


def test_mdanalysis_opens_it(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mdanalysis = pytest.importorskip("MDAnalysis")
        with writer(tmp_path, 0, velocities=True) as segment:
            for step in (0, 10):
                segment.append(make_frame(step, velocities=True))
        universe = mdanalysis.Universe.empty(N_ATOMS, trajectory=True, velocities=True)
        universe.load_new(str(tmp_path / "segment-000.h5"), format="H5MD")
        state = universe.trajectory[1]
    expected = make_frame(10, velocities=True)
    np.testing.assert_allclose(universe.atoms.positions, expected.positions, rtol=1e-6)
    np.testing.assert_allclose(universe.atoms.velocities, expected.velocities, rtol=1e-6)
    assert state.time == pytest.approx(0.01)
    np.testing.assert_allclose(state.dimensions[:3], np.linalg.norm(expected.cell, axis=1), 1e-6)
    assert state.data["temperature"] == 310
    universe.trajectory.close()


def test_velocities_between_frames_have_their_own_clock(tmp_path: Path) -> None:
    """H5MD lets elements differ in it; MDAnalysis, which doesn't, reads the frames' own still."""
    with writer(tmp_path, 0, velocities=True, motions_per_frame=5) as segment:
        for step in (0, 10, 20):
            motions = [make_motion(one) for one in range(step - 8 if step else 0, step + 1, 2)]
            segment.append(make_frame(step, velocities=True), motions)
    with open_trajectory(tmp_path) as trajectory:
        assert trajectory.step.tolist() == [0, 10, 20]
        assert trajectory.velocity_step.tolist() == list(range(0, 21, 2))
        np.testing.assert_allclose(trajectory.velocity_time_ps, np.arange(0, 0.021, 0.002))
        np.testing.assert_allclose(trajectory.dense_velocities(3), 6e-3, rtol=1e-6)
        expected = make_frame(20, velocities=True).velocities / 1000
        np.testing.assert_allclose(trajectory.velocities(2), expected, rtol=1e-6)
    with h5py.File(tmp_path / "segment-000.h5") as file:
        dense = file["particles/dense"]
        assert dense["velocity/value"].shape == (11, N_ATOMS, 3)
        assert dense["velocity/value"].attrs["unit"] == "Angstrom ps-1"
        assert dense["velocity/step"] != file["particles/all/velocity/step"]
        assert dense["box"] == file["particles/all/box"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mdanalysis = pytest.importorskip("MDAnalysis")
        universe = mdanalysis.Universe.empty(N_ATOMS, trajectory=True, velocities=True)
        universe.load_new(str(tmp_path / "segment-000.h5"), format="H5MD")
        assert len(universe.trajectory) == 3
        assert universe.trajectory[1].time == pytest.approx(0.01)
        found = universe.atoms.velocities.copy()
        universe.trajectory.close()
    np.testing.assert_allclose(found, make_frame(10, velocities=True).velocities, rtol=1e-6)


@pytest.mark.parametrize("continues", ["bitwise", "statistically"])
def test_dense_velocities_of_killed_runs(tmp_path: Path, continues: str) -> None:
    """Each is there once, also those behind a frame that a killed writer didn't complete."""
    write_dense(tmp_path, 0, range(0, 60, 10))
    with h5py.File(tmp_path / "segment-000.h5", "r+", libver="latest") as file:
        for part in ("step", "time", "value"):  # velocities of a frame that was never written
            column = file[f"particles/dense/velocity/{part}"]
            column.resize(len(column) + 1, axis=0)
        file["particles/dense/velocity/step"][-1] = 52
    with open_trajectory(tmp_path) as trajectory:
        assert trajectory.velocity_step.tolist() == list(range(0, 51, 2))
    write_dense(tmp_path, 1, range(30, 80, 10), offset=0.5, continues=continues)
    with open_trajectory(tmp_path) as trajectory:
        assert trajectory.step.tolist() == list(range(0, 80, 10))
        assert trajectory.velocity_step.tolist() == list(range(0, 71, 2))
        found = [trajectory.dense_velocities(i)[0, 0] * 1000 for i in range(36)]
    newer = 50 if continues == "bitwise" else 20
    expected = [step + (0.5 if step > newer else 0.0) for step in range(0, 71, 2)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_newer_segments_supersede(tmp_path: Path) -> None:
    write_segment(tmp_path, 0, range(0, 60, 10))
    write_segment(tmp_path, 1, range(0))
    write_segment(tmp_path, 2, range(30, 60, 10), offset=100.0)
    write_segment(tmp_path, 3, range(40, 80, 10), offset=200.0)
    with open_trajectory(tmp_path) as trajectory:
        assert trajectory.step.tolist() == [0, 10, 20, 30, 40, 50, 60, 70]
        offsets = [
            p.mean() - make_frame(s).positions.mean()
            for p, s in zip(trajectory.frames(), trajectory.step, strict=True)
        ]
    np.testing.assert_allclose(offsets, [0, 0, 0, 100, 200, 200, 200, 200], atol=1e-3)


def test_a_bitwise_continuation_hides_no_frame_that_was_there(tmp_path: Path) -> None:
    """The second process was killed before it had come as far as the first."""
    write_segment(tmp_path, 0, range(0, 60, 10))
    write_segment(tmp_path, 1, range(30, 50, 10), continues="bitwise")
    with open_trajectory(tmp_path) as trajectory:
        assert trajectory.step.tolist() == [0, 10, 20, 30, 40, 50]
        assert trajectory.potential_energy_eV.shape == (6,)
    write_segment(tmp_path, 2, range(30, 90, 10), continues="bitwise")
    with open_trajectory(tmp_path) as trajectory:
        assert trajectory.step.tolist() == list(range(0, 90, 10))
        for positions, step in zip(trajectory.frames(), trajectory.step, strict=True):
            np.testing.assert_allclose(positions, make_frame(step).positions, atol=1e-5)
    write_segment(tmp_path, 3, range(40, 60, 10), offset=100.0, continues="statistically")
    with open_trajectory(tmp_path) as trajectory:
        assert trajectory.step.tolist() == [0, 10, 20, 30, 40, 50]


def test_readable_while_written(tmp_path: Path, start_script) -> None:
    with writer(tmp_path, 0) as segment:
        for step in range(0, 30, 10):
            segment.append(make_frame(step))
        output, errors = start_script(READ, str(tmp_path)).communicate(timeout=200)
    assert output.split()[0] == "3", errors
    assert float(output.split()[1]) == pytest.approx(make_frame(20).positions.sum(), rel=1e-6)


def test_killed_writer_loses_nothing(tmp_path: Path, killed_segment: bytes) -> None:
    path = tmp_path / "segment-000.h5"
    path.write_bytes(killed_segment)
    with pytest.raises(OSError, match="open"):
        h5py.File(path)
    for recover in (False, True):
        if recover:
            close_killed_file(path)
            h5py.File(path).close()
        with open_trajectory(tmp_path) as trajectory:
            assert trajectory.n_frames == 100
            for i in (0, 50, 99):
                expected = make_frame(10 * i).positions.astype(np.float32)
                np.testing.assert_array_equal(trajectory.positions(i), expected)


def test_full_disk(tmp_path: Path, start_script) -> None:
    process = start_script(FILL_THE_DISK, str(tmp_path))
    output, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    n_frames, message = output.splitlines()
    assert "earlier frames are kept" in message
    with open_trajectory(tmp_path) as trajectory:
        assert trajectory.n_frames == int(n_frames) > 100
        last = trajectory.positions(trajectory.n_frames - 1)
    expected = make_frame(int(n_frames) - 1).positions.astype(np.float32)
    np.testing.assert_array_equal(last, expected)


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("killed", [False, True])
def test_cut_short(tmp_path: Path, killed_segment: bytes, kept: float, killed: bool) -> None:
    path = tmp_path / "segment-000.h5"
    if killed:
        path.write_bytes(killed_segment)
    else:
        write_segment(tmp_path, 0, range(0, 1000, 10))
    path.write_bytes(path.read_bytes()[: int(end_of_data(path) * kept)])
    with pytest.raises(InputError, match="cut short"):
        open_trajectory(tmp_path)


def test_bad_directories(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No trajectory"):
        open_trajectory(tmp_path)
    path = tmp_path / "segment-000.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["x"] = 1
    with pytest.raises(InputError, match="not a trajectory"):
        open_trajectory(tmp_path)
    with h5py.File(path, "w") as file:
        file["x"] = 1
    with pytest.raises(InputError, match="superblock version"):
        open_trajectory(tmp_path)
    path.unlink()
    writer(tmp_path, 0).close()
    with pytest.raises(InputError, match="no frame yet"):
        open_trajectory(tmp_path)
    write_segment(tmp_path, 1, range(1))
    with h5py.File(tmp_path / "segment-001.h5", "r+") as file:
        file["particles/all/species"][0] = 8
    with pytest.raises(InputError, match="other atoms"):
        open_trajectory(tmp_path)


def test_extended_xyz(tmp_path: Path) -> None:
    with writer(tmp_path, 0, velocities=True) as segment:
        for step in range(0, 50, 10):
            segment.append(make_frame(step, velocities=True))
    with open_trajectory(tmp_path) as trajectory:
        trajectory.write_extxyz(tmp_path / "frames.xyz", stride=2)
        expected = trajectory.atoms(4)
    found = read(tmp_path / "frames.xyz", index=":", format="extxyz")
    assert [atoms.info["step"] for atoms in found] == [0, 20, 40]
    last = found[-1]
    np.testing.assert_allclose(last.positions, expected.positions, atol=1e-7)
    np.testing.assert_allclose(last.cell.array, expected.cell.array)
    np.testing.assert_allclose(last.get_velocities(), expected.get_velocities(), atol=1e-7)
    angstrom_per_ps = expected.get_velocities() * units.fs * 1000
    velocities = make_frame(40, velocities=True).velocities
    np.testing.assert_allclose(angstrom_per_ps, velocities, rtol=1e-5)
    assert last.arrays["region"].tolist() == [0, 1] * 10
    assert last.info["temperature_K"] == 340


def test_ovito_opens_it(tmp_path: Path) -> None:
    ovito = pytest.importorskip("ovito.io")
    with writer(tmp_path, 0, velocities=True) as segment:
        for step in range(0, 30, 10):
            segment.append(make_frame(step, velocities=True))
    with open_trajectory(tmp_path) as trajectory:
        trajectory.write_extxyz(tmp_path / "frames.xyz")
        expected = trajectory.atoms(2)
    pipeline = ovito.import_file(str(tmp_path / "frames.xyz"))
    assert pipeline.source.num_frames == 3
    data = pipeline.compute(2)
    np.testing.assert_allclose(data.particles.positions[...], expected.positions, atol=1e-6)
    np.testing.assert_allclose(data.cell[...][:, :3].T, expected.cell.array, atol=1e-6)


def test_no_velocities(tmp_path: Path) -> None:
    write_segment(tmp_path, 0, range(1))
    with open_trajectory(tmp_path) as trajectory, pytest.raises(InputError, match="no velocities"):
        trajectory.velocities(0)
