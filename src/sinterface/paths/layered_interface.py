"""Li through the outermost CoO2 layer of an interface whose electrode lies flat, as LCO(003) does.

During a run Co leaves the outermost layer and Li fills its place; from there Li hops into the
inner Li layer (lithiation of the electrode) or back (delithiation).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.paths.hop import Hop, charge_words

if TYPE_CHECKING:
    from ase import Atoms

Side = Literal["lower", "upper"]
_LAYER_A = 0.9
"""Half the thickness of a layer of Co, hot or not."""
_LEAST_SHARE = 0.5
"""A layer counts from this share of the fullest one on."""
_NEIGHBOUR_A = 3.6
_ELECTRODE = 1


@dataclass(frozen=True)
class Layers:
    """The outermost planes of a layered electrode on one side.

    Attributes
    ----------
    cobalt_A, next_cobalt_A
        Height of the outermost Co plane and of the one below it.
    lithium
        Li between them.
    inward
        +1 where the electrode lies above the plane, −1 where below.
    """

    cobalt_A: float
    next_cobalt_A: float
    lithium: NDArray[np.int64]
    inward: int


def outer_layers(atoms: Atoms, side: Side) -> Layers:
    """Find the outermost CoO2 layer of a side of the electrode and the Li layer beneath it.

    Parameters
    ----------
    atoms
        Interface with its normal along z, region 1 the electrode, as `sinterface build interface`
        makes it.
    side
        End of the electrode along z.

    Raises
    ------
    InputError
        When there is no electrode with two Co layers one above the other.
    """
    if side not in ("lower", "upper"):
        raise InputError(f"side must be lower or upper, got '{side}'.")
    if "region" not in atoms.arrays:
        raise InputError(
            "The structure doesn't tell which atoms are the electrode (array 'region'); build the "
            "interface with 'sinterface build interface', or write region 1 into the extxyz."
        )
    height = _unwrapped_heights(atoms)
    mine = (atoms.numbers == 27) & (atoms.arrays["region"] == _ELECTRODE)
    planes = _planes(height[mine])
    if len(planes) < 2:
        raise InputError(
            "The electrode has no two CoO2 layers across the normal; give an interface whose LCO "
            "lies flat, such as LLZO(001)|LCO(003)."
        )
    outer, inner = (planes[0], planes[1]) if side == "lower" else (planes[-1], planes[-2])
    low, high = min(outer, inner), max(outer, inner)
    between = (atoms.numbers == 3) & (height > low + _LAYER_A) & (height < high - _LAYER_A)
    lithium = np.flatnonzero(between)
    if len(lithium) == 0:
        raise InputError("There is no Li between the two outermost CoO2 layers of that side.")
    return Layers(outer, inner, lithium, 1 if side == "lower" else -1)


def cobalt_vacancy_hop(
    atoms: Atoms, side: Side = "lower", *, cobalt: int | None = None, vacancies: int = 1
) -> Hop:
    """Return the hop of a Li on a Co vacancy of the outermost CoO2 layer into the inner Li layer.

    One Co of the layer is taken out, and the Li of the inner layer nearest to it put there: the
    place that it left is the vacancy that it hops into. A Li that stands in the layer already, as
    in a snapshot of a long run, is taken instead of a new vacancy.

    Parameters
    ----------
    atoms, side
        As in :func:`outer_layers`.
    cobalt
        The Co to take out; the one nearest to the cell's middle if not given.
    vacancies
        Empty sites of the inner Li layer in all: the one that is hopped into, and its neighbours.
        Beside an empty Co site a full Li layer may push one of its Li into it, so that the last
        end point is no minimum; one more vacancy helps then.

    Raises
    ------
    InputError
        When there are no such layers, `cobalt` is none of the outermost, or for fewer than 1 or
        more vacancies than Li.
    """
    layers = outer_layers(atoms, side)
    height = _unwrapped_heights(atoms)
    in_layer = np.abs(height - layers.cobalt_A) < _LAYER_A
    settled = np.flatnonzero((atoms.numbers == 3) & in_layer)
    if cobalt is None and len(settled):
        ion = int(settled[_central(atoms, settled)])
        return _snapshot_hop(atoms, side, layers, ion, vacancies)
    choices = np.flatnonzero((atoms.numbers == 27) & in_layer)
    taken = int(choices[_central(atoms, choices)]) if cobalt is None else cobalt
    if taken not in choices:
        raise InputError(
            f"Atom {taken} is no Co of the outermost CoO2 layer; take one of "
            f"{', '.join(map(str, choices[:8]))}, ..."
        )
    place = atoms.positions[taken].copy()
    ion = _nearest_lithium(atoms, layers, place)
    target = atoms.positions[ion].copy()
    initial = atoms.copy()
    initial.positions[ion] = place
    more = _more_vacancies(atoms, layers, target, ion, vacancies - 1)
    change = f"one Co3+ of the outermost layer{_and_lithium(more)} taken out"
    return _described(initial, ion, target, [taken, *more], change, side, layers, "made")


def _snapshot_hop(atoms: Atoms, side: Side, layers: Layers, ion: int, vacancies: int) -> Hop:
    """Return the hop of a Li that stands in the Co layer to where a Li of the inner layer stands.

    That Li is taken out.
    """
    neighbour = _nearest_lithium(atoms, layers, atoms.positions[ion])
    target = atoms.positions[neighbour].copy()
    more = _more_vacancies(atoms, layers, target, neighbour, vacancies - 1)
    change = f"{1 + len(more)} Li+ of the inner layer taken out"
    gone = [neighbour, *more]
    return _described(atoms.copy(), ion, target, gone, change, side, layers, "found")


def _more_vacancies(
    atoms: Atoms, layers: Layers, target: NDArray[np.float64], but: int, count: int
) -> list[int]:
    """Return the Li of the inner layer nearest to a place, one of them left out."""
    from ase.geometry import find_mic

    others = layers.lithium[layers.lithium != but]
    if not 0 <= count < len(others):
        raise InputError(
            f"vacancies must be 1 to {len(others)} in the inner Li layer, got {count + 1}."
        )
    lengths = find_mic(atoms.positions[others] - target, atoms.cell, True)[1]
    return [int(k) for k in others[np.argsort(lengths, kind="stable")[:count]]]


def _and_lithium(more: list[int]) -> str:
    return f" and {len(more)} Li+ of the inner layer" if more else ""


def _described(
    initial: Atoms,
    ion: int,
    target: NDArray[np.float64],
    gone: list[int],
    change: str,
    side: Side,
    layers: Layers,
    vacancy: str,
) -> Hop:
    """Return the hop of an ion to a place, some atoms of `initial` being taken out."""
    del initial[gone]
    ion -= sum(index < ion for index in gone)
    final = initial.copy()
    final.positions[ion] = target
    return Hop(
        name=f"cobalt-vacancy-{side}",
        title=f"Li from a Co vacancy of the outermost CoO₂ layer into the Li layer, {side} side",
        initial=initial,
        final=final,
        charge=charge_words(initial, change),
        details={
            "side": side,
            "cobalt_vacancy": vacancy,
            "taken_out": len(gone),
            "layer_spacing_A": round(abs(layers.next_cobalt_A - layers.cobalt_A), 3),
            "forward": "lithiation of the electrode",
        },
    )


def _nearest_lithium(atoms: Atoms, layers: Layers, place: NDArray[np.float64]) -> int:
    from ase.geometry import find_mic

    lengths = find_mic(atoms.positions[layers.lithium] - place, atoms.cell, True)[1]
    if lengths.min() > _NEIGHBOUR_A:
        raise InputError(
            f"The Li layer beneath has no Li within {_NEIGHBOUR_A} Å of that place; give another "
            "Co with --cobalt."
        )
    return int(layers.lithium[int(lengths.argmin())])


def _central(atoms: Atoms, choices: NDArray[np.int64]) -> int:
    """Return which of some atoms stands nearest to the middle of the cell's first two edges."""
    fractions = atoms[choices].get_scaled_positions()[:, :2]
    return int(np.linalg.norm(fractions - 0.5, axis=1).argmin())


def _unwrapped_heights(atoms: Atoms) -> NDArray[np.float64]:
    """Return z with the electrode in one piece across the periodic face, shape (n_atoms,)."""
    length = float(atoms.cell.array[2, 2])
    height = atoms.positions[:, 2] % length
    electrode = np.sort(height[atoms.arrays["region"] == _ELECTRODE])
    if len(electrode) == 0:
        return np.asarray(height)
    gaps = np.diff(np.append(electrode, electrode[0] + length))
    start = electrode[(int(gaps.argmax()) + 1) % len(electrode)]  # behind the electrolyte's slab
    middle = start + 0.5 * (length - gaps.max())
    shifted = (height - middle + 0.5 * length) % length + middle - 0.5 * length
    return np.asarray(shifted)


def _planes(heights: NDArray[np.float64]) -> list[float]:
    """Return the heights of full layers, lowest first."""
    if len(heights) == 0:
        return []
    order = np.sort(heights)
    groups = np.split(order, np.flatnonzero(np.diff(order) > _LAYER_A) + 1)
    fullest = max(len(group) for group in groups)
    return [float(np.median(g)) for g in groups if len(g) >= _LEAST_SHARE * fullest]
