"""Transport: how fast ions move in a crystal, by dopant content and temperature."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from sinterface.errors import InputError
from sinterface.study.config import Table
from sinterface.study.graph import Cost, Stage
from sinterface.study.kinds.site import Site, finish
from sinterface.study.kinds.tables import Contents, Copies, GeneralStudy, Names, Temperatures

LATTICE_NAME = "lattice"


class TransportTable(Table):
    """A crystal, its dopant, and the runs."""

    crystal: str = Field(
        default="llzo", min_length=1, description="A crystal's name, or a CIF (relative)."
    )
    supercell: Copies = Field(
        default=(2, 2, 2), description="Cells along each edge over which sites are filled."
    )
    rule: str = Field(
        default="",
        description="Dopant, its charge and the element whose site it takes, such as 'Co3+ on Li'; "
        "empty: no dopant.",
    )
    x: Contents = Field(default=(0.0,), description="Dopants a formula unit, each content once.")
    placing: Literal["random", "uniform"] = Field(
        default="random", description="Dopants at random, or as far apart as possible."
    )
    temperatures_K: Temperatures = Field(default=(1000.0,), description="Temperatures, kelvin.")
    replicas: int = Field(
        default=3, ge=1, le=1000, description="Independent builds and runs at each point."
    )
    volume: Literal["relaxed", "fixed", "both"] = Field(
        default="relaxed",
        description="relaxed: the mean volume of the doped cell without pressure; fixed: that of "
        "the undoped one.",
    )
    equilibration_ps: float = Field(
        default=10.0, gt=0, description="Run without pressure that finds the volume, picoseconds; "
        "half of it is discarded.",
    )  # fmt: skip
    settling_ps: float = Field(
        default=5.0, gt=0, description="Run at that volume that is not analysed, picoseconds."
    )
    production_ps: float = Field(
        default=100.0, gt=0, description="Run that is analysed, picoseconds."
    )
    elements: Names = Field(default=("Li",), description="Whose diffusion is measured.")
    dopant_from_K: float = Field(
        default=800.0, ge=0, description="Lowest temperature of the dopant's Arrhenius fit."
    )
    extrapolate_K: float = Field(default=300.0, gt=0, description="Extrapolate diffusivities to.")
    lattice_K: float = Field(
        default=300.0, ge=0, description="Lattice parameter and polyhedra at; 0: not at all."
    )
    lattice_replicas: int = Field(default=3, ge=1, le=100, description="Independent builds of it.")
    sites_K: float = Field(
        default=0.0, ge=0, description="Sites and densities from the runs at; 0: not at all."
    )
    sites_x: float = Field(default=0.5, ge=0, description="And at this content.")
    sites_ps: float = Field(
        default=100.0, gt=0, description="Length of the run for the fast ions' sites, picoseconds."
    )
    sites_frame_ps: float = Field(
        default=0.02, gt=0, description="Time between its frames, picoseconds: below 0.05 for Li."
    )


class TransportStudy(GeneralStudy):
    """A study of transport."""

    transport: TransportTable = TransportTable()


STUDY = TransportStudy


def plan(site: Site) -> tuple[Stage, ...]:
    """Return the report's stage of a study of transport, everything else upstream."""
    return TransportPlan(site, site.settings.transport).go()


