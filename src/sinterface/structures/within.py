"""A part of a cell, as a person names it: a layer, a ball, or a labelled region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError, nearest_name
from sinterface.structures.formats import NAMES_KEY

if TYPE_CHECKING:
    from ase import Atoms

_HOW = (
    "write 'c 0.4 0.6' (a layer between two fractions of an edge), 'sphere 6.5 6.5 6.5 4' (centre "
    "and radius in Å) or 'region electrode'"
)


@dataclass(frozen=True)
class Within:
    """A part of a cell.

    Attributes
    ----------
    kind
        "a", "b", "c" (layer), "sphere" or "region".
    numbers
        Lower and upper fraction of a layer (through the face when the lower is larger); centre
        and radius in Å.
    name
        Of a region.
    """

    kind: str
    numbers: tuple[float, ...] = ()
    name: str = ""

    def __str__(self) -> str:
        return f"within '{' '.join([self.kind, *(f'{n:g}' for n in self.numbers), self.name])}'"

    def holds(self, atoms: Atoms) -> NDArray[np.bool_]:
        """Return which atoms lie inside, shape (n_atoms,).

        Raises
        ------
        InputError
            For a region that the structure hasn't.
        """
        if self.kind == "region":
            return self._labelled(atoms)
        if self.kind == "sphere":
            centre = np.array(self.numbers[:3]) @ np.linalg.inv(atoms.cell.array)
            delta = atoms.get_scaled_positions() - centre
            delta = (delta - np.round(delta)) @ atoms.cell.array
            inside: NDArray[np.bool_] = np.linalg.norm(delta, axis=1) <= self.numbers[3]
            return inside
        fraction = atoms.get_scaled_positions()[:, "abc".index(self.kind)]
        low, high = self.numbers
        layer: NDArray[np.bool_] = (fraction - low) % 1.0 <= (high - low) % 1.0
        return layer if high - low < 1.0 else np.ones(len(atoms), dtype=bool)

    def _labelled(self, atoms: Atoms) -> NDArray[np.bool_]:
        if "region" not in atoms.arrays:
            raise InputError(f"The structure has no region labels; {_HOW.rpartition(' or ')[0]}.")
        labels = sorted(set(np.asarray(atoms.arrays["region"]).tolist()))
        names = str(atoms.info.get(NAMES_KEY, "")).split(",")
        known = {name: number for number, name in enumerate(names) if name}
        known |= {str(number): number for number in labels}
        if self.name not in known:
            raise InputError(
                f"There is no region '{self.name}'.{nearest_name(self.name, list(known))} The "
                f"structure has {', '.join(known)}."
            )
        mine: NDArray[np.bool_] = np.asarray(atoms.arrays["region"]) == known[self.name]
        return mine


def parse_within(text: str) -> Within:
    """Return the part of a cell that a person wrote.

    Raises
    ------
    InputError
        When it can't be read.
    """
    kind, _, rest = text.strip().partition(" ")
    if kind == "region" and rest.strip():
        return Within("region", name=rest.strip())
    try:
        numbers = tuple(float(word) for word in rest.split())
    except ValueError:
        numbers = ()
    if kind in ("a", "b", "c") and len(numbers) == 2:
        return Within(kind, numbers)
    if kind == "sphere" and len(numbers) == 4 and numbers[3] > 0:
        return Within(kind, numbers)
    raise InputError(f"The part of the cell '{text}' can't be read; {_HOW}.")
