"""Codes outside Python: run, checked for convergence, read back exactly."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from sinterface.dataset.frames import label_of, read_frames
from sinterface.errors import InputError, RunError
from sinterface.reference.codes import FileCode, read_outputs
from sinterface.reference.labelling import Limits, label_structures
from sinterface.reference.settings import Settings, read_settings

FAKE = Path(__file__).with_name("fake_codes.py")
VERSIONS = {"espresso": "7.2", "vasp": "6.4.2", "cp2k": "2024.3"}


def unsorted() -> Atoms:
    """A strained, rattled alloy whose elements alternate, so that VASP's sorting matters."""
    atoms = bulk("Cu", cubic=True, a=3.7)
    atoms.symbols[1] = atoms.symbols[2] = "Ni"
    atoms.set_cell(atoms.cell[:] @ (np.eye(3) + 0.03 * np.eye(3, k=1)), scale_atoms=True)
    atoms.rattle(0.15, seed=4)
    return atoms


def fake(code: str, *words: str) -> Settings:
    command = " ".join([sys.executable, str(FAKE), code, *words])
    return read_settings(code.removesuffix("-old"), {"command": command, "spin_polarised": False})


@pytest.fixture
def potcars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for element in ("Cu", "Ni"):
        (tmp_path / "pp" / "potpaw_PBE" / element).mkdir(parents=True)
        (tmp_path / "pp" / "potpaw_PBE" / element / "POTCAR").write_text(f"PAW_PBE {element}\n")
    monkeypatch.setenv("VASP_PP_PATH", str(tmp_path / "pp"))


@pytest.mark.parametrize("code", ["espresso", "vasp", "cp2k", "cp2k-old"])
@pytest.mark.usefixtures("potcars")
def test_results_come_back_in_our_units_and_order(code: str, tmp_path: Path) -> None:
    atoms, settings = unsorted(), fake(code)
    report = label_structures([atoms], tmp_path / "o.extxyz", 1, reference=settings)
    frame = read_frames(report.output)[0]
    atoms.calc = EMT()
    assert frame.get_chemical_formula(mode="reduce") == atoms.get_chemical_formula(mode="reduce")
    assert abs(frame.get_potential_energy() - atoms.get_potential_energy()) < 2e-5
    assert np.abs(frame.get_forces() - atoms.get_forces()).max() < 2e-5
    assert np.abs(frame.get_stress() - atoms.get_stress()).max() < 1e-6
    label = label_of(frame)
    assert label.reference_version == VERSIONS[code.removesuffix("-old")]
    assert label.reference_settings["hubbard_U_eV"] == {"Co": 3.32}
    assert "command" not in label.reference_settings
    assert not list((tmp_path / "o.extxyz.parts").glob("work/*"))


@pytest.mark.parametrize("code", ["espresso", "vasp", "cp2k"])
@pytest.mark.usefixtures("potcars")
def test_an_unconverged_run_is_quarantined_and_its_files_stay(code: str, tmp_path: Path) -> None:
    out, settings = tmp_path / "o.extxyz", fake(code, "unconverged")
    with pytest.raises(RunError, match=r"1 of 1 labels failed.*--retry"):
        label_structures([unsorted()], out, 1, reference=settings)
    (log,) = (tmp_path / "o.extxyz.parts" / "quarantine").iterdir()
    assert "not converged" in log.read_text()
    assert not out.exists()
    assert list((tmp_path / "o.extxyz.parts" / "work").glob("*/*"))
    kept = Limits(1.0, retry=True)
    report = label_structures([unsorted()], out, 1, reference=fake(code), failures=kept)
    assert (report.failed, report.n_frames) == (0, 1)


def test_a_missing_program_and_missing_potentials_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VASP_PP_PATH", raising=False)
    absent = read_settings("cp2k", {"command": "no-such-cp2k"})
    for settings, word in ((read_settings("vasp"), "licensed"), (absent, "ended with code 127")):
        out = tmp_path / f"{settings.name}.extxyz"
        with pytest.raises(RunError, match="1 of 1"):
            label_structures([unsorted()], out, 1, reference=settings)
        (log,) = out.with_name(f"{out.name}.parts").glob("quarantine/*.log")
        assert word in log.read_text()


def test_an_output_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "espresso.pwo").write_text(" convergence has been achieved in 3 iterations\n")
    with pytest.raises(RunError, match="unreadable"):
        read_outputs("espresso", tmp_path)
    with pytest.raises(RunError, match="no output"):
        read_outputs("vasp", tmp_path)


@pytest.mark.usefixtures("potcars")
def test_an_old_output_is_not_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    atoms = unsorted()
    atoms.calc = FileCode(fake("vasp"), folder)
    atoms.get_potential_energy()
    assert (folder / "OUTCAR").exists()
    atoms.calc = FileCode(read_settings("vasp", {"command": "true"}), folder)
    with pytest.raises(RunError, match="no output"):
        atoms.get_potential_energy()


def test_labels_of_other_settings_do_not_join(tmp_path: Path) -> None:
    out = tmp_path / "o.extxyz"
    label_structures([unsorted()], out, 1, reference=fake("espresso"))
    with pytest.raises(InputError, match="no common zero"):
        label_structures([unsorted()], out, 1, reference="ase:ase.calculators.emt.EMT")
