"""Where a lattice changes its symmetry: edges against temperature, up and down, and a fit.

The order parameter is 1 − c/a, c being the edge along the unique axis and a the mean of the two
others; it is 0 in a cubic cell. The axis may turn (`lattice_steps.measure_rung`). Over temperature
it is fitted by a tetragonality linear in T times a smooth step of middle T0 and width w,

    1 − c/a = (s0 + s1 (T − Tm)) / (1 + exp((T − T0) / w)),

Tm being the mean temperature. The uncertainty of T0 joins the fit's own with that of the ladder:
a step between two rungs leaves their distance over √12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.lattice_steps import (
    LEAST_FRAMES,
    N_BLOCKS,
    Branch,
    LatticeStep,
    Rung,
    guess_copies,
    heating_rate,
    measure_rung,
    read_rungs,
)
from sinterface.analysis.records import Record
from sinterface.dynamics.trajectory import open_trajectory
from sinterface.errors import InputError

FloatArray = NDArray[np.float64]

LEAST_ORDER = 0.005
"""A crystal whose 1 − c/a is smaller than this at its coldest counts as cubic."""
TRUSTED_FRAMES = 5 * N_BLOCKS
_LEAST_STD = 2e-4
_GRID = (241, 25)
"""Middles and widths of a step over which its likelihood is taken."""


@dataclass(frozen=True)
class TransitionFit(Record):
    """The transition of one branch.

    Attributes
    ----------
    branch
        "heating" or "cooling".
    temperature_K, std_K
        T0 and its uncertainty; NaN when there was none.
    between_K
        Rungs of the ladder around it.
    width_K
        w.
    unique_axis
        0, 1 or 2: which cell vector is c at the coldest.
    strain, slope_per_K, middle_K
        s0, s1 and Tm of the fit.
    reason
        Why it wasn't located; empty when it was.
    """

    branch: Branch
    temperature_K: float
    std_K: float
    between_K: tuple[float, float]
    width_K: float
    unique_axis: int
    strain: float
    slope_per_K: float
    middle_K: float
    reason: str = ""

    def order(self, temperature_K: FloatArray) -> FloatArray:
        """Return the fitted 1 − c/a."""
        return _step_model(
            temperature_K - self.middle_K,
            self.strain,
            self.slope_per_K,
            self.temperature_K - self.middle_K,
            self.width_K,
        )


@dataclass(frozen=True)
class PhaseTransition(Record):
    """A crystal's lattice on heating and cooling.

    Attributes
    ----------
    formula, n_atoms, copies
        What ran, and cells along each edge of it.
    steps
        Rungs, in the order of time.
    heating, cooling
        Fit of each branch; None for a branch that didn't run.
    hysteresis_K, hysteresis_std_K
        T0 on heating less that on cooling; NaN where one is missing.
    rate_K_per_ps
        Mean rate of the heating, ramps and holds together.
    notes
        What a reader should know.
    """

    formula: str
    n_atoms: int
    copies: tuple[int, int, int]
    steps: tuple[LatticeStep, ...]
    heating: TransitionFit | None
    cooling: TransitionFit | None
    hysteresis_K: float
    hysteresis_std_K: float
    rate_K_per_ps: float
    notes: tuple[str, ...] = ()

    def branch(self, name: Branch) -> list[LatticeStep]:
        """Return the rungs of a branch, coldest first."""
        mine = [step for step in self.steps if step.branch == name]
        return sorted(mine, key=lambda step: step.temperature_K)


def analyse_transition(
    directory: Path | str, *, copies: tuple[int, int, int] | None = None
) -> PhaseTransition:
    """Analyse a run of `sinterface.dynamics.heating`, also an unfinished one.

    Parameters
    ----------
    directory
        Run directory.
    copies
        Cells along each edge; if not given, edges near a multiple of 13 Å are taken for copies of
        LLZO's cell, others as they are.

    Raises
    ------
    InputError
        For a directory without such a run, or one too short for any temperature.
    """
    from ase.formula import Formula
    from ase.symbols import Symbols

    with open_trajectory(directory) as trajectory:
        repeat = copies or guess_copies(trajectory.cell[0])
        rungs = list(read_rungs(trajectory, repeat))
        formula = Formula(str(Symbols(trajectory.numbers))).format("hill")
        n_atoms = len(trajectory.numbers)
        rate = heating_rate(trajectory)
    if not rungs:
        raise InputError(
            f"'{directory}' holds no temperature with {LEAST_FRAMES} frames; heat and cool with "
            "'sinterface phase-transition', or wait for the run."
        )
    return find_transition(rungs, formula, n_atoms, repeat, rate)


def find_transition(
    rungs: Sequence[Rung],
    formula: str = "",
    n_atoms: int = 0,
    copies: tuple[int, int, int] = (1, 1, 1),
    rate_K_per_ps: float = float("nan"),
) -> PhaseTransition:
    """Locate the transition of each branch in the cells of its frames."""
    steps: list[LatticeStep] = []
    fits: dict[str, TransitionFit | None] = {"heating": None, "cooling": None}
    branches: tuple[Branch, ...] = ("heating", "cooling")
    for branch in branches:
        mine = [rung for rung in rungs if rung.branch == branch]
        if not mine:
            continue
        measured = [measure_rung(rung) for rung in mine]
        steps += measured
        fits[branch] = fit_transition(measured, branch)
    heating, cooling = fits["heating"], fits["cooling"]
    hysteresis = std = float("nan")
    if heating is not None and cooling is not None:
        hysteresis = heating.temperature_K - cooling.temperature_K
        std = float(np.hypot(heating.std_K, cooling.std_K))
    return PhaseTransition(
        formula, n_atoms, copies, tuple(steps), heating, cooling, hysteresis, std, rate_K_per_ps,
        (*_notes(heating, cooling), *_doubts(steps, hysteresis)),
    )  # fmt: skip


def fit_transition(steps: Sequence[LatticeStep], branch: Branch) -> TransitionFit:
    """Fit the smooth step to one branch."""
    rungs = sorted(steps, key=lambda step: step.temperature_K)
    axis = rungs[0].unique_axis
    t = np.array([step.temperature_K for step in rungs])
    order = np.array([step.order for step in rungs])
    std = np.maximum([step.order_std for step in rungs], _LEAST_STD)
    middle = float(t.mean())
    reason = _missing(t, order, branch)
    if reason:
        nan = float("nan")
        return TransitionFit(branch, nan, nan, (nan, nan), nan, axis, nan, nan, middle, reason)
    below = np.flatnonzero(order > 0.5 * order[0])
    last = int(below[below < len(t) - 1].max())
    between = (float(t[last]), float(t[last + 1]))
    found = _fit(t - middle, order, std, 0.5 * sum(between) - middle)
    gap = between[1] - between[0]
    own = _middle_std(t - middle, order, std)
    return TransitionFit(
        branch=branch,
        temperature_K=float(found[2] + middle),
        std_K=float(np.hypot(own, gap / np.sqrt(12))),
        between_K=between,
        width_K=float(found[3]),
        unique_axis=axis,
        strain=float(found[0]),
        slope_per_K=float(found[1]),
        middle_K=middle,
    )


def _missing(t: FloatArray, order: FloatArray, branch: Branch) -> str:
    """Say why a branch has no transition to fit; empty where it has one."""
    if len(t) < 4:
        return f"only {len(t)} temperatures; at least 4 are needed"
    if order[0] < LEAST_ORDER:
        verb = "starts" if branch == "heating" else "stays"
        return f"{verb} cubic at {t[0]:g} K (1 − c/a = {order[0]:.4f})"
    if order[-1] > 0.5 * order[0]:
        return f"stays tetragonal up to {t[-1]:g} K (1 − c/a = {order[-1]:.4f})"
    return ""


def _fit(t: FloatArray, order: FloatArray, std: FloatArray, start_K: float) -> FloatArray:
    """Return the parameters of `_step_model`."""
    import warnings

    from scipy.optimize import OptimizeWarning, curve_fit

    span, gap = float(np.ptp(t)), float(np.diff(t).min())
    low = [0.0, -1e-3, t[0] - 0.1 * span, 0.02 * gap]
    high = [0.2, 1e-3, t[-1] + 0.1 * span, span]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)
        found: FloatArray = curve_fit(
            _step_model, t, order, p0=[order[0], 0.0, start_K, 0.3 * gap], sigma=std,
            absolute_sigma=True, bounds=(low, high), max_nfev=20_000,
        )[0]  # fmt: skip
    return found


def _middle_std(t: FloatArray, order: FloatArray, std: FloatArray) -> float:
    """Return the standard error of the step's middle, all widths being thought possible.

    A covariance says nothing of a step sharper than the ladder, whose middle and width can't be
    told apart; the likelihood over both does. Where rungs scatter more than their errors tell,
    these are made larger.
    """
    span, gap = float(np.ptp(t)), float(np.diff(t).min())
    middles = np.linspace(t[0] - 0.1 * span, t[-1] + 0.1 * span, _GRID[0])
    widths = np.geomspace(0.02 * gap, 0.5 * span, _GRID[1])
    chi2 = _chi2(t, order, std, middles[:, None, None], widths[None, :, None])
    scale = max(1.0, float(chi2.min()) / max(1, len(t) - 4))
    likelihood = np.exp(-0.5 * (chi2 - chi2.min()) / scale).sum(axis=1)
    mean = np.average(middles, weights=likelihood)
    return float(np.sqrt(np.average((middles - mean) ** 2, weights=likelihood)))


def _chi2(
    t: FloatArray, order: FloatArray, std: FloatArray, middle: FloatArray, width: FloatArray
) -> FloatArray:
    """Return chi² of the best step with each middle and width, the last axis being rungs."""
    level = _step_model(t, 1.0, 0.0, middle, width) / std
    y = order / std
    aa, ab, bb = ((level**2 * t**power).sum(axis=-1) for power in (0, 1, 2))
    ay, by = ((level * t**power * y).sum(axis=-1) for power in (0, 1))
    determinant = aa * bb - ab**2
    one_rung = determinant <= 1e-9 * aa * bb  # where strain and slope can't be told apart
    gained = np.where(
        one_rung,
        ay**2 / np.maximum(aa, 1e-300),
        (bb * ay**2 - 2 * ab * ay * by + aa * by**2) / np.where(one_rung, 1.0, determinant),
    )
    return np.asarray((y**2).sum() - gained)


def _step_model(
    t: FloatArray,
    strain: float,
    slope: float,
    middle: float | FloatArray,
    width: float | FloatArray,
) -> FloatArray:
    from scipy.special import expit

    found: FloatArray = (strain + slope * t) * expit((middle - t) / width)
    return found


def _notes(heating: TransitionFit | None, cooling: TransitionFit | None) -> tuple[str, ...]:
    notes = [
        f"{fit.branch}: no transition located, the crystal {fit.reason}"
        if "temperatures" not in fit.reason
        else f"{fit.branch}: no transition located, {fit.reason}"
        for fit in (heating, cooling)
        if fit is not None and fit.reason
    ]
    if cooling is None:
        notes.append("no cooling ran, so the hysteresis is not known")
    return tuple(notes)


def _doubts(steps: Sequence[LatticeStep], hysteresis_K: float) -> list[str]:
    """Say what makes a run too short to be believed."""
    found = []
    fewest = min(step.n_frames for step in steps)
    if fewest < TRUSTED_FRAMES:
        found.append(
            f"as few as {fewest} frames at a temperature: their blocks are correlated and the "
            "errors too small; hold longer"
        )
    if hysteresis_K < 0:
        found.append(
            "cooling changes the lattice above heating, which only noise does: hold longer, or "
            "take a larger cell"
        )
    return found
