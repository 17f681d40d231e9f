"""Options of the references: defaults, refusals, and what changes a hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinterface.errors import InputError
from sinterface.reference.calculators import open_reference
from sinterface.reference.settings import read_settings


@pytest.mark.parametrize("name", ["gpaw", "cp2k", "espresso", "vasp"])
def test_dft_means_pbe_with_u_on_cobalt(name: str) -> None:
    settings = read_settings(name).model_dump()
    assert settings["hubbard_U_eV"] == {"Co": 3.32}
    assert settings["spin_polarised"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("gpav", {}, "Did you mean 'gpaw'"),
        ("gpaw", {"cutof_eV": 400}, "unknown option 'cutof_eV'.*Did you mean 'cutoff_eV'"),
        ("vasp", {"cutoff_eV": -1}, "'cutoff_eV' is unfit .*greater than 0"),
        ("vasp", {"hubbard_U_eV": {"Co": "big"}}, "hubbard_U_eV.Co"),
        ("chgnet", {"cutoff_eV": 3}, "it has no options"),
        ("mace", {}, "'model' .*must be given"),
        ("ase:EMT", {}, "ase:EMT"),
    ],
)
def test_mistakes_are_named(name: str, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_settings(name, options)


def test_option_files(tmp_path: Path) -> None:
    (tmp_path / "o.toml").write_text("cutoff_eV = 700\n[hubbard_U_eV]\nCo = 4.0\n")
    assert read_settings("vasp", tmp_path / "o.toml").model_dump()["hubbard_U_eV"] == {"Co": 4.0}
    (tmp_path / "o.toml").write_text("cutoff_eV = \n")
    with pytest.raises(InputError, match="correct the file"):
        read_settings("vasp", tmp_path / "o.toml")
    with pytest.raises(InputError, match="no options file"):
        read_settings("vasp", tmp_path / "none.toml")


def test_only_what_changes_a_label_changes_the_hash() -> None:
    def found(**options: object) -> str:
        return open_reference(read_settings("vasp", options)).settings_hash

    assert found().startswith("vasp-")
    assert found(command="srun vasp_std", parallel={"ncore": 4}) == found()
    assert found(hubbard_U_eV={"Co": 3.3}) != found()
    assert found(extra={"algo": "All"}) != found()


def test_arguments_of_an_ase_class_count() -> None:
    plain = open_reference("ase:ase.calculators.emt.EMT")
    fixed = open_reference(
        read_settings("ase:ase.calculators.emt.EMT", {"arguments": {"asap_cutoff": True}})
    )
    assert fixed.calculator.parameters.asap_cutoff
    assert fixed.settings_hash != plain.settings_hash


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mace.*(isn't installed|there is no model)"):
        open_reference(read_settings("mace", {"model": tmp_path / "none.model"}))
