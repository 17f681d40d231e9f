"""Two end points of a hop, and what is known about them before any energy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.dynamics.requirements import check_structure
from sinterface.errors import InputError
from sinterface.structures.lithium import FORMAL_CHARGES
from sinterface.structures.structure_certificate import oxidation_states

if TYPE_CHECKING:
    from ase import Atoms

MOVED_A = 0.5
"""An atom farther than this from where it was has moved."""
SAME_A = 1e-3
_SAME_CELL_A = 1e-4


@dataclass(frozen=True)
class Hop:
    """Two end points with the same atoms in the same order and cell.

    Attributes
    ----------
    name, title
        For files, and for people.
    initial, final
        End points, not yet relaxed. Where `final` differs in one atom only, it is made anew from
        the relaxed `initial`, so that the rest of both stands alike.
    via_A
        Point that the first guess leads the moving atom through halfway, shape (3,), in Å; None
        for the straight line.
    charge
        What keeps the cell formally neutral, in words: a potential doesn't know charges.
    details
        Figures of the case (sites, distances).
    """

    name: str
    title: str
    initial: Atoms
    final: Atoms
    via_A: NDArray[np.float64] | None = None
    charge: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def moving(self) -> NDArray[np.int64]:
        """Atoms that move, the farthest first; the farthest alone where none moves far."""
        return moved_atoms(self.initial, self.final)


def displacements(initial: Atoms, final: Atoms) -> NDArray[np.float64]:
    """Return the shortest vectors from `initial` to `final` through the faces, shape (n, 3), Å."""
    from ase.geometry import find_mic

    found: NDArray[np.float64] = find_mic(
        final.positions - initial.positions, initial.cell, initial.pbc
    )[0]
    return found


def moved_atoms(initial: Atoms, final: Atoms) -> NDArray[np.int64]:
    """Return the atoms that moved more than :data:`MOVED_A`, the farthest first; at least one."""
    lengths = np.linalg.norm(displacements(initial, final), axis=1)
    order = np.argsort(-lengths, kind="stable")
    count = max(1, int((lengths > MOVED_A).sum()))
    found: NDArray[np.int64] = order[:count]
    return found


def hop_between(
    initial: Atoms, final: Atoms, *, name: str = "pair", title: str = "", charge: str = ""
) -> Hop:
    """Return the hop between any two structures of the same atoms.

    Where atoms of an element stand in another order in `final` they are put into that of
    `initial`, so that the sum of squared displacements is smallest.

    Raises
    ------
    InputError
        For other atoms, other cells, or end points that don't differ.
    """
    check_structure(initial)
    check_structure(final)
    one, other = (sorted(atoms.get_chemical_symbols()) for atoms in (initial, final))
    if one != other:
        formulas = [atoms.get_chemical_formula() for atoms in (initial, final)]
        raise InputError(
            f"The end points hold other atoms: {formulas[0]} and {formulas[1]}; give two "
            "structures with the same atoms."
        )
    if np.abs(initial.cell.array - final.cell.array).max() > _SAME_CELL_A:
        raise InputError(
            "The end points have other cells; a path needs one cell, so relax both in the same."
        )
    matched = _in_order(initial, final)
    if np.linalg.norm(displacements(initial, matched), axis=1).max() < MOVED_A:
        raise InputError(
            f"No atom moves more than {MOVED_A:g} Å between the end points; give two different "
            "ones."
        )
    hop = Hop(name, title, _bare(initial), matched, charge=charge or charge_words(initial))
    if title:
        return hop
    ion = initial.get_chemical_symbols()[int(hop.moving[0])]
    words = f"{ion} between two given structures of {initial.get_chemical_formula()}"
    return Hop(name, words, hop.initial, hop.final, charge=hop.charge)


def _bare(atoms: Atoms) -> Atoms:
    from ase import Atoms

    bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell.array, pbc=True)
    if "region" in atoms.arrays:
        bare.set_array("region", np.asarray(atoms.arrays["region"], np.int64))
    return bare


def _in_order(initial: Atoms, final: Atoms) -> Atoms:
    """Return `final` with its atoms in the order of `initial`."""
    ordered = _bare(initial)
    ordered.positions[:] = final.positions
    same = np.array_equal(initial.numbers, final.numbers)
    if same and np.linalg.norm(displacements(initial, ordered), axis=1).max() <= MOVED_A:
        return ordered
    for number in np.unique(initial.numbers):
        mine, theirs = (np.flatnonzero(atoms.numbers == number) for atoms in (initial, final))
        ordered.positions[mine] = final.positions[theirs[_assigned(initial, final, mine, theirs)]]
    return ordered


def _assigned(
    initial: Atoms, final: Atoms, mine: NDArray[np.int64], theirs: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return which of `theirs` each of `mine` is, the sum of squared distances being smallest."""
    from ase.geometry import find_mic
    from scipy.optimize import linear_sum_assignment

    fast = np.arange(len(mine))
    between = final.positions[theirs] - initial.positions[mine]
    if len(mine) and np.linalg.norm(find_mic(between, initial.cell)[0], axis=1).max() < MOVED_A:
        return fast
    rows = [
        np.square(find_mic(final.positions[theirs] - place, initial.cell)[1])
        for place in initial.positions[mine]
    ]
    found: NDArray[np.int64] = linear_sum_assignment(np.array(rows))[1]
    return found


def charge_words(atoms: Atoms, change: str = "") -> str:
    """Say how the formal charges of a cell add up; `change` tells what was done to it.

    A neural-network potential sees no charges, so this is bookkeeping: which oxidation states
    would make the cell neutral.
    """
    symbols = atoms.get_chemical_symbols()
    states = oxidation_states(symbols)
    total = sum(states[symbol] for symbol in symbols)
    if abs(total) > 1e-6:
        text = f"the usual oxidation states leave {total:+g} e, which nothing here balances"
    elif "Co" in states and abs(states["Co"] - FORMAL_CHARGES["Co"]) > 1e-6:
        n_cobalt = symbols.count("Co")
        oxidised = round((states["Co"] - FORMAL_CHARGES["Co"]) * n_cobalt)
        kind = f"{oxidised} of {n_cobalt} Co being 4+" if oxidised > 0 else (
            f"{-oxidised} of {n_cobalt} Co being 2+"
        )  # fmt: skip
        text = f"neutral by {kind} (mean {states['Co']:.3f}+)"
    else:
        text = "neutral with the usual oxidation states"
    return f"{change}; {text}" if change else text
