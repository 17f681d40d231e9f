"""Analyses judged by known answers: what was planted and what is found, as one table.

    python benchmarks/known_answers.py [--trials 400] [--publish]

Walks, hops, oscillators and cells come from the tests' own makers. `--publish` puts the table
into docs/analysis.md. A row that misses what it asks for is marked, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from ase.build import bulk  # noqa: E402
from ase.io import write  # noqa: E402
from unit.analysis import test_grain_boundaries as grains  # noqa: E402
from unit.analysis import test_interdiffusion as mixing  # noqa: E402
from unit.analysis import test_shapes as shapes  # noqa: E402
from unit.analysis import test_sites as sites  # noqa: E402
from unit.analysis import test_vibrations as modes  # noqa: E402
from unit.analysis import walks  # noqa: E402
from unit.analysis.test_residence import two_sites  # noqa: E402
from unit.analysis.test_transport import CELL, slope_of, value  # noqa: E402

from sinterface.analysis.clusters import cluster_sizes  # noqa: E402
from sinterface.analysis.grain_boundaries import J_PER_M2, follow_boundaries  # noqa: E402
from sinterface.analysis.interdiffusion import mixing_fit, profile_fit, rate_law  # noqa: E402
from sinterface.analysis.motion import FEW_ATOMS, RARE  # noqa: E402
from sinterface.analysis.pair_functions import pair_functions  # noqa: E402
from sinterface.analysis.pathway import find_pathway  # noqa: E402
from sinterface.analysis.residence import residence_time  # noqa: E402
from sinterface.analysis.shapes import shape_measure  # noqa: E402
from sinterface.analysis.sites import find_sites  # noqa: E402
from sinterface.analysis.stream import Selection, open_frames  # noqa: E402
from sinterface.analysis.transport import transport  # noqa: E402
from sinterface.analysis.vibrations import vibrations  # noqa: E402
from sinterface.analysis.visits import find_visits  # noqa: E402
from sinterface.units import BOLTZMANN_EV_PER_K  # noqa: E402

PAGE = ROOT / "docs" / "analysis.md"
BEGIN, END = "<!-- begin known answers -->", "<!-- end known answers -->"


@dataclass(frozen=True)
class Row:
    """One known answer: what, what was planted, what was found, and whether it will do."""

    what: str
    planted: str
    found: str
    holds: bool


Walk = Callable[[np.random.Generator], tuple[np.ndarray, float]]

WALKS: tuple[tuple[str, Walk, float], ...] = (
    ("Brownian, 10 atoms × 60 frames", lambda rng: (walks.brownian(rng, 60, 10), 3.0), 1.0),
    ("Brownian, 20 × 20", lambda rng: (walks.brownian(rng, 20, 20), 3.0), 1.0),
    ("Brownian, 5 × 50", lambda rng: (walks.brownian(rng, 50, 5), 3.0), 1.0),
    ("Brownian, 50 × 200", lambda rng: (walks.brownian(rng, 200, 50), 3.0), 0.5),
    ("two-site hopping with vibration, 40 × 400", lambda rng: walks.two_site(rng, 400, 40), 0.5),
)


def coverages(trials: int) -> Iterator[Row]:
    """How often the true diffusivity lies inside the 95 % interval."""
    for name, make, share in WALKS:
        rng, n = np.random.default_rng(11), max(1, round(share * trials))
        inside = 0
        for _ in range(n):
            path, slope = make(rng)
            low, high = slope_of(path).interval()
            inside += low <= slope <= high
        covered = inside / n
        yield Row(
            f"D of {name}", "inside the 95 % interval in 95 ± 3 %",
            f"{100 * covered:.1f} % of {n} trials", 0.92 <= covered <= 0.98,
        )  # fmt: skip


def few_atoms(trials: int) -> Iterator[Row]:
    """Four atoms with rare hops: a bound instead of a number."""
    rng, n = np.random.default_rng(5), max(1, trials // 4)
    refused = above = 0
    for _ in range(n):
        path, slope = walks.two_site(rng, 300, FEW_ATOMS - 1, leave=(0.05, 0.05))
        found = slope_of(path)
        refused += found.inflation > RARE or found.std > found.value / 3.0
        above += found.upper_bound(0.95) >= slope
    yield Row(
        "four atoms with rare hops, 4 × 300", "an upper bound, no number",
        f"refused in {100 * refused / n:.0f} % of {n} trials; the bound lies above the true D in "
        f"{100 * above / n:.0f} %", refused / n > 0.9 and above / n >= 0.92,
    )  # fmt: skip


def disguises(folder: Path) -> Iterator[Row]:
    """The same walk in other files."""
    walk = 4.0 + walks.brownian(np.random.default_rng(5), 150, 12, step=0.4)
    symbols = ["Li"] * 12

    def told(name: str, positions: np.ndarray, cell: np.ndarray, *, wrap: bool = False) -> float:
        path = walks.write_extxyz(folder / name, symbols, positions, cell, wrap=wrap)
        with open_frames(path, Selection(100.0)) as frames:
            return value(transport([frames]))

    plain = told("plain.extxyz", walk, CELL)
    sheared = CELL.copy()
    sheared[1] += CELL[0]
    sheared[2] -= CELL[1]
    scale = 1.0 + 0.01 * np.random.default_rng(2).normal(size=(len(walk), 1, 1))
    run = walks.write_h5md(folder / "run", symbols, walk, CELL, 0.1)
    with open_frames(run) as frames:
        single = value(transport([frames]))
    others = {
        "D, wrapped copy": (told("w.extxyz", walk, CELL, wrap=True), 1e-6),
        "D, sheared cell": (told("s.extxyz", walk, sheared, wrap=True), 1e-6),
        "D, NPT copy (cell breathes by 1 %)": (told("n.extxyz", walk * scale, CELL * scale), 2e-3),
        "D, NPT copy, wrapped": (told("m.extxyz", walk * scale, CELL * scale, wrap=True), 2e-3),
        "D, float32 (H5MD)": (single, 1e-3),
    }
    for name, (found, bound) in others.items():
        apart = abs(found / plain - 1.0)
        yield Row(name, f"the same D to {bound:.1g}", f"{apart:.1e} apart", apart <= bound)


def residences(trials: int) -> Iterator[Row]:
    """Two-site chains whose long stays are mostly cut by the ends of the run."""
    rng, n = np.random.default_rng(1), max(1, trials // 2)
    truth = (30.0, 400.0)
    inside, means = np.zeros(2), np.zeros((2, n))
    for trial in range(n):
        visits = find_visits(two_sites(truth, 600, 12, rng))
        for site in (0, 1):
            found = residence_time(visits, visits.site == site, 1.0)
            inside[site] += found.ci95_ps[0] <= truth[site] <= found.ci95_ps[1]
            means[site, trial] = found.mean_ps
    for site in (0, 1):
        covered = inside[site] / n
        yield Row(
            f"residence of {truth[site]:g} frames in a run of 600, ends censored",
            "inside the 95 % interval in 95 %",
            f"{100 * covered:.1f} % of {n} trials, median {np.median(means[site]):.4g}",
            0.92 <= covered <= 0.99,
        )


def hops() -> Iterator[Row]:
    """Ions that hop between a tetrahedron and an octahedron of a shaking garnet."""
    plain: dict[str, float] = {}
    for name, change in (
        ("", {}),
        (", sheared", {"sheared": True}),
        (", NPT", {"breathing": 0.01}),
    ):
        run, where = sites.hopping_run(**change)
        found = find_sites(run, "Li", recrossing_ps=0.0)
        true = int(np.count_nonzero(np.diff(where, axis=0)))
        jumps = found.network.n_jumps
        yield Row(f"jumps of Li in LLZO{name}", str(true), str(jumps), abs(jumps / true - 1) < 0.02)
        for kind, stay in (("tetrahedral", 1.0), ("octahedral", 3.0)):
            of = next(one for one in found.kinds if one.kind == kind).residence
            low, high = of.ci95_ps
            same = abs(of.mean_ps / plain.setdefault(kind, of.mean_ps) - 1.0) < 0.01
            yield Row(
                f"{kind} residence{name}", f"{stay:g} ps",
                f"{of.mean_ps:.3f} ps ({low:.2f} to {high:.2f})", low < stay < high and same,
            )  # fmt: skip


def structure(folder: Path) -> Iterator[Row]:
    """Pair distributions of an ideal crystal and of its sheared copy."""
    crystal = bulk("LiO", "rocksalt", a=4.2)
    write(folder / "salt.extxyz", crystal)
    choice = Selection(needs_times=False)
    with open_frames(folder / "salt.extxyz", choice, min_frames=1) as frames:
        found = pair_functions([frames], r_max_A=7.0)
    unlike = found.pairs.index(("Li", "O"))
    numbers = [
        float(found.running[row, np.searchsorted(found.r_A, radius)])
        for row, radius in ((unlike, 2.5), (0, 3.2), (unlike, 3.8), (0, 4.4))
    ]
    yield Row(
        "rock salt: neighbours in the first four shells", "6, 12, 14, 18 (running)",
        ", ".join(f"{one:.6g}" for one in numbers), np.allclose(numbers, [6, 12, 14, 18]),
    )  # fmt: skip
    peak = float(found.first_peak_A[unlike])
    yield Row("rock salt: first peak", "2.100 Å", f"{peak:.3f} Å", abs(peak - 2.1) < 0.02)
    hot = bulk("LiO", "rocksalt", a=4.2, cubic=True) * (2, 1, 1)
    hot.rattle(0.1, seed=3)
    other = hot.copy()
    other.cell[1] += hot.cell[0]
    other.cell[2] -= 2 * hot.cell[1]
    other.wrap()
    curves = []
    for name, atoms in (("hot", hot), ("sheared", other)):
        write(folder / f"{name}.extxyz", atoms)
        with open_frames(folder / f"{name}.extxyz", choice, min_frames=1) as frames:
            curves.append(pair_functions([frames]).g)
    gap = float(np.abs(curves[0] - curves[1]).max())
    yield Row("g(r), sheared copy", "the same", f"{gap:.1e} apart", gap < 1e-8)


def spectra(folder: Path) -> Iterator[Row]:
    """Harmonic oscillators."""
    positions, velocities = modes.oscillators(0.01, 1500)
    run = walks.write_h5md(
        folder / "oscillators", modes.SYMBOLS, positions, modes.CELL, 0.01, velocities=velocities
    )
    with open_frames(run, velocities=True) as frames:
        found = vibrations([frames])
    for element, true in modes.THZ.items():
        (peak,) = found.peaks[element]
        yield Row(
            "harmonic oscillator", f"{true * 33.35641:.1f} cm⁻¹",
            f"{peak.cm1:.1f} ± {peak.std_cm1:.1f} cm⁻¹", abs(peak.THz - true) < 3.0 * peak.std_THz,
        )  # fmt: skip


def polyhedra() -> Iterator[Row]:
    """Distorted polyhedra measured by SHAPE's own routine."""
    apart = [
        abs(float(shape_measure(shapes.distorted(code), shapes.BY_CODE[code])) - true)
        for code, true in shapes.SHAPE_VALUES.items()
    ]
    codes = ", ".join(shapes.SHAPE_VALUES)
    yield Row(
        f"shape measures of distorted {codes}", "SHAPE's values, 3.07 to 9.22",
        f"at most {max(apart):.0e} apart", max(apart) < 2e-6,
    )  # fmt: skip


