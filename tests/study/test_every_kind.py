"""Every kind of study, from the paper's file to the report, with runs as short as can be."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sinterface.report.study_results import StudyResults
from sinterface.study.general import run_site
from sinterface.study.scales import read_site

EXAMPLES = Path(__file__).parents[2] / "examples"

SHORT = {
    "paper/neb": [
        "hops.lco=['single']", "hops.llzo_cobalt=['none']", "hops.interface=false",
    ],
    "paper/phase-transition": [
        "transition.start_K=600.0", "transition.end_K=800.0", "transition.step_K=100.0",
        "transition.hold_ps=1.0", "transition.settle_ps=0.2", "transition.ramp_ps=0.2",
        "transition.replicas=1", "dynamics.frame_interval_ps=0.05",
    ],
    "paper/interfaces": [
        "variants.electrode_planes=[[1, 0, 0]]", "variants.replicas=1", "variants.controls=false",
        "dynamics.duration_ps=0.6", "dynamics.equilibration_ps=0.1",
        "dynamics.frame_interval_ps=0.02",
    ],
    "paper/li-content": [
        "variants.electrode_planes=[[1, 0, 0]]", "variants.replicas=1", "variants.controls=false",
        "variants.li_excess_differences_per_nm2=[0.0, 3.0]", "dynamics.duration_ps=0.6",
        "dynamics.equilibration_ps=0.1", "dynamics.frame_interval_ps=0.02",
    ],
    "paper/transport-li": [
        "transport.x=[0.0, 0.5]", "transport.temperatures_K=[1000.0, 1200.0, 1400.0]",
        "transport.replicas=1", "transport.equilibration_ps=0.4", "transport.settling_ps=0.2",
        "transport.production_ps=2.0", "transport.lattice_replicas=1", "transport.sites_ps=1.0",
        "dynamics.frame_interval_ps=0.02",
    ],
    "paper/amorphous": [
        "amorphous.melt_ps=0.4", "amorphous.quench_ps=0.6", "amorphous.density_ps=0.2",
        "amorphous.x=[0.5]", "amorphous.temperatures_K=[1200.0, 1400.0]", "amorphous.replicas=1",
        "amorphous.equilibration_ps=0.4", "amorphous.settling_ps=0.2",
        "amorphous.production_ps=2.0", "dynamics.frame_interval_ps=0.02",
    ],
    "paper/grain-boundaries": [
        "boundaries.boundaries=['Σ5 (2 1 0) [0 0 1]']", "boundaries.anneals=1",
        "boundaries.anneal_hold_ps=0.1", "boundaries.replicas=1", "boundaries.settling_ps=0.2",
        "boundaries.production_ps=1.0", "boundaries.bulk_production_ps=1.0",
        "dynamics.frame_interval_ps=0.02",
    ],
    "pair/li3ps4-lco": ["pair.settling_ps=0.02", "pair.production_ps=0.06",
                        "dynamics.frame_interval_ps=0.01"],
}  # fmt: skip
"""By file, at laptop scale. `potential` has tests of its own: of validate, certify and factory."""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_runs_of_a_study_share_their_atoms_between_mpi_ranks(tmp_path: Path) -> None:
    from unit.potential.test_lammps_mpi import MPIEXEC

    changes = [
        "transport.x=[0.0]", "transport.temperatures_K=[1400.0]", "transport.replicas=1",
        "transport.equilibration_ps=0.2", "transport.settling_ps=0.1",
        "transport.production_ps=0.4", "transport.lattice_K=0.0", "transport.sites_K=0.0",
        "transport.elements=['Li']", "dynamics.frame_interval_ps=0.02", "resources.workers=1",
        "resources.ranks=2", f"resources.mpiexec='{MPIEXEC} -n {{ranks}}'",
    ]  # fmt: skip
    run_site(read_site(EXAMPLES / "paper/transport-li.toml", "laptop", changes), tmp_path / "run")
    (told,) = (tmp_path / "run").glob("run-*/dynamics.json")
    assert '"ranks": 2' in told.read_text(encoding="utf-8")
    result = StudyResults.read(next((tmp_path / "run").glob("results-*")))
    assert any(value.key == "diffusivity" for value in result.values)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SHORT)
def test_from_file_to_report(tmp_path: Path, name: str) -> None:
    changes = [*SHORT[name], "resources.workers=2"]
    site = read_site(EXAMPLES / f"{name}.toml", "laptop", changes)
    report = run_site(site, tmp_path / "run")
    page = report.read_text(encoding="utf-8")
    assert site.settings.study.title in page
    results = StudyResults.read(next((tmp_path / "run").glob("results-*")))
    assert results.values or results.sections
    assert all(value.resolved or value.reason for value in results.values)
    with next((tmp_path / "run").glob("results-*/values.csv")).open(encoding="utf-8") as file:
        rows = [line for line in file if not line.startswith("#")]
    assert len(list(csv.DictReader(rows))) == len(results.values)
