"""One suite over the engines: ensembles, phases, restarts, constraints."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import make_supercell
from ase.calculators.lj import LennardJones
from unit.dynamics.conftest import CUTOFF_A, EPSILON_EV, SIGMA_A

from sinterface.dynamics.ase_system import AseInteraction
from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.interaction import Interaction, potential_interaction
from sinterface.dynamics.simulation import simulate
from sinterface.dynamics.trajectory import open_trajectory
from sinterface.errors import InputError, RunError
from sinterface.potential.model import load_potential
from sinterface.structures.crystals import layered_lco

SHORT = {"timestep_fs": 4.0, "frame_interval_ps": 0.1, "checkpoint_interval_ps": 0.5, "seed": 3}


def argon_in(engine: str, in_lammps: Interaction) -> Interaction | AseInteraction:
    """Lennard-Jones."""
    if engine == "lammps":
        return in_lammps
    lj = LennardJones(sigma=SIGMA_A, epsilon=EPSILON_EV, rc=CUTOFF_A, ro=None, smooth=False)
    return AseInteraction(lj, "lj-argon", ("Ar",), CUTOFF_A)


def shipped_in(engine: str) -> Interaction | AseInteraction:
    """The shipped potential, in double precision."""
    potential = load_potential("llzo-lco")
    if engine == "lammps":
        return potential_interaction(potential, precision="double")
    calculator = potential.calculator(precision="double")
    return AseInteraction(calculator, "llzo-lco", potential.elements, potential.cutoff_A)


def lco() -> Atoms:
    """Layered LCO in a right-angled cell, 144 atoms."""
    return make_supercell(layered_lco(), [[3, 0, 0], [2, 4, 0], [0, 0, 1]])


@pytest.fixture(params=["lammps", "ase"])
def interaction(request, argon_interaction: Interaction) -> Interaction | AseInteraction:
    return argon_in(request.param, argon_interaction)


@pytest.fixture(params=["lammps argon", "ase argon", "lammps shipped", "ase shipped"])
def either(
    request, argon: Atoms, argon_interaction: Interaction
) -> tuple[Atoms, Interaction | AseInteraction]:
    """Argon, and layered LCO moved by the shipped potential, in both engines."""
    engine, material = request.param.split()
    if material == "argon":
        return argon, argon_in(engine, argon_interaction)
    return lco(), shipped_in(engine)


def read(directory: Path) -> dict[str, np.ndarray]:
    with open_trajectory(directory) as trajectory:
        return {
            "step": trajectory.step,
            "cell": trajectory.cell,
            "temperature": trajectory.temperature_K,
            "energy": trajectory.potential_energy_eV,
            "pressure": trajectory.pressure_GPa,
            "positions": np.array(list(trajectory.frames())),
        }


@pytest.mark.parametrize("material", ["argon", "shipped"])
def test_the_engines_agree_on_a_trajectory(
    tmp_path: Path, argon: Atoms, argon_interaction: Interaction, material: str
) -> None:
    """NVE of a skewed, turned cell from one and the same state, to rounding."""
    atoms = argon if material == "argon" else lco()
    atoms.set_cell(atoms.cell.array @ np.array([[1, 0, 0], [0.1, 1, 0], [0, 0.05, 1.0]]), True)
    atoms.rotate(25, (0.3, 0.2, 1), rotate_cell=True)
    atoms.rattle(0.15 if material == "argon" else 0.03, seed=1)
    still = [Phase("production", 0.5, 1e-9, thermostat="none")]  # from rest
    for engine in ("lammps", "ase"):
        moved = argon_in(engine, argon_interaction) if material == "argon" else shipped_in(engine)
        simulate(atoms, moved, tmp_path / engine, still, **SHORT)
    one, two = read(tmp_path / "lammps"), read(tmp_path / "ase")
    press = 1e-6 * max(1.0, np.abs(one["pressure"]).max())  # LCO's is of several GPa
    bounds = {"positions": 2e-5, "energy": 1e-8 * len(atoms), "pressure": press, "cell": 1e-9}
    for name, bound in bounds.items():
        np.testing.assert_allclose(one[name], two[name], atol=bound, rtol=0, err_msg=name)
    np.testing.assert_allclose(one["temperature"], two["temperature"], rtol=1e-4, atol=1e-5)
    assert np.ptp(one["temperature"]) > 1


@pytest.mark.parametrize("thermostat", ["none", "langevin", "bussi"])
def test_a_cut_run_ends_with_the_same_bits(tmp_path: Path, either, thermostat: str) -> None:
    atoms, interaction = either
    phases = [Phase("production", 2.0, 40.0, thermostat=thermostat)]
    simulate(atoms, interaction, tmp_path / "whole", phases, **SHORT)

    def stop_after(n: int):
        told = []

        def progress(state) -> None:
            told.append(state)
            if len(told) == n:
                raise KeyboardInterrupt

        return progress

    for n in (3, 7, 8):
        with pytest.raises(KeyboardInterrupt):
            simulate(atoms, interaction, tmp_path / "cut", phases, progress=stop_after(n), **SHORT)
    simulate(atoms, interaction, tmp_path / "cut", phases, **SHORT)
    whole, cut = read(tmp_path / "whole"), read(tmp_path / "cut")
    for name in whole:
        np.testing.assert_array_equal(whole[name], cut[name], err_msg=name)
    record = json.loads((tmp_path / "cut" / "dynamics.json").read_text())
    assert {part["continues"] for part in record["segments"]} == {"start", "bitwise"}


def test_sparse_frames_and_dense_velocities(tmp_path: Path, either) -> None:
    """Velocities between frames, on a clock of their own; cut runs end with the same bits."""
    atoms, interaction = either
    often = {**SHORT, "velocity_interval_ps": 0.02}
    phases = [
        Phase("warm", 0.2, 40.0, thermostat="bussi", keep=False),
        Phase("production", 1.0, 40.0, thermostat="langevin"),
        Phase("last", 0.2, 40.0, thermostat="none"),
    ]
    simulate(atoms, interaction, tmp_path / "whole", phases, **often)
    simulate(atoms, interaction, tmp_path / "sparse", phases, **SHORT)
    told: list[float] = []

    def stop(state) -> None:
        told.append(state.done)
        if len(told) in (4, 11):
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            simulate(atoms, interaction, tmp_path / "cut", phases, progress=stop, **often)
    simulate(atoms, interaction, tmp_path / "cut", phases, **often)
    found = []
    for name in ("whole", "cut"):
        with open_trajectory(tmp_path / name) as trajectory:
            assert trajectory.step.tolist() == list(range(0, 301, 25))
            assert trajectory.velocity_step.tolist() == list(range(0, 301, 5))
            np.testing.assert_allclose(trajectory.velocity_time_ps, np.arange(61) * 0.02)
            found.append([trajectory.dense_velocities(i) for i in range(61)])
            for i in range(trajectory.n_frames):
                np.testing.assert_array_equal(trajectory.velocities(i), found[-1][5 * i])
    np.testing.assert_array_equal(*found)
    assert np.ptp(found[0], axis=0).min() > 0
    whole, sparse = read(tmp_path / "whole"), read(tmp_path / "sparse")
    np.testing.assert_allclose(whole["positions"], sparse["positions"], atol=1e-4)
    with pytest.raises(InputError, match="velocity_steps = 5, now 0 is asked"):
        simulate(atoms, interaction, tmp_path / "whole", phases, **SHORT, velocities=True)
    with pytest.raises(InputError, match=r"0\.1 is not a whole multiple of velocity_interval_ps"):
        simulate(atoms, interaction, tmp_path / "no", phases, **SHORT, velocity_interval_ps=0.03)
    with pytest.raises(InputError, match="not a whole multiple of timestep_fs"):
        simulate(atoms, interaction, tmp_path / "no", phases, **SHORT, velocity_interval_ps=0.005)
    assert not (tmp_path / "no").exists()


def test_what_does_not_continue_bitwise_is_recorded(tmp_path: Path, either) -> None:
    """A Nosé–Hoover chain, which ASE can't save."""
    atoms, interaction = either
    phase = Phase("production", 1.0, 40.0)
    simulate(atoms, interaction, tmp_path, [phase], **SHORT)
    simulate(atoms, interaction, tmp_path, [replace(phase, duration_ps=2.0)], **SHORT)
    record = json.loads((tmp_path / "dynamics.json").read_text())
    how = "bitwise" if isinstance(interaction, Interaction) else "statistically"
    assert [part["continues"] for part in record["segments"]] == ["start", how]
    assert read(tmp_path)["step"].tolist() == list(range(0, 501, 25))


