"""Analyses against the peers that are installed: same answers, speed as a ratio.

    python benchmarks/analysis.py [--atoms 200] [--frames 1000] [--output analysis.json]

Peers do the same work on the same arrays; the ratio is their time over ours (above 1: we are
faster). A peer that isn't installed is left out.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sinterface.analysis.diffusion import squared_displacements
from sinterface.analysis.neighbors import find_pairs
from sinterface.analysis.slope_scatter import Scatters
from sinterface.analysis.slopes import fit_lags, fit_slope

STEP_A = 0.5


def timed(work: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """Return the least CPU seconds of some repeats and the result."""
    best, result = np.inf, None
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


def walk(n_frames: int, n_atoms: int) -> np.ndarray:
    """Brownian positions, shape (n_frames, n_atoms, 3)."""
    rng = np.random.default_rng(0)
    return np.cumsum(rng.normal(scale=STEP_A, size=(n_frames, n_atoms, 3)), axis=0)


def compare_msd(path: np.ndarray) -> dict[str, Any]:
    """MSD over all origins: tidynamics, atom by atom."""
    n = len(path) // 2
    ours, mine = timed(lambda: squared_displacements(path, n).mean(axis=0))
    found: dict[str, Any] = {"ours_s": ours, "peers": {}}
    try:
        import tidynamics
    except ImportError:
        return found

    def work() -> np.ndarray:
        each = [tidynamics.msd(path[:, atom])[:n] for atom in range(path.shape[1])]
        return np.asarray(np.mean(each, axis=0))

    seconds, theirs = timed(work)
    gap = float(np.abs(mine - theirs).max() / theirs.max())
    found["peers"]["tidynamics"] = {"s": seconds, "ratio": seconds / ours, "difference": gap}
    try:
        seconds, other = timed(gemdat_msd(path, n))
    except ImportError:
        return found
    gap = float(np.abs(mine - other).max() / other.max())
    found["peers"]["gemdat"] = {"s": seconds, "ratio": seconds / ours, "difference": gap}
    return found


def gemdat_msd(path: np.ndarray, n: int) -> Callable[[], np.ndarray]:
    """The same by gemdat."""
    from gemdat import Trajectory
    from pymatgen.core import Element, Lattice

    edge = 1000.0
    trajectory = Trajectory(
        species=[Element("Li")] * path.shape[1],
        coords=(path / edge) % 1.0,
        lattice=Lattice(edge * np.eye(3)),
        constant_lattice=True,
        time_step=1e-13,
    )
    return lambda: np.asarray(trajectory.mean_squared_displacement().mean(axis=0)[:n])


def our_slope(path: np.ndarray) -> tuple[float, float]:
    """Slope a frame and standard error."""
    lags = fit_lags(len(path))
    each = squared_displacements(path, int(lags[-1]) + 1)[:, lags]
    scatters = Scatters(len(path))
    scatters.add(path, each)
    slope = fit_slope(
        lags,
        each.mean(axis=0),
        lengths=np.array([len(path)]),
        numbers=np.array([float(path.shape[1])]),
        n_components=3,
        scatters=scatters,
    )
    return slope.value, slope.std


def kinisi_slope(path: np.ndarray) -> tuple[float, float]:
    """The same by kinisi, at our lags; beside the walkers two atoms at rest stand for a frame."""
    import scipp as sc
    from ase import Atoms
    from kinisi.analyze import DiffusionAnalyzer

    edge = 1000.0
    symbols = ["Li"] * path.shape[1] + ["La"] * 2
    rest = np.zeros((2, 3))
    frames = [
        Atoms(
            symbols, positions=np.concatenate([one, rest]) + 0.5 * edge, cell=[edge] * 3, pbc=True
        )
        for one in path
    ]
    picoseconds = sc.Unit("ps")
    lags = sc.array(
        dims=["time interval"], values=fit_lags(len(path)).astype(float), unit=picoseconds
    )
    analyzer = DiffusionAnalyzer.from_ase(
        frames,
        specie="Li",
        time_step=sc.scalar(1.0, unit=picoseconds),
        step_skip=sc.scalar(1),
        dt=lags,
        progress=False,
    )
    analyzer.diffusion(sc.scalar(2.0, unit=picoseconds), progress=False)
    samples = 6.0 * sc.to_unit(analyzer.D, "angstrom**2/ps").values
    return float(samples.mean()), float(samples.std())


def compare_slope(path: np.ndarray) -> dict[str, Any]:
    """Diffusivity with its error: kinisi."""
    ours, mine = timed(lambda: our_slope(path), 1)
    found: dict[str, Any] = {"ours_s": ours, "true": 3 * STEP_A**2, "ours": mine, "peers": {}}
    try:
        seconds, theirs = timed(lambda: kinisi_slope(path), 1)
    except Exception as error:
        found["peers"]["kinisi"] = {"failed": repr(error)[:200]}
        return found
    found["peers"]["kinisi"] = {"s": seconds, "ratio": seconds / ours, "found": theirs}
    return found


def compare_rdf(n_atoms: int, r_max: float = 8.0, n_bins: int = 400) -> dict[str, Any]:
    """One frame's g(r): freud and MDAnalysis."""
    length = (n_atoms / 0.09) ** (1.0 / 3.0)
    places = np.random.default_rng(1).random((n_atoms, 3)) * length
    shells = 4.0 / 3.0 * np.pi * np.diff(np.linspace(0.0, r_max, n_bins + 1) ** 3)

    def mine() -> np.ndarray:
        _, _, distances = find_pairs(places, length * np.eye(3), r_max)
        counts = np.bincount((distances * n_bins / r_max).astype(int), minlength=n_bins)[:n_bins]
        return np.asarray(2.0 * counts * length**3 / (n_atoms**2 * shells))

    ours, g = timed(mine)
    found: dict[str, Any] = {"ours_s": ours, "peers": {}}
    try:
        import freud

        freud.set_num_threads(1)
        box = freud.box.Box.cube(length)

        def theirs() -> np.ndarray:
            rdf = freud.density.RDF(n_bins, r_max, normalization_mode="finite_size")
            points = box.wrap(places - 0.5 * length)
            return np.asarray(rdf.compute((box, points)).rdf) * (n_atoms - 1) / n_atoms

        seconds, other = timed(theirs)
        gap = float(np.abs(g - other)[n_bins // 4 :].max())
        found["peers"]["freud"] = {"s": seconds, "ratio": seconds / ours, "difference": gap}
    except ImportError:
        pass
    try:
        from MDAnalysis.lib.distances import self_capped_distance

        cell = np.array([length] * 3 + [90.0] * 3, dtype=np.float32)

        def capped() -> np.ndarray:
            _, distances = self_capped_distance(places.astype(np.float32), r_max, box=cell)
            counts = np.histogram(distances, n_bins, (0.0, r_max))[0]
            return np.asarray(2.0 * counts * length**3 / (n_atoms**2 * shells))

        seconds, other = timed(capped, 1)
        gap = float(np.abs(g - other)[n_bins // 4 :].max())
        found["peers"]["MDAnalysis"] = {"s": seconds, "ratio": seconds / ours, "difference": gap}
    except ImportError:
        pass
    return found


def lattice_hops(n_frames: int, n_ions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ions that hop between 64 sites 4 Å apart: positions, sites' fractions, cell."""
    rng = np.random.default_rng(2)
    grid = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    place = grid[rng.permutation(64)[:n_ions]].astype(float)
    path = np.empty((n_frames, n_ions, 3))
    for frame in range(n_frames):
        path[frame] = place
        jump = np.flatnonzero(rng.random(n_ions) < 0.02)
        place[jump, rng.integers(0, 3, len(jump))] += rng.choice([-1.0, 1.0], len(jump))
    path = 4.0 * path + 0.25 * rng.normal(size=path.shape)
    return path, grid / 4.0, 16.0 * np.eye(3)


def our_sites(path: np.ndarray, sites: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Site of each ion in each frame, by the nearest centre."""
    from sinterface.analysis.site_map import SiteMap

    n = len(sites)
    kinds = np.full(n, "site")
    found = SiteMap(sites, np.zeros(n), kinds, np.full(n, np.nan), cell, "given").searcher()
    inverse = np.linalg.inv(cell)
    return np.stack([found.find(frame @ inverse)[0] for frame in path])


def compare_sites(n_frames: int = 500, n_ions: int = 40) -> dict[str, Any]:
    """Sites and jumps: site-analysis (nearest centre) and gemdat (spheres)."""
    path, sites, cell = lattice_hops(n_frames, n_ions)
    ours, mine = timed(lambda: our_sites(path, sites, cell), 1)
    jumps = int(np.count_nonzero(np.diff(mine, axis=0)))
    found: dict[str, Any] = {"ours_s": ours, "jumps": jumps, "peers": {}}
    for name, peer in (("site-analysis", site_analysis_sites), ("gemdat", gemdat_sites)):
        try:
            seconds, theirs = timed(lambda peer=peer: peer(path, sites, cell), 1)
        except ImportError:
            continue
        held = theirs >= 0
        found["peers"][name] = {
            "s": seconds,
            "ratio": seconds / ours,
            "difference": float((theirs[held] != mine[held]).mean()),
            "in_no_site": float(1.0 - held.mean()),
            "jumps": _jumps(theirs),
        }
    return found


def _jumps(where: np.ndarray) -> int:
    """Changes of site, frames in no site passed over."""
    total = 0
    for path in where.T:
        known = path[path >= 0]
        total += int(np.count_nonzero(np.diff(known)))
    return total


def site_analysis_sites(path: np.ndarray, sites: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """The same by site-analysis' Voronoi sites."""
    from pymatgen.core import Lattice, Structure
    from site_analysis.builders import TrajectoryBuilder

    lattice = Lattice(cell)
    symbols = ["Li"] * path.shape[1]
    frames = [Structure(lattice, symbols, one, coords_are_cartesian=True) for one in path]
    builder = TrajectoryBuilder().with_structure(frames[0]).with_mobile_species("Li")
    trajectory = builder.with_voronoi_sites(centres=sites.tolist()).build()
    first = min(site.index for site in trajectory.sites)
    trajectory.trajectory_from_structures(frames)
    return np.array(trajectory.atoms_trajectory) - first


def gemdat_sites(path: np.ndarray, sites: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """The same by gemdat's spheres of 1.2 Å; −1 between them."""
    from gemdat import Trajectory
    from gemdat.transitions import Transitions
    from pymatgen.core import Element, Lattice, Structure

    lattice = Lattice(cell)
    trajectory = Trajectory(
        species=[Element("Li")] * path.shape[1],
        coords=path @ np.linalg.inv(cell) % 1.0,
        lattice=lattice,
        constant_lattice=True,
        time_step=1e-13,
        metadata={"temperature": 1000.0},
    )
    places = Structure(lattice, ["Li"] * len(sites), sites, labels=["Li1"] * len(sites))
    found = Transitions.from_trajectory(
        trajectory=trajectory, sites=places, floating_specie="Li", site_radius=1.2
    )
    return np.asarray(found.states)


def main() -> None:
    """Run all comparisons and print, or write, JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--atoms", type=int, default=200)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--rdf-atoms", type=int, default=5000)
    parser.add_argument("--output", type=Path)
    chosen = parser.parse_args()
    path = walk(chosen.frames, chosen.atoms)
    found = {
        "atoms": chosen.atoms,
        "frames": chosen.frames,
        "rdf_atoms": chosen.rdf_atoms,
        "msd": compare_msd(path),
        "diffusivity": compare_slope(path[:, :50]),
        "rdf": compare_rdf(chosen.rdf_atoms),
        "sites": compare_sites(),
    }
    text = json.dumps(found, indent=1)
    if chosen.output:
        chosen.output.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