class TransportPlan:
    """The stages of a study of transport.

    Parameters
    ----------
    site
        The study.
    table
        Its table.
    """

    def __init__(self, site: Site, table: TransportTable) -> None:
        self.site, self.t = site, table
        self._check()

    def _check(self) -> None:
        from sinterface.structures.substitution import number_of_dopants, parse_rule

        t, site = self.t, self.site
        crystal = site.load(t.crystal)
        self.base_atoms = len(crystal) * math.prod(t.supercell)
        self.per_dopant, self.dopant, self.counts = 0, "", {0.0: 0}
        elements = set(crystal.get_chemical_symbols())
        if any(x > 0 for x in t.x):
            if not t.rule:
                raise InputError(
                    "[transport] has contents x above 0 but no rule; write one such as "
                    "'Co3+ on Li', or x = [0.0]."
                )
            from sinterface.structures.substitution import formula_units

            rule = parse_rule(t.rule)
            self.dopant = rule.dopant
            units = formula_units(crystal) * math.prod(t.supercell)
            for x in t.x:
                if x > 0:
                    self.counts[x] = number_of_dopants(crystal, x, units)
            self.per_dopant = _lithium_of(rule.charge, rule.host)
            elements.add(rule.dopant)
        site.check_elements(elements)
        if t.sites_K and (t.sites_K not in t.temperatures_K or t.sites_x not in t.x):
            raise InputError(
                f"[transport] sites are wanted at {t.sites_K:g} K and x = {t.sites_x:g}, where no "
                "run is; add them to temperatures_K and x, or set sites_K = 0."
            )
        if t.volume != "relaxed" and 0.0 not in t.x:
            raise InputError("A fixed volume is that of the undoped crystal: add 0.0 to x.")

    def atoms(self, x: float) -> int:
        """Return the atoms of a cell."""
        return self.base_atoms - self.per_dopant * self.counts[x]

    def build(self, x: float, replica: int) -> Stage:
        """Crystal, doped: an independent arrangement of Li and dopants for each replica."""
        start = self.undoped(replica)
        if x == 0:
            return start
        settings = {"rule": self.t.rule, "count": self.counts[x], "mode": self.t.placing}
        return Stage(
            f"dope-x{x:g}-{replica + 1}", "dope", settings, self.site.seed + replica, {}, (start,),
            cost=Cost(other_s=2 + self.base_atoms / 500),
        )  # fmt: skip

    def undoped(self, replica: int) -> Stage:
        """Crystal: an independent arrangement of Li for each replica."""
        site, t = self.site, self.t
        seed = site.seed + replica
        return Stage(
            f"crystal-{replica + 1}", "crystal",
            {"crystal": t.crystal, "supercell": list(t.supercell), "draws": 4},
            seed, site.crystal_input(t.crystal), (), site.crystal_extras(t.crystal),
            Cost(other_s=2 + self.base_atoms / 100),
        )  # fmt: skip

    def lattice(self, x: float, kelvin: float, replica: int) -> Stage:
        """Run without pressure that finds the mean cell."""
        site, half = self.site, self.t.equilibration_ps / 2
        phases: list[dict[str, Any]] = [
            {"name": "warm", "duration_ps": half, "cell": "isotropic", "keep": False},
            {"name": "measure", "duration_ps": half, "cell": "isotropic"},
        ]
        phases = [{**phase, "temperature_K": kelvin} for phase in phases]
        return Stage(
            f"{LATTICE_NAME}-x{x:g}-{kelvin:g}K-{replica + 1}", "equilibrate",
            site.run_settings(phases, where={"x": x}), site.seed + replica, site.identity,
            (self.build(x, replica),), site.extras, site.run_cost(self.atoms(x), half, half),
        )  # fmt: skip

    def run(self, x: float, kelvin: float, replica: int, volume: str) -> Stage:
        """Run at the mean cell, of the doped crystal or of the undoped one."""
        site, t = self.site, self.t
        cell = self.lattice(0.0 if volume == "fixed" else x, kelvin, 0)
        phases: list[dict[str, Any]] = [
            {"name": "settle", "duration_ps": t.settling_ps, "keep": False},
            {"name": "production", "duration_ps": t.production_ps},
        ]
        phases = [{**phase, "temperature_K": kelvin} for phase in phases]
        return Stage(
            f"run-{self.label(x, volume)}-{kelvin:g}K-{replica + 1}", "simulate",
            site.run_settings(phases), site.seed + replica, site.identity,
            (self.build(x, replica), cell), site.extras,
            site.run_cost(self.atoms(x), t.production_ps, t.settling_ps),
        )  # fmt: skip

    def label(self, x: float, volume: str) -> str:
        """Return content and volume, for names."""
        return f"x{x:g}" + ("-fixed" if volume == "fixed" else "")

    def volumes(self, x: float) -> list[str]:
        """Return at which volumes a content runs."""
        if self.t.volume == "both":
            return ["relaxed"] if x == 0 else ["relaxed", "fixed"]
        return ["relaxed"] if x == 0 else [self.t.volume]

    def analyses(self) -> list[Stage]:
        """Diffusion at each point, over all its replicas."""
        site, t, found = self.site, self.t, []
        for x in t.x:
            for volume in self.volumes(x):
                for kelvin in t.temperatures_K:
                    runs = tuple(self.run(x, kelvin, r, volume) for r in range(t.replicas))
                    elements = [e for e in t.elements if x > 0 or e != self.dopant]
                    where = {"x": x, "temperature_K": kelvin, "volume": volume}
                    settings = {
                        "analysis": "diffusion", "where": where,
                        "options": {"elements": elements, "temperature_K": kelvin},
                        "max_frames": site.settings.dynamics.max_frames,
                    }  # fmt: skip
                    cost = site.reading_cost(self.atoms(x), t.replicas, t.production_ps, 5.0)
                    name = f"diffusion-{self.label(x, volume)}-{kelvin:g}K"
                    found.append(Stage(name, "analyse", settings, site.seed, {}, runs, {}, cost))
        return found

    def ions(self) -> list[Stage]:
        """Sites and densities at one point; fast ions need frames close together."""
        t = self.t
        if not t.sites_K:
            return []
        volume = self.volumes(t.sites_x)[0]
        slow = [e for e in t.elements if e == self.dopant and t.sites_x > 0]
        fast = [e for e in t.elements if e != self.dopant]
        sources = [(fast, self.close_run(volume), t.sites_ps, t.sites_frame_ps)]
        first = self.run(t.sites_x, t.sites_K, 0, volume)
        sources += [(slow, first, t.production_ps, self.site.settings.dynamics.frame_interval_ps)]
        found = []
        for elements, run, length, interval in sources:
            for element in elements:
                found += self._ion(element, run, round(length / interval))
        return found

    def _ion(self, element: str, run: Stage, n_frames: int) -> list[Stage]:
        t, found = self.t, []
        most = max(5000, self.site.settings.dynamics.max_frames)
        where = {"element": element, "x": t.sites_x, "temperature_K": t.sites_K}
        options: dict[str, dict[str, Any]] = {"sites": {}, "density": {"fold": list(t.supercell)}}
        for analysis, us in (("sites", 30.0), ("density", 20.0)):
            settings = {
                "analysis": analysis, "where": where,
                "options": {"elements": [element], **options[analysis]},
                "max_frames": most,
            }  # fmt: skip
            cost = Cost(other_s=5.0 + 1e-6 * us * self.atoms(t.sites_x) * min(n_frames, most))
            name = f"{analysis}-{element}-x{t.sites_x:g}-{t.sites_K:g}K"
            found.append(Stage(name, "analyse", settings, self.site.seed, {}, (run,), {}, cost))
        return found

    def close_run(self, volume: str) -> Stage:
        """Run like the first, with frames close together."""
        site, t = self.site, self.t
        base = self.run(t.sites_x, t.sites_K, 0, volume)
        phases = [dict(phase) for phase in base.settings["phases"]]
        phases[-1]["duration_ps"] = t.sites_ps
        settings = {**base.settings, "phases": phases, "frame_interval_ps": t.sites_frame_ps}
        cost = site.run_cost(self.atoms(t.sites_x), t.sites_ps, t.settling_ps)
        frames = round(t.sites_ps / t.sites_frame_ps)
        return Stage(
            f"close-x{t.sites_x:g}-{t.sites_K:g}K", "simulate", settings, base.seed, base.inputs,
            base.upstream, base.extras, replace(cost, frames=frames),
        )  # fmt: skip

    def lattices(self) -> list[Stage]:
        """Cells at each content, for the lattice parameter against x, and their polyhedra."""
        site, t, found = self.site, self.t, []
        if not t.lattice_K:
            return []
        for x in t.x:
            cells = tuple(self.lattice(x, t.lattice_K, r) for r in range(t.lattice_replicas))
            settings = {
                "analysis": "polyhedra", "where": {"x": x, "temperature_K": t.lattice_K},
                "max_frames": 100,
            }  # fmt: skip
            cost = Cost(other_s=2.0 + self.atoms(x) * len(cells) * 100 * 20e-6)
            name = f"polyhedra-x{x:g}-{t.lattice_K:g}K"
            found += [*cells, Stage(name, "analyse", settings, site.seed, {}, cells, {}, cost)]
        return found

    def go(self) -> tuple[Stage, ...]:
        """Return the report's stage."""
        parts = [*self.analyses(), *self.lattices(), *self.ions()]
        return finish(self.site, parts, self.told())

    def told(self) -> dict[str, Any]:
        """Return the settings that the results need."""
        t = self.t
        settings = {
            "crystal": t.crystal, "rule": t.rule, "dopant": self.dopant, "supercell": t.supercell,
            "elements": t.elements, "dopant_from_K": t.dopant_from_K,
            "extrapolate_K": t.extrapolate_K, "replicas": t.replicas,
        }  # fmt: skip
        return {key: list(v) if isinstance(v, tuple) else v for key, v in settings.items()}


def _lithium_of(charge: int, host: str) -> int:
    """Return how many further atoms a dopant takes out: one Li for each excess charge."""
    from sinterface.structures.lithium import FORMAL_CHARGES

    return round(charge - FORMAL_CHARGES[host])
