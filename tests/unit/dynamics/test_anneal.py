"""Short runs: the ensemble asked for, the cell that may move, what comes back."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from sinterface.dynamics.anneal import Heat, Rest, anneal
from sinterface.dynamics.interaction import Interaction
from sinterface.errors import InputError, RunError
from sinterface.progress import Progress


def test_heating_and_averages(argon: Atoms, argon_interaction: Interaction) -> None:
    told: list[Progress] = []
    schedule = [Heat(2.0, 20.0, 60.0), Heat(4.0, 60.0)]
    found = anneal(argon, argon_interaction, schedule, seed=3, timestep_fs=4, progress=told.append)
    assert found.averages[0].temperature_K == pytest.approx(50.0, abs=8.0)  # second half: 40 to 60
    assert found.averages[1].temperature_K == pytest.approx(60.0, abs=5.0)
    assert np.allclose(found.atoms.cell.array, argon.cell.array)
    assert np.array_equal(found.atoms.arrays["region"], argon.arrays["region"])
    assert 0 < found.averages[1].energy_error_eV < 0.2
    assert told[-1].done == told[-1].total == 1500


def test_same_seed_same_structure(argon: Atoms, argon_interaction: Interaction) -> None:
    runs = [
        anneal(argon, argon_interaction, [Heat(0.2, 40.0)], seed=seed, timestep_fs=4).atoms
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(runs[0].positions, runs[1].positions)
    assert not np.allclose(runs[0].positions, runs[2].positions)


def test_isotropic_pressure_keeps_the_shape(argon: Atoms, argon_interaction: Interaction) -> None:
    argon.set_cell(argon.cell.array * np.array([[1.0], [1.05], [1.1]]), scale_atoms=True)
    step = Heat(10.0, 20.0, cell="isotropic", pressure_GPa=0.1)
    found = anneal(argon, argon_interaction, [step], timestep_fs=4)
    a, b, c = found.atoms.cell.lengths()
    assert b / a == pytest.approx(1.05, rel=1e-9)
    assert c / a == pytest.approx(1.10, rel=1e-9)
    assert np.trace(found.averages[0].pressure_GPa) / 3 == pytest.approx(0.1, abs=0.05)


def test_only_the_normal_moves(argon: Atoms, argon_interaction: Interaction) -> None:
    found = anneal(argon, argon_interaction, [Heat(1.0, 20.0, cell="normal")], timestep_fs=4)
    before, after = argon.cell.lengths(), found.atoms.cell.lengths()
    assert np.allclose(before[:2], after[:2])
    assert after[2] != pytest.approx(before[2], rel=1e-6)


def test_rest_finds_the_lattice(argon: Atoms, argon_interaction: Interaction) -> None:
    """The stretched and shaken crystal goes back to zero pressure, whatever it started from."""
    ends = []
    for stretch in (1.0, 1.02):
        start = argon.copy()
        start.set_cell(start.cell.array * stretch, scale_atoms=True)
        start.rattle(0.05, seed=1)
        step = Rest(force_tolerance_eV_per_A=1e-5, cell="isotropic")
        found = anneal(start, argon_interaction, [Rest(), step])
        assert abs(np.trace(found.averages[-1].pressure_GPa)) / 3 < 5e-3
        ends.append(found)
    edges = [end.atoms.cell.lengths()[0] for end in ends]
    assert edges[0] == pytest.approx(edges[1], rel=1e-3)
    assert ends[0].potential_energy_eV == pytest.approx(ends[1].potential_energy_eV, rel=1e-4)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ([], "empty"),
        ([Heat(0.0, 300.0)], "duration_ps"),
        ([Heat(1.0, -3.0)], "temperature_K"),
        ([Rest(cell="round")], "cell must be"),  # type: ignore[arg-type]
    ],
)
def test_wrong_schedules(
    argon: Atoms, argon_interaction: Interaction, schedule: list[Heat | Rest], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        anneal(argon, argon_interaction, schedule)


def test_an_overlap_is_told(argon: Atoms, argon_interaction: Interaction) -> None:
    argon.positions[1] = argon.positions[0] + [0.3, 0, 0]
    with pytest.raises(RunError, match="close contacts"):
        anneal(argon, argon_interaction, [Heat(1.0, 20.0)], timestep_fs=10)