def test_phases_follow_each_other(tmp_path: Path, either) -> None:
    """A ramp, a hot stay, and another phase behind a finished run; one clock of kept frames."""
    atoms, interaction = either
    heat = [
        Phase("warm", 0.4, 20.0, thermostat="bussi", keep=False, thermostat_time_fs=40),
        Phase(
            "ramp",
            2.0,
            20.0,
            end_temperature_K=80.0,
            thermostat="langevin",
            thermostat_time_fs=40,
        ),
        Phase("hot", 1.0, 80.0, thermostat="langevin", thermostat_time_fs=40),
    ]
    simulate(atoms, interaction, tmp_path, heat, **SHORT)
    found = read(tmp_path)
    assert found["step"].tolist() == list(range(0, 751, 25))
    kelvin = found["temperature"]
    assert kelvin[:4].mean() < 32
    assert 60 < kelvin[21:].mean() < 95
    simulate(atoms, interaction, tmp_path, [*heat, Phase("last", 0.5, 80.0)], **SHORT)
    assert read(tmp_path)["step"].tolist() == list(range(0, 876, 25))
    changed = [heat[0], replace(heat[1], end_temperature_K=90.0), heat[2], heat[2]]
    with pytest.raises(InputError, match=r"end_temperature_K = 80.0 in phase 2, 'ramp'"):
        simulate(atoms, interaction, tmp_path, changed, **SHORT)
    with pytest.raises(InputError, match="a run of 4 phases, now 3"):
        simulate(atoms, interaction, tmp_path, heat, **SHORT)


