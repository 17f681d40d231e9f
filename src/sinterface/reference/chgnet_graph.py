"""CHGNet's two graphs of a structure, built by array operations instead of Python objects."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms

ATOM_CUTOFF_A = 6.0
BOND_CUTOFF_A = 3.0


def crystal_graph(atoms: Atoms) -> Any:
    """Return the `CrystalGraph` that CHGNet's own converter gives, up to the order of its rows.

    Directed edges join each atom to its neighbours within 6 Å; the two directions of an edge
    share an undirected one. Angles are the ordered pairs of edges shorter than 3 Å from one atom.

    Raises
    ------
    ValueError
        When an atom has no neighbour within 6 Å, where CHGNet has no answer.
    """
    import torch
    from chgnet.graph.crystalgraph import CrystalGraph
    from matscipy.neighbours import neighbour_list

    first, second, length, shift = neighbour_list("ijdS", atoms, ATOM_CUTOFF_A)
    if len(np.unique(first)) < len(atoms):
        raise ValueError(f"an atom of {atoms.symbols} has no neighbour within {ATOM_CUTOFF_A} Å")
    edge_of, direction_of = _undirected(first, second, shift)
    one, other = _ordered_pairs(first, np.flatnonzero(length < BOND_CUTOFF_A))
    angles = np.stack([first[one], edge_of[one], one, edge_of[other], other], axis=1)

    def integers(values: np.ndarray) -> Any:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.int32))

    def floats(values: np.ndarray, *, variable: bool = False) -> Any:
        return torch.tensor(values, dtype=torch.float32, requires_grad=variable)

    return CrystalGraph(
        atomic_number=integers(atoms.numbers),
        atom_frac_coord=floats(atoms.get_scaled_positions(wrap=False), variable=True),
        atom_graph=integers(np.stack([first, second], axis=1)),
        neighbor_image=floats(shift),
        directed2undirected=integers(edge_of),
        undirected2directed=integers(direction_of),
        bond_graph=integers(angles),
        lattice=floats(atoms.cell.array, variable=True),
        composition=atoms.get_chemical_formula(),
        atom_graph_cutoff=ATOM_CUTOFF_A,
        bond_graph_cutoff=BOND_CUTOFF_A,
    )


def _undirected(
    first: np.ndarray, second: np.ndarray, shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Number the undirected edges; return that number for each directed edge, and one back."""
    reach = int(np.abs(shift).max(initial=0))
    n_atoms = int(first.max()) + 1
    base = 2 * reach + 1

    def code(i: np.ndarray, j: np.ndarray, image: np.ndarray) -> np.ndarray:
        digits = image.astype(np.int64) + reach
        cell = (digits[:, 0] * base + digits[:, 1]) * base + digits[:, 2]
        return np.asarray((i.astype(np.int64) * n_atoms + j) * base**3 + cell)

    names = np.minimum(code(first, second, shift), code(second, first, -shift))
    _, direction_of, edge_of = np.unique(names, return_index=True, return_inverse=True)
    return edge_of, direction_of


def _ordered_pairs(first: np.ndarray, short: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return every ordered pair of different edges in `short` that leave the same atom."""
    owners = first[short]  # sorted, as the neighbour list is
    counts = np.bincount(owners, minlength=int(first.max()) + 1)
    starts = np.cumsum(counts) - counts
    repeats = counts[owners]
    one = np.repeat(np.arange(len(short)), repeats)
    rank = np.arange(len(one)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    other = starts[owners[one]] + rank
    different = one != other
    return short[one[different]], short[other[different]]
