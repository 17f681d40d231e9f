"""Typed options of every reference: their defaults, and which of them go into the hash."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sinterface.errors import InputError, nearest_name
from sinterface.plugins import REFERENCES, found_plugins

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Settings(BaseModel):
    """Options that all references share."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: ClassVar[str]
    not_hashed: ClassVar[frozenset[str]] = frozenset()
    """Options that change where or how fast a label is made, but not the label."""

    @property
    def name(self) -> str:
        """Name that the labels carry."""
        return self.code

    def hashed(self) -> dict[str, Any]:
        """Return the options that change a label."""
        return self.model_dump(mode="json", exclude=set(self.not_hashed))


class ChgnetSettings(Settings):
    """CHGNet has no options: its parameters come inside its package."""

    code: ClassVar[str] = "chgnet"


class MaceSettings(Settings):
    """A MACE model from a file."""

    code: ClassVar[str] = "mace"
    not_hashed: ClassVar[frozenset[str]] = frozenset({"model", "device"})  # its content is hashed
    model: Path = Field(description="file of the model")
    device: Literal["cpu", "cuda"] = Field("cpu", description="where it runs")
    precision: Literal["float32", "float64"] = Field("float64", description="of all numbers")


class AseSettings(Settings):
    """Any calculator that ASE can use."""

    code: ClassVar[str] = "ase"
    calculator: str = Field(pattern=r"^\w+(\.\w+)+$", description="<module>.<Class>")
    arguments: dict[str, Any] = Field({}, description="keyword arguments of the class")

    @property
    def name(self) -> str:
        """``ase:<module>.<Class>``."""
        return f"ase:{self.calculator}"


class DftSettings(Settings):
    """Options that all density-functional codes share."""

    kpoint_spacing_per_A: Positive = Field(
        0.3, description="largest distance of k-points, 2π included; the grid holds Γ"
    )
    hubbard_U_eV: dict[str, Annotated[float, Field(ge=0)]] = Field(
        {"Co": 3.32}, description="U − J on the d shell of each element (Dudarev)"
    )
    spin_polarised: bool = Field(True, description="two spin channels")
    magnetic_moments: dict[str, float] = Field(
        {"Co": 1.0},
        description="first moment of each element, in Bohr magnetons, where a structure has none",
    )
    smearing_eV: Positive = Field(0.05, description="width of the occupations")
    max_iterations: Count = Field(200, description="SCF steps before a label counts as failed")


class GpawSettings(DftSettings):
    """GPAW in plane waves."""

    code: ClassVar[str] = "gpaw"
    cutoff_eV: Positive = Field(600.0, description="of the plane waves; stress needs 600")
    functional: str = Field("PBE", description="exchange and correlation; PBE needs no libxc")
    density_tolerance: Positive = Field(1e-4, description="electrons per valence electron")
    energy_tolerance_eV: Positive = Field(1e-5, description="per valence electron")
    forces_tolerance_eV_per_A: Positive | None = Field(None, description="also converge forces")


class _RunCode(DftSettings):
    not_hashed: ClassVar[frozenset[str]] = frozenset({"command"})
    command: str | None = Field(None, description="how the code is started; for a cluster with MPI")


class Cp2kSettings(_RunCode):
    """CP2K (Quickstep) through its shell."""

    code: ClassVar[str] = "cp2k"
    cutoff_eV: Positive = Field(8163.0, description="of the finest grid (600 Ry)")
    functional: str = Field("PBE", description="exchange and correlation")
    basis_set: str = Field("DZVP-MOLOPT-SR-GTH", description="of all elements")
    basis_set_file: str = Field("BASIS_MOLOPT", description="of CP2K's data folder")
    pseudopotential: str = Field("GTH-PBE", description="of all elements")
    scf_tolerance: Positive = Field(1e-6, description="EPS_SCF")


