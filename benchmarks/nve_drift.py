"""Conservation of energy in mixed and in double precision, and the noise of mixed forces.

    python benchmarks/nve_drift.py [--seeds 1 2 3] [--timestep-fs 0.5] [--output FILE.json]

Cubic LLZO (192 atoms) is heated to 1200 K for 2 ps in double precision; from that one state follow
two NVE runs of 100 ps, one in each precision, through LAMMPS in this process. Trajectories part
ways within a few picoseconds, so only drifts compare: the slope of a line fitted to an energy,
times the duration, for an atom. Its standard error comes from the means of ten blocks. Each seed is
another arrangement of Li and other velocities. Three figures for each run:

drift
    Of the total energy. Velocity Verlet conserves not H but a shadow Hamiltonian, and their
    difference, of the order of (time step)², wanders as atoms change places.
shadow drift
    Of H + dt² (v·U''v / 12 − F·F/m / 24), the shadow Hamiltonian to fourth order.
work of the force error
    The mean of (F_mixed − F_double) · v, times the duration, along the trajectory: what mixed
    precision adds, measured directly. Its steps are independent of each other, so the walk is
    their standard deviation times the root of their number.

With 1 fs the integrator itself wanders by up to 4e-5 eV/atom, in double precision too when it
starts from where a mixed run does; 0.5 fs shows the precisions apart.

Force noise is the root mean square difference of mixed and double forces of one structure: the hot
LLZO, labelled frames of hot LCO, and an LLZO/LCO interface with every atom displaced.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

import sinterface
from sinterface import provenance
from sinterface.dataset.frames import label_of, read_frames
from sinterface.dynamics.interaction import potential_interaction
from sinterface.dynamics.lammps_system import LammpsSystem
from sinterface.files import write_text
from sinterface.structures.crystals import cubic_llzo
from sinterface.structures.interface import build_interface

DATA = Path(__file__).parents[1] / "data" / "llzo-lco-first"
TEMPERATURE_K = 1200.0
HEATING_STEPS = 2000
SAMPLE_STEPS = 50
BLOCKS = 10
KINETIC = 1.0364269574711572e-4
"""One amu (Å/ps)² in eV."""


def heat(atoms: Atoms, potential: sinterface.Potential, seed: int, restart: Path) -> Atoms:
    """Bring `atoms` to the temperature, save LAMMPS' state, return the hot structure."""
    with LammpsSystem(atoms, potential_interaction(potential, precision="double"), 1.0) as system:
        system.create()
        system.commands(
            f"velocity all create {2 * TEMPERATURE_K} {4000 + seed} mom yes rot no dist gaussian",
            f"fix heat all nvt temp {TEMPERATURE_K} {TEMPERATURE_K} 0.1",
        )
        system.run(HEATING_STEPS, setup=True)
        hot = atoms.copy()
        hot.positions = system.frame(0).positions
        system.save(restart)
    return hot


@dataclass(frozen=True)
class Length:
    """Duration and time step of a run."""

    duration_ps: float
    timestep_fs: float

    @property
    def n_steps(self) -> int:
        """Number of time steps."""
        return round(self.duration_ps * 1000 / self.timestep_fs)


@dataclass(frozen=True)
class Trajectory:
    """What one NVE run leaves every `SAMPLE_STEPS` steps, each of shape (n_samples,).

    Attributes
    ----------
    energies, shadow
        Total energy and second-order term of the shadow Hamiltonian, in eV.
    temperatures
        In K.
    power
        Of the difference between mixed and double forces, in eV/ps.
    """

    energies: NDArray[np.float64]
    shadow: NDArray[np.float64]
    temperatures: NDArray[np.float64]
    power: NDArray[np.float64]


