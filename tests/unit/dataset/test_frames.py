"""Frames come back as they were written, and spoiled ones are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from sinterface.dataset.frames import (
    Label,
    family_of,
    label_of,
    labelled,
    read_frames,
    write_frames,
)
from sinterface.errors import InputError


@pytest.mark.parametrize("name", ["set.extxyz", "set.extxyz.xz"])
def test_round_trip_is_exact(tmp_path: Path, make_frame, name: str) -> None:
    frames = [make_frame(seed=seed) for seed in range(3)]
    write_frames(tmp_path / name, frames)
    for before, after in zip(frames, read_frames(tmp_path / name), strict=True):
        assert label_of(after) == label_of(before)
        assert (after.numbers == before.numbers).all()
        assert np.abs(after.positions - before.positions).max() < 1e-9
        assert np.abs(after.get_forces() - before.get_forces()).max() < 1e-9
        assert np.abs(after.get_stress() - before.get_stress()).max() < 1e-12
        assert after.get_potential_energy() == pytest.approx(before.get_potential_energy())
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_labels_are_rounded_by_no_more_than_half_a_digit() -> None:
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.2, seed=3)
    atoms.calc = EMT()
    frame = labelled(atoms, Label("cu", "cu-0", 300.0, "emt", "1", "emt-1"))
    assert np.abs(frame.get_forces() - atoms.get_forces()).max() <= 0.5001e-5
    assert np.abs(frame.positions - atoms.get_positions(wrap=True)).max() <= 0.5001e-5
    assert abs(frame.get_potential_energy() - atoms.get_potential_energy()) <= 0.5001e-5


def test_a_hash_that_looks_like_a_number_stays_a_string(tmp_path: Path, make_frame) -> None:
    write_frames(tmp_path / "set.extxyz", [make_frame(settings="emt-12345678e9012345")])
    assert label_of(read_frames(tmp_path)[0]).settings_hash == "emt-12345678e9012345"


def test_different_settings_are_refused(tmp_path: Path, make_frame) -> None:
    frames = [make_frame(), make_frame(settings="emt-2")]
    with pytest.raises(InputError, match=r"different reference settings.*emt-1.*emt-2"):
        write_frames(tmp_path / "set.extxyz", frames)
    write_frames(tmp_path / "a.extxyz", frames[:1])
    write_frames(tmp_path / "b.extxyz", frames[1:])
    with pytest.raises(InputError, match="emt-2"):
        read_frames([tmp_path / "a.extxyz", tmp_path / "b.extxyz"])


def test_spoiled_frames_are_refused(tmp_path: Path, make_frame) -> None:
    target = tmp_path / "set.extxyz"
    frame = make_frame()
    frame.calc.results["forces"][0, 0] = np.nan
    with pytest.raises(InputError, match="unusable forces"):
        write_frames(target, [make_frame(), frame])
    frame = make_frame()
    del frame.calc.results["forces"]
    with pytest.raises(InputError, match=r"Frame 1 .* no forces"):
        write_frames(target, [make_frame(), frame])
    frame = make_frame()
    frame.info["units"] = "Hartree-bohr"
    with pytest.raises(InputError, match="Hartree-bohr"):
        write_frames(target, [frame])
    frame = make_frame()
    del frame.info["settings_hash"]
    with pytest.raises(InputError, match="settings_hash"):
        write_frames(target, [frame])
    assert not list(tmp_path.iterdir())


def test_unreadable_files_say_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        read_frames(tmp_path / "missing.extxyz")
    (tmp_path / "cut.extxyz.xz").write_bytes(b"\xfd7zXZ\x00\x00")
    with pytest.raises(InputError, match=r"cut.extxyz.xz.*can't be read"):
        read_frames(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="No labelled frames"):
        read_frames(tmp_path / "empty")


def test_a_frame_may_lack_stress_and_have_relatives(tmp_path: Path, make_frame) -> None:
    frame = make_frame()
    del frame.calc.results["stress"]
    frame.info["family"] = "cu-parent"
    write_frames(tmp_path / "set.extxyz", [frame])
    after = read_frames(tmp_path / "set.extxyz")[0]
    assert "stress" not in after.calc.results
    assert label_of(after).family == family_of(after) == "cu-parent"
    assert family_of(make_frame()) == "cu-0"
