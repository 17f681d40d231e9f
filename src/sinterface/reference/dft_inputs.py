"""Input files of VASP, Quantum ESPRESSO and CP2K, written through ASE."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.reference.settings import (
    Cp2kSettings,
    DftSettings,
    EspressoSettings,
    VaspSettings,
)

if TYPE_CHECKING:
    from ase import Atoms

POTCAR_LIST = "POTCAR.list"
"""Folders whose POTCAR files, joined in this order, make a structure's POTCAR."""


def kpoint_grid(atoms: Atoms, spacing_per_A: float) -> tuple[int, int, int]:
    """Return the smallest grid whose k-points are at most `spacing_per_A` apart (2π included)."""
    lengths = 2 * np.pi * np.linalg.norm(atoms.cell.reciprocal()[:], axis=1)
    first, second, third = (
        max(1, int(np.ceil(length / spacing_per_A - 1e-9))) for length in lengths
    )
    return first, second, third


def with_moments(atoms: Atoms, settings: DftSettings) -> Atoms:
    """Return a copy with first magnetic moments: its own, else those of the settings, else none."""
    found: Atoms = atoms.copy()
    found.calc = None
    if not settings.spin_polarised:
        found.set_initial_magnetic_moments(None)
    elif not found.get_initial_magnetic_moments().any():
        moments = [settings.magnetic_moments.get(symbol, 0.0) for symbol in found.symbols]
        found.set_initial_magnetic_moments(moments)
    return found


def write_inputs(atoms: Atoms, settings: DftSettings, directory: Path) -> list[str]:
    """Write everything that the code needs, and that may be shipped, into `directory`.

    Returns
    -------
    list of str
        Names of the files. VASP's POTCAR isn't among them, since its licence forbids it; its
        parts are named in `POTCAR_LIST`. Pseudopotentials of the other codes are named in the
        inputs.
    """
    directory.mkdir(parents=True, exist_ok=True)
    magnetic = with_moments(atoms, settings)
    if isinstance(settings, VaspSettings):
        return _write_vasp(magnetic, settings, directory)
    if isinstance(settings, EspressoSettings):
        return _write_espresso(magnetic, settings, directory)
    assert isinstance(settings, Cp2kSettings)
    return _write_cp2k(magnetic, settings, directory)


def _write_vasp(atoms: Atoms, settings: VaspSettings, directory: Path) -> list[str]:
    from ase.calculators.vasp.create_input import GenerateVaspInput

    class InputWithoutPotcar(GenerateVaspInput):
        def _build_pp_list(self, *_: Any, **__: Any) -> list[str]:
            return []

        def write_potcar(self, *_: Any, **__: Any) -> None:
            pass

    writer: Any = InputWithoutPotcar()  # type: ignore[no-untyped-call]
    writer.set(**_vasp_tags(atoms, settings))
    writer.initialize(atoms)
    writer.write_input(atoms, str(directory))
    symbols = [symbol for symbol, _ in writer.symbol_count]
    folders = [f"potpaw_PBE/{symbol}{settings.setups.get(symbol, '')}" for symbol in symbols]
    (directory / POTCAR_LIST).write_text("\n".join(folders) + "\n", encoding="utf-8")
    return ["INCAR", "KPOINTS", "POSCAR", POTCAR_LIST, "ase-sort.dat"]


def _vasp_tags(atoms: Atoms, settings: VaspSettings) -> dict[str, Any]:
    tags: dict[str, Any] = {
        "xc": settings.functional,
        "prec": settings.precision,
        "encut": settings.cutoff_eV,
        "ediff": settings.energy_tolerance_eV,
        "nelm": settings.max_iterations,
        "ismear": 0,
        "sigma": settings.smearing_eV,
        "ispin": 2 if settings.spin_polarised else 1,
        "ibrion": -1,
        "nsw": 0,
        "isif": 2,
        "isym": 0,
        "lasph": True,
        "lreal": False,
        "lorbit": 11,
        "lwave": False,
        "lcharg": False,
        "kpts": kpoint_grid(atoms, settings.kpoint_spacing_per_A),
        "gamma": True,
    }
    present = {u for u in settings.hubbard_U_eV if u in set(atoms.symbols)}
    if present:
        table = {
            symbol: {"L": 2, "U": settings.hubbard_U_eV[symbol], "J": 0.0}
            if symbol in present
            else {"L": -1, "U": 0.0, "J": 0.0}
            for symbol in sorted(set(atoms.symbols))
        }
        tags |= {"ldau": True, "ldautype": 2, "ldau_luj": table, "lmaxmix": 4}
    return tags | settings.extra | settings.parallel


