"""Draw and tabulate the runs of a nanosecond at 2000 K, and publish both on the page dynamics.md.

Runs may stand in several folders; with ``--to`` the page is left untouched::

    sinterface simulate examples/simulate/small-interfaces.toml -o runs
    python docs/nanosecond_figures.py runs
    python docs/nanosecond_figures.py runs more-runs --to out
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sinterface.analysis.frames import read_track
from sinterface.analysis.survival import FrameworkSurvival, control_survival
from sinterface.dynamics.course import PS_PER_NS, SECONDS_PER_DAY
from sinterface.dynamics.run_state import FILE_NAME, RunState, read_state
from sinterface.dynamics.trajectory import Trajectory, open_trajectory
from sinterface.files import write_text
from sinterface.potential.model import load_potential, shipped_potentials
from sinterface.report.style import freeze_layout, save, style
from sinterface.units import FS_PER_PS

HERE = Path(__file__).parent
IMAGES, PAGE = HERE / "images", HERE / "dynamics.md"
NAME = "nanosecond"
COLOURS = {"Li": "#7a9a01", "La": "#3b7dd8", "Zr": "#4c3b8f", "Co": "#d1495b", "O": "#8a8f98"}
FRAMEWORK = {"Co": 27, "Zr": 40, "La": 57}
SLICE_A = 2.0
"""Thickness of the slices across the interface in which cations are counted."""
THIN = 5
"""Of smooth curves every so many points are drawn."""
TENTH = 10
"""Frames are averaged over a share of the run for the table's first and last values."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """What a run tells.

    Attributes
    ----------
    name, state
        The face of LCO, and its record.
    time_ps, temperature_K, energy_eV
        Of each frame; energy an atom, shape (n_frames,).
    outside, deviation
        Atoms outside the training range, and the committee's largest deviation on a force in
        eV/Å; empty where not watched.
    mixed
        How far framework cations are mixed across the interface, 0 to 1, shape (n_frames,).
    msd_A2
        Mean squared displacement since the first frame of each element, the drift taken out.
    frameworks
        Whether each framework stayed a crystal.
    """

    name: str
    state: RunState
    n_atoms: int
    time_ps: Floats
    temperature_K: Floats
    energy_eV: Floats
    outside: Floats
    deviation: Floats
    mixed: Floats
    msd_A2: dict[str, Floats]
    frameworks: tuple[FrameworkSurvival, ...]

    @property
    def ns_per_day(self) -> float:
        """Speed over all of its processes."""
        steps_per_s = self.state.steps / self.state.wall_s
        return (
            steps_per_s * self.state.settings.timestep_fs / FS_PER_PS / PS_PER_NS * SECONDS_PER_DAY
        )


def read_course(directory: Path) -> Course:
    """Read a run, finished or not."""
    state = read_state(directory)
    assert state is not None
    with open_trajectory(directory) as run:
        n_atoms = len(run.numbers)
        mixed, msd = _motion(run)
        watched = run.watched
        empty = np.zeros(0)
        return Course(
            name=_face(directory.name),
            state=state,
            n_atoms=n_atoms,
            time_ps=run.time_ps,
            temperature_K=run.temperature_K,
            energy_eV=run.potential_energy_eV / n_atoms,
            outside=watched.get("atoms_outside_training", empty),
            deviation=watched.get("largest_force_std", empty),
            mixed=mixed,
            msd_A2=msd,
            frameworks=control_survival("run", read_track(run)),
        )


def _face(name: str) -> str:
    """Return the three digits of LCO's face in a folder's name, or the name."""
    found = re.search(r"(?<!\d)\d{3}(?!\d)", name)
    return found[0] if found else name


def _motion(run: Trajectory) -> tuple[Floats, dict[str, Floats]]:
    """Return how mixed framework cations are, and each element's MSD, frame by frame."""
    kinds = {
        name: run.numbers == number for name, number in (*FRAMEWORK.items(), ("Li", 3), ("O", 8))
    }
    cation = np.isin(run.numbers, list(FRAMEWORK.values()))
    cobalt = run.numbers[cation] == FRAMEWORK["Co"]
    start = run.positions(0)
    mixed, msd = np.zeros(run.n_frames), {name: np.zeros(run.n_frames) for name in kinds}
    for i in range(run.n_frames):
        now = run.positions(i)
        moved = now - start
        moved -= np.average(moved, axis=0, weights=run.masses)
        for name, which in kinds.items():
            msd[name][i] = (moved[which] ** 2).sum(axis=1).mean()
        height = np.linalg.solve(run.cell[i].T, now[cation].T)[2] % 1.0
        mixed[i] = _mixed(height, cobalt, round(run.cell[i][2, 2] / SLICE_A))
    return mixed, msd


def _mixed(height: Floats, cobalt: NDArray[np.bool_], n_slices: int) -> float:
    """Return 1 − the variance of Co's share between slices over that of slices of one kind only."""
    at = np.minimum((height * n_slices).astype(int), n_slices - 1)
    count = np.bincount(at, minlength=n_slices)
    share = np.bincount(at, cobalt, minlength=n_slices)[count > 0] / count[count > 0]
    mean = cobalt.mean()
    within = np.average(share * (1 - share), weights=count[count > 0])
    return float(within / (mean * (1 - mean)))


def draw(courses: list[Course], folder: Path) -> None:
    """Draw all runs side by side."""
    with style():
        figure = Figure(figsize=(3.1 * len(courses), 9.2), layout="constrained")
        grid = figure.subplots(5, len(courses), squeeze=False, sharex="col")
        for column, one in zip(grid.T, courses, strict=True):
            _draw_course(column, one)
        for axis, label in zip(
            grid[:, 0],
            ("T (K)", "energy (eV/atom)", "atoms outside training", "force deviation (eV/Å)",
             "MSD (Å²)"),
            strict=True,
        ):  # fmt: skip
            axis.set_ylabel(label)
        grid[4, 0].legend(ncols=2, fontsize=7)
        freeze_layout(figure)
    save(figure, folder, NAME, ("svg",))