def clusters() -> Iterator[Row]:
    """Planted clusters, one of them across the cell's face."""
    cell = 30.0 * np.eye(3)
    places = [(2.0 + 3.0 * k, 3.0, 3.0) for k in range(5)]
    places += [(3.0, 12.0 + 3.0 * k, 10.0) for k in range(3)]
    places += [(20.0, 20.0, 29.0), (20.0, 20.0, 1.5), (10.0, 25.0, 20.0), (25.0, 10.0, 20.0)]
    true = [5, 3, 2, 1, 1]
    sheared = np.array([[1, 0, 0], [2, 1, 0], [-1, 1, 1]]) @ cell
    for name, box in (("clusters within 3.5 Å", cell), ("the same, sheared cell", sheared)):
        found = cluster_sizes(np.array(places), box, 3.5).tolist()
        yield Row(name, ", ".join(map(str, true)), ", ".join(map(str, found)), found == true)


def profiles() -> Iterator[Row]:
    """Planted error functions and rate laws."""
    rng = np.random.default_rng(0)
    found = np.array([mixing_fit(*mixing.planted(rng, 1500, 1.5, 2.5)) for _ in range(12)])
    (centre, width), error = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(12)
    yield Row(
        "share of Co: centre, width σ (mean of 12 draws of 1,500 cations)", "1.5, 2.5 Å",
        f"{centre:.2f} ± {error[0]:.2f}, {width:.2f} ± {error[1]:.2f} Å",
        abs(centre - 1.5) < 0.15 and abs(width - 2.5) < 0.2,
    )  # fmt: skip
    d = np.arange(-12.0, 12.0, 0.25)
    from scipy.special import erfc

    centre, width = profile_fit(
        d, 0.01 + 0.02 * erfc((d - 1.0) / (np.sqrt(2.0) * 2.5)), smoothing_A=1.0
    )
    good = abs(centre - 1.0) < 0.02 and abs(width - 2.5) < 0.05
    yield Row("error function of one element", "1, 2.5 Å", f"{centre:.3f}, {width:.3f} Å", good)
    time = np.linspace(1.0, 100.0, 20)
    for law, power in (("t^1/2", 0.5), ("linear", 1.0)):
        counts = 2.0 + 8.0 * time**power + np.random.default_rng(1).normal(size=20)
        told = rate_law(time, counts, np.ones(20))
        yield Row(
            "rate law of a count", law, f"{told.law}, free exponent {told.exponent:.2f} ± "
            f"{told.exponent_std:.2f}", told.law == law,
        )  # fmt: skip


