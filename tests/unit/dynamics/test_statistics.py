"""What statistical mechanics says of each ensemble: known answers, not earlier results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from scipy.stats import gamma, kstest
from unit.dynamics.conftest import EPSILON_EV, SIGMA_A

from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.simulation import simulate
from sinterface.dynamics.trajectory import open_trajectory
from sinterface.units import BOLTZMANN_EV_PER_K, EV_PER_A3_IN_GPA

AMU_A2_PER_FS2_IN_EV = 103.64269
"""1 amu Å²/fs² in eV (CODATA 2018)."""


def run(atoms, interaction, directory, phase, **settings):
    defaults = {
        "timestep_fs": 5.0,
        "frame_interval_ps": 0.5,
        "checkpoint_interval_ps": 50.0,
        "seed": 11,
        "velocities": True,
    }
    before = Phase("warm", 20.0, phase.temperature_K, thermostat="bussi", keep=False)
    phases = [before, phase] if phase.thermostat != "none" else [phase]
    simulate(atoms, interaction, directory, phases, **defaults | settings)
    return open_trajectory(directory)


@pytest.mark.parametrize("thermostat", ["nose-hoover", "langevin", "bussi"])
def test_kinetic_energy_is_canonical(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction, thermostat: str
) -> None:
    """2K/kT is chi-squared with 3N − 3 degrees of freedom: mean, variance, distribution."""
    phase = Phase("production", 600.0, 50.0, thermostat=thermostat, thermostat_time_fs=200)
    with run(argon, argon_interaction, tmp_path, phase, frame_interval_ps=1.0) as trajectory:
        kelvin = trajectory.temperature_K[1:]
    free = 3 * len(argon) - 3
    expected = gamma(free / 2, scale=2 * 50.0 / free)
    assert kelvin.mean() == pytest.approx(50.0, abs=4 * expected.std() / np.sqrt(len(kelvin) / 2))
    assert kelvin.std() == pytest.approx(expected.std(), rel=0.12)
    assert kstest(kelvin, expected.cdf).pvalue > 1e-3


def test_equipartition_among_masses(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    """Light and heavy atoms have the same mean kinetic energy, along each axis."""
    masses = np.where(np.arange(len(argon)) % 2, 40.0, 120.0)
    argon.set_masses(masses)
    phase = Phase("production", 300.0, 50.0, thermostat="langevin", thermostat_time_fs=300)
    with run(argon, argon_interaction, tmp_path, phase) as trajectory:
        velocities = np.array([trajectory.velocities(i) for i in range(1, trajectory.n_frames)])
    kinetic = 0.5 * masses[:, None] * velocities**2 * AMU_A2_PER_FS2_IN_EV
    half_kT = 0.5 * BOLTZMANN_EV_PER_K * 50.0
    for atoms in (masses == 40, masses == 120):
        for axis in range(3):
            assert kinetic[:, atoms, axis].mean() == pytest.approx(half_kT, rel=0.05)


def test_energy_error_of_nve_grows_with_the_square_of_the_step(
    tmp_path: Path, argon: Atoms
) -> None:
    """With forces that end smoothly: a jump at the cutoff would make it grow with the step."""
    smooth = Interaction(
        ("pair_style lj/gromacs 4.5 6.5", f"pair_coeff * * {EPSILON_EV} {SIGMA_A}"),
        ("Ar",),
        6.5,
        "smooth argon",
    )
    argon.rattle(0.1, seed=4)
    spread = []
    for step in (2.0, 4.0, 8.0):
        phase = Phase("production", 12.0, 60.0, thermostat="none")
        directory = tmp_path / str(step)
        with run(
            argon,
            smooth,
            directory,
            phase,
            timestep_fs=step,
            frame_interval_ps=0.048,
            checkpoint_interval_ps=6.0,
        ) as trajectory:
            free = 3 * len(argon) - 3
            kinetic = 0.5 * free * BOLTZMANN_EV_PER_K * trajectory.temperature_K
            total = trajectory.potential_energy_eV + kinetic
            spread.append(total[20:].std())
    assert spread[1] / spread[0] == pytest.approx(4, rel=0.25)
    assert spread[2] / spread[1] == pytest.approx(4, rel=0.25)


def test_damped_oscillators(tmp_path: Path) -> None:
    """Langevin atoms in harmonic wells: ⟨x²⟩ = kT/k, and the known velocity autocorrelation."""
    stiffness, kelvin, damping_fs, mass = 0.2, 100.0, 400.0, 40.0
    atoms = bulk("Ar", "sc", a=8.0, cubic=True).repeat(6)
    atoms.set_masses([mass] * len(atoms))
    wells = Interaction(
        ("pair_style zero 6.0", "pair_coeff * *", f"fix wells all spring/self {stiffness}"),
        ("Ar",),
        6.0,
        "wells",
    )
    phase = Phase("production", 40.0, kelvin, thermostat="langevin", thermostat_time_fs=damping_fs)
    simulate(
        atoms,
        wells,
        tmp_path,
        [Phase("warm", 10.0, kelvin, thermostat="langevin", keep=False), phase],
        timestep_fs=4.0,
        frame_interval_ps=0.04,
        checkpoint_interval_ps=200.0,
        seed=2,
        velocities=True,
    )
    with open_trajectory(tmp_path) as trajectory:
        moved = np.array(list(trajectory.frames())) - atoms.positions
        speeds = np.array([trajectory.velocities(i) for i in range(trajectory.n_frames)])
    kT = BOLTZMANN_EV_PER_K * kelvin
    assert (moved**2).mean() == pytest.approx(kT / stiffness, rel=0.04)
    lags = np.arange(0, 26)
    found = [(speeds[: len(speeds) - k] * speeds[k:]).mean() for k in lags]
    time, rate = lags * 40.0, 1 / damping_fs
    own = np.sqrt(stiffness / (mass * AMU_A2_PER_FS2_IN_EV))  # rad/fs
    shifted = np.sqrt(own**2 - rate**2 / 4)
    swing = np.cos(shifted * time) - rate / (2 * shifted) * np.sin(shifted * time)
    expected = kT / (mass * AMU_A2_PER_FS2_IN_EV) * np.exp(-rate * time / 2) * swing
    np.testing.assert_allclose(found, expected, atol=0.05 * expected[0])


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_volume_fluctuates_with_the_compressibility(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction
) -> None:
    """⟨δV²⟩ = kT V κ, with κ from the mean volumes at two pressures."""
    volumes = {}
    for pressure in (-0.01, 0.0, 0.01):
        phase = Phase(
            "production",
            1500.0,
            40.0,
            cell="isotropic",
            pressure_GPa=pressure,
            barostat_time_fs=800,
        )
        with run(argon, argon_interaction, tmp_path / str(pressure), phase) as trajectory:
            volumes[pressure] = np.abs(np.linalg.det(trajectory.cell))[200:]
    mean = volumes[0.0].mean()
    slope = (volumes[0.01].mean() - volumes[-0.01].mean()) / (0.02 / EV_PER_A3_IN_GPA)
    compressibility = -slope / mean
    expected = np.sqrt(BOLTZMANN_EV_PER_K * 40.0 * mean * compressibility)
    assert volumes[0.0].std() == pytest.approx(expected, rel=0.12)
