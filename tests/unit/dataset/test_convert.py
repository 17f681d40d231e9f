"""One door for labels of any format, judged by figures printed in the outputs themselves."""

from __future__ import annotations

import re
from pathlib import Path

import ase
import numpy as np
import pytest
from typer.testing import CliRunner

from sinterface.cli.app import app
from sinterface.dataset.convert import Told, convert, detect_format
from sinterface.dataset.frames import label_of, read_frames, write_frames
from sinterface.dataset.outputs import read_output
from sinterface.errors import InputError

OUTPUTS = Path(__file__).parent / "outputs"
VASP = Path(ase.__file__).parent / "test" / "testdata" / "vasp"
HARTREE, BOHR, GPA = 27.211386245988, 0.529177210903, 160.21766208


def test_cp2k_output_gives_what_it_prints() -> None:
    frame = read_output(OUTPUTS / "h2-cp2k.out", "cp2k").frames[0]
    assert frame.get_potential_energy() == pytest.approx(-1.142473172058162 * HARTREE)
    assert frame.get_forces()[1, 1] == pytest.approx(-0.02394708 * HARTREE / BOHR)
    assert frame.cell.array.tolist() == [[3.0, 0.0, 0.0], [0.2, 3.2, 0.0], [0.0, 0.0, 4.0]]
    assert frame.positions[1].tolist() == [0.1, 0.2, 0.8]
    # dE/dε/V of the same cell stretched by ±1 % along z: 24.896 GPa; CP2K prints -24.906
    assert frame.get_stress()[2] * GPA == pytest.approx(24.896, abs=0.05)
    assert frame.get_stress()[3] * GPA == pytest.approx(3.98498786465)


def test_espresso_output_gives_every_step() -> None:
    output = read_output(OUTPUTS / "si-qe.out", "espresso")
    energies = [frame.get_potential_energy() for frame in output.frames]
    assert energies == pytest.approx([-14.45165909 * HARTREE / 2, -14.45171670 * HARTREE / 2])
    pressure = -np.mean(output.frames[0].get_stress()[:3]) * GPA
    assert pressure == pytest.approx(43.021, abs=0.01)  # printed: P = 430.21 kbar
    assert output.settings["cutoff"] == "8.0"
    assert (output.reference, output.version) == ("espresso", "6.7MaX")


@pytest.mark.skipif(not VASP.is_dir(), reason="ASE was installed without its test data")
@pytest.mark.parametrize(
    ("name", "kind", "energy", "cutoff"),
    [
        ("OUTCAR_example_1", "vasp-outcar", -68.22868532, "300.0"),
        ("vasprun_pstress.xml", "vasp-xml", -20.24695937, "400.0"),
    ],
)
def test_vasp_outputs_give_free_energies(name: str, kind: str, energy: float, cutoff: str) -> None:
    assert detect_format(VASP / name) == kind
    output = read_output(VASP / name, kind)
    assert output.frames[-1].get_potential_energy() == pytest.approx(energy)
    assert output.settings["cutoff"] == cutoff
    assert "stress" in output.frames[0].calc.results


def test_unconverged_and_cut_outputs_are_refused(tmp_path: Path) -> None:
    text = (OUTPUTS / "h2-cp2k.out").read_text()
    path = tmp_path / "job.out"
    path.write_text(text + " *** WARNING SCF run NOT converged ***\n")
    with pytest.raises(InputError, match="did not converge"):
        convert([path], tmp_path / "a.extxyz")
    path.write_text(text[: text.index("ATOMIC FORCES")])
    with pytest.raises(InputError, match="lacks coordinates, energy or forces"):
        convert([path], tmp_path / "a.extxyz")
    espresso = (OUTPUTS / "si-qe.out").read_text()
    path.write_text(espresso + "     convergence NOT achieved after 2 iterations: stopping\n")
    with pytest.raises(InputError, match="did not converge"):
        convert([path], tmp_path / "a.extxyz")
    path.write_text(espresso[: espresso.index("Forces acting")])
    with pytest.raises(InputError, match="without energy or forces"):
        convert([path], tmp_path / "a.extxyz")


def test_door_completes_labels_and_converts_on(tmp_path: Path) -> None:
    done = convert(
        [OUTPUTS / "si-qe.out"], tmp_path / "a.extxyz.xz", Told(system="si", temperature_K=300.0)
    )
    assert (done.n_frames, list(done.formats.values())) == (2, ["espresso"])
    frames = read_frames(tmp_path / "a.extxyz.xz")
    label = label_of(frames[0])
    assert (label.system, label.temperature_K, label.reference) == ("si", 300.0, "espresso")
    assert label.trajectory.endswith("si-qe.out")
    convert([tmp_path / "a.extxyz.xz"], tmp_path / "a.data", output_units="rydberg-bohr")
    energies = re.findall(r"^energy (\S+)$", (tmp_path / "a.data").read_text(), re.MULTILINE)
    assert [float(word) for word in energies] == pytest.approx([-14.45165909, -14.45171670])
    convert([tmp_path / "a.data"], tmp_path / "b.extxyz")
    for one, two in zip(frames, read_frames(tmp_path / "b.extxyz"), strict=True):
        assert label_of(one) == label_of(two)
        np.testing.assert_allclose(two.positions, one.positions, atol=1e-8)
        np.testing.assert_allclose(two.get_forces(), one.get_forces(), atol=1e-8)
        np.testing.assert_allclose(two.get_stress(), one.get_stress(), rtol=1e-12)


