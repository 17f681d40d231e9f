"""Where a lattice changes its symmetry: edges against temperature, up and down, and a fit.

The order parameter is 1 − c/a, c being the edge along the unique axis and a the mean of the two
others; it is 0 in a cubic cell. Over temperature it is fitted by a tetragonality linear in T times
a smooth step of middle T0 and width w,

    1 − c/a = (s0 + s1 (T − Tm)) / (1 + exp((T − T0) / w)),

Tm being the mean temperature. The uncertainty of T0 joins the fit's own with that of the ladder:
a step between two rungs leaves their distance over √12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.records import Record
from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.heating import COOLING, HEATING
from sinterface.dynamics.trajectory import Trajectory, open_trajectory
from sinterface.errors import InputError

Branch = Literal["heating", "cooling"]
FloatArray = NDArray[np.float64]

N_BLOCKS = 5
LEAST_ORDER = 0.005
"""A crystal whose 1 − c/a is smaller than this at its coldest counts as cubic."""
LEAST_FRAMES = 2 * N_BLOCKS
TRUSTED_FRAMES = 5 * N_BLOCKS
_LEAST_STD = 2e-4
_CELL_A = 13.0


@dataclass(frozen=True)
class LatticeStep(Record):
    """The lattice at one temperature of one branch.

    Attributes
    ----------
    branch
        "heating" or "cooling".
    temperature_K, measured_K
        Of the thermostat (of a ramp its middle), and mean of the kinetic one.
    edges_A, edges_std_A
        Edges of one cell along the three vectors, and their standard errors, shape (3,).
    angles_degrees
        Mean angles, shape (3,).
    volume_A3
        Mean volume of one cell.
    order, order_std
        1 − c/a with the branch's unique axis, and its standard error.
    n_frames
        Frames behind it.
    """

    branch: Branch
    temperature_K: float
    measured_K: float
    edges_A: FloatArray
    edges_std_A: FloatArray
    angles_degrees: FloatArray
    volume_A3: float
    order: float
    order_std: float
    n_frames: int


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
        0, 1 or 2: which cell vector is c.
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
        rungs = list(_rungs(trajectory, repeat))
        formula = Formula(str(Symbols(trajectory.numbers))).format("hill")
        n_atoms = len(trajectory.numbers)
        rate = _rate(trajectory)
    if not rungs:
        raise InputError(
            f"'{directory}' holds no temperature with {LEAST_FRAMES} frames; heat and cool with "
            "'sinterface phase-transition', or wait for the run."
        )
    return find_transition(rungs, formula, n_atoms, repeat, rate)


@dataclass(frozen=True)
class Rung:
    """Cells of the frames at one temperature.

    Attributes
    ----------
    branch, temperature_K, measured_K
        As of :class:`LatticeStep`.
    cells
        Cell vectors of each frame, of one cell, shape (n_frames, 3, 3), in Å.
    """

    branch: Branch
    temperature_K: float
    measured_K: float
    cells: FloatArray


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
        coldest = min(mine, key=lambda rung: rung.temperature_K)
        axis = unique_axis(_lengths(coldest.cells).mean(axis=0))
        measured = [_measure(rung, axis) for rung in mine]
        steps += measured
        fits[branch] = fit_transition(measured, branch, axis)
    heating, cooling = fits["heating"], fits["cooling"]
    hysteresis = std = float("nan")
    if heating is not None and cooling is not None:
        hysteresis = heating.temperature_K - cooling.temperature_K
        std = float(np.hypot(heating.std_K, cooling.std_K))
    return PhaseTransition(
        formula, n_atoms, copies, tuple(steps), heating, cooling, hysteresis, std, rate_K_per_ps,
        (*_notes(heating, cooling), *_doubts(steps, hysteresis)),
    )  # fmt: skip


def unique_axis(edges_A: FloatArray) -> int:
    """Return the edge that differs most from the mean of the other two."""
    others = (edges_A.sum() - edges_A) / 2
    return int(np.abs(edges_A - others).argmax())


def fit_transition(steps: Sequence[LatticeStep], branch: Branch, axis: int) -> TransitionFit:
    """Fit the smooth step to one branch."""
    rungs = sorted(steps, key=lambda step: step.temperature_K)
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
    found, errors, ratio = _fit(t - middle, order, std, 0.5 * sum(between) - middle)
    gap = between[1] - between[0]
    fitted = float(errors[2]) * max(1.0, float(np.sqrt(ratio)))
    own = fitted if np.isfinite(fitted) else 0.0
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


def _fit(
    t: FloatArray, order: FloatArray, std: FloatArray, start_K: float
) -> tuple[FloatArray, FloatArray, float]:
    """Return parameters, their standard errors, and chi² over the degrees of freedom."""
    import warnings

    from scipy.optimize import OptimizeWarning, curve_fit

    span, gap = float(np.ptp(t)), float(np.diff(t).min())
    low = [0.0, -1e-3, t[0] - 0.1 * span, 0.02 * gap]
    high = [0.2, 1e-3, t[-1] + 0.1 * span, span]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)
        found, covariance = curve_fit(
            _step_model, t, order, p0=[order[0], 0.0, start_K, 0.3 * gap], sigma=std,
            absolute_sigma=True, bounds=(low, high), max_nfev=20_000,
        )  # fmt: skip
    left = (order - _step_model(t, *found)) / std
    ratio = float(np.square(left).sum() / max(1, len(t) - 4))
    return found, np.sqrt(np.diag(covariance)), ratio


def _step_model(
    t: FloatArray, strain: float, slope: float, middle: float, width: float
) -> FloatArray:
    from scipy.special import expit

    found: FloatArray = (strain + slope * t) * expit((middle - t) / width)
    return found


def _measure(rung: Rung, axis: int) -> LatticeStep:
    lengths = _lengths(rung.cells)
    others = (lengths.sum(axis=1) - lengths[:, axis]) / 2
    order = 1 - lengths[:, axis] / others
    return LatticeStep(
        branch=rung.branch,
        temperature_K=rung.temperature_K,
        measured_K=rung.measured_K,
        edges_A=lengths.mean(axis=0),
        edges_std_A=np.array([_block_error(lengths[:, k]) for k in range(3)]),
        angles_degrees=_angles(rung.cells),
        volume_A3=float(np.abs(np.linalg.det(rung.cells)).mean()),
        order=float(order.mean()),
        order_std=_block_error(order),
        n_frames=len(lengths),
    )


def _lengths(cells: FloatArray) -> FloatArray:
    found: FloatArray = np.linalg.norm(cells, axis=2)
    return found


def _angles(cells: FloatArray) -> FloatArray:
    lengths = _lengths(cells)
    cosines = [
        np.einsum("ni,ni->n", cells[:, j], cells[:, k]) / (lengths[:, j] * lengths[:, k])
        for j, k in ((1, 2), (0, 2), (0, 1))
    ]
    found: FloatArray = np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean(axis=1)
    return found


def _block_error(values: FloatArray) -> float:
    means = [float(block.mean()) for block in np.array_split(values, N_BLOCKS)]
    return float(np.std(means, ddof=1) / np.sqrt(N_BLOCKS))


def guess_copies(cell: FloatArray) -> tuple[int, int, int]:
    """Return how many cells of LLZO lie along each edge; 1 where none fits within 6 %."""
    lengths = np.linalg.norm(cell, axis=1)
    counts = np.maximum(1, np.rint(lengths / _CELL_A)).astype(int)
    fits = np.abs(lengths / (counts * _CELL_A) - 1) < 0.06
    a, b, c = (int(n) for n in np.where(fits.all(), counts, 1))
    return a, b, c


def _rungs(trajectory: Trajectory, copies: tuple[int, int, int]) -> Any:
    """Yield the frames of each kept phase that has enough of them."""
    settings = trajectory.settings
    phases = [Phase(**phase) for phase in settings["phases"]]
    number = trajectory.step // int(settings["frame_steps"])
    cells = trajectory.cell / np.array(copies)[None, :, None]
    first = 0
    for phase, count in zip(phases, settings["phase_frames"], strict=True):
        if not phase.keep:
            continue
        mine = (number > first) & (number <= first + count)
        first += int(count)
        start = phase.name.partition("-")[0]
        if start not in (HEATING, COOLING) or mine.sum() < LEAST_FRAMES:
            continue
        middle = 0.5 * (phase.temperature_K + phase.last_temperature_K)
        measured = float(trajectory.temperature_K[mine].mean())
        branch: Branch = "heating" if start == HEATING else "cooling"
        yield Rung(branch, middle, measured, cells[mine])


def _rate(trajectory: Trajectory) -> float:
    """Return the mean rate of heating in K/ps."""
    phases = [Phase(**phase) for phase in trajectory.settings["phases"]]
    up = [phase for phase in phases if phase.name.startswith(HEATING)]
    time = sum(phase.duration_ps for phase in up)
    if not up or time <= 0:
        return float("nan")
    return (up[-1].last_temperature_K - up[0].temperature_K) / time


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