def boundaries() -> Iterator[Row]:
    """Planted segregation, energy and volume of bicrystals."""
    runs = [grains.bicrystal(seed) for seed in range(4)]
    control = grains.bicrystal(9, boundary_share=10.0 / 23.0)
    energy = [
        np.full(grains.N_FRAMES, -5.0 * run.n_atoms + 0.8 * 2.0 * grains.AREA / J_PER_M2)
        for run in runs
    ]
    bulk_energy = [np.full(grains.N_FRAMES, -5.0 * control.n_atoms)]
    found = follow_boundaries(runs, [control], energies_eV=(energy, bulk_energy))
    if found.energy is None or found.segregation is None:
        raise RuntimeError("nothing was found")
    gamma = found.energy.final
    yield Row("boundary energy", "0.8 J/m²", f"{gamma:.6f} J/m²", abs(gamma - 0.8) < 1e-6)
    excess = (30.0 - 10.0 * 20.0 / 24.0) / (2.0 * grains.AREA) * 100.0
    told = found.segregation
    yield Row(
        "excess of Co at a boundary", f"{excess:.2f} nm⁻²",
        f"{told.final:.2f} ± {told.final_std:.2f} nm⁻²", abs(told.final / excess - 1.0) < 0.15,
    )  # fmt: skip
    true = -BOLTZMANN_EV_PER_K * 1000.0 * np.log((30.0 / 20.0) / (10.0 / 24.0))
    mean = float(np.nanmean(found.free_energy_eV[found.distance_A < 5.0]))
    yield Row(
        "free energy of segregation", f"{true:.3f} eV", f"{mean:.3f} eV", abs(mean - true) < 0.04
    )


