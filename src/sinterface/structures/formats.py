"""Structures in files: extxyz, CIF, LAMMPS data, POSCAR, and the labels that each can hold.

An extxyz file holds every label as a column. A CIF holds them as data items of our own
(``_atom_site_sinterface_region``), LAMMPS data the region only, as molecule (region + 1, atom
style "full"), a POSCAR none.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sinterface.errors import InputError
from sinterface.files import atomic_path

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core.structure import Structure

SUFFIXES: Final[dict[str, str]] = {
    ".extxyz": "extxyz",
    ".xyz": "extxyz",
    ".cif": "cif",
    ".data": "lammps-data",
    ".lmp": "lammps-data",
    ".lammps": "lammps-data",
    ".vasp": "vasp",
    ".poscar": "vasp",
}
"""Format of each suffix, in ASE's words; a file called POSCAR or CONTCAR needs none."""

LABELS: Final[tuple[str, ...]] = ("region", "side")
"""Integer arrays of a structure that tell where an atom belongs."""

NAMES_KEY: Final[str] = "region_names"
"""Key of ``atoms.info`` that holds the names of regions 0, 1, ..., separated by commas."""

CERTIFICATE_ENDING: Final[str] = ".certificate.json"
_CIF_TAG: Final[str] = "_atom_site_sinterface_"


def as_atoms(structure: Atoms | Structure) -> Atoms:
    """Return ASE atoms as they are, and a pymatgen structure as atoms.

    Raises
    ------
    InputError
        For anything else, and for sites that are partly occupied (a CIF file of them is read).
    """
    from ase import Atoms
    from pymatgen.core.structure import Structure

    if isinstance(structure, Atoms):
        return structure
    if not isinstance(structure, Structure):
        raise InputError(
            f"A structure is ase.Atoms or pymatgen.core.Structure, got {type(structure).__name__}."
        )
    if not structure.is_ordered:
        raise InputError(
            "The pymatgen structure has partly occupied sites; order it, or give the path of its "
            "CIF file, of which an arrangement is drawn."
        )
    return Atoms(
        numbers=structure.atomic_numbers, positions=structure.cart_coords,
        cell=structure.lattice.matrix, pbc=True,
    )  # fmt: skip


def output_format(path: Path | str) -> str:
    """Return the format that a file's name asks for: a value of :data:`SUFFIXES`.

    Raises
    ------
    InputError
        For a suffix that stands for no format, or a folder that doesn't exist.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise InputError(f"There is no folder '{path.parent}'; make it first.")
    if path.name.upper() in ("POSCAR", "CONTCAR"):
        return "vasp"
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"The name '{path.name}' tells no format; end it with .extxyz, .cif, .data (LAMMPS) "
            "or .vasp (POSCAR)."
        )
    return SUFFIXES[path.suffix.lower()]


def certificate_path(structure: Path | str) -> Path:
    """Return where the certificate of a structure's file stands: beside it."""
    path = Path(structure)
    return path.with_name(stem(path) + CERTIFICATE_ENDING)


def stem(path: Path) -> str:
    """Return a structure file's name without its suffix; POSCAR is called so."""
    return path.stem if path.suffix else path.name


def read_structure(path: Path | str) -> Atoms:
    """Return the structure of a file with the labels that its format holds.

    Raises
    ------
    InputError
        When there is no such file, or it can't be read.
    """
    from ase.io import read

    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no file '{path}'; give the path of a structure.")
    style = SUFFIXES.get(path.suffix.lower())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if style == "cif":
                return _read_cif(path)
            found = read(path, format=style)
    except Exception as error:  # readers raise many kinds; all mean one thing here
        reason = str(error) or type(error).__name__
        raise InputError(f"'{path}' can't be read as a structure ({reason}).") from error
    atoms: Atoms = found[-1] if isinstance(found, list) else found
    if style == "lammps-data" and "mol-id" in atoms.arrays:
        atoms.set_array("region", atoms.arrays["mol-id"].astype(np.int64) - 1)
    return _plain(atoms)


def write_structure(atoms: Atoms, path: Path | str) -> list[str]:
    """Write a structure in the format that its name asks for, whole or not at all.

    Returns
    -------
    What was lost, one sentence each: labels that the format can't hold.
    """
    from ase.io import write

    path = Path(path)
    style = output_format(path)
    plain = _plain(atoms)
    labels = [name for name in LABELS if name in plain.arrays]
    with atomic_path(path) as temporary:
        if style == "extxyz":
            write(temporary, plain, format="extxyz")
        elif style == "cif":
            loops = {_CIF_TAG[1:] + name: [[str(v) for v in plain.arrays[name]]] for name in labels}
            write(temporary, plain, format="cif", loop_keys=loops, wrap=False)
        elif style == "lammps-data":
            _write_lammps(plain, temporary)
        else:
            _write_poscar(plain, temporary)
    held: list[str] = {"extxyz": labels, "cif": labels, "lammps-data": ["region"], "vasp": []}[
        style
    ]
    lost = [name for name in labels if name not in held]
    if not lost:
        return []
    names = "' and '".join(lost)
    return [f"The format of '{path.name}' can't hold the labels '{names}'; an .extxyz file can."]


def _plain(atoms: Atoms) -> Atoms:
    """Return the atoms with positions, cell and labels only."""
    from ase import Atoms

    plain = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell.array, pbc=True)
    for name in LABELS:
        if name in atoms.arrays:
            plain.set_array(name, np.asarray(atoms.arrays[name], dtype=np.int64))
    if NAMES_KEY in atoms.info:
        plain.info[NAMES_KEY] = atoms.info[NAMES_KEY]
    return plain


def _read_cif(path: Path) -> Atoms:
    """Return the atoms of a CIF in their order, with our own labels."""
    from ase.io.cif import parse_cif

    block = next(iter(parse_cif(str(path))))
    atoms: Atoms = block.get_atoms(store_tags=False)
    tags = {_CIF_TAG + name: name for name in LABELS}
    for tag, name in tags.items():
        values = block.get(tag)
        if values is not None and len(values) == len(atoms):
            atoms.set_array(name, np.array(values, dtype=np.int64))
    return _plain(atoms)


def _write_lammps(atoms: Atoms, path: Path) -> None:
    """Write LAMMPS data: atom style "molecular" with region + 1 as molecule, else "atomic"."""
    from ase.io.lammpsdata import write_lammps_data

    options: dict[str, Any] = {"masses": True, "units": "metal", "atom_style": "atomic"}
    if "region" in atoms.arrays:
        atoms = atoms.copy()
        atoms.set_array("mol-id", atoms.arrays["region"] + 1)
        options["atom_style"] = "full"
    kinds = sorted(set(atoms.get_chemical_symbols()))
    with path.open("w", encoding="utf-8") as stream:
        write_lammps_data(stream, atoms, specorder=kinds, **options)


def _write_poscar(atoms: Atoms, path: Path) -> None:
    """Write a POSCAR, atoms grouped by element, in their order within each."""
    from ase.io import write

    order = np.argsort(np.array(atoms.get_chemical_symbols()), kind="stable")
    write(path, atoms[order], format="vasp", direct=True)
