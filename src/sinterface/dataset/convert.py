"""One door for labelled structures: any format in, labelled frames or n2p2's ``input.data`` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ase import Atoms

from sinterface.dataset.frames import (
    UNITS,
    Label,
    attach,
    check_frames,
    read_structures,
    write_frames,
)
from sinterface.dataset.measures import parse_units, reconcile_units
from sinterface.dataset.n2p2 import read_n2p2, write_n2p2
from sinterface.dataset.outputs import CODES, detect_code, read_output
from sinterface.errors import InputError, nearest_name
from sinterface.provenance import digest

FORMATS = ("extxyz", "n2p2", *CODES)
"""Formats that are read."""

_FIXED = ("reference", "reference_version", "settings_hash")
_HEAD = 200_000


@dataclass(frozen=True)
class Told:
    """What a person tells about frames; None where they should tell it themselves.

    Attributes
    ----------
    system, trajectory, temperature_K, family
        Replace what the frames say.
    reference, reference_version, settings_hash
        Fill in what they don't say; a contradiction is refused.
    """

    system: str | None = None
    trajectory: str | None = None
    temperature_K: float | None = None
    family: str | None = None
    reference: str | None = None
    reference_version: str | None = None
    settings_hash: str | None = None


@dataclass(frozen=True)
class Conversion:
    """What was converted.

    Attributes
    ----------
    output
        The file written.
    n_frames
        Frames in it.
    sources
        Frames taken from each source, by its path.
    formats
        Format of each source, by its path.
    references
        Frames of each settings hash.
    """

    output: Path
    n_frames: int
    sources: dict[str, int]
    formats: dict[str, str]
    references: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {**asdict(self), "output": str(self.output)}


def convert(
    sources: Sequence[Path],
    output: Path,
    told: Told | None = None,
    *,
    source_format: str | None = None,
    units: str | None = None,
    output_units: str = "ev-angstrom",
    every: int = 1,
    mixed: bool = False,
) -> Conversion:
    """Read labelled structures from `sources`, complete their labels, write them to `output`.

    Parameters
    ----------
    output
        ``.extxyz`` or ``.extxyz.xz`` (always eV and Å), or ``.data`` for n2p2.
    source_format
        One of `FORMATS`; None looks into each file.
    units, output_units
        Of sources that don't tell theirs, and of an n2p2 output.
    every
        Keep each n-th frame of a source.
    mixed
        Allow labels of several references.

    Raises
    ------
    InputError
        When a source can't be read, a label is incomplete or contradicted, or `check_frames`
        refuses a frame.
    """
    written = parse_units(output_units)
    if not output.name.endswith((".extxyz", ".extxyz.xz", ".data")):
        raise InputError(
            f"'{output}': the output's name must end in .extxyz, .extxyz.xz or (n2p2) .data."
        )
    frames: list[Atoms] = []
    counts: dict[str, int] = {}
    formats: dict[str, str] = {}
    for source in sources:
        name = source_format or detect_format(source)
        found = _read(source, name, units, told or Told())[::every]
        counts[str(source)], formats[str(source)] = len(found), name
        frames += found
    names = ", ".join(str(source) for source in sources[:3])
    if not frames:
        raise InputError(f"No labelled structure in {names or 'no file'}; give files with some.")
    check_frames(frames, names, mixed=mixed)
    if output.suffix == ".data":
        write_n2p2(output, frames, written)
    else:
        write_frames(output, frames, mixed=mixed)
    hashes = [str(frame.info["settings_hash"]) for frame in frames]
    references = {key: hashes.count(key) for key in dict.fromkeys(hashes)}
    return Conversion(output, len(frames), counts, formats, references)


def detect_format(path: Path) -> str:
    """Return the format of a file by its name and its first part.

    Raises
    ------
    InputError
        When the file is missing or none of `FORMATS`.
    """
    if path.name.endswith((".extxyz", ".extxyz.xz")):
        return "extxyz"
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            head = handle.read(_HEAD)
    except OSError as error:
        raise InputError(f"'{path}' can't be read ({error.strerror}); check the path.") from error
    lines = [line for line in head.splitlines() if line.strip() and not line.startswith("#")]
    if lines and lines[0].split()[0] == "begin":
        return "n2p2"
    if len(lines) > 1 and lines[0].strip().isdigit() and "Properties=" in lines[1]:
        return "extxyz"
    code = detect_code(head)
    if code is None:
        raise InputError(
            f"'{path}' is in no format that is known here; name it with --from "
            f"({', '.join(FORMATS)})."
        )
    return code


def _read(path: Path, name: str, units: str | None, told: Told) -> list[Atoms]:
    if name not in FORMATS:
        raise InputError(
            f"Unknown format '{name}'.{nearest_name(name, list(FORMATS))} Known are "
            f"{', '.join(FORMATS)}."
        )
    known: dict[str, Any] = {}
    if name == "extxyz":
        frames = [_in_eV_A(f, units, f"Frame {k} of {path}:") for k, f in _numbered(path)]
    elif name == "n2p2":
        frames = read_n2p2(path, units)
    else:
        reconcile_units(UNITS, units, f"'{path}' ({name}):")
        output = read_output(path, name)
        frames = output.frames
        known = {
            "reference": output.reference,
            "reference_version": output.version,
            "settings_hash": output.settings_hash,
        }
    return [
        _labelled(frame, known, told, path, f"Frame {k} of {path}")
        for k, frame in enumerate(frames)
    ]


def _numbered(path: Path) -> enumerate[Atoms]:
    return enumerate(read_structures(path))


def _in_eV_A(frame: Atoms, named: str | None, where: str) -> Atoms:
    """Return `frame` in eV and Å."""
    told = frame.info.get("units")
    units = reconcile_units(None if told is None else str(told), named, where)
    frame.info["units"] = UNITS
    if frame.calc is None or (units.energy_eV, units.length_A) == (1.0, 1.0):
        return frame
    frame.set_cell(frame.cell.array * units.length_A, scale_atoms=False)
    frame.positions *= units.length_A
    sizes = {"energy": units.energy_eV, "forces": units.force, "stress": units.stress}
    results = frame.calc.results
    frame.calc.results = {key: results[key] * sizes[key] for key in sizes if key in results}
    frame.calc.atoms = frame.copy()
    return frame


def _labelled(frame: Atoms, known: Mapping[str, Any], told: Told, path: Path, where: str) -> Atoms:
    """Return `frame` with a whole label: its own words, what `told` says, what can be guessed."""
    own = {key: frame.info[key] for key in Label.__annotations__ if key in frame.info}
    own |= known
    given = {key: value for key, value in asdict(told).items() if value is not None}
    for key in _FIXED:
        if key in own and key in given and str(own[key]) != given[key]:
            raise InputError(
                f"{where} says {key}={own[key]}, which contradicts '{given[key]}'; leave the "
                f"option out."
            )
    label = own | given
    if "reference" not in label:
        raise InputError(
            f"{where} doesn't say what made its labels; name it with --reference (for example "
            "vasp-pbe+u)."
        )
    label.setdefault("reference_version", "unknown")
    who = [str(label["reference"]), str(label["reference_version"])]
    label.setdefault("settings_hash", f"{who[0]}-{digest(who)[:16]}")
    label.setdefault("system", frame.get_chemical_formula())
    label.setdefault("trajectory", "-".join(part for part in path.parts[-3:] if part not in "/.."))
    label.setdefault("temperature_K", 0.0)
    label["temperature_K"] = float(label["temperature_K"])
    results = dict(frame.calc.results) if frame.calc is not None else {}
    kept = {key: results[key] for key in ("energy", "forces", "stress") if key in results}
    return attach(frame, Label(**label), kept)
