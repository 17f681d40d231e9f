"""Whether a crystal framework survived the run: its MSD is on a plateau, or it isn't."""

from __future__ import annotations

import dataclasses

from sinterface.analysis.records import Record


@dataclasses.dataclass(frozen=True)
class FrameworkSurvival(Record):
    """The plateau test of one framework element inside its own slab.

    Attributes
    ----------
    where
        ``"electrolyte"``, ``"electrode"`` or ``"control 1"``, ``"control 2"``, ...
    element
        La, Zr or Co.
    n_atoms
        Atoms tested, all replicas together.
    plateau_A2
        MSD at half of the longest lag that was used, in Å².
    growth_A2_per_ps, growth_std_A2_per_ps
        Slope of the MSD over the second half of the lags, and its standard error between atoms.
    survived
        True on a plateau, False when the framework moves, None when the run is too short to say.
    reason
        The verdict in words, with its figures.
    """

    where: str
    element: str
    n_atoms: int
    plateau_A2: float
    growth_A2_per_ps: float
    growth_std_A2_per_ps: float
    survived: bool | None
    reason: str
