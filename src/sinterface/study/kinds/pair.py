"""Any pair of materials from CIF files, moved by a potential or by any ASE calculator."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from sinterface.errors import InputError
from sinterface.study.config import Observables, Plane, Table
from sinterface.study.graph import Cost, Stage
from sinterface.study.kinds.site import Site, finish
from sinterface.study.kinds.tables import GeneralStudy


class PairTable(Table):
    """Two crystals, how they meet, and the runs."""

    electrolyte: str = Field(
        min_length=1, examples=["llzo"], description="A crystal's name, or a CIF (relative)."
    )
    electrode: str = Field(min_length=1, examples=["lco"], description="Likewise.")
    electrolyte_plane: Plane = Field(default=(0, 0, 1), description="Plane of the electrolyte.")
    electrode_plane: Plane = Field(default=(1, 0, 4), description="Plane of the electrode.")
    size: Literal["tiny", "small", "large"] = Field(
        default="small", description="tiny (slabs of twice the cutoff), small or large."
    )
    max_strain: float = Field(
        default=0.12, gt=0, le=0.3, description="Limit of each edge's strain; 0.03 is 3 %."
    )
    lattice_temperature_K: float = Field(
        default=0.0, ge=0, le=10_000,
        description="Give each crystal the mean lattice of its bulk at this temperature, kelvin; "
        "0: as in its file.",
    )  # fmt: skip
    temperature_K: float = Field(default=1000.0, gt=0, le=10_000, description="Of the runs.")
    replicas: int = Field(default=3, ge=1, le=100, description="Independent builds and runs.")
    settling_ps: float = Field(
        default=1.0, gt=0, description="Run with the normal free, not analysed, picoseconds."
    )
    production_ps: float = Field(
        default=10.0, gt=0, description="Run that is analysed, picoseconds."
    )
    observables: Observables = Field(
        default=("profiles", "rdf", "diffusion"), description="Analyses, those that apply."
    )


class PairStudy(GeneralStudy):
    """A study of any pair of materials."""

    pair: PairTable


STUDY = PairStudy


def plan(site: Site) -> tuple[Stage, ...]:
    """Return the report's stage of a study of a pair, everything else upstream."""
    t: PairTable = site.settings.pair
    for name in (t.electrolyte, t.electrode):
        site.check_elements(set(site.load(name).get_chemical_symbols()))
    n_atoms = _size(site, t)
    runs = tuple(_run(site, t, replica, n_atoms) for replica in range(t.replicas))
    builds = tuple(run.upstream[0] for run in runs)
    parts: list[Stage] = [*builds]
    for name in t.observables:
        parts.append(_analysis(site, t, name, runs, n_atoms))
    told = t.model_dump(mode="json") | {"calculator": site.settings.potential.calculator}
    return finish(site, parts, told)


def _size(site: Site, t: PairTable) -> int:
    """Return the atoms of the interface, before it is built."""
    from sinterface.structures.interface import fit_planes, load_pair, wanted_extent
    from sinterface.study.controls import Fit, interface_size

    extent = wanted_extent(t.size, t.max_strain)
    names = site.crystal_name(t.electrolyte), site.crystal_name(t.electrode)
    if names[0] == names[1]:
        raise InputError(f"[pair] joins '{t.electrolyte}' with itself; name two crystals.")
    planes = t.electrolyte_plane, t.electrode_plane
    layers, match = fit_planes(load_pair(*names, site.seed), planes, extent, 0.0)
    return interface_size(Fit(layers, match, extent))


def _run(site: Site, t: PairTable, replica: int, n_atoms: int) -> Stage:
    chosen = ("electrolyte", "electrode", "electrolyte_plane", "electrode_plane", "size")
    settings: dict[str, Any] = {key: getattr(t, key) for key in (*chosen, "max_strain")}
    if t.lattice_temperature_K:
        settings["lattice_temperature_K"] = t.lattice_temperature_K
    inputs = {role: site.crystal_input(getattr(t, role))["crystal"] for role in chosen[:2]}
    extras = {role: site.crystal_name(getattr(t, role)) for role in chosen[:2]}
    if site.potential is not None:
        inputs |= site.identity
    build = Stage(
        f"interface-{replica + 1}", "interface",
        {key: list(v) if isinstance(v, tuple) else v for key, v in settings.items()},
        site.seed + replica, inputs, (), {**site.extras, **extras},
        Cost(n_atoms, 300 if site.potential is not None else 0, 0, 20.0),
    )  # fmt: skip
    phases: list[dict[str, Any]] = [
        {"name": "settle", "duration_ps": t.settling_ps, "keep": False, "thermostat": "langevin"},
        {"name": "production", "duration_ps": t.production_ps},
    ]
    phases = [{**phase, "temperature_K": t.temperature_K} for phase in phases]
    return Stage(
        f"run-{replica + 1}", "simulate", site.run_settings(phases), site.seed + replica,
        site.identity, (build,), site.extras,
        site.run_cost(n_atoms, t.production_ps, t.settling_ps),
    )  # fmt: skip


def _analysis(site: Site, t: PairTable, name: str, runs: tuple[Stage, ...], n_atoms: int) -> Stage:
    settings = {"analysis": name, "max_frames": site.settings.dynamics.max_frames}
    cost = site.reading_cost(n_atoms, len(runs), t.production_ps, 20.0)
    return Stage(f"analysis-{name}", "analyse", settings, site.seed, {}, runs, {}, cost)
