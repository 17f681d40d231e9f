"""n2p2's ``input.data``: structures, labels and charges in and out, without loss.

A frame's provenance, units and stress, which the format has no place for, travel in a comment line
of ``key=value`` words; any other comment stays as text.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import atomic_numbers

from sinterface.dataset.frames import Label
from sinterface.dataset.measures import Units, reconcile_units
from sinterface.errors import InputError
from sinterface.files import write_text

CHARGES = "charges"
"""Name of the array of reference charges (n2p2's column q), e."""

UNUSED = "n2p2_n"
"""Name of the array of n2p2's unused column n."""

_PROVENANCE = tuple(Label.__annotations__)
_COLUMNS = 9


@dataclass
class _Block:
    """What stands between ``begin`` and ``end``."""

    part: str
    comments: list[str] = field(default_factory=list)
    lattice: list[list[float]] = field(default_factory=list)
    symbols: list[str] = field(default_factory=list)
    rows: list[list[float]] = field(default_factory=list)
    energy: float | None = None
    charge: float = 0.0


def read_n2p2(path: Path | str, units: str | None = None) -> list[Atoms]:
    """Read all structures of an ``input.data``.

    The result is in eV and Å. ``info`` holds the provenance that `write_n2p2` wrote, ``comment``,
    ``total_charge`` (e) and ``set`` (``train`` or ``test``) where they stand in the file; arrays
    ``charges`` and ``n2p2_n`` the columns q and n where one isn't zero. Without lattice vectors a
    structure is open.

    Parameters
    ----------
    units
        Of the file, for example ``hartree-bohr``; only a file of `write_n2p2` can tell them itself.

    Raises
    ------
    InputError
        For a missing file, a line that isn't n2p2's (the message names the line), or units that
        are unknown or contradict the file's.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"There is no file '{path}'; check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' can't be read as text ({error}).") from error
    return [_atoms(block, units, str(path), number) for number, block in _blocks(text, str(path))]


def _blocks(text: str, path: str) -> Iterator[tuple[int, _Block]]:
    block: _Block | None = None
    begun = number = 0
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or (words[0].startswith("#") and block is None):
            continue
        if words[0] == "begin" and block is None:
            block, begun = _Block(_part(words)), number
        elif block is None or words[0] == "begin":
            raise InputError(f"'{path}', line {number}: '{words[0]}' where it can't stand.")
        elif words[0] == "end":
            yield begun, block
            block = None
        else:
            try:
                _take(block, line, words)
            except (ValueError, IndexError) as error:
                raise InputError(f"'{path}', line {number}: {error}.") from error
    if block is not None:
        raise InputError(f"'{path}' ends within the structure that begins in line {begun}.")


def _part(words: Sequence[str]) -> str:
    sets = [word.partition("=")[2] for word in words[1:] if word.startswith("set=")]
    return sets[0] if sets else ""


def _take(block: _Block, line: str, words: list[str]) -> None:
    key, values = words[0], words[1:]
    if key == "comment":
        block.comments.append(line.lstrip()[len("comment") :].removeprefix(" "))
    elif key == "lattice":
        block.lattice.append(_numbers(values, 3))
    elif key == "atom":
        if len(values) != _COLUMNS:
            raise ValueError(f"an atom has {_COLUMNS} values (x y z El q n fx fy fz)")
        if values[3] not in atomic_numbers or values[3] == "X":
            raise ValueError(f"'{values[3]}' is no element")
        block.symbols.append(values[3])
        block.rows.append(_numbers(values[:3] + values[4:], 8))
    elif key == "energy":
        block.energy = _numbers(values, 1)[0]
    elif key == "charge":
        block.charge = _numbers(values, 1)[0]
    else:
        raise ValueError(f"unknown keyword '{key}'")


def _numbers(words: Sequence[str], count: int) -> list[float]:
    if len(words) != count:
        raise ValueError(f"{count} numbers are needed, got {len(words)}")
    return [float(word) for word in words]


def _atoms(block: _Block, named: str | None, path: str, line: int) -> Atoms:
    where = f"'{path}', structure in line {line}:"
    told, plain = _read_comments(block.comments)
    units = reconcile_units(told.pop("units", None), named, where)
    if block.energy is None or not block.rows:
        raise InputError(f"{where} it has no energy or no atom; complete it, or leave it out.")
    if len(block.lattice) not in (0, 3):
        raise InputError(f"{where} {len(block.lattice)} lattice vectors; give three, or none.")
    rows = np.array(block.rows)
    cell = np.array(block.lattice) * units.length_A if block.lattice else None
    atoms = Atoms(block.symbols, rows[:, :3] * units.length_A, cell=cell, pbc=bool(block.lattice))
    results: dict[str, Any] = {
        "energy": block.energy * units.energy_eV,
        "forces": rows[:, 5:] * units.force,
    }
    for name, column in ((CHARGES, 3), (UNUSED, 4)):
        if rows[:, column].any():
            atoms.set_array(name, rows[:, column])
    if "stress" in told:
        stress = np.array([float(word) for word in told.pop("stress").split()])
        results["stress"] = stress * units.stress
    extra = {"total_charge": block.charge, "set": block.part, "comment": "\n".join(plain)}
    atoms.info = {**told, **{key: value for key, value in extra.items() if value}}
    if "temperature_K" in told:
        atoms.info["temperature_K"] = float(told["temperature_K"])
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def _read_comments(comments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Return what comments of our own tell, and the others."""
    told: dict[str, str] = {}
    plain = []
    for comment in comments:
        words = _provenance(comment)
        told |= words
        if not words:
            plain.append(comment)
    return told, plain


def _provenance(comment: str) -> dict[str, str]:
    """Return the words ``key=value`` of a comment of our own; nothing for any other."""
    try:
        pairs = [word.partition("=") for word in shlex.split(comment)]
    except ValueError:
        return {}
    known = (*_PROVENANCE, "units", "stress")
    if not pairs or any(not equals or key not in known for key, equals, _ in pairs):
        return {}
    return {key: value for key, _, value in pairs}


def write_n2p2(path: Path | str, frames: Sequence[Atoms], units: Units) -> None:
    """Write labelled frames as an ``input.data`` in `units`, whole or not at all.

    Every number has the digits that give the same double again.

    Raises
    ------
    InputError
        When a frame is periodic along one or two directions only, or periodic and charged.
    """
    write_text(path, "".join(_text(frame, units, index) for index, frame in enumerate(frames)))


def _text(frame: Atoms, units: Units, index: int) -> str:
    charge = float(frame.info.get("total_charge", 0.0))
    periodic = bool(frame.pbc.all())
    if frame.pbc.any() and (not periodic or charge):
        raise InputError(
            f"Frame {index} is periodic along some directions only, or periodic and charged: n2p2 "
            "knows neither; leave it out."
        )
    part = frame.info.get("set")
    lines = [f"begin set={part}" if part else "begin"]
    lines += [f"comment {line}" for line in _comments(frame, units)]
    if periodic:
        rows = frame.cell.array / units.length_A
        lines += [f"lattice {_joined(row)}" for row in rows]
    positions = frame.positions / units.length_A
    forces = frame.get_forces() / units.force
    zeros = np.zeros(len(frame))
    charges, unused = (frame.arrays.get(name, zeros) for name in (CHARGES, UNUSED))
    atoms = zip(frame.get_chemical_symbols(), positions, charges, unused, forces, strict=True)
    lines += [
        f"atom {_joined(place)} {symbol} {float(q)!r} {float(n)!r} {_joined(force)}"
        for symbol, place, q, n, force in atoms
    ]
    lines.append(f"energy {float(frame.get_potential_energy() / units.energy_eV)!r}")
    return "\n".join([*lines, f"charge {charge!r}", "end"]) + "\n"


def _comments(frame: Atoms, units: Units) -> list[str]:
    told = {key: frame.info[key] for key in _PROVENANCE if key in frame.info}
    if frame.calc is not None and "stress" in frame.calc.results:
        told["stress"] = _joined(frame.get_stress() / units.stress)
    if told:
        told["units"] = units.name
    words = [f"{key}={shlex.quote(_word(value))}" for key, value in told.items()]
    plain = str(frame.info["comment"]).split("\n") if "comment" in frame.info else []
    return ([" ".join(words)] if words else []) + plain


def _word(value: Any) -> str:
    return repr(float(value)) if isinstance(value, float) else str(value)


def _joined(row: Any) -> str:
    return " ".join(repr(float(value)) for value in row)