def _draw_course(column: NDArray[np.object_], one: Course) -> None:
    time, ink, faint = one.time_ps / PS_PER_NS, "#3b7dd8", "#8a8f98"
    column[0].set_title(f"LLZO(001)|LCO({one.name}), {one.n_atoms} atoms")
    for axis, values in zip(
        column[:4], (one.temperature_K, one.energy_eV, one.outside, one.deviation), strict=True
    ):
        if len(values):
            axis.plot(time, values, color=faint, lw=0.4, alpha=0.6, rasterized=True)
            axis.plot(time[::THIN], _smooth(values)[::THIN], color=ink, lw=1.2)
        else:
            axis.text(0.5, 0.5, "a single network", transform=axis.transAxes, ha="center")
            axis.set_yticks([])
        axis.grid(True)
    for name, values in one.msd_A2.items():
        column[4].plot(time[1::THIN], values[1::THIN], color=COLOURS[name], lw=1.1, label=name)
    column[4].set_yscale("log")
    column[4].grid(True)
    column[4].set_xlabel("time (ns)")


def _smooth(values: Floats, width: int = 41) -> Floats:
    """Return the running mean, shorter at the ends."""
    width = min(width, max(1, len(values) // 4))
    ones = np.ones(width)
    weight = np.convolve(np.ones(len(values)), ones, "same")
    return np.asarray(np.convolve(values, ones, "same") / weight)


def table(courses: list[Course]) -> list[str]:
    """Return the table's lines."""
    heads = [f"LCO({one.name})" for one in courses]
    rows = {
        "potential": [_potential(one) for one in courses],
        "atoms": [f"{one.n_atoms}" for one in courses],
        "time (ns)": [f"{one.time_ps[-1] / PS_PER_NS:.3f}" for one in courses],
        "mean temperature (K)": [f"{one.temperature_K.mean():.0f}" for one in courses],
        "energy, first → last tenth (eV/atom)": [_ends(one.energy_eV, 3) for one in courses],
        "atoms outside training, mean (most)": [
            f"{one.outside.mean():.1f} ({one.outside.max():.0f})" if len(one.outside) else "–"
            for one in courses
        ],
        "largest force deviation, mean (most; eV/Å)": [
            f"{one.deviation.mean():.2f} ({one.deviation.max():.2f})" if len(one.deviation) else "–"
            for one in courses
        ],
        "framework cations mixed, first frame → last tenth": [
            f"{one.mixed[0]:.2f} → {_tail(one.mixed):.2f}" for one in courses
        ],
        "MSD at the end, La, Zr, Co (Å²)": [
            ", ".join(f"{one.msd_A2[name][-1]:.0f}" for name in ("La", "Zr", "Co"))
            for one in courses
        ],
        "crystals": [_crystals(one) for one in courses],
        "processes that made it": [f"{len(one.state.segments)}" for one in courses],
        "ns a day": [f"{one.ns_per_day:.1f}" for one in courses],
    }
    lines = [f"| LLZO(001) with | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    return lines + [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]


def _ends(values: Floats, digits: int) -> str:
    part = max(1, len(values) // TENTH)
    return f"{values[:part].mean():.{digits}f} → {_tail(values):.{digits}f}"


def _tail(values: Floats) -> float:
    return float(values[-max(1, len(values) // TENTH) :].mean())


def _crystals(one: Course) -> str:
    words = {True: "stays", False: "moves", None: "not told"}
    return ", ".join(f"{found.element} {words[found.survived]}" for found in one.frameworks)


def _potential(one: Course) -> str:
    """Return the name of the shipped potential that ran."""
    mark = one.state.settings.interaction.split()[0]
    names = {load_potential(name).fingerprint: f"`{name}`" for name in shipped_potentials()}
    return names.get(mark, "another")


def publish(courses: list[Course], folders: list[Path]) -> None:
    """Put figure and table into the docs."""
    draw(courses, IMAGES)
    given = " ".join(folder.name for folder in folders)
    body = "\n".join(
        [
            f"![Temperature, energy, trust and motion over a nanosecond](images/{NAME}.svg)",
            "",
            *table(courses),
            "",
            f"`python docs/nanosecond_figures.py {given}`.",
        ]
    )
    text = PAGE.read_text(encoding="utf-8")
    pattern = rf"(<!-- begin {NAME} -->\n).*?(<!-- end {NAME} -->)"
    write_text(PAGE, re.sub(pattern, lambda m: f"{m[1]}{body}\n{m[2]}", text, flags=re.DOTALL))


def main() -> None:
    """Read the runs and show them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="folders of runs")
    parser.add_argument("--to", type=Path, help="write there instead of into the docs")
    arguments = parser.parse_args()
    records = [record for folder in arguments.folders for record in folder.glob(f"**/{FILE_NAME}")]
    courses = sorted((read_course(record.parent) for record in records), key=lambda one: one.name)
    if not courses:
        raise SystemExit(f"No run ({FILE_NAME}) in {', '.join(map(str, arguments.folders))}.")
    if arguments.to is None:
        publish(courses, arguments.folders)
        return
    arguments.to.mkdir(parents=True, exist_ok=True)
    draw(courses, arguments.to)
    write_text(arguments.to / f"{NAME}.md", "\n".join(table(courses)) + "\n")


if __name__ == "__main__":
    main()
