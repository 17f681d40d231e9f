"""Which frames train, which validate and which are held out.

Neighbouring frames of one trajectory are nearly the same structure, and so are a frame and a run
that starts from it: they are one family (`family_of`), and a family is never divided. A split frame
by frame lets relatives stand on both sides, and the held-out error then measures memory:
`split_random` is there for the comparison only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from sinterface.dataset.frames import family_of, label_of
from sinterface.errors import InputError


@dataclass(frozen=True)
class Split:
    """Indices of frames, each in one part at most, in rising order.

    Attributes
    ----------
    train, validation, test
        Frames to fit, to stop by, and never to be looked at while fitting.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]

    def parts(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Return the three parts."""
        return self.train, self.validation, self.test


def split_by_trajectory(
    frames: Sequence[Atoms], *, validation: float = 0.1, test: float = 0.1, seed: int = 0
) -> Split:
    """Hold out whole trajectories with their relatives, drawn within each system.

    In each system the test part, then the validation part, takes families in random order until it
    has its share of the system's frames. A system of two families or fewer is trained on whole, and
    so is a family of more than a third of its system.

    Parameters
    ----------
    validation, test
        Shares of the frames, together below 1.
    seed
        Of the draw.

    Raises
    ------
    InputError
        When the shares leave nothing to train on.
    """
    _check_shares(validation, test)
    rng = np.random.default_rng(seed)
    systems: dict[str, dict[str, list[int]]] = {}
    home: dict[str, str] = {}  # a family that spans systems counts with its first one
    for index, frame in enumerate(frames):
        family = family_of(frame)
        runs = systems.setdefault(home.setdefault(family, label_of(frame).system), {})
        runs.setdefault(family, []).append(index)
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    for system in sorted(systems):
        taken = _deal(systems[system], validation, test, rng)
        for part, indices in zip(parts, taken, strict=True):
            part += indices
    return _split(*parts)


def _deal(
    runs: dict[str, list[int]], validation: float, test: float, rng: np.random.Generator
) -> tuple[list[int], list[int], list[int]]:
    names = sorted(runs)
    rng.shuffle(names)
    n_frames = sum(len(indices) for indices in runs.values())
    kept = [name for name in names if 3 * len(runs[name]) > n_frames]
    names = [name for name in names if name not in kept]
    held: list[list[int]] = []
    for share in (test, validation):
        part: list[int] = []
        while len(names) + len(kept) > 1 and len(runs) >= 3 and len(part) < share * n_frames:
            if not names:
                break
            part += runs[names.pop()]
        held.append(part)
    return [index for name in kept + names for index in runs[name]], held[1], held[0]


def split_by_composition(
    frames: Sequence[Atoms], held_out: Iterable[str], *, validation: float = 0.1, seed: int = 0
) -> Split:
    """Hold out every frame of some compositions; the rest is split by trajectory.

    Parameters
    ----------
    held_out
        Systems (``mixture-2``) or chemical formulas in Hill notation (``Co28Li28O56``). A
        composition that is held out under one system's name is held out under every other.

    Raises
    ------
    InputError
        When a name fits no frame, or nothing is left to train on.
    """
    names = set(held_out)
    formulas = [frame.get_chemical_formula() for frame in frames]
    systems = [label_of(frame).system for frame in frames]
    unknown = names - set(formulas) - set(systems)
    if unknown:
        raise InputError(
            f"No frame belongs to {', '.join(sorted(unknown))}; "
            f"the systems are {', '.join(sorted(set(systems)))}."
        )
    pairs = list(zip(formulas, systems, strict=True))
    gone = {formula for formula, system in pairs if names & {formula, system}}
    test = [index for index, formula in enumerate(formulas) if formula in gone]
    kept = np.array([i for i, formula in enumerate(formulas) if formula not in gone], dtype=int)
    if not len(kept):
        raise InputError("Every composition is held out; leave some to train on.")
    rest = split_by_trajectory(
        [frames[index] for index in kept], validation=validation, test=0.0, seed=seed
    )
    return _split(kept[list(rest.train)], kept[list(rest.validation)], test)


def split_random(
    frames: Sequence[Atoms], *, validation: float = 0.1, test: float = 0.1, seed: int = 0
) -> Split:
    """Split frame by frame, as is common; it leaks (see `leaks`) and flatters the error."""
    _check_shares(validation, test)
    order = np.random.default_rng(seed).permutation(len(frames))
    n_test, n_validation = round(test * len(frames)), round(validation * len(frames))
    bounds = np.split(order, [n_test, n_test + n_validation])
    return _split(bounds[2], bounds[1], bounds[0])


def leaks(frames: Sequence[Atoms], split: Split) -> set[str]:
    """Return the families that stand in more than one part of `split`."""
    return divided_families([frames[index] for index in part] for part in split.parts())


def divided_families(parts: Iterable[Iterable[Atoms]]) -> set[str]:
    """Return the families that stand in more than one of `parts`."""
    seen: set[str] = set()
    divided: set[str] = set()
    for part in parts:
        families = {family_of(frame) for frame in part}
        divided |= families & seen
        seen |= families
    return divided


def _check_shares(validation: float, test: float) -> None:
    if min(validation, test) < 0 or validation + test >= 1:
        raise InputError(
            f"Shares of {validation} for validation and {test} for test leave nothing to train "
            "on; give shares of 0 or more that sum up to less than 1."
        )


def _split(train: Iterable[int], validation: Iterable[int], test: Iterable[int]) -> Split:
    return Split(*(tuple(sorted(int(i) for i in part)) for part in (train, validation, test)))
