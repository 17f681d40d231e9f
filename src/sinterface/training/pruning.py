"""Fewer symmetry functions: those that stand best for all of a set on real data.

A set from a rule holds functions that nearly repeat others or never fire for the chemistry at hand.
Of each central element the functions are columns of its atoms' standardised values, and the
columns to keep are chosen

- by CUR: the column of largest weight in the leading principal direction of what the chosen ones
  leave unexplained (Imbalzano et al., J. Chem. Phys. 148, 241730 (2018));
- by farthest points: the column least like any chosen one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.linalg import solve
from scipy.sparse.linalg import eigsh

from sinterface.dataset.selection import farthest_points
from sinterface.errors import InputError
from sinterface.potential.rows import RADIAL_KIND, Row
from sinterface.potential.spectrum import AnyRow
from sinterface.progress import Progress, ProgressCallback
from sinterface.training.pipeline import make_descriptor
from sinterface.training.preparation import compute_raw
from sinterface.training.recipe import Recipe
from sinterface.training.samples import SMALLEST_SIGMA

Method = Literal["cur", "farthest"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pruned:
    """A smaller set.

    Attributes
    ----------
    rows
        Kept functions of each element, by atomic number, in the order of the whole set.
    n_before
        Number of functions of each element before.
    n_silent
        How many of those never change in the frames.
    explained
        Share of the variance of all functions that a linear map of the kept ones gives, on atoms
        that chose none of them; one figure an element.
    """

    rows: tuple[tuple[AnyRow, ...], ...]
    n_before: tuple[int, ...]
    n_silent: tuple[int, ...]
    explained: tuple[float, ...]

    @property
    def lines(self) -> list[str]:
        """The lines for ``symmetry.rows`` of a recipe."""
        return [row.line for each in self.rows for row in each]


def prune_rows(
    recipe: Recipe,
    frames: Sequence[Atoms],
    keep: int,
    method: Method = "cur",
    progress: ProgressCallback | None = None,
    *,
    keep_radial: bool = True,
) -> Pruned:
    """Return the `keep` functions of each element that stand best for all of `recipe`.

    Parameters
    ----------
    frames
        Structures with every element of the recipe; half of their atoms choose, the others judge.
    keep_radial
        Keep all radial functions, which cost least, and choose among the others.

    Raises
    ------
    InputError
        When an element has fewer functions that change, or fewer than four atoms in `frames`.
    """
    rows = recipe.rows()
    features = _features(recipe, rows, frames, progress)
    kept, silent, explained = [], [], []
    for each, values in zip(rows, features, strict=True):
        name = each[0].center
        if len(values) < 4:
            raise InputError(f"The frames hold only {len(values)} atoms of {name}: give more.")
        alive = np.flatnonzero(values.std(axis=0) > SMALLEST_SIGMA)
        if len(alive) < keep:
            raise InputError(
                f"{name} has {len(alive)} functions that change in the frames, fewer than the "
                f"{keep} to keep: keep fewer, or start from a larger set."
            )
        radial = [k for k, row in enumerate(alive) if keep_radial and _is_radial(each[row])]
        if len(radial) > keep:
            raise InputError(
                f"{name} has {len(radial)} radial functions, more than the {keep} to keep: keep "
                "more, or choose among those too (--any-radial)."
            )
        choosing, judging = _halves(_standardised(values[:, alive]))
        chosen = choose_columns(choosing, keep, method, radial)
        kept.append(tuple(each[k] for k in np.sort(alive[chosen])))
        silent.append(len(each) - len(alive))
        explained.append(explained_share(choosing, judging, chosen))
    counts = tuple(len(each) for each in rows)
    return Pruned(tuple(kept), counts, tuple(silent), tuple(explained))


def choose_columns(
    values: Floats, number: int, method: Method, known: Sequence[int] = ()
) -> NDArray[np.int64]:
    """Return indices of `number` columns of standardised `values`, the most telling one first.

    Parameters
    ----------
    known
        Columns chosen beforehand; they count.
    """
    if method == "cur":
        return _leverage_columns(values.T @ values, number, known)
    others = np.setdiff1d(np.arange(values.shape[1]), known)
    n_further = number - len(known)
    further = farthest_points(values.T[others], n_further, values.T[list(known)])
    return np.array([*known, *others[further]], dtype=np.int64)


def explained_share(choosing: Floats, judging: Floats, chosen: NDArray[np.int64]) -> float:
    """Return the share of the variance of `judging` that its `chosen` columns give linearly.

    The linear map is fitted, with a ridge of 1e-4 of the mean variance, on `choosing`.
    """
    kept = choosing[:, chosen]
    covariance = kept.T @ kept
    covariance += 1e-4 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    mapping = solve(covariance, kept.T @ choosing, assume_a="pos")
    left = judging - judging[:, chosen] @ mapping
    return float(1.0 - np.mean(left**2) / np.mean(judging**2))


def _leverage_columns(covariance: Floats, number: int, known: Sequence[int]) -> NDArray[np.int64]:
    """CUR from the columns' covariance: choose, take out what it explains, choose again."""
    left = np.array(covariance)
    chosen: list[int] = []
    for index in known:
        chosen.append(index)
        _take_out(left, index)
    while len(chosen) < number:
        start = np.sqrt(np.clip(np.diag(left), 0.0, None))
        leading = eigsh(left, 1, v0=start + start.mean(), tol=1e-3)[1][:, 0]
        weights = leading**2
        weights[chosen] = -1.0
        index = int(np.argmax(weights))
        chosen.append(index)
        _take_out(left, index)
    return np.array(chosen, dtype=np.int64)


def _take_out(left: Floats, index: int) -> None:
    """Take what column `index` explains out of the covariance `left`."""
    pivot = left[index, index]
    if pivot > 0:
        column = left[:, index].copy()
        left -= np.outer(column, column / pivot)


def _is_radial(row: AnyRow) -> bool:
    return isinstance(row, Row) and row.kind == RADIAL_KIND


def _features(
    recipe: Recipe,
    rows: Sequence[Sequence[AnyRow]],
    frames: Sequence[Atoms],
    progress: ProgressCallback | None,
) -> list[Floats]:
    """Return the raw functions of each element's atoms in all frames."""
    elements = tuple(each[0].center for each in rows)
    make: Any = partial(
        compute_raw,
        elements=elements,
        cutoff_A=recipe.symmetry.cutoff_A,
        descriptor=make_descriptor(recipe, rows),
    )
    found = []
    for done, frame in enumerate(frames):
        if progress is not None:
            progress(Progress(done, len(frames), "symmetry functions"))
        found.append(make(frame).features)
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def _standardised(values: Floats) -> Floats:
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0))


def _halves(values: Floats) -> tuple[Floats, Floats]:
    order = np.random.default_rng(0).permutation(len(values))
    middle = len(values) // 2
    return values[order[:middle]], values[order[middle:]]