def test_extxyz_in_other_units_is_converted(tmp_path: Path, make_frame) -> None:
    frame = make_frame()
    frame.info["units"] = "hartree-bohr"
    text = tmp_path / "atomic.extxyz"
    from ase.io import write

    write(text, frame)
    convert([text], tmp_path / "a.extxyz")
    after = read_frames(tmp_path / "a.extxyz")[0]
    energy = frame.get_potential_energy()
    assert after.get_potential_energy() == pytest.approx(energy * HARTREE)
    assert after.get_volume() == pytest.approx(frame.get_volume() * BOHR**3)
    np.testing.assert_allclose(after.get_forces(), frame.get_forces() * HARTREE / BOHR, atol=1e-6)
    with pytest.raises(InputError, match="its units are hartree-bohr, not ev-angstrom"):
        convert([text], tmp_path / "b.extxyz", units="ev-angstrom")


def test_labels_of_two_references_are_refused_unless_said(tmp_path: Path, make_frame) -> None:
    for name in ("one", "two"):
        write_frames(tmp_path / f"{name}.extxyz", [make_frame(settings=name)])
    sources = [tmp_path / "one.extxyz", tmp_path / "two.extxyz"]
    with pytest.raises(InputError, match="mixes labels of different reference settings"):
        convert(sources, tmp_path / "all.extxyz")
    done = convert(sources, tmp_path / "all.extxyz", mixed=True)
    assert done.references == {"one": 1, "two": 1}
    with pytest.raises(InputError, match="different reference settings"):
        read_frames(tmp_path / "all.extxyz")
    assert len(read_frames(tmp_path / "all.extxyz", mixed=True)) == 2


def test_mixed_units_are_seen_by_their_size(tmp_path: Path, make_frame) -> None:
    frames = [make_frame(n=2, seed=k) for k in range(3)]
    for frame in frames:
        frame.calc.results["energy"] = -30.0
    frames[2].calc.results["energy"] = -30.2 / HARTREE
    with pytest.raises(InputError, match=r"energies of frames 0 and 2.*eV and Hartree"):
        write_frames(tmp_path / "a.extxyz", frames)
    frames[2].calc.results["energy"] = -30.2
    frames[2].set_cell(frames[2].cell.array / BOHR, scale_atoms=True)
    frames[2].calc.atoms = frames[2].copy()
    with pytest.raises(InputError, match=r"volumes of frames 0 and 2.*Bohr"):
        write_frames(tmp_path / "a.extxyz", frames)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("forces", "Frame 0 of "),
        ("nan", "unusable forces"),
        ("units", "no units are told"),
        ("reference", "name it with --reference"),
        ("element", "holds atoms of no element"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_with_2(
    tmp_path: Path, make_frame, spoil: str, words: str
) -> None:
    from ase.io import write

    frame = make_frame()
    if spoil == "forces":
        del frame.calc.results["forces"]
    elif spoil == "nan":
        frame.calc.results["forces"][0, 0] = np.nan
    elif spoil == "element":
        frame.numbers[0] = 0
    else:
        del frame.info[spoil]
    write(tmp_path / "in.extxyz", frame)
    arguments = ["data", "convert", str(tmp_path / "in.extxyz"), "-o", str(tmp_path / "a.extxyz")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "a.extxyz").exists()


def test_unknown_formats_and_names_are_refused(tmp_path: Path, make_frame) -> None:
    (tmp_path / "notes.txt").write_text("nothing\n")
    with pytest.raises(InputError, match="no format that is known"):
        convert([tmp_path / "notes.txt"], tmp_path / "a.extxyz")
    with pytest.raises(InputError, match="Did you mean 'espresso'"):
        convert([tmp_path / "notes.txt"], tmp_path / "a.extxyz", source_format="espreso")
    with pytest.raises(InputError, match=r"must end in \.extxyz"):
        convert([tmp_path / "notes.txt"], tmp_path / "a.xyz")
    with pytest.raises(InputError, match=r"No such file"):
        convert([tmp_path / "OUTCAR"], tmp_path / "a.extxyz")
    write_frames(tmp_path / "in.extxyz", [make_frame()])
    with pytest.raises(InputError, match="contradicts 'vasp'"):
        convert([tmp_path / "in.extxyz"], tmp_path / "a.extxyz", Told(reference="vasp"))
