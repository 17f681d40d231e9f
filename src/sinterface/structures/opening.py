"""A structure to go on from: a crystal by name, a CIF, or a file that was built before."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.structures.crystals import crystal_with_parent
from sinterface.structures.formats import certificate_path, read_structure
from sinterface.structures.oxidation import neutral_states
from sinterface.structures.structure_certificate import Parent

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class Opened:
    """A structure, and what its certificate says of it.

    Attributes
    ----------
    atoms
        The structure with its labels.
    parents
        Crystals it was made from; none where they aren't known.
    states
        Formal charges that aren't the usual ones.
    certificate
        The certificate beside the file, or nothing.
    """

    atoms: Atoms
    parents: tuple[Parent, ...] = ()
    states: dict[str, float] = field(default_factory=dict)
    certificate: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What its certificate calls it; nothing without one."""
        return str(self.certificate.get("kind", ""))


def open_structure(name_or_path: str, *, seed: int = 0, draws: int = 1) -> Opened:
    """Return a crystal by name, or the structure of a file with what is known of it.

    A CIF without a certificate beside it is read as a crystal, its partly occupied sites filled.

    Raises
    ------
    InputError
        For an unknown name, a file that can't be read, or a crystal that can't be neutral.
    """
    path = Path(name_or_path)
    certificate = _certificate(path)
    if not path.is_file() or (path.suffix.lower() == ".cif" and not certificate):
        atoms, parent = crystal_with_parent(name_or_path, seed, draws=draws)
        states = neutral_states(atoms, f"The crystal '{name_or_path}'")
        return Opened(atoms, (parent,), states)
    parents = tuple(Parent(**entry) for entry in certificate.get("parents", ()))
    return Opened(
        read_structure(path), parents, dict(certificate.get("oxidation_states", {})), certificate
    )


def _certificate(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(certificate_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