@pytest.mark.parametrize("cell", ["fixed", "isotropic", "axes", "full"])
def test_minimisation_with_and_without_the_cell(
    tmp_path: Path, argon: Atoms, interaction, cell: str
) -> None:
    """Forces vanish, and the pressure of what may move is the one that was asked."""
    argon.set_cell(argon.cell * [0.99, 1.0, 1.01], scale_atoms=True)
    argon.rattle(0.1, seed=1)
    rest = Phase.minimisation(
        cell=cell, pressure_GPa=0.05, force_tolerance_eV_per_A=1e-4, max_steps=2000
    )
    result = simulate(argon, interaction, tmp_path, [rest], **SHORT)
    found = read(tmp_path)
    assert result.n_frames == len(found["step"]) == 2  # as given, and at rest
    assert found["energy"][1] < found["energy"][0] - 0.05
    assert found["temperature"].tolist() == [0, 0]
    stress = np.diag(found["pressure"][1])
    if cell == "fixed":
        np.testing.assert_array_equal(found["cell"][0], found["cell"][1])
    elif cell == "isotropic":
        assert stress.mean() == pytest.approx(0.05, abs=0.02)
        np.testing.assert_allclose(
            found["cell"][1] / found["cell"][1][0, 0], argon.cell.array / argon.cell.array[0, 0],
            atol=1e-6,
        )  # fmt: skip
    else:
        np.testing.assert_allclose(stress, 0.05, atol=0.02)
    # the same again changes nothing, and dynamics behind it begins at its own temperature
    again = simulate(argon, interaction, tmp_path, [rest], **SHORT)
    assert again.n_frames == 2
    simulate(argon, interaction, tmp_path, [rest, Phase("warm", 0.2, 30.0)], **SHORT)
    assert read(tmp_path)["temperature"][2:].min() > 5


def test_both_engines_find_the_same_minimum(
    tmp_path: Path, argon: Atoms, argon_interaction
) -> None:
    argon.rattle(0.1, seed=1)
    rest = Phase.minimisation(cell="isotropic", force_tolerance_eV_per_A=1e-4, max_steps=3000)
    lj = LennardJones(sigma=SIGMA_A, epsilon=EPSILON_EV, rc=CUTOFF_A, ro=None, smooth=False)
    other = AseInteraction(lj, "lj-argon", ("Ar",), CUTOFF_A)
    for name, moved in (("lammps", argon_interaction), ("ase", other)):
        simulate(argon, moved, tmp_path / name, [rest], **SHORT)
    one, two = (read(tmp_path / name)["energy"][-1] for name in ("lammps", "ase"))
    assert one == pytest.approx(two, abs=2e-3)


