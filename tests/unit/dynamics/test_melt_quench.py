"""Melt-quench: it melts, its density settles at zero pressure, the same seed gives the same."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.melt_quench import Quench, melt_quench
from sinterface.errors import InputError
from sinterface.structures.mixture import Mixture

QUICK = Quench(
    melt_K=150.0, melt_ps=4.0, quench_ps=16.0, free_K=60.0, final_K=20.0, density_ps=20.0
)


def test_quenched_argon(argon: Atoms, argon_interaction: Interaction) -> None:
    """Density between those of crystal and gas, pressure near zero, no crystal left."""
    mixture = Mixture({"Ar": 108}, float(argon.get_volume()))
    found = melt_quench(mixture, argon_interaction, QUICK, seed=1, timestep_fs=4)
    crystal = 39.948 * 108 * 1.66053907 / argon.get_volume()
    assert 0.85 * crystal < found.density_g_per_cm3 < crystal
    assert abs(found.pressure_GPa) < 0.02
    assert 0 < found.density_error < 0.05
    assert len(found.atoms) == 108
    again = melt_quench(mixture, argon_interaction, QUICK, seed=1, timestep_fs=4)
    assert np.array_equal(found.atoms.positions, again.atoms.positions)


def test_hot_state_keeps_its_volume(argon: Atoms, argon_interaction: Interaction) -> None:
    mixture = Mixture({"Ar": 108}, float(argon.get_volume()))
    hot = Quench(
        melt_K=150.0, melt_ps=1.0, quench_ps=0.0, free_K=150.0, final_K=150.0, density_ps=0
    )
    found = melt_quench(mixture, argon_interaction, hot, timestep_fs=4)
    assert found.atoms.get_volume() == pytest.approx(1.12 * argon.get_volume())


def test_bad_temperature(argon_interaction: Interaction) -> None:
    with pytest.raises(InputError, match="melt_K"):
        melt_quench(Mixture({"Ar": 108}, 4000.0), argon_interaction, Quench(melt_K=-1.0))