def pathway() -> Iterator[Row]:
    """Planted bottlenecks of a density."""
    x = np.linspace(0.0, 2.0 * np.pi, 40, endpoint=False)
    energy = sum(
        height * 0.5 * (1.0 - np.cos(one))
        for height, one in zip((0.1, 0.3, 0.5), np.meshgrid(x, x, x, indexing="ij"), strict=True)
    )
    density = np.exp(-energy / (BOLTZMANN_EV_PER_K * 1000.0))
    found = find_pathway(density, [density, density], 1000.0, 1e-6).barrier_eV
    told = ", ".join(f"{one:.4f}" for one in found)
    good = np.allclose(found, [0.1, 0.3, 0.5], atol=1e-6)
    yield Row("barriers of a density along a, b, c", "0.1, 0.3, 0.5 eV", f"{told} eV", good)


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | planted | found |", "|---|---|---|"]
    for row in rows:
        mark = "" if row.holds else " **(misses)**"
        lines.append(f"| {row.what} | {row.planted} | {row.found}{mark} |")
    return "\n".join(lines)


def main() -> int:
    """Print the table; 1 when a row misses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=400, help="of each coverage")
    parser.add_argument("--publish", action="store_true", help="put it into docs/analysis.md")
    chosen = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = (
            disguises(folder), structure(folder), spectra(folder), polyhedra(), clusters(),
            profiles(), pathway(), boundaries(), hops(), residences(chosen.trials),
            few_atoms(chosen.trials), coverages(chosen.trials),
        )  # fmt: skip
        for part in parts:
            for row in part:
                print(table([row]).splitlines()[-1], flush=True)
                rows.append(row)
    if chosen.publish:
        text = PAGE.read_text(encoding="utf-8")
        block = f"{BEGIN}\n{table(rows)}\n{END}"
        text = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, text, flags=re.S)
        PAGE.write_text(text, encoding="utf-8")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
