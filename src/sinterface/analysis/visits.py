"""Visits of ions to sites: when each began and ended, recrossings taken out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class Visits:
    """Visits in the order of ions, then of time.

    Attributes
    ----------
    ion, site
        Who was where, shape (n_visits,).
    start, n_frames
        First frame and number of frames, shape (n_visits,).
    cut_before, cut_after
        Whether the visit was under way when the run began, or still was when it ended.
    """

    ion: IntArray
    site: IntArray
    start: IntArray
    n_frames: IntArray
    cut_before: BoolArray
    cut_after: BoolArray

    def jumps(self) -> tuple[IntArray, IntArray]:
        """Return the sites before and after each jump."""
        same = np.flatnonzero(self.ion[1:] == self.ion[:-1])
        return self.site[same], self.site[same + 1]


def joined(several: Sequence[Visits]) -> Visits:
    """Return the visits of several runs as those of one with the ions of all."""
    ions, n_ions = [], 0
    for one in several:
        ions.append(one.ion + n_ions)
        n_ions += int(one.ion.max()) + 1 if len(one.ion) else 0
    return Visits(
        np.concatenate(ions),
        *(
            np.concatenate([getattr(one, name) for one in several])
            for name in ("site", "start", "n_frames", "cut_before", "cut_after")
        ),
    )


def find_visits(where: NDArray[np.integer], *, recrossing_frames: int = 0) -> Visits:
    """Return the visits of ions, from the site of each in each frame.

    An ion between sites counts to the site that it left, until it arrives at another. A visit
    shorter than `recrossing_frames` from which the ion returns to where it came from is a
    recrossing: it belongs to the visit around it, and neither crossing is a jump.

    Parameters
    ----------
    where
        Site of each ion in each frame, shape (n_frames, n_ions); −1 between sites.
    recrossing_frames
        Frames below which an excursion is none; 0 keeps them all.
    """
    n_frames = len(where)
    rows: list[tuple[int, int, int, int]] = []
    for ion in range(where.shape[1]):
        rows += [(ion, *visit) for visit in _of_ion(where[:, ion], recrossing_frames)]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    ions, sites, starts, lengths = table.T
    first = np.r_[True, ions[1:] != ions[:-1]] if len(ions) else np.zeros(0, dtype=bool)
    return Visits(ions, sites, starts, lengths, first, starts + lengths == n_frames)


def _of_ion(path: NDArray[np.integer], recrossing_frames: int) -> list[tuple[int, int, int]]:
    """Return (site, start, n_frames) of each visit."""
    known = np.flatnonzero(path >= 0)
    if len(known) == 0:
        return []
    sites = path[known]
    begins = np.flatnonzero(np.r_[True, sites[1:] != sites[:-1]])
    starts = known[begins]
    ends = np.r_[starts[1:], len(path)]
    visits: list[tuple[int, int, int]] = []
    for site, start, end in zip(
        sites[begins].tolist(), starts.tolist(), ends.tolist(), strict=True
    ):
        visits.append((site, start, end - start))
        while (
            len(visits) > 2 and visits[-3][0] == visits[-1][0] and visits[-2][2] < recrossing_frames
        ):
            before, short, after = visits[-3:]
            visits[-3:] = [(site, before[1], before[2] + short[2] + after[2])]
    return visits
