"""Labelled structures: written compactly as extxyz, read with refusal of what can't be trusted."""

from __future__ import annotations

import io
import lzma
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io.extxyz import read_extxyz, write_extxyz

from sinterface.errors import InputError
from sinterface.files import atomic_path

UNITS = "eV-angstrom"
"""Energy in eV, forces in eV/Å, stress in eV/Å³: the only units that a frame may have."""

_DIGITS = 5
_OPTIONAL = ("family", "reference_settings")


@dataclass(frozen=True)
class Label:
    """Where a labelled frame comes from.

    Attributes
    ----------
    system
        Family of the structure, for example ``llzo-cubic``.
    trajectory
        Name of the run that made it; frames of one trajectory are alike.
    temperature_K
        Temperature at which it was sampled.
    reference, reference_version, settings_hash
        What labelled it; frames of different hashes are never mixed.
    family
        Name shared by trajectories that come from one structure (explored frames and the frame
        they start from, strained copies of a crystal); empty for the trajectory's own.
    reference_settings
        The settings that the hash is made from; older labels have none.
    """

    system: str
    trajectory: str
    temperature_K: float
    reference: str
    reference_version: str
    settings_hash: str
    family: str = ""
    reference_settings: Mapping[str, Any] = field(default_factory=dict, compare=False)


def labelled(atoms: Atoms, label: Label) -> Atoms:
    """Return a copy of `atoms` that carries the results of its calculator and `label`.

    Only the energy, the forces and, where they are known, the stress and the magnetic moments are
    taken, and only the species, the wrapped positions and the cell, all rounded to 1e-5 (Å, eV/Å;
    1e-8 for the stress, eV/Å³). The energy is the free energy where the calculator gives one,
    since the forces are its slopes.
    """
    frame = Atoms(atoms.numbers, atoms.get_positions(wrap=True), cell=atoms.cell, pbc=True)
    frame.positions = np.round(frame.positions, _DIGITS)
    energy, forces = float(atoms.get_potential_energy()), atoms.get_forces()
    given = atoms.calc.results
    results = {
        "energy": round(float(given.get("free_energy", energy)), _DIGITS),
        "forces": np.round(forces, _DIGITS) + 0.0,
    }
    moments = np.asarray(given.get("magmoms", ()), dtype=float)
    if moments.shape == (len(atoms),):
        results["magmoms"] = np.round(moments, 4) + 0.0
    with suppress(PropertyNotImplementedError):  # training goes without it
        results["stress"] = np.round(atoms.get_stress(), 8) + 0.0
    return attach(frame, label, results)


def attach(frame: Atoms, label: Label, results: Mapping[str, Any]) -> Atoms:
    """Return `frame` with `label` and `results` (eV, eV/Å, eV/Å³) put on it."""
    told = {key: value for key, value in asdict(label).items() if key not in _OPTIONAL or value}
    frame.info |= {**told, "units": UNITS}
    frame.calc = SinglePointCalculator(frame, **results)
    return frame


def family_of(frame: Atoms) -> str:
    """Return the name that `frame` shares with its relatives; see `Label`."""
    label = label_of(frame)
    return label.family or label.trajectory


def label_of(frame: Atoms) -> Label:
    """Return the label of `frame`.

    Raises
    ------
    InputError
        When a part of the label is missing.
    """
    info = frame.info
    missing = [key for key in Label.__annotations__ if key not in info and key not in _OPTIONAL]
    if missing:
        raise InputError(
            f"A frame of {frame.get_chemical_formula()} lacks {', '.join(missing)}; "
            "label it with 'sinterface label', or name them to 'sinterface data convert'."
        )
    return Label(
        str(info["system"]),
        str(info["trajectory"]),
        float(info["temperature_K"]),
        str(info["reference"]),
        str(info["reference_version"]),
        str(info["settings_hash"]),
        str(info.get("family", "")),
        dict(info.get("reference_settings", {})),
    )


def write_frames(path: Path | str, frames: Sequence[Atoms], *, mixed: bool = False) -> None:
    """Write labelled frames to `path` (``.extxyz`` or ``.extxyz.xz``), whole or not at all.

    Parameters
    ----------
    mixed
        Allow labels of several references.

    Raises
    ------
    InputError
        When a frame lacks a label or forces, holds NaN, or the references differ.
    """
    check_frames(frames, str(path), mixed=mixed)
    text = io.StringIO()
    write_extxyz(text, list(frames))
    data = text.getvalue().encode()
    if str(path).endswith(".xz"):
        data = lzma.compress(data, preset=9)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def read_structures(path: Path | str) -> list[Atoms]:
    """Read all structures of an extxyz file, compressed by xz or not, labelled or not.

    Raises
    ------
    InputError
        When the file is missing, damaged or not extxyz.
    """
    try:
        data = Path(path).read_bytes()
        text = (lzma.decompress(data) if str(path).endswith(".xz") else data).decode()
        return list(read_extxyz(io.StringIO(text), slice(None)))
    except FileNotFoundError as error:
        raise InputError(f"There is no file '{path}'; check the path.") from error
    except (OSError, lzma.LZMAError, ValueError, KeyError, IndexError) as error:
        raise InputError(
            f"'{path}' can't be read as extxyz ({error}); write it again, or leave it out."
        ) from error


