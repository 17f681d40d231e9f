"""Disordered cells of given composition, built from neutral formula units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols
from ase.formula import Formula

from sinterface.errors import InputError, nearest_name

FORMULA_VOLUME_A3: Final[dict[str, float]] = {
    "Li7La3Zr2O12": 273.4,  # cubic, a = 12.98 Å, 8 formula units
    "LiCoO2": 32.16,  # R-3m, a = 2.816, c = 14.05 Å, 3 formula units
    "CoO2": 30.0,  # delithiated LiCoO2 keeps nearly its volume
    "Li2O": 24.65,  # Fm-3m, a = 4.62 Å, 4 formula units
    "La2O3": 82.4,  # P-3m1, a = 3.94, c = 6.13 Å
    "ZrO2": 35.2,  # monoclinic, 140.7 Å3, 4 formula units
    "CoO": 19.3,  # rock salt, a = 4.26 Å, 4 formula units
}
"""Volume of each known neutral formula unit at room temperature, in Å3."""

MIXTURES: Final[dict[str, dict[str, int]]] = {
    "mixture-1": {"Li7La3Zr2O12": 3, "LiCoO2": 6, "CoO2": 12, "Li2O": -6, "ZrO2": 2},
    "mixture-2": {"Li7La3Zr2O12": 3, "LiCoO2": 12, "CoO2": 4, "Li2O": -4, "La2O3": 1},
    "mixture-3": {"Li7La3Zr2O12": 3, "LiCoO2": 15},
    "mixture-4": {"Li7La3Zr2O12": 2, "LiCoO2": 18, "Li2O": 3, "ZrO2": 3},
    "mixture-5": {"Li7La3Zr2O12": 3, "LiCoO2": 10, "Li2O": 8, "La2O3": -1},
}
"""M1–M5, from Li-deficient to Li-sufficient, as the labels of `llzo-lco` were made."""

UNSEEN: Final[dict[str, dict[str, int]]] = {
    "unseen-1": {"Li7La3Zr2O12": 2, "LiCoO2": 4, "CoO2": 10, "Li2O": -6, "La2O3": 4},
    "unseen-2": {"Li7La3Zr2O12": 2, "LiCoO2": 8, "ZrO2": 9},
    "unseen-3": {"Li7La3Zr2O12": 1, "LiCoO2": 24, "CoO2": 6},
    "unseen-4": {"Li7La3Zr2O12": 5, "LiCoO2": 3},
    "unseen-5": {"Li7La3Zr2O12": 2, "LiCoO2": 6, "Li2O": 16},
}
"""U1–U5: rich in La, Zr, Co, LLZO and Li in turn, outside the hull of M1–M5, never trained on."""

OXIDATION_STATES: Final[dict[str, tuple[int, int]]] = {
    "Li": (1, 1),
    "La": (3, 3),
    "Zr": (4, 4),
    "Co": (2, 4),
    "O": (-2, -2),
}
"""Lowest and highest formal charge of each element."""

_CONTACT_A: Final[dict[frozenset[str], float]] = {
    frozenset({"O"}): 2.6,
    frozenset({"Li", "O"}): 1.9,
    frozenset({"Co", "O"}): 1.9,
    frozenset({"Zr", "O"}): 2.05,
    frozenset({"La", "O"}): 2.35,
    frozenset({"Li"}): 2.4,
    frozenset({"La"}): 3.4,
    frozenset({"Zr"}): 3.2,
    frozenset({"La", "Zr"}): 3.3,
}
_CATION_CONTACT_A: Final = 2.7
_OXYGEN_CONTACT_A: Final = 1.9


@dataclass(frozen=True)
class Mixture:
    """A neutral composition and the volume it takes.

    Attributes
    ----------
    counts
        Number of atoms of each element.
    volume_A3
        Sum of the formula units' volumes.
    """

    counts: dict[str, int]
    volume_A3: float


def mix(units: Mapping[str, int]) -> Mixture:
    """Add neutral formula units; a negative number takes units out.

    ``{"Li7La3Zr2O12": 3, "LiCoO2": 12, "CoO2": 4, "Li2O": -4}`` is a Li-deficient mixture.

    Raises
    ------
    InputError
        For an unknown unit, or a result with a negative count or without a formal charge balance.
    """
    counts: dict[str, int] = {}
    volume = 0.0
    for unit, number in units.items():
        if unit not in FORMULA_VOLUME_A3:
            known = list(FORMULA_VOLUME_A3)
            raise InputError(
                f"Unknown formula unit '{unit}'.{nearest_name(unit, known)} "
                f"Use neutral units among {', '.join(known)}."
            )
        volume += number * FORMULA_VOLUME_A3[unit]
        for symbol, n_atoms in Formula(unit).count().items():
            counts[symbol] = counts.get(symbol, 0) + number * n_atoms
    negative = [symbol for symbol, count in counts.items() if count < 0]
    if negative:
        raise InputError(f"The mixture has fewer than zero {', '.join(negative)}; take out less.")
    check_neutral(counts)
    return Mixture({symbol: count for symbol, count in counts.items() if count}, volume)


def check_neutral(counts: Mapping[str, int]) -> None:
    """Check that some oxidation state of each element makes `counts` neutral.

    Raises
    ------
    InputError
        When the lowest formal charge is above zero or the highest below it.
    """
    unknown = [symbol for symbol in counts if symbol not in OXIDATION_STATES]
    if unknown:
        raise InputError(f"No oxidation state is known for {', '.join(unknown)}; remove it.")
    low, high = (
        sum(count * OXIDATION_STATES[symbol][side] for symbol, count in counts.items())
        for side in (0, 1)
    )
    if low > 0 or high < 0:
        raise InputError(
            f"The composition {dict(counts)} can't be neutral: its formal charge lies between "
            f"{low:+d} and {high:+d} with Co from 2+ to 4+; change Li or O."
        )


def pack(mixture: Mixture, *, volume_scale: float = 1.0, seed: int = 0) -> Atoms:
    """Return a random cubic periodic cell of `mixture` in which no two atoms overlap.

    Random positions are moved down the gradient of U = Σ (σ_ij − r_ij)² over pairs closer than
    a contact distance σ_ij of their elements, until the overlaps are gone or spread evenly.

    Parameters
    ----------
    volume_scale
        Cell volume over that of the crystalline units; 1.05 to 1.2 suits a melt.
    seed
        Of the random positions; the same seed gives the same cell.

    Raises
    ------
    InputError
        When the volume is so small that contacts below 75 % of σ_ij remain.
    """
    from scipy.optimize import minimize

    numbers = np.repeat(
        [atomic_numbers[symbol] for symbol in mixture.counts], list(mixture.counts.values())
    )
    edge = float((mixture.volume_A3 * volume_scale) ** (1 / 3))
    first, second = np.triu_indices(len(numbers), 1)
    contact = _contacts(numbers)[first, second]
    start = np.random.default_rng(seed).random((len(numbers), 3)) * edge
    found = minimize(
        _overlap,
        start.ravel(),
        args=(first, second, contact, edge),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 500, "maxcor": 10},
    )
    positions = found.x.reshape(-1, 3) % edge
    atoms = Atoms(numbers, positions, cell=[edge] * 3, pbc=True)
    vectors = positions[first] - positions[second]
    vectors -= edge * np.round(vectors / edge)
    if (np.linalg.norm(vectors, axis=1) / contact).min() < 0.75:
        raise InputError(
            f"{atoms.get_chemical_formula()} doesn't fit into {edge**3:.0f} Å3 without overlaps; "
            f"raise volume_scale above {volume_scale}."
        )
    return atoms


def _contacts(numbers: np.ndarray) -> np.ndarray:
    symbols = [chemical_symbols[number] for number in numbers]
    kinds = sorted(set(symbols))
    table = np.array([[_contact(a, b) for b in kinds] for a in kinds])
    kind = np.array([kinds.index(symbol) for symbol in symbols])
    return np.asarray(table[kind[:, None], kind[None, :]])


def _contact(first: str, second: str) -> float:
    default = _OXYGEN_CONTACT_A if "O" in (first, second) else _CATION_CONTACT_A
    return _CONTACT_A.get(frozenset({first, second}), default)


def _overlap(
    flat: np.ndarray, first: np.ndarray, second: np.ndarray, contact: np.ndarray, edge: float
) -> tuple[float, np.ndarray]:
    positions = flat.reshape(-1, 3)
    vectors = positions[first] - positions[second]
    vectors -= edge * np.round(vectors / edge)
    distances = np.linalg.norm(vectors, axis=1)
    near = distances < contact
    depth = contact[near] - distances[near]
    slope = (-2.0 * depth / np.maximum(distances[near], 1e-9))[:, None] * vectors[near]
    gradient = np.zeros_like(positions)
    np.add.at(gradient, first[near], slope)
    np.subtract.at(gradient, second[near], slope)
    return float((depth**2).sum()), gradient.ravel()
