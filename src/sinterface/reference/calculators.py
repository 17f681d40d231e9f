"""Reference calculators: which one makes a label, and which settings it had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ase.calculators.calculator import Calculator

from sinterface.errors import InputError, RunError
from sinterface.provenance import file_digest
from sinterface.reference.settings import (
    AseSettings,
    ChgnetSettings,
    DftSettings,
    GpawSettings,
    MaceSettings,
    Settings,
    read_settings,
    settings_hash,
)

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Reference", "open_reference", "settings_hash"]


@dataclass(frozen=True)
class Reference:
    """A calculator with the identity that goes onto each of its labels.

    Attributes
    ----------
    name
        As in the recipe, for example ``chgnet``.
    version
        Version of the package that provides it; of a code that runs outside Python it is
        ``unknown`` here and read from the output of each label.
    settings
        All settings that change a label.
    make
        Gives an ASE calculator (energy, forces, stress) for a structure and the folder that it
        may write into.
    """

    name: str
    version: str
    settings: Mapping[str, Any]
    make: Callable[[Atoms, Path], Calculator]

    @property
    def settings_hash(self) -> str:
        """Name and hash of `settings`, see `sinterface.reference.settings.settings_hash`."""
        return settings_hash(self.settings)

    @property
    def calculator(self) -> Calculator:
        """The calculator, of a reference that has one for all structures and writes no file."""
        from ase import Atoms

        return self.make(Atoms(), Path())

    def version_of(self, calculator: Calculator) -> str:
        """Return the version that `calculator` found in its own output, or `version`."""
        return str(getattr(calculator, "code_version", None) or self.version)


def open_reference(choice: str | Settings = "chgnet") -> Reference:
    """Return the reference of a name or of settings, one per process.

    Parameters
    ----------
    choice
        Settings, or a name (see `sinterface.reference.settings.read_settings`) with all options
        at their defaults.

    Raises
    ------
    InputError
        When the name is unknown, or what it needs isn't installed.
    """
    settings = read_settings(choice) if isinstance(choice, str) else choice
    return _opened(type(settings), settings.model_dump_json())


@cache
def _opened(model: type[Settings], text: str) -> Reference:
    settings = model.model_validate_json(text)
    if isinstance(settings, AseSettings):
        return _ase_reference(settings)
    if isinstance(settings, ChgnetSettings):
        return _chgnet_reference()
    if isinstance(settings, MaceSettings):
        return _mace_reference(settings)
    if isinstance(settings, GpawSettings):
        return _gpaw_reference(settings)
    assert isinstance(settings, DftSettings)
    return _file_reference(settings)


def check_converged(calculator: Calculator) -> None:
    """Refuse results of a calculation that says that it has not converged.

    Codes that run outside Python are checked by their output files (`sinterface.reference.codes`)
    and GPAW raises by itself; this looks at what any calculator may tell: an attribute, or a
    result, ``converged``, and GPAW's ``scf.converged``.

    Raises
    ------
    RunError
        When one of them is false.
    """
    told = (
        getattr(calculator, "converged", None),
        calculator.results.get("converged"),
        getattr(getattr(calculator, "scf", None), "converged", None),
    )
    if any(value is not None and not callable(value) and not bool(value) for value in told):
        raise RunError("The calculation has not converged (its calculator says so).")


def _package_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _ase_reference(settings: AseSettings) -> Reference:
    module_name, _, class_name = settings.calculator.rpartition(".")
    try:
        kind = getattr(import_module(module_name), class_name)
        shared = kind(**settings.arguments)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise InputError(
            f"Reference '{settings.name}' can't be made ({error}); give ase:<module>.<Class> of "
            "an installed ASE calculator, and its keyword arguments, if any, as 'arguments'."
        ) from error
    found = _package_version(module_name.split(".")[0])
    identity: dict[str, Any] = {"reference": settings.name, "version": found}
    if settings.arguments:
        identity |= {"arguments": settings.arguments}
    return Reference(settings.name, found, identity, lambda *_: shared)


def _required_version(package: str, reference: str, command: str) -> str:
    found = _package_version(package)
    if found == "unknown":
        raise InputError(f"Reference '{reference}' isn't installed; install it with: {command}.")
    return found


def _chgnet_reference() -> Reference:
    found = _required_version("chgnet", "chgnet", "pip install 'sinterface[chgnet]'")
    from sinterface.reference.chgnet import FastCHGNet

    calculator = FastCHGNet()
    identity = {
        "reference": "chgnet",
        "version": found,
        "model": calculator.model_version,
        "weights_sha256": calculator.weights_sha256,
        "precision": "float32",
    }
    return Reference("chgnet", found, identity, lambda *_: calculator)


def _mace_reference(settings: MaceSettings) -> Reference:
    found = _required_version("mace-torch", "mace", "pip install mace-torch")
    if not settings.model.is_file():
        raise InputError(
            f"Reference 'mace': there is no model '{settings.model}'; give the path of a file."
        )
    from mace.calculators import MACECalculator

    calculator = MACECalculator(
        model_paths=str(settings.model), device=settings.device, default_dtype=settings.precision
    )
    identity = {
        "reference": "mace",
        "version": found,
        **settings.hashed(),
        "model_sha256": file_digest(settings.model),
    }
    return Reference("mace", found, identity, lambda *_: calculator)


def _gpaw_reference(settings: GpawSettings) -> Reference:
    found = _required_version("gpaw", "gpaw", "pip install 'sinterface[gpaw]'")
    from sinterface.reference.gpaw import gpaw_calculator

    identity = {
        "reference": "gpaw",
        "version": found,
        "setups": _package_version("gpaw-data"),
        **settings.hashed(),
    }
    return Reference("gpaw", found, identity, lambda a, d: gpaw_calculator(a, settings, d))


def _file_reference(settings: DftSettings) -> Reference:
    from sinterface.reference.codes import FileCode

    identity = {"reference": settings.name, **settings.hashed()}
    return Reference(settings.name, "unknown", identity, lambda _, d: FileCode(settings, d))
