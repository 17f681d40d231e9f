"""Hand a potential on to n2p2: its own files, and in LAMMPS' words what they can't hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

from ase.data import atomic_numbers

from sinterface.errors import InputError
from sinterface.files import atomic_path
from sinterface.kernels.symmetry import SPECTRUM, Descriptor
from sinterface.potential.model import Potential

OWN_FILES = ("extension.nn", "potential.toml")
"""Files by which a potential of sinterface is told from one of n2p2."""

CONSTANT_RANGE = 1e30
"""Range given to a symmetry function that never fires: n2p2 would divide by zero."""


@dataclass(frozen=True)
class Export:
    """What was written, and what the files can't say.

    Attributes
    ----------
    directory
        Folder with ``input.nn``, ``scaling.data`` and ``weights.ZZZ.data``.
    files
        Names of the files written.
    lammps
        Commands that define the same interaction in LAMMPS with n2p2's ``pair_style hdnnp``.
    notes
        One sentence for each thing that n2p2's files can't hold.
    """

    directory: Path
    files: tuple[str, ...]
    lammps: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "directory": str(self.directory),
            "files": list(self.files),
            "lammps": list(self.lammps),
            "notes": list(self.notes),
        }


def export_potential(potential: Potential, directory: Path | str) -> Export:
    """Write the potential's n2p2 files into `directory`, the same bytes every time.

    The files of a potential that came from n2p2 stay as they are. Further members of a committee
    go to ``member-2``, ``member-3``, ... below `directory`, each a whole n2p2 directory.

    Parameters
    ----------
    directory
        Made when missing; may hold an earlier export, but nothing else.

    Raises
    ------
    InputError
        When `directory` holds other files or is the potential's own, or the potential has rows of
        the power spectrum: its networks mean nothing without them.
    """
    target = Path(directory)
    _refuse_spectrum(potential)
    contents = _contents(potential)
    _make_folder(target, list(contents), potential.directory)
    notes = []
    if any((potential.directory / name).exists() for name in OWN_FILES):
        scaling = contents["scaling.data"]
        patched = _without_empty_ranges(potential, scaling.decode()).encode()
        if patched != scaling:
            contents |= {name: patched for name in contents if name.endswith("scaling.data")}
            notes.append(
                "Symmetry functions that never fired in training got a range of "
                f"{CONSTANT_RANGE:g}, which keeps them constant in n2p2."
            )
    if potential.zbl_A is not None:
        notes.append(
            "n2p2's files cannot hold the ZBL repulsion: without 'zbl' in LAMMPS' "
            "hybrid energies and forces are wrong."
        )
    if potential.n_members > 1:
        notes.append(
            f"n2p2's files cannot hold a committee: each of the {potential.n_members} members has "
            "a folder, 'hybrid/scaled' takes their mean at the cost of all of them; deviations "
            "need sinterface's own pair style."
        )
    for name, content in contents.items():
        (target / name).parent.mkdir(exist_ok=True)
        with atomic_path(target / name) as temporary:
            temporary.write_bytes(content)
    return Export(target, tuple(contents), lammps_commands(potential, target), tuple(notes))


def _refuse_spectrum(potential: Potential) -> None:
    descriptor = Descriptor.from_potential(potential.directory)
    kinds = [row.type for k in range(len(descriptor.elements)) for row in descriptor.rows(k)]
    if SPECTRUM in kinds:
        raise InputError(
            f"{potential.directory} has {kinds.count(SPECTRUM)} rows of the power spectrum, which "
            "neither n2p2 nor LAMMPS' hdnnp can evaluate: use sinterface's own pair style, or "
            "export a potential of n2p2's symmetry functions alone."
        )


def _contents(potential: Potential) -> dict[str, bytes]:
    """Return n2p2's files of all members by relative name.

    What a member's folder lacks is that of the first member.
    """
    first = potential.directory
    contents = {name: (first / name).read_bytes() for name in potential.n2p2_files}
    for k, folder in enumerate(potential.member_directories, start=2):
        for name in potential.n2p2_files:
            source = folder / name if (folder / name).exists() else first / name
            contents[f"member-{k}/{name}"] = source.read_bytes()
    return contents


def lammps_commands(potential: Potential, directory: Path | str) -> tuple[str, ...]:
    """Return ``pair_style`` and ``pair_coeff`` lines for types in the order of the elements.

    Parameters
    ----------
    directory
        Where LAMMPS finds the n2p2 files.
    """
    elements = " ".join(potential.elements)
    if potential.n_members > 1:
        return _committee_lines(potential, Path(directory), elements)
    style = _hdnnp(potential, directory)
    if potential.zbl_A is None:
        return (f"pair_style {style}", f"pair_coeff * * {elements}")
    inner, outer = potential.zbl_A
    return (
        f"pair_style hybrid/overlay {style} zbl {inner!r} {outer!r}",
        f"pair_coeff * * hdnnp {elements}",
        *_zbl_lines(potential.elements),
    )


def _hdnnp(potential: Potential, directory: Path | str) -> str:
    length, energy = (1 / unit for unit in potential.units_A_eV)
    cutoff = potential.cutoff_A if length == 1 else potential.cutoff_A * (1 + 1e-9)  # for rounding
    return (
        f"hdnnp {cutoff:.12g} dir {directory} showew no showewsum 1000 resetew yes "
        f"maxew 1000000 cflength {length!r} cfenergy {energy!r}"
    )


def _committee_lines(potential: Potential, directory: Path, elements: str) -> tuple[str, ...]:
    """Return the mean of the members, each under hdnnp, as a sum of scaled pair styles."""
    n = potential.n_members
    folders = [directory, *(directory / f"member-{k}" for k in range(2, n + 1))]
    styles = [f"{1 / n!r} {_hdnnp(potential, folder)}" for folder in folders]
    lines = [f"pair_coeff * * hdnnp {k} {elements}" for k in range(1, n + 1)]
    if potential.zbl_A is not None:
        styles.append(f"1.0 zbl {potential.zbl_A[0]!r} {potential.zbl_A[1]!r}")
        # LAMMPS 22 Jul 2025 can't sort three full neighbour lists beside a trimmed one
        lines += [*_zbl_lines(potential.elements), "pair_modify pair zbl neigh/trim no"]
    return (f"pair_style hybrid/scaled {' '.join(styles)}", *lines)


def _zbl_lines(elements: tuple[str, ...]) -> Iterator[str]:
    numbered = [(k, atomic_numbers[element]) for k, element in enumerate(elements, start=1)]
    for (i, zi), (j, zj) in combinations_with_replacement(numbered, 2):
        yield f"pair_coeff {i} {j} zbl {zi} {zj}"


def _make_folder(target: Path, names: list[str], source: Path) -> None:
    if target.exists() and not target.is_dir():
        raise InputError(f"'{target}' is a file; give the name of a folder.")
    if target.resolve() == source:
        raise InputError(f"'{target}' is the potential's own folder; give another one.")
    found = (path for path in target.rglob("*") if path.is_file()) if target.exists() else ()
    others = sorted({str(path.relative_to(target)) for path in found} - set(names))
    if others:
        raise InputError(
            f"'{target}' holds other files ({', '.join(others[:3])}); give a new folder."
        )
    target.mkdir(parents=True, exist_ok=True)


def _without_empty_ranges(potential: Potential, scaling: str) -> str:
    """Give functions that never fired a range, so that n2p2 doesn't divide by zero."""
    text = (potential.directory / "input.nn").read_text(encoding="utf-8")
    lines_of_words = [re.split("[#!]", line)[0].split() for line in text.splitlines()]
    keywords = {words[0] for words in lines_of_words if words}
    by_range = "scale_symmetry_functions" in keywords  # n2p2 then forgets about sigma
    by_sigma = "scale_symmetry_functions_sigma" in keywords and not (
        by_range or "center_symmetry_functions" in keywords
    )
    if not (by_range or by_sigma):
        return scaling
    lines = scaling.splitlines(keepends=True)
    for k, line in enumerate(lines):
        words = line.split("#")[0].split()
        if len(words) < 5:
            continue
        if by_sigma and not float(words[5]) > 0:
            words[5] = f"{CONSTANT_RANGE:.16E}"
        elif not by_sigma and float(words[3]) <= float(words[2]):
            words[3] = f"{float(words[2]) + CONSTANT_RANGE:.16E}"
        else:
            continue
        lines[k] = (
            f"{int(words[0]):4d} {int(words[1]):5d} "
            + " ".join(f"{w:>24s}" for w in words[2:])
            + "\n"
        )
    return "".join(lines)