def read_frames(paths: Path | str | Iterable[Path | str], *, mixed: bool = False) -> list[Atoms]:
    """Read labelled frames from one file, or from several that share one reference.

    Energies, forces and stresses are given by the usual ASE methods of each frame; `label_of`
    gives its label.

    Parameters
    ----------
    paths
        extxyz files, or a folder whose ``*.extxyz*`` files are read in the order of their names.
    mixed
        Allow labels of several references.

    Raises
    ------
    InputError
        When there is no frame, or `check_frames` refuses one.
    """
    files = [paths] if isinstance(paths, (str, Path)) else list(paths)
    files = [found for path in files for found in _expand(Path(path))]
    frames = [frame for path in files for frame in read_structures(path)]
    if not frames:
        raise InputError(f"No labelled frames in {paths}; give extxyz files that hold some.")
    check_frames(frames, ", ".join(str(path) for path in files[:3]), mixed=mixed)
    return frames


def _expand(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(p for p in path.iterdir() if p.name.endswith((".extxyz", ".extxyz.xz")))


def check_frames(frames: Sequence[Atoms], source: str, *, mixed: bool = False) -> None:
    """Refuse frames that would spoil a training.

    Parameters
    ----------
    mixed
        Allow labels of several references.

    Raises
    ------
    InputError
        For another unit, missing or non-finite energies or forces, a non-finite stress, a missing
        label, energies or lengths that differ by the factor of a unit, or labels made by
        references of different settings; the message names the frame and `source`.
    """
    hashes: dict[str, int] = {}
    for index, frame in enumerate(frames):
        where = f"Frame {index} of {source}"
        _check_units(frame, where)
        _check_results(frame, where)
        hashes.setdefault(label_of(frame).settings_hash, index)
    if len(hashes) > 1 and not mixed:
        found = ", ".join(f"{key} (from frame {index})" for key, index in hashes.items())
        raise InputError(
            f"{source} mixes labels of different reference settings: {found}; "
            "energies of different references have no common zero: keep them in separate sets."
        )
    if len(hashes) == 1:
        refuse_mixed_units(frames, source)


def refuse_mixed_units(frames: Sequence[Atoms], source: str) -> None:
    """Refuse equal compositions whose energies or volumes differ by the factor of a unit.

    Raises
    ------
    InputError
        When two frames' energies differ 27.2-fold or 13.6-fold (within 5 %), or their volumes
        6.75-fold (within 10 %).
    """
    first: dict[str, int] = {}
    for index, frame in enumerate(frames):
        other = first.setdefault(frame.get_chemical_formula(), index)
        pairs = [("energies", frames[other].get_potential_energy(), frame.get_potential_energy())]
        if frame.cell.rank == 3 and frames[other].cell.rank == 3:
            pairs.append(("volumes", frames[other].get_volume(), frame.get_volume()))
        if min(abs(energy) for energy in pairs[0][1:]) < 0.1 * len(frame):
            pairs = pairs[1:]  # near zero, ratios say nothing
        for name, one, two in pairs:
            unit = _unit_between(name, float(one), float(two))
            if unit:
                raise InputError(
                    f"The {name} of frames {other} and {index} of {source} ({one:.6g} and "
                    f"{two:.6g}) differ by the factor between {unit}: convert each file with its "
                    "own --units before putting them together."
                )


_UNIT_FACTORS = {
    "energies": (("eV and Hartree", 27.2114, 0.05), ("eV and Rydberg", 13.6057, 0.05)),
    "volumes": (("Å³ and Bohr³", 6.7483, 0.10),),
}


def _unit_between(name: str, one: float, two: float) -> str:
    if one * two <= 0:
        return ""
    ratio = max(one / two, two / one)
    near = (unit for unit, factor, room in _UNIT_FACTORS[name] if abs(ratio / factor - 1) < room)
    return next(near, "")


def _check_units(frame: Atoms, where: str) -> None:
    units = frame.info.get("units")
    if units != UNITS:
        raise InputError(
            f"{where} has units {units!r}, not {UNITS}: convert it with "
            "'sinterface data convert IN -o OUT --units UNITS'."
        )


def _check_results(frame: Atoms, where: str) -> None:
    results = frame.calc.results if frame.calc is not None else {}
    for name, shape in (("energy", ()), ("forces", (len(frame), 3)), ("stress", (6,))):
        if name not in results:
            if name == "stress":
                continue
            raise InputError(f"{where} has no {name}; label it again.")
        values = np.asarray(results[name], dtype=float)
        if values.shape != shape or not np.isfinite(values).all():
            raise InputError(f"{where} has an unusable {name} (NaN, or a wrong shape); remove it.")
    if not np.isfinite(frame.positions).all():
        raise InputError(f"{where} has positions that are not numbers; remove it.")
    if 0 in frame.numbers:
        raise InputError(f"{where} holds atoms of no element (X); name their elements.")
