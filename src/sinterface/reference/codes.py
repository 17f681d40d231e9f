"""Codes that run outside Python: start them, and read only outputs that have converged."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

from sinterface.errors import InputError, RunError
from sinterface.reference.dft_inputs import POTCAR_LIST, write_inputs
from sinterface.reference.settings import DftSettings, VaspSettings

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class CodeFiles:
    """What a code reads and writes.

    Attributes
    ----------
    command
        How it is started where the settings name no command.
    stdout
        File that takes its standard output.
    log
        File that tells version and convergence.
    version
        Pattern of the version in `log`.
    converged, unconverged
        Patterns of which the first must, and the second must not, occur in `log`.
    results
        Further files that hold results.
    """

    command: str
    stdout: str
    log: str
    version: str
    converged: str
    unconverged: str
    results: tuple[str, ...] = ()


CODES = {
    "vasp": CodeFiles(
        *("vasp_std", "vasp.out", "OUTCAR", r"vasp\.(\S+)"),
        *(r"aborting loop because EDIFF is reached", r"EDIFF was not reached|hard stop was set"),
        results=("vasprun.xml",),
    ),
    "espresso": CodeFiles(
        *("pw.x -in espresso.pwi", "espresso.pwo", "espresso.pwo", r"Program PWSCF v\.?(\S+)"),
        *(r"convergence has been achieved", r"convergence NOT achieved"),
    ),
    "cp2k": CodeFiles(
        *("cp2k.psmp -i cp2k.inp", "cp2k.out", "cp2k.out", r"CP2K version\s+(\S+)"),
        *(r"SCF run converged", r"SCF run NOT converged"),
    ),
}


class FileCode(Calculator):
    """A code that is run once a structure in a folder of its own.

    Results are in eV, eV/Å and eV/Å³; the energy is the one whose slope the forces are.
    """

    implemented_properties = [  # noqa: RUF012
        *("energy", "free_energy", "forces", "stress", "magmoms")
    ]

    def __init__(self, settings: DftSettings, directory: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.settings = settings
        self.folder = directory
        self.code_version: str | None = None

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Write the inputs, run the code, and read what it wrote."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        write_inputs(cast("Atoms", self.atoms), self.settings, self.folder)
        _run(self.settings, self.folder)
        self.results, self.code_version = read_outputs(self.settings.code, self.folder)


def job_command(settings: DftSettings) -> str:
    """Return the shell lines that run the code in a folder of inputs.

    Old outputs are removed first, so that a run that writes nothing can't pass for an earlier one.
    """
    files = CODES[settings.code]
    start = getattr(settings, "command", None) or files.command
    join = f'sed "s|.*|$VASP_PP_PATH/&/POTCAR|" {POTCAR_LIST} | xargs cat > POTCAR\n'
    prefix = join if isinstance(settings, VaspSettings) else ""
    old = " ".join(dict.fromkeys((files.log, files.stdout, *files.results)))
    return f"rm -f {old}\n{prefix}{start} > {files.stdout}"


def _run(settings: DftSettings, directory: Path) -> None:
    if isinstance(settings, VaspSettings) and "VASP_PP_PATH" not in os.environ:
        raise InputError(
            "VASP's POTCAR files are licensed and don't come with this package; set VASP_PP_PATH "
            "to the folder that holds your potpaw_PBE."
        )
    line = f"set -e -o pipefail\n{job_command(settings)}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=directory, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise RunError(
            f"{settings.code} ended with code {done.returncode} in '{directory}': "
            f"{done.stderr.strip()[-300:] or 'no message'}."
        )


def read_outputs(code: str, directory: Path) -> tuple[dict[str, Any], str]:
    """Return results, in the order of the structure's atoms, and the version of the code.

    Raises
    ------
    RunError
        When an output is missing, cut short, or of an SCF that hasn't converged.
    """
    files = CODES[code]
    log = directory / files.log
    if not log.exists():
        raise RunError(f"There is no output '{log}'; {code} hasn't run there.")
    text = log.read_text(encoding="utf-8", errors="replace")
    if re.search(files.unconverged, text) or not re.search(files.converged, text):
        raise RunError(f"The SCF of {code} in '{directory}' has not converged (see {files.log}).")
    found = re.search(files.version, text)
    try:
        results = _READERS[code](directory)
    except Exception as error:  # ASE's readers meet a truncated file with any error
        raise RunError(f"The output of {code} in '{directory}' is unreadable: {error}.") from error
    missing = {"energy", "forces", "stress"} - set(results)
    if missing:
        raise RunError(f"The output of {code} in '{directory}' has no {', '.join(missing)}.")
    return results, found.group(1) if found else "unknown"


def _read_vasp(directory: Path) -> dict[str, Any]:
    results = _kept(directory / "vasprun.xml", "vasp-xml")
    back = np.loadtxt(directory / "ase-sort.dat", dtype=int, ndmin=2)[:, 1]
    for name in ("forces", "magmoms"):
        if name in results:
            results[name] = results[name][back]
    return results


def _read_espresso(directory: Path) -> dict[str, Any]:
    return _kept(directory / "espresso.pwo", "espresso-out")


def _kept(path: Path, kind: str) -> dict[str, Any]:
    from ase.io import read

    results = cast("Atoms", read(path, format=kind, index=-1)).calc.results
    found = {name: results[name] for name in FileCode.implemented_properties if name in results}
    found["energy"] = found["free_energy"] = found.get("free_energy", found["energy"])
    return found


def _read_cp2k(directory: Path) -> dict[str, Any]:
    """Read CP2K's own output; its stress has the opposite sign of ASE's."""
    from ase.units import GPa, Hartree, bar

    text = (directory / "cp2k.out").read_text(encoding="utf-8", errors="replace")
    number = r"[-+]?\d+\.\d+(?:[EeDd][-+]?\d+)?"
    energies = re.findall(rf"ENERGY\| Total FORCE_EVAL.*?({number})\s*$", text, re.MULTILINE)
    energy = float(energies[-1]) * Hartree
    unit = re.findall(r"stress tensor \[(GPa|bar)\]", text, re.IGNORECASE)[-1]
    rows = re.findall(rf"^\s*(?:STRESS\|)?\s+[xyzXYZ]\s+({number})\s+({number})\s+({number})\s*$",
                      text, re.MULTILINE)  # fmt: skip
    stress = -np.array(rows[-3:], dtype=float) * (GPa if unit.lower() == "gpa" else bar)
    forces = _cp2k_forces(text, number)
    voigt = (0.5 * (stress + stress.T)).ravel()[[0, 4, 8, 5, 2, 1]]
    return {"energy": energy, "free_energy": energy, "forces": forces, "stress": voigt}


def _cp2k_forces(text: str, number: str) -> np.ndarray:
    """Read the table of forces, hartree/bohr, of CP2K before and since 2024."""
    from ase.units import Bohr, Hartree

    new = re.findall(
        rf"^ FORCES\|\s+\d+\s+({number})\s+({number})\s+({number})\s+{number}\s*$",
        text, re.MULTILINE,
    )  # fmt: skip
    old = re.findall(
        rf"^\s+\d+\s+\d+\s+[A-Z][a-z]?\s+({number})\s+({number})\s+({number})\s*$",
        text[text.rfind("ATOMIC FORCES in") :], re.MULTILINE,
    )  # fmt: skip
    return np.array(new or old, dtype=float) * Hartree / Bohr


_READERS = {"vasp": _read_vasp, "espresso": _read_espresso, "cp2k": _read_cp2k}
