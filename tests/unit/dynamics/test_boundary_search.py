import json

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from sinterface.dynamics.boundary_search import (
    SearchSettings,
    rank_placements,
    search_placements,
)
from sinterface.dynamics.grain_boundary import relaxed_edge, scaled
from sinterface.errors import InputError
from sinterface.structures.bicrystal import packing
from sinterface.structures.coincidence import symmetric_tilt
from sinterface.structures.grain import orient

QUICK = SearchSettings(
    shift_step_A=1.3, cuts=1, most_removed=0, closeness=(1.0,), screened=3, screening_steps=2,
    relaxed=1, relaxation_steps=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def copper():
    edge, energy = relaxed_edge(bulk("Cu", cubic=True), EMT())
    tilt = symmetric_tilt((0, 0, 1), 5, (2, 1, 0))
    return orient(scaled(bulk("Cu", cubic=True), edge), tilt), energy


class StopError(Exception):
    pass


def test_a_stopped_search_goes_on_and_finds_the_same(copper, tmp_path):
    crystal, energy = copper
    whole = search_placements(crystal, 8, EMT, energy, settings=QUICK)
    record = tmp_path / "gb.search.jsonl"

    def stop(progress):
        if progress.done == 2:
            raise StopError

    with pytest.raises(StopError):
        search_placements(crystal, 8, EMT, energy, settings=QUICK, record=record, progress=stop)
    before = record.read_text().splitlines()
    assert len(before) == 3
    made = []

    def factory():
        made.append(EMT())
        return made[-1]

    told = []
    found = search_placements(
        crystal, 8, factory, energy, settings=QUICK, record=record, progress=told.append
    )
    assert record.read_text().splitlines()[:3] == before
    assert {json.dumps(t.placement.shift_A) for t in found.screened} == {
        json.dumps(t.placement.shift_A) for t in whole.screened
    }
    assert found.best.excess_energy_J_per_m2 == pytest.approx(whole.best.excess_energy_J_per_m2)
    assert told[-1].done == told[-1].total == 4
    made.clear()
    again = search_placements(crystal, 8, factory, energy, settings=QUICK, record=record)
    assert again == found
    assert not made


def test_a_record_of_another_search_is_not_used(copper, tmp_path):
    crystal, energy = copper
    record = tmp_path / "gb.search.jsonl"
    search_placements(crystal, 8, EMT, energy, settings=QUICK, record=record)
    lines = record.read_text()
    search_placements(crystal, 9, EMT, energy, settings=QUICK, record=record)
    assert record.read_text() != lines


def test_processes_find_what_one_finds(copper):
    crystal, energy = copper
    one = search_placements(crystal, 8, EMT, energy, settings=QUICK)
    two = search_placements(crystal, 8, EMT, energy, settings=QUICK, processes=2)
    assert two == one


def test_placements_come_with_the_least_excess_volume_first(copper):
    crystal, _ = copper
    ranked = rank_placements(crystal, 8, SearchSettings(shift_step_A=0.8, cuts=1))
    volumes = [packing(crystal, 8, placement) for placement in ranked]
    assert volumes == sorted(volumes)
    kinds = {(round(v, 4), p.removed) for v, p in zip(volumes, ranked, strict=True)}
    assert len(kinds) == len(ranked)


def test_settings_that_make_no_search_are_refused(copper):
    crystal, energy = copper
    with pytest.raises(InputError, match="shift_step_A must be greater than 0"):
        search_placements(crystal, 8, EMT, energy, settings=SearchSettings(shift_step_A=0.0))