def run_nve(
    atoms: Atoms,
    potential: sinterface.Potential,
    precision: str,
    restart: Path,
    length: Length,
) -> Trajectory:
    """Run NVE dynamics from LAMMPS' state in `restart`."""
    interaction = potential_interaction(potential, precision=precision)
    masses, rows = atoms.get_masses(), []
    with LammpsSystem(atoms, interaction, length.timestep_fs) as system:
        system.restore(restart)
        system.command("fix move all nve")
        for k in range(length.n_steps // SAMPLE_STEPS + 1):
            system.run(SAMPLE_STEPS if k else 0, setup=k == 0)
            frame = system.frame(k, velocities=True)
            kinetic = 0.5 * KINETIC * np.sum(masses[:, None] * frame.velocities**2)
            mixed = forces(atoms, frame.positions, potential, "mixed")
            exact = forces(atoms, frame.positions, potential, "double")
            power = float(np.sum((mixed - exact) * frame.velocities))
            term = shadow_term(atoms, frame.positions, frame.velocities, exact, potential)
            shadow = (length.timestep_fs / 1000) ** 2 * term
            total = frame.potential_energy_eV + kinetic
            rows.append((total, shadow, frame.temperature_K, power))
    return Trajectory(*np.array(rows).T)


def shadow_term(
    atoms: Atoms,
    positions: NDArray[np.float64],
    velocities: NDArray[np.float64],
    exact: NDArray[np.float64],
    potential: sinterface.Potential,
) -> float:
    """Second-order term of velocity Verlet's shadow Hamiltonian over dt², in eV/ps²."""
    step = 1e-5  # ps
    ahead, behind = (
        forces(atoms, positions + sign * step * velocities, potential, "double") for sign in (1, -1)
    )
    curvature = -np.sum((ahead - behind) * velocities) / (2 * step)
    accelerations = exact / atoms.get_masses()[:, None] / KINETIC
    return float(curvature / 12 - np.sum(exact * accelerations) / 24)


def forces(
    atoms: Atoms, positions: NDArray[np.float64], potential: sinterface.Potential, precision: str
) -> NDArray[np.float64]:
    """Forces of `atoms` at `positions`, in eV/Å."""
    neighbors = potential.neighbors(positions, atoms.cell.array, atoms.pbc)
    return potential.evaluate(atoms.numbers, positions, neighbors, precision=precision).forces


def drift(energies: NDArray[np.float64], n_atoms: int) -> dict[str, object]:
    """Rise of a fitted line, its error, spread about it and means of blocks, in eV/atom."""
    time = np.linspace(0.0, 1.0, len(energies))
    values = (energies - energies[0]) / n_atoms
    slope, start = np.polyfit(time, values, 1)
    blocks = np.array_split(np.arange(len(values)), BLOCKS)
    centres = np.array([time[block].mean() for block in blocks])
    means = np.array([values[block].mean() for block in blocks])
    _, covariance = np.polyfit(centres, means, 1, cov=True)
    return {
        "drift": float(slope),
        "error": float(np.sqrt(covariance[0, 0])),
        "fluctuation": float(np.std(values - slope * time - start)),
        "block_means": means.tolist(),
    }


def figures(run: Trajectory, n_atoms: int, length: Length) -> dict[str, Any]:
    """Both drifts and the work of the force error, in eV/atom, and the mean temperature."""
    work = run.power * length.duration_ps / n_atoms
    return {
        "energy": drift(run.energies, n_atoms),
        "shadow_energy": drift(run.energies + run.shadow, n_atoms),
        "work_of_force_error": float(work.mean()),
        "work_of_force_error_error": float(work.std() / np.sqrt(len(work))),
        "work_of_force_error_walk": float(work.std() / np.sqrt(length.n_steps)),
        "temperature_K": float(run.temperatures.mean()),
    }


def force_noise(atoms: Atoms, potential: sinterface.Potential) -> dict[str, float]:
    """Root mean square and largest difference of mixed and double forces, in eV/Å."""
    exact, mixed = (forces(atoms, atoms.positions, potential, name) for name in ("double", "mixed"))
    return {
        "n_atoms": len(atoms),
        "force_rms_eV_per_A": float(np.sqrt(np.mean(exact**2))),
        "noise_rms_eV_per_A": float(np.sqrt(np.mean((mixed - exact) ** 2))),
        "noise_largest_eV_per_A": float(np.abs(mixed - exact).max()),
    }


def snapshots() -> dict[str, Atoms]:
    """Hot LCO frames from the labels, and an interface with displaced atoms."""
    frames = read_frames(DATA)
    found: dict[str, Atoms] = {}
    for system in ("lco-hot", "lco-layered", "llzo-hot"):
        chosen = [frame for frame in frames if label_of(frame).system == system]
        hottest = max(chosen, key=lambda frame: label_of(frame).temperature_K)
        found[f"{system}, {label_of(hottest).temperature_K:.0f} K"] = hottest
    interface = build_interface(size="small", seed=1).atoms
    interface.rattle(0.1, seed=1)
    found["interface, displaced by 0.1 Å"] = interface
    return found


def measure(
    potential: sinterface.Potential, seed: int, length: Length
) -> tuple[dict[str, Any], dict[str, float]]:
    """Figures of one seed's two runs, and the force noise of its hot structure."""
    atoms = cubic_llzo(seed=seed)
    found: dict[str, Any] = {"seed": seed, "n_atoms": len(atoms)}
    with TemporaryDirectory() as folder:
        restart = Path(folder) / "hot.restart"
        noise = force_noise(heat(atoms, potential, seed, restart), potential)
        for precision in ("double", "mixed"):
            run = run_nve(atoms, potential, precision, restart, length)
            found[precision] = figures(run, len(atoms), length)
            print(f"seed {seed}, {precision:6s} {sentence(found[precision])}", flush=True)
    return found, noise


def sentence(row: dict[str, Any]) -> str:
    """Return the figures of one run for a person."""
    plain, shadow = row["energy"], row["shadow_energy"]
    work, error = row["work_of_force_error"], row["work_of_force_error_error"]
    return (
        f"{row['temperature_K']:.0f} K: drift {plain['drift']:.1e} ± {plain['error']:.0e}, shadow "
        f"drift {shadow['drift']:.1e} ± {shadow['error']:.0e}, work of the force error "
        f"{work:.1e} ± {error:.0e} (walk {row['work_of_force_error_walk']:.0e}) eV/atom"
    )


def main() -> None:
    """Measure, print, write JSON after each seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--potential", default="llzo-lco")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--duration-ps", type=float, default=100.0)
    parser.add_argument("--timestep-fs", type=float, default=1.0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    potential = sinterface.load_potential(options.potential)
    noise = {name: force_noise(atoms, potential) for name, atoms in snapshots().items()}
    for name, row in noise.items():
        print(f"{name}: force noise {row['noise_rms_eV_per_A']:.2e} eV/Å RMS", flush=True)
    record = {
        "host": provenance.host(),
        "versions": provenance.versions(),
        "source": provenance.source_state(),
        "potential": options.potential,
        "fingerprint": potential.fingerprint,
        "kernel": potential.kernel,
        "duration_ps": options.duration_ps,
        "timestep_fs": options.timestep_fs,
        "runs": [],
        "noise": noise,
    }
    length = Length(options.duration_ps, options.timestep_fs)
    for seed in options.seeds:
        run, noise[f"hot LLZO, seed {seed}"] = measure(potential, seed, length)
        record["runs"].append(run)
        if options.output:
            write_text(options.output, json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