def test_frozen_atoms_rest_in_a_minimisation(tmp_path: Path, either) -> None:
    atoms, interaction = either
    atoms.rattle(0.1, seed=1)
    frozen = atoms.positions[:, 2] < 5
    simulate(atoms, interaction, tmp_path, [Phase.minimisation()], frozen=frozen, **SHORT)
    moved = np.ptp(read(tmp_path)["positions"], axis=0).max(axis=1)
    assert moved[frozen].max() == 0
    assert moved[~frozen].min() > 0


def test_frozen_atoms_rest(tmp_path: Path, either) -> None:
    atoms, interaction = either
    frozen = atoms.positions[:, 2] < 4
    phases = [Phase("production", 1.0, 60.0, thermostat="langevin", thermostat_time_fs=40)]
    simulate(atoms, interaction, tmp_path, phases, frozen=frozen, **SHORT)
    found = read(tmp_path)
    moved = np.ptp(found["positions"], axis=0).max(axis=1)
    assert moved[frozen].max() == 0
    assert moved[~frozen].min() > 0.01
    assert found["temperature"][5:].mean() == pytest.approx(60, rel=0.3)
    with pytest.raises(InputError, match="now"):
        simulate(atoms, interaction, tmp_path, phases, **SHORT)


@pytest.mark.parametrize("cell", ["isotropic", "axes", "normal", "full"])
def test_what_is_free_of_the_cell_moves_and_nothing_else(tmp_path: Path, either, cell: str) -> None:
    atoms, interaction = either
    atoms.set_cell(atoms.cell.array * np.array([1.0, 1.02, 0.97])[:, None], scale_atoms=True)
    atoms.rattle(0.1, seed=2)
    phases = [Phase("production", 1.0, 30.0, cell=cell, barostat_time_fs=300)]
    simulate(atoms, interaction, tmp_path, phases, **SHORT)
    strain = read(tmp_path)["cell"] @ np.linalg.inv(atoms.cell.array) - np.eye(3)
    diagonal = np.ptp(strain[:, range(3), range(3)], axis=0)
    sheared = np.abs(strain[:, ~np.eye(3, dtype=bool)]).max()
    np.testing.assert_array_equal(diagonal > 1e-4, [cell != "normal", cell != "normal", True])
    assert (sheared > 1e-5) == (cell == "full")
    if cell == "isotropic":
        np.testing.assert_allclose(strain[:, 0, 0], strain[:, 2, 2], atol=1e-6)


def test_bad_minimisations(tmp_path: Path, argon: Atoms, argon_interaction: Interaction) -> None:
    for phase, message in (
        (Phase.minimisation(max_steps=0), "max_steps must be greater than 0"),
        (Phase.minimisation(cell="some"), "cell must be one of fixed"),
        (replace(Phase.minimisation(), kind="melt"), "kind must be one of dynamics, minimise"),
        (replace(Phase.minimisation(cell="full"), settle_cell=True), "doesn't fluctuate"),
    ):
        with pytest.raises(InputError, match=message):
            simulate(argon, argon_interaction, tmp_path, [phase], **SHORT)


