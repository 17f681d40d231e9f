"""Labels out of what VASP, Quantum ESPRESSO and CP2K print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import ParseError

from sinterface.dataset.cp2k import read_cp2k
from sinterface.errors import InputError
from sinterface.provenance import digest


@dataclass(frozen=True)
class Code:
    """A code whose output is read.

    Attributes
    ----------
    name
        As a reference of labels.
    sign
        Expression that only this code's outputs contain.
    ase_format
        ASE's name of the format; empty where the project reads it itself.
    version
        Expression whose group is the version.
    settings
        Expressions that say which settings an energy belongs to; per-element ones (potentials,
        U) stay out, so that cells of other elements have the same hash.
    failed
        Expressions of an unconverged calculation.
    """

    name: str
    sign: str
    ase_format: str
    version: str
    settings: Mapping[str, str]
    failed: tuple[str, ...]


_OUTCAR = {
    "cutoff": r"^ *ENCUT *= *(\S+)", "precision": r"^ *PREC *= *(\S+)",
    "functional": r"^ *GGA *= *(\S+)", "metagga": r"^ *METAGGA *= *(\S+)",
    "hybrid": r"^ *LHFCALC *= *(\S+)", "spin": r"^ *ISPIN *= *(\S+)",
    "smearing": r"^ *ISMEAR *= *(\S+?);? ", "width": r"; *SIGMA *= *(\S+)",
    "hubbard": r"^ *LDA\+U is selected, type is set to LDAUTYPE = *(\d)",
    "dispersion": r"^ *IVDW *= *(\S+)",
}  # fmt: skip

_VASPRUN = {
    key: rf'name="{tag}"> *(\S+?) *</i>'
    for key, tag in {
        "cutoff": "ENMAX", "precision": "PREC", "functional": "GGA", "metagga": "METAGGA",
        "hybrid": "LHFCALC", "spin": "ISPIN", "smearing": "ISMEAR", "width": "SIGMA",
        "hubbard": "LDAU", "dispersion": "IVDW",
    }.items()
}  # fmt: skip

_ESPRESSO = {
    "cutoff": r"kinetic-energy cutoff *= *(\S+)",
    "density_cutoff": r"charge density cutoff *= *(\S+)",
    "functional": r"Exchange-correlation *= *(.+)",
    "smearing": r"([\w-]+) smearing, width",
    "width": r"smearing, width \(Ry\)= *(\S+)",
    "hubbard": r"(Simplified LDA\+U|DFT\+U) ",
    "dispersion": r"(DFT-D\d) Dispersion",
}

_CP2K = {
    "cutoff": r"QS\| Density cutoff \[a\.u\.\]: *(\S+)",
    "relative_cutoff": r"QS\| Relative density cutoff \[a\.u\.\]: *(\S+)",
    "method": r"QS\| Method: *(\S+)",
    "functional": r"FUNCTIONAL\| ([A-Z][\w-]+):",
    "spin": r"DFT\| Spin (\S+)",
}

CODES = {
    "vasp-outcar": Code(
        "vasp", r"\A *vasp\.|VRHFIN", "vasp-out", r"^ *vasp\.(\S+)", _OUTCAR,
        (r"EDIFF was not reached",),
    ),
    "vasp-xml": Code(
        "vasp", r'<i name="program" type="string">vasp', "vasp-xml",
        r'name="version" type="string"> *(\S+)', _VASPRUN, (),
    ),
    "espresso": Code(
        "espresso", r"Program PWSCF", "espresso-out", r"Program PWSCF v\.(\S+)", _ESPRESSO,
        (r"convergence NOT achieved",),
    ),
    "cp2k": Code(
        "cp2k", r"CP2K\|", "", r"CP2K version (\S+)", _CP2K, (r"SCF run NOT converged",),
    ),
}  # fmt: skip
"""Outputs by the name of their format."""


@dataclass(frozen=True)
class Output:
    """What a code's output holds.

    Attributes
    ----------
    frames
        In eV and Å, energies consistent with the forces (free energies where the code smears).
    reference, version, settings_hash
        The code, its version, and the hash of the settings that were found.
    settings
        These settings.
    """

    frames: list[Atoms]
    reference: str
    version: str
    settings_hash: str
    settings: dict[str, str]


def detect_code(head: str) -> str | None:
    """Return the format whose sign stands in the first part of a file; None for no known one."""
    found = (name for name, code in CODES.items() if re.search(code.sign, head, re.MULTILINE))
    return next(found, None)


def read_output(path: Path, name: str) -> Output:
    """Read an output in the format `name`, a key of `CODES`.

    Raises
    ------
    InputError
        When it can't be read, isn't converged, or lacks energies or forces.
    """
    code = CODES[name]
    text = path.read_text(encoding="utf-8", errors="replace")
    _refuse_unconverged(text, name, path)
    frames = list(_through_ase(path, code)) if code.ase_format else [read_cp2k(text, str(path))]
    if not frames:
        raise InputError(f"'{path}' holds no step that is complete; run the calculation again.")
    settings = _settings(text, code)
    found = re.search(code.version, text, re.MULTILINE)
    return Output(
        frames,
        code.name,
        found.group(1) if found else "unknown",
        f"{code.name}-{digest(settings)[:16]}",
        settings,
    )


def _settings(text: str, code: Code) -> dict[str, str]:
    found = {
        key: re.search(expression, text, re.MULTILINE) for key, expression in code.settings.items()
    }
    return {key: _plain(match.group(1)) for key, match in found.items() if match}


def _plain(value: str) -> str:
    """Return the value in one spelling: ``300.0`` for ``300.00000``."""
    try:
        return repr(float(value))
    except ValueError:
        return " ".join(value.split())


def _refuse_unconverged(text: str, name: str, path: Path) -> None:
    bad = any(re.search(expression, text) for expression in CODES[name].failed)
    if name == "vasp-xml":
        limit = re.search(r'name="NELM"> *(\d+)', text)
        steps = [part.count("<scstep>") for part in text.split("<calculation>")[1:]]
        bad = limit is not None and any(count >= int(limit.group(1)) for count in steps)
    if bad:
        raise InputError(
            f"'{path}' holds a calculation whose electrons did not converge; converge it, or cut "
            "that step out."
        )


def _through_ase(path: Path, code: Code) -> Iterator[Atoms]:
    from ase.io import iread

    try:
        for atoms in iread(path, index=":", format=code.ase_format):
            yield _cleaned(atoms, path)
    except InputError:
        raise
    except (ParseError, ValueError, KeyError, IndexError, AttributeError, OSError,
            StopIteration, RuntimeError, SyntaxError, AssertionError) as error:  # fmt: skip
        raise InputError(
            f"'{path}' can't be read as {code.ase_format} ({error}); is it complete?"
        ) from error


def _cleaned(atoms: Atoms, path: Path) -> Atoms:
    """Return the structure with the results that a label keeps."""
    known = atoms.calc.results if atoms.calc is not None else {}
    if "energy" not in known or "forces" not in known:
        raise InputError(
            f"'{path}' has a step without energy or forces; ask the code to print both."
        )
    frame = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    results: dict[str, Any] = {"energy": float(known.get("free_energy", known["energy"]))}
    results |= {key: np.array(known[key]) for key in ("forces", "stress") if key in known}
    frame.calc = SinglePointCalculator(frame, **results)
    return frame
