from __future__ import annotations

from pathlib import Path

import pytest

from sinterface.errors import InputError
from sinterface.study.config import Study
from sinterface.study.manual import study_manual, study_template, tables, write_template
from sinterface.study.reading import read_study

START = "[study]\nname = 'a'\n"


def read(tmp_path: Path, text: str) -> Study:
    path = tmp_path / "a.toml"
    path.write_text(text)
    return read_study(path).study


def test_template_holds_every_default(tmp_path: Path) -> None:
    assert read(tmp_path, study_template("a")) == read(tmp_path, START)


def test_template_and_manual_name_every_key_with_its_meaning() -> None:
    template, manual = study_template().replace("\n# ", " "), study_manual()
    for name, table in tables().items():
        assert f"[{name}]" in template
        for key, field in table.model_fields.items():
            assert field.description
            assert f"\n{key} = " in template
            assert f"  {key} (" in manual
            assert field.description.rstrip(".") in template
            assert field.description.rstrip(".") in manual


def test_template_is_named_after_its_file_and_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "my garnet.toml"
    write_template(path)
    assert read_study(path).study.study.name == "my-garnet"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists"):
        write_template(path)
    assert path.read_text() == "mine"
    write_template(path, overwrite=True)
    with pytest.raises(InputError, match="no folder"):
        write_template(tmp_path / "nowhere" / "a.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[dynamics]\ntemprature_K = 1", r"'temprature_K' in table \[dynamics\].*'temperature_K'"),
        ("[dynamics]\nseed = 1", r"'seed' in table \[dynamics\].*belongs into table \[study\]"),
        ("[dynamics]\nxyz = 1", "Known keys: temperature_K, "),
        ("[dynamcs]\nseed = 1", "'dynamcs' .*Did you mean 'dynamics'"),
        ("[dynamics]\ntemperature_K = 0", "temperature_K .*greater than 0, but got 0.*kelvin"),
        ("[dynamics]\ntemperature_K = -5.0", "greater than 0, but got -5"),
        ("[dynamics]\ntemperature_K = nan", "finite number"),
        ("[dynamics]\ntemperature_K = '300'", "valid number, but got '300'"),
        ("[dynamics]\nthreads = true", "valid integer"),
        ("[dynamics]\nduration_ps = 0.05", r"\[dynamics\] in .*: duration_ps = 0.05 is not a"),
        ("[dynamics]\ntimestep_fs = 9\nframe_interval_ps=0.001", "multiple of timestep_fs = 9;"),
        ("[dynamics]\ntimestep_fs = 3", "frame_interval_ps = 0.1 is not .*timestep_fs = 3; change"),
        ("[dynamics]\nduration_ps = 1.55", "duration_ps = 1.55 is not .* frame_interval_ps = 0.1"),
        ("[dynamics]\nequilibration_ps = 0.05", "equilibration_ps = 0.05 is not a whole multiple"),
        ("[dynamics]\nframe_interval_ps = 0.4", "checkpoint_interval_ps = 1 is not a whole"),
        ("[interface]\nelectrode_plane = [1, 0]", "write three integers"),
        ("[interface]\nelectrode_plane = [0, 0, 0]", "no plane"),
        ("[interface]\nelectrode_plane = [1, 0, 0.5]", "electrode_plane.* valid integer"),
        ("[interface]\nsize = 'huge'", "'tiny', 'small' or 'large', but got 'huge'"),
        ("[potential\nname = 'x'", r"isn't valid TOML: .*line 3"),
        ("[dynamics]\nxyz = 1\nthreads = -1", r"'xyz'.*\(1 more after that"),
    ],
)
def test_mistake_gives_one_clear_sentence(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected) as caught:
        read(tmp_path, START + text)
    assert "a.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", r"table \[study\] is missing"),
        ("[study]\nseed = 1", "key 'name' is missing"),
        ("study = 3", "must be a table"),
        ("[study]\nname = '../x'", "should match pattern"),
    ],
)
def test_study_without_a_name(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read(tmp_path, text)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no study file .*sinterface init"):
        read_study(tmp_path / "none.toml")
    with pytest.raises(InputError, match="is a folder; give the study file"):
        read_study(tmp_path)


def test_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="isn't valid TOML"):
        read_study(tmp_path / "a.toml")


def test_names_are_relative_to_the_study_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(START)
    assert read_study(tmp_path / "a.toml").resolve("x.cif") == tmp_path / "x.cif"