def _write_espresso(atoms: Atoms, settings: EspressoSettings, directory: Path) -> list[str]:
    from ase.io import write

    name = "espresso.pwi"
    elements = sorted(set(atoms.symbols))
    files = {symbol: f"{symbol}.upf" for symbol in elements} | settings.pseudopotentials
    system: dict[str, Any] = {
        "ecutwfc": settings.cutoff_Ry,
        "ecutrho": settings.density_cutoff_Ry,
        "occupations": "smearing",
        "smearing": "gaussian",
        "degauss": settings.smearing_eV / 13.605693122994,
        "nspin": 2 if settings.spin_polarised else 1,
    }
    if settings.functional is not None:
        system["input_dft"] = settings.functional
    write(
        directory / name,
        atoms,
        format="espresso-in",
        input_data={
            "control": {
                "calculation": "scf",
                "tprnfor": True,
                "tstress": True,
                "pseudo_dir": settings.pseudo_directory,
                "outdir": "./scratch",
                "disk_io": "none",
            },
            "system": system,
            "electrons": {
                "conv_thr": settings.scf_tolerance_Ry,
                "electron_maxstep": settings.max_iterations,
                "mixing_beta": settings.mixing,
            },
        },
        pseudopotentials={symbol: files[symbol] for symbol in elements},
        kpts=kpoint_grid(atoms, settings.kpoint_spacing_per_A),
    )
    _add_hubbard_card(directory / name, settings)
    return [name]


def _add_hubbard_card(path: Path, settings: EspressoSettings) -> None:
    """Add U to each species: ASE makes one of each element and moment (Co, Co1, ...)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = lines.index("ATOMIC_SPECIES") + 1
    labels = [line.split()[0] for line in lines[start : lines.index("", start)]]
    wanted = {label: settings.hubbard_U_eV.get(label.rstrip("0123456789"), 0.0) for label in labels}
    shells = [f"U {label}-3d {u}" for label, u in wanted.items() if u]
    if shells:
        lines += ["", "HUBBARD (ortho-atomic)", *shells]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_cp2k(atoms: Atoms, settings: Cp2kSettings, directory: Path) -> list[str]:
    from ase.calculators.calculator import Calculator
    from ase.calculators.cp2k import CP2K

    class InputWithoutShell(CP2K):
        def __init__(self, **options: Any) -> None:
            self._shell = None
            Calculator.__init__(self, label="cp2k", **options)

        def set(self, **options: Any) -> dict[str, Any]:
            changed: dict[str, Any] = Calculator.set(self, **options)
            return changed

    writer: Any = InputWithoutShell(
        inp=_cp2k_template(atoms, settings),
        basis_set=settings.basis_set,
        basis_set_file=settings.basis_set_file,
        pseudo_potential=settings.pseudopotential,
        cutoff=settings.cutoff_eV,
        max_scf=settings.max_iterations,
        xc=settings.functional,
        uks=settings.spin_polarised,
        stress_tensor=True,
        print_level="MEDIUM",
    )
    writer.atoms = atoms
    text = "\n".join(writer._generate_input().splitlines()[1:])
    (directory / "cp2k.inp").write_text(text + "\n", encoding="utf-8")
    return ["cp2k.inp"]


def _cp2k_template(atoms: Atoms, settings: Cp2kSettings) -> str:
    grid = kpoint_grid(atoms, settings.kpoint_spacing_per_A)
    kinds = "".join(_cp2k_kind(symbol, settings) for symbol in sorted(set(atoms.symbols)))
    points = f"&KPOINTS\nSCHEME GAMMA {grid[0]} {grid[1]} {grid[2]}\n&END KPOINTS\n"
    return (
        "&GLOBAL\nRUN_TYPE ENERGY_FORCE\n&END GLOBAL\n&FORCE_EVAL\n&PRINT\n&FORCES ON\n"
        "&END FORCES\n&END PRINT\n&DFT\nPLUS_U_METHOD MULLIKEN\n"
        + (points if max(grid) > 1 else "")
        + f"&SCF\nEPS_SCF {settings.scf_tolerance}\nADDED_MOS {len(atoms)}\n&SMEAR ON\n"
        f"METHOD FERMI_DIRAC\nELECTRONIC_TEMPERATURE [K] {settings.smearing_eV / 8.617333e-5:.2f}\n"
        "&END SMEAR\n&MIXING\nMETHOD BROYDEN_MIXING\nALPHA 0.2\n&END MIXING\n&END SCF\n"
        f"&END DFT\n&SUBSYS\n{kinds}&END SUBSYS\n&END FORCE_EVAL"
    )


def _cp2k_kind(symbol: str, settings: Cp2kSettings) -> str:
    moment = settings.magnetic_moments.get(symbol, 0.0) if settings.spin_polarised else 0.0
    u = settings.hubbard_U_eV.get(symbol, 0.0)
    lines = [f"MAGNETIZATION {moment}"] if moment else []
    lines += ["&DFT_PLUS_U", "L 2", f"U_MINUS_J [eV] {u}", "&END DFT_PLUS_U"] if u else []
    return "\n".join([f"&KIND {symbol}", *lines, "&END KIND\n"]) if lines else ""
