"""Put separately trained potentials together to a committee."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from sinterface.errors import InputError
from sinterface.files import write_text
from sinterface.potential.model import Potential, load_potential


def write_committee(directory: Path | str, members: Sequence[Potential | Path | str]) -> Potential:
    """Write a committee and load it.

    Its own files are those of the first member; each further one stands in a folder ``member-2``,
    ``member-3``, ..., a whole n2p2 directory too, and has a line ``committee_member FOLDER`` in
    ``extension.nn``.

    Parameters
    ----------
    directory
        New folder.
    members
        Two or more potentials, no committees, with the same symmetry functions, scaling and
        short-range repulsion; their networks may have different shapes.

    Raises
    ------
    InputError
        When `directory` exists, a member is a committee, or the members don't fit together; then
        nothing is left behind.
    """
    target = Path(directory)
    if target.exists():
        raise InputError(f"'{target}' exists; give the name of a new folder.")
    loaded = [m if isinstance(m, Potential) else load_potential(m) for m in members]
    _check(loaded)
    building = target.with_name(f".{target.name}.partial")
    shutil.rmtree(building, ignore_errors=True)
    try:
        _fill(building, loaded)
        load_potential(building)
        building.rename(target)
    except InputError as error:
        raise InputError(str(error).replace(str(building.resolve()), str(target))) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return load_potential(target)


def _check(members: Sequence[Potential]) -> None:
    if len(members) < 2:
        raise InputError(f"A committee needs at least two members, got {len(members)}.")
    for member in members:
        if member.n_members > 1:
            raise InputError(f"'{member.directory}' is a committee itself; give single potentials.")
        if member.zbl_A != members[0].zbl_A:
            raise InputError(
                f"'{member.directory}' has the short-range repulsion {member.zbl_A}, the first "
                f"member has {members[0].zbl_A}: members of a committee share it."
            )
        if member.units_A_eV != members[0].units_A_eV:
            raise InputError(f"'{member.directory}' has other units than the first member.")


def _fill(directory: Path, members: Sequence[Potential]) -> None:
    folders = [f"member-{k}" for k in range(2, len(members) + 1)]
    for folder, member in zip((".", *folders), members, strict=True):
        (directory / folder).mkdir(parents=True, exist_ok=True)
        for name in member.n2p2_files:
            shutil.copyfile(member.directory / name, directory / folder / name)
    card = members[0].directory / "potential.toml"
    if card.exists():
        shutil.copyfile(card, directory / card.name)
    extension = members[0].directory / "extension.nn"
    lines = extension.read_text("utf-8").splitlines() if extension.exists() else []
    if not any(line.split()[:1] == ["format_version"] for line in lines):
        lines.append("format_version 1")
    lines += [f"committee_member {folder}" for folder in folders]
    write_text(directory / "extension.nn", "\n".join(lines) + "\n")
