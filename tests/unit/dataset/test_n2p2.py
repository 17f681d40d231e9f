"""n2p2's ``input.data``: what is read is written again, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from sinterface.dataset.frames import label_of
from sinterface.dataset.measures import parse_units
from sinterface.dataset.n2p2 import read_n2p2, write_n2p2
from sinterface.errors import InputError

EV = parse_units("ev-angstrom")

FOREIGN = """# made elsewhere
begin set=test
comment source_file_name=OUTCAR structure 7
comment and a second line
lattice 3.1 0.0 0.1
lattice 0.2 3.3000000000000003 0.0
lattice 0.0 0.0 3.7
atom 0.1 0.2 0.30000000000000004 Li 0.9 1.0 -0.01 0.02 1e-05
atom 1.5 1.6 1.7 O -0.9 0.0 0.01 -0.02 -1e-05
energy -12.345678901234567
charge 0.0
end
begin
atom 0.0 0.0 0.0 Cl 0.0 0.0 0.0 0.0 0.5
atom 0.0 0.0 1.27 H 0.0 0.0 0.0 0.0 -0.5
energy -3.0
charge -1.0
end
"""


def test_foreign_file_comes_back_word_for_word(tmp_path: Path) -> None:
    (tmp_path / "input.data").write_text(FOREIGN)
    frames = read_n2p2(tmp_path / "input.data", "ev-angstrom")
    write_n2p2(tmp_path / "again.data", frames, EV)
    assert (tmp_path / "again.data").read_text() == FOREIGN.partition("\n")[2]


def test_what_stands_in_the_file_is_in_the_frames(tmp_path: Path) -> None:
    (tmp_path / "input.data").write_text(FOREIGN)
    crystal, ion = read_n2p2(tmp_path / "input.data", "ev-angstrom")
    assert crystal.pbc.all()
    assert not ion.pbc.any()
    assert crystal.cell[1, 1] == 3.3000000000000003
    assert crystal.info["set"] == "test"
    assert crystal.info["comment"].split("\n")[1] == "and a second line"
    assert crystal.arrays["charges"].tolist() == [0.9, -0.9]
    assert crystal.arrays["n2p2_n"].tolist() == [1.0, 0.0]
    assert ion.info == {"total_charge": -1.0}
    assert ion.get_chemical_symbols() == ["Cl", "H"]
    assert ion.get_forces()[0].tolist() == [0.0, 0.0, 0.5]


def test_units_are_converted_both_ways(tmp_path: Path) -> None:
    (tmp_path / "input.data").write_text(FOREIGN)
    frame = read_n2p2(tmp_path / "input.data", "hartree-bohr")[0]
    assert frame.get_potential_energy() == pytest.approx(-12.345678901234567 * 27.211386245988)
    assert frame.positions[1, 0] == pytest.approx(1.5 * 0.529177210903)
    assert frame.get_forces()[0, 1] == pytest.approx(0.02 * 27.211386245988 / 0.529177210903)
    write_n2p2(tmp_path / "again.data", [frame], parse_units("hartree-bohr"))
    again = read_n2p2(tmp_path / "again.data", "hartree-bohr")[0]
    np.testing.assert_allclose(again.positions, frame.positions, rtol=1e-15)
    np.testing.assert_allclose(again.get_forces(), frame.get_forces(), rtol=1e-15)


def test_labels_and_stress_survive(tmp_path: Path, make_frame) -> None:
    frames = [make_frame(system="a b", trajectory=f"it's {k}", seed=k) for k in range(3)]
    write_n2p2(tmp_path / "set.data", frames, parse_units("hartree-bohr"))
    for before, after in zip(frames, read_n2p2(tmp_path / "set.data"), strict=True):
        assert label_of(after) == label_of(before)
        np.testing.assert_allclose(after.get_stress(), before.get_stress(), rtol=1e-14)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Li 0.9", "Xx 0.9", "line 8: 'Xx' is no element"),
        ("1.27 H 0.0 0.0", "1.27 H 0.0", "line 15: an atom has 9 values"),
        ("0.02 1e-05", "a 1e-05", "line 8: could not convert"),
        ("energy -3.0\n", "", "line 13: it has no energy"),
        ("lattice 3.1 0.0 0.1\n", "", "2 lattice vectors"),
        ("energy -3.0", "enrgy -3.0", "unknown keyword 'enrgy'"),
        ("charge -1.0\nend\n", "", "ends within the structure that begins in line 13"),
        ("end\nbegin\n", "begin\n", "line 12: 'begin' where it can't stand"),
    ],
)
def test_faults_name_their_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in FOREIGN
    (tmp_path / "input.data").write_text(FOREIGN.replace(old, new, 1))
    with pytest.raises(InputError, match=r"input\.data") as caught:
        read_n2p2(tmp_path / "input.data", "ev-angstrom")
    assert words in str(caught.value)


def test_units_must_be_told_and_not_contradicted(tmp_path: Path, make_frame) -> None:
    (tmp_path / "input.data").write_text(FOREIGN)
    with pytest.raises(InputError, match="no units are told"):
        read_n2p2(tmp_path / "input.data")
    with pytest.raises(InputError, match="Did you mean 'hartree-bohr'"):
        read_n2p2(tmp_path / "input.data", "hartre-bohr")
    write_n2p2(tmp_path / "own.data", [make_frame()], parse_units("hartree-bohr"))
    with pytest.raises(InputError, match="are hartree-bohr, not ev-angstrom"):
        read_n2p2(tmp_path / "own.data", "ev-angstrom")


def test_a_slab_is_refused(tmp_path: Path, make_frame) -> None:
    frame: Atoms = make_frame()
    frame.pbc = (True, True, False)
    with pytest.raises(InputError, match="some directions only"):
        write_n2p2(tmp_path / "slab.data", [frame], EV)