class EspressoSettings(_RunCode):
    """Quantum ESPRESSO's pw.x, version 7.1 or later (its HUBBARD card)."""

    code: ClassVar[str] = "espresso"
    not_hashed: ClassVar[frozenset[str]] = frozenset({"command", "pseudo_directory"})
    cutoff_Ry: Positive = Field(60.0, description="of the wave functions")
    density_cutoff_Ry: Positive = Field(480.0, description="of the density")
    functional: str | None = Field(None, description="input_dft; default: the pseudopotentials'")
    pseudopotentials: dict[str, str] = Field(
        {}, description="file of each element; default: <element>.upf"
    )
    pseudo_directory: str = Field("pseudo", description="folder of these files, where pw.x runs")
    scf_tolerance_Ry: Positive = Field(1e-8, description="conv_thr")
    mixing: Annotated[float, Field(gt=0, le=1)] = Field(0.3, description="mixing_beta")


class VaspSettings(_RunCode):
    """VASP; its POTCAR files are licensed and can't come with this package."""

    code: ClassVar[str] = "vasp"
    not_hashed: ClassVar[frozenset[str]] = frozenset({"command", "parallel"})
    cutoff_eV: Positive = Field(520.0, description="ENCUT")
    functional: str = Field("PBE", description="GGA of ASE's Vasp calculator")
    setups: dict[str, str] = Field(
        {"Li": "_sv", "La": "", "Zr": "_sv", "Co": "", "O": ""},
        description="ending of each element's POTCAR folder",
    )
    precision: Literal["Normal", "Accurate"] = Field("Accurate", description="PREC")
    energy_tolerance_eV: Positive = Field(1e-6, description="EDIFF")
    extra: dict[str, Any] = Field({}, description="more INCAR tags, as ASE spells them")
    parallel: dict[str, Any] = Field(
        {}, description="INCAR tags that change the speed only, for example ncore and kpar"
    )


MODELS: dict[str, type[Settings]] = {
    model.code: model
    for model in (
        *(ChgnetSettings, GpawSettings, Cp2kSettings, EspressoSettings, VaspSettings),
        MaceSettings,
    )
}


def read_settings(name: str, options: Path | Mapping[str, Any] | None = None) -> Settings:
    """Return the settings of the reference called `name`.

    Parameters
    ----------
    name
        ``chgnet``, ``gpaw``, ``cp2k``, ``espresso``, ``vasp``, ``mace``,
        ``ase:<module>.<Class>``, or one that another package adds as an entry point of the group
        ``sinterface.references``: a class of ASE calculators.
    options
        A table, or a TOML or JSON file that holds one; what it leaves out has its default.

    Raises
    ------
    InputError
        For an unknown reference, an unknown option (with the nearest known one), an unfit value,
        or a file that can't be read.
    """
    table = dict(_read_table(options) if isinstance(options, Path) else options or {})
    if name.startswith("ase:"):
        table["calculator"] = name.removeprefix("ase:")
        model: type[Settings] = AseSettings
    elif name in MODELS:
        model = MODELS[name]
    elif name in found_plugins(REFERENCES):
        table["calculator"] = found_plugins(REFERENCES)[name].replace(":", ".")
        model = AseSettings
    else:
        known = [*MODELS, *found_plugins(REFERENCES)]
        raise InputError(
            f"Unknown reference '{name}'.{nearest_name(name, known)} "
            f"Use one of {', '.join(known)}, or ase:<module>.<Class>."
        )
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise InputError(f"Reference '{name}': {_explain(error, model)}") from error


def _explain(error: ValidationError, model: type[Settings]) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    known = list(model.model_fields)
    if first["type"] == "extra_forbidden":
        choice = f"its options are {', '.join(known)}" if known else "it has no options"
        return f"unknown option '{place}'.{nearest_name(place, known)} Here {choice}."
    if first["type"] == "missing":
        return f"option '{place}' ({model.model_fields[place].description}) must be given."
    return f"option '{place}' is unfit ({first['msg']}), got {first.get('input')!r}."


def _read_table(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError as error:
        raise InputError(f"There is no options file '{path}'; check the path.") from error
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"Options '{path}' can't be read: {error}; correct the file.") from error
    if not isinstance(table, dict):
        raise InputError(f"Options '{path}' hold {type(table).__name__}, not a table of options.")
    return table


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Return ``<reference>-`` and 16 hexadecimal digits of the SHA-256 of `settings` as JSON.

    The leading word keeps readers of extxyz from taking a hash for a number.
    """
    text = json.dumps(settings, sort_keys=True, default=str)
    word = str(settings["reference"]).replace(":", "-")
    return f"{word}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
