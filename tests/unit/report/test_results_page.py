"""Sets of runs: which are replicas of one system, and the page of all their analyses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from unit.analysis.walks import brownian, write_h5md

from sinterface.errors import InputError
from sinterface.report.analysis_arrhenius import across_temperatures
from sinterface.report.results_page import PAGE_NAME, analyse_all, overview
from sinterface.report.run_groups import system_name
from sinterface.report.suite import find_run, find_runs
from sinterface.units import BOLTZMANN_EV_PER_K


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two temperatures, two seeds each, of eight walking Li."""
    rng = np.random.default_rng(0)
    for kelvin in (1000, 1400):
        for seed in (0, 1):
            path = 5.0 + brownian(rng, 40, 8, 0.3)
            folder = tmp_path / "set" / f"llzo-{kelvin}K-seed-{seed}"
            write_h5md(folder, ["Li"] * 8, path, 12.0 * np.eye(3), 0.1)
    return tmp_path / "set"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("co-1400K-seed-12", "co-1400K"),
        ("run-x0.5-1400K-2-0a1b2c3d", "run-x0.5-1400K"),
        ("lattice-0a1b2c3d", "lattice"),
        ("anything", "anything"),
        ("seed-0", "seed-0"),
    ],
)
def test_what_tells_replicas_apart(folder: str, name: str) -> None:
    assert system_name(folder) == name


def test_replicas_belong_together(runs: Path) -> None:
    found = find_runs(runs)
    assert {name: len(run.replicas) for name, run in found.items()} == {
        "llzo-1000K": 2,
        "llzo-1400K": 2,
    }
    assert find_runs(runs / "llzo-1000K-seed-0")[""].replicas == (runs / "llzo-1000K-seed-0",)
    with pytest.raises(InputError, match=r"2 systems .*analyze all"):
        find_run(runs)


def test_a_set_gets_one_page(runs: Path, tmp_path: Path) -> None:
    done = analyse_all(find_runs(runs), runs, tmp_path / "out", ["rdf", "boundaries"])
    text = (tmp_path / "out" / PAGE_NAME).read_text()
    for name in ("llzo-1000K", "llzo-1400K"):
        assert f'id="{name}-rdf"' in text
        for link in ("rdf/rdf.json", "rdf/rdf.csv"):
            assert f'href="{name}/{link}"' in text
            assert (tmp_path / "out" / name / link).is_file()
    assert text.count("Not done: the atoms are not labelled") == 2
    assert not re.search(r'(src|href)="https?://', text)
    assert len(re.findall(r'\bid="', text)) == len(set(re.findall(r'\bid="([^"]+)"', text)))
    content = json.loads((tmp_path / "out" / "results.json").read_text())
    assert content["systems"]["llzo-1000K"]["analyses"]["rdf"]["done"]
    assert overview(done).row_count == 4


def test_one_run_keeps_the_plain_form(runs: Path, tmp_path: Path) -> None:
    path = runs / "llzo-1000K-seed-0"
    analyse_all(find_runs(path), path, tmp_path / "out", ["rdf"])
    text = (tmp_path / "out" / PAGE_NAME).read_text()
    assert '<a href="#rdf">RDF</a>' in text
    content = json.loads((tmp_path / "out" / "results.json").read_text())
    assert content["analyses"]["rdf"]["done"]


def test_an_activation_energy_across_temperatures(tmp_path: Path) -> None:
    folders = {}
    for kelvin in (800.0, 1000.0, 1250.0):
        value = 1e-3 * np.exp(-0.25 / (BOLTZMANN_EV_PER_K * kelvin))
        entry = {"tracer_diffusivity_cm2_s": {"value": value, "std": 0.02 * value}}
        nothing = {"tracer_diffusivity_cm2_s": {"value": None, "std": None}}
        folder = tmp_path / f"{kelvin:g}"
        folder.mkdir()
        content = {"elements": {"Li": entry, "La": nothing}, "temperature_K": kelvin}
        (folder / "diffusion.json").write_text(json.dumps(content))
        folders[f"llzo-{kelvin:g}K"] = folder
    ((outcome, reason),) = across_temperatures(folders)
    assert outcome is not None
    assert (outcome.name, reason) == ("arrhenius-Li", "")
    assert outcome.data["activation_energy_eV"] == pytest.approx(0.25, abs=1e-6)
