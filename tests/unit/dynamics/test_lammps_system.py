from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones

from sinterface.dynamics import lammps_library
from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.lammps_instance import LammpsError
from sinterface.dynamics.lammps_system import LammpsSystem, lower_triangular
from sinterface.errors import InputError
from sinterface.units import EV_PER_A3_IN_GPA


def test_lower_triangular_known_answer() -> None:
    random = np.random.default_rng(1)
    cell = random.normal(size=(3, 3)) * 5
    lower, q = lower_triangular(cell)
    np.testing.assert_allclose(lower @ q, cell, atol=1e-12)
    np.testing.assert_allclose(q @ q.T, np.eye(3), atol=1e-12)
    assert (np.triu(lower, 1) == 0).all()
    assert (np.diag(lower) > 0).all()


def test_lower_triangular_leaves_such_a_cell_alone() -> None:
    cell = np.array([[3.0, 0, 0], [1, 4, 0], [0.1, 0.2, 5]])
    lower, q = lower_triangular(cell)
    assert (lower == cell).all()
    assert (q == np.eye(3)).all()


@pytest.mark.parametrize("left_handed", [False, True])
def test_same_physics_as_ase(
    argon: Atoms, argon_interaction: Interaction, left_handed: bool
) -> None:
    """Energy, pressure tensor, positions of a skewed, turned cell with atoms outside of it."""
    random = np.random.default_rng(2)
    argon.set_cell(argon.cell.array @ (np.eye(3) + random.normal(size=(3, 3)) * 0.06), True)
    argon.rotate(40, (1, 2, 3), rotate_cell=True)
    if left_handed:
        argon.set_cell(argon.cell.array[[1, 0, 2]])
    argon.rattle(0.2, seed=3)
    argon.positions += random.integers(-2, 3, size=(len(argon), 3)) @ argon.cell.array
    argon.calc = LennardJones(epsilon=0.0104, sigma=3.4, rc=6.0, ro=6.0, smooth=False)
    with LammpsSystem(argon, argon_interaction, 1.0) as system:
        system.create()
        system.run(0, setup=True)
        frame = system.frame(0)
    np.testing.assert_allclose(frame.positions, argon.positions, atol=1e-10)
    np.testing.assert_allclose(frame.cell, argon.cell.array, atol=1e-12)
    assert frame.potential_energy_eV == pytest.approx(argon.get_potential_energy(), rel=1e-10)
    pressure = -argon.get_stress(voigt=False) * EV_PER_A3_IN_GPA
    np.testing.assert_allclose(frame.pressure_GPa, pressure, rtol=1e-4, atol=1e-6)
    assert frame.temperature_K == 0


def test_masses_and_order_of_a_mixture(argon: Atoms) -> None:
    """Types are made for each element and mass; atoms come back in their order."""
    argon.numbers[::3] = 36
    masses = argon.get_masses()
    masses[1] = 50.0
    argon.set_masses(masses)
    interaction = Interaction(
        ("pair_style lj/cut 6", "pair_coeff * * 0.01 3.4"), ("Ar", "Kr"), 6.0, "lj"
    )
    with LammpsSystem(argon, interaction, 1.0) as system:
        system.create()
        system.command("velocity all create 50 1 mom yes")
        system.run(20, setup=True)
        frame = system.frame(20, velocities=True)
    assert np.abs(frame.positions - argon.positions).max() < 0.1
    assert frame.velocities is not None
    momentum = masses @ frame.velocities
    np.testing.assert_allclose(momentum, 0, atol=1e-9)
    kinetic = (
        0.5 * (masses[:, None] * frame.velocities**2).sum() * 1.0364269e-4
    )  # amu (Å/ps)² in eV
    kelvin = kinetic / (1.5 * (len(argon) - 1) * 8.617333e-5)
    assert frame.temperature_K == pytest.approx(kelvin, rel=1e-4)


def test_errors_are_plain(argon: Atoms, argon_interaction: Interaction) -> None:
    with (
        LammpsSystem(argon, argon_interaction, 1.0) as system,
        pytest.raises(LammpsError, match=r"^Unknown command: nonsense$"),
    ):
        system.command("nonsense")


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lammps_library, "SUPPORTED_VERSION", 20200303)
    with pytest.raises(InputError, match="version 20200303 is needed, got 20250722"):
        lammps_library.start_lammps()