def test_bad_phases(tmp_path: Path, argon: Atoms, argon_interaction: Interaction) -> None:
    good = Phase("production", 1.0, 40.0)
    wrong = [
        ([replace(good, thermostat="berendsen")], "thermostat must be one of none, nose-hoover"),
        ([replace(good, cell="cubic")], "cell must be one of fixed, isotropic"),
        ([replace(good, keep=False)], "No phase of the run is kept"),
        ([replace(good, name="a b")], "name consists of letters"),
        ([replace(good, settle_cell=True)], "settles a cell that is fixed"),
        ([replace(good, duration_ps=0.25)], "duration_ps = 0.25 is not a whole multiple"),
        ([replace(good, end_temperature_K=-3.0)], "end_temperature_K must be greater than 0"),
    ]
    for phases, message in wrong:
        with pytest.raises(InputError, match=message):
            simulate(argon, argon_interaction, tmp_path / "run", phases, **SHORT)
    frozen = np.ones(len(argon), bool)
    with pytest.raises(InputError, match="All atoms are frozen"):
        simulate(argon, argon_interaction, tmp_path / "run", [good], frozen=frozen, **SHORT)
    frozen[3] = False
    free = [replace(good, cell="axes")]
    with pytest.raises(InputError, match="Frozen atoms need a fixed cell"):
        simulate(argon, argon_interaction, tmp_path / "run", free, frozen=frozen, **SHORT)
    assert not (tmp_path / "run").exists()


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value", "ignore:overflow")
def test_an_explosion_keeps_the_last_good_state(tmp_path: Path, argon: Atoms, interaction) -> None:
    from ase.io import read as read_frames

    argon.positions[1] = argon.positions[0] + [0.9, 0, 0]
    phases = [Phase("production", 1.0, 60.0, thermostat="none")]
    with pytest.raises(RunError, match=r"the last good state in 'stopped.extxyz'"):
        simulate(argon, interaction, tmp_path, phases, **SHORT)
    good = read_frames(tmp_path / "stopped.extxyz", ":")[0]
    assert len(good) == len(argon)
    assert np.isfinite(good.positions).all()


RANKS = """
import json, sys
from ase.io.jsonio import decode
from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.interaction import Interaction, potential_interaction
from sinterface.dynamics.simulation import simulate
task = json.load(open(sys.argv[1]))
interaction = {k: tuple(v) if isinstance(v, list) else v for k, v in task["interaction"].items()}
simulate(decode(task["atoms"]), Interaction(**interaction), sys.argv[2],
         [Phase(**phase) for phase in task["phases"]], **task["settings"])
"""


def test_ranks_of_mpi_agree(tmp_path: Path, argon: Atoms, argon_interaction: Interaction) -> None:
    """One, two and four ranks, the run of two in two parts."""
    from ase.io.jsonio import encode
    from unit.potential.test_lammps_mpi import MPIEXEC

    argon.rattle(0.1, seed=1)
    phases = [
        Phase("press", 0.2, 20.0, cell="axes", barostat_time_fs=300, keep=False, settle_cell=True),
        Phase("production", 0.2, 20.0),
    ]
    task = {
        "atoms": encode(argon),
        "interaction": asdict(argon_interaction),
        "phases": [asdict(phase) for phase in phases],
        "settings": SHORT | {"checkpoint_interval_ps": 0.2, "velocities": True},
    }
    (tmp_path / "task.json").write_text(json.dumps(task))
    (tmp_path / "run.py").write_text(RANKS)
    for ranks in (1, 2, 4):
        command = [str(MPIEXEC), "-n", str(ranks), sys.executable, str(tmp_path / "run.py")]
        command += [str(tmp_path / "task.json"), str(tmp_path / str(ranks))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr[-2000:]
    one = read(tmp_path / "1")
    for ranks in (2, 4):
        other = read(tmp_path / str(ranks))
        for name in one:
            np.testing.assert_allclose(other[name], one[name], atol=2e-5, err_msg=name)
        record = json.loads((tmp_path / str(ranks) / "dynamics.json").read_text())
        assert record["finished"]
        assert record["segments"][0]["ranks"] == ranks


def test_atoms_on_the_faces_of_a_skewed_cell_are_found_again(tmp_path: Path) -> None:
    """Rounding put atoms of this very crystal on the far faces of the box, and out of restarts."""
    crystal = layered_lco().repeat((4, 4, 1))
    crystal.set_cell(1.012 * crystal.cell.array, scale_atoms=True)
    phases = [Phase("settling", 0.01, 300.0, keep=False), Phase("run", 0.01, 300.0)]
    done = simulate(
        crystal, load_potential("llzo-lco-n2p2"), tmp_path, phases,
        timestep_fs=1.0, frame_interval_ps=0.01, checkpoint_interval_ps=0.01, seed=1,
    )  # fmt: skip
    assert done.n_frames == 2
