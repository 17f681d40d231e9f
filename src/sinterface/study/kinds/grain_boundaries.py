"""Grain boundaries: their energies, and how dopants gather at them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from sinterface.errors import InputError
from sinterface.study.config import Table
from sinterface.study.graph import Cost, Stage
from sinterface.study.kinds.site import Site, finish
from sinterface.study.kinds.tables import Contents, Copies, GeneralStudy, Names, as_tuple
from sinterface.study.steps.building import GRAINS

_NAME: Final = re.compile(
    r"^\s*Σ?\s*(\d+)\s*\(\s*(-?\d+)\s+(-?\d+)\s+(-?\d+)\s*\)\s*/?\s*"
    r"\[\s*(-?\d+)\s+(-?\d+)\s+(-?\d+)\s*\]\s*$"
)
SEARCH_S: Final = 90.0
"""Seconds of one core that the search of a rigid shift takes, about."""


class BoundariesTable(Table):
    """The boundaries, their dopant, and the runs."""

    crystal: str = Field(
        default="llzo", min_length=1, description="A cubic crystal's name, or a CIF (relative)."
    )
    boundaries: Names = Field(
        default=("Σ5 (2 1 0) [0 0 1]",),
        description="Symmetric tilt boundaries: Σ, plane and axis, such as 'Σ7 (2 1 -3) [1 1 1]'.",
    )
    followed: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description="Those of them that are doped and run; empty: none."
    )
    search: bool = Field(default=True, description="Search the rigid shift of least energy.")
    thickness_A: float = Field(
        default=0.0, ge=0, description="Least thickness of a grain; 0: whole periods, 20 Angstrom."
    )
    anneals: int = Field(
        default=3, ge=0, le=100, description="Annealed pairs for each energy; 0: no energy."
    )
    anneal_hold_ps: float = Field(
        default=1.0, gt=0, description="How long an anneal is held at temperature_K, picoseconds."
    )
    rule: str = Field(default="Co3+ on Li", description="Dopant, charge and site; empty: none.")
    x: Contents = Field(default=(0.25,), description="Dopants a formula unit, within the grains.")
    temperature_K: float = Field(default=1300.0, gt=0, le=10_000, description="Of all runs.")
    replicas: int = Field(
        default=3, ge=1, le=100, description="Independent builds and runs of each boundary."
    )
    bulk_replicas: int = Field(default=1, ge=0, le=100, description="Runs of the bulk crystal.")
    bulk_supercell: Copies = Field(default=(2, 2, 2), description="Cells of the bulk crystal.")
    settling_ps: float = Field(
        default=20.0, gt=0, description="Run with free edges that is not analysed, picoseconds."
    )
    production_ps: float = Field(
        default=1000.0, gt=0, description="Run that is analysed, picoseconds."
    )
    bulk_production_ps: float = Field(
        default=1000.0, gt=0, description="Run of the bulk crystal, picoseconds."
    )
    half_width_A: float = Field(
        default=5.0, ge=1, description="Reach of a boundary to both sides, Angstrom."
    )


class BoundariesStudy(GeneralStudy):
    """A study of grain boundaries."""

    boundaries: BoundariesTable = BoundariesTable()


STUDY = BoundariesStudy


@dataclass(frozen=True)
class Named:
    """A boundary as a person wrote it."""

    text: str
    sigma: int
    plane: tuple[int, int, int]
    axis: tuple[int, int, int]

    @property
    def title(self) -> str:
        """As it is printed, such as ``"Σ7(21-3)"``."""
        return f"Σ{self.sigma}(" + "".join(map(str, self.plane)) + ")"

    @property
    def label(self) -> str:
        """Short name for folders, such as ``"s7-21m3"``."""
        return f"s{self.sigma}-" + "".join(str(k).replace("-", "m") for k in self.plane)


def parse_boundary(text: str) -> Named:
    """Return the boundary that a person wrote, such as "Σ7 (2 1 -3) [1 1 1]".

    Raises
    ------
    InputError
        When it isn't written so.
    """
    found = _NAME.match(text)
    if not found:
        raise InputError(
            f"The boundary '{text}' can't be read; write Σ, plane and axis, such as "
            "'Σ7 (2 1 -3) [1 1 1]'."
        )
    sigma, h, k, l, u, v, w = (int(word) for word in found.groups())  # noqa: E741
    return Named(text, sigma, (h, k, l), (u, v, w))


def plan(site: Site) -> tuple[Stage, ...]:
    """Return the report's stage of a study of grain boundaries, everything else upstream."""
    if site.potential is None:
        raise InputError("Grain boundaries are built with a potential; leave out calculator.")
    return _Plan(site).go()


class _Plan:
    def __init__(self, site: Site) -> None:
        self.site, self.t = site, site.settings.boundaries
        t = self.t
        self.boundaries = [parse_boundary(text) for text in t.boundaries]
        known = {one.label: one for one in self.boundaries}
        self.followed = [parse_boundary(text) for text in t.followed]
        for one in self.followed:
            if one.label not in known:
                raise InputError(
                    f"The boundary '{one.text}' is followed but not among the boundaries; add it."
                )
        crystal = site.load(t.crystal)
        elements = set(crystal.get_chemical_symbols())
        self.dopant, self.per_dopant = "", 0
        if any(x > 0 for x in t.x) and t.rule and t.followed:
            from sinterface.structures.lithium import FORMAL_CHARGES
            from sinterface.structures.substitution import parse_rule

            rule = parse_rule(t.rule)
            self.dopant = rule.dopant
            self.per_dopant = round(rule.charge - FORMAL_CHARGES[rule.host])
            elements.add(rule.dopant)
        site.check_elements(elements)
        self.sizes = {one.label: self._atoms(one) for one in self.boundaries}
        self.bulk_atoms = len(crystal) * math.prod(t.bulk_supercell)

    def _atoms(self, one: Named) -> int:
        """Return the atoms of a bicrystal, from its geometry; a few less after the search."""
        from sinterface.dynamics.grain_boundary import bicrystal_size

        assert self.site.potential is not None
        return bicrystal_size(
            self.site.load(self.t.crystal), one.axis, one.sigma, one.plane,
            self.t.thickness_A or None, self.site.potential.cutoff_A,
        )  # fmt: skip

    def boundary(self, one: Named, replica: int) -> Stage:
        """Bicrystal; its energy with the first replica only."""
        site, t = self.site, self.t
        n_runs = t.anneals if replica == 0 else 0
        anneals = {
            "n_runs": n_runs, "temperature_K": t.temperature_K, "hold_ps": t.anneal_hold_ps,
        }  # fmt: skip
        settings = {
            "crystal": t.crystal, "axis": list(one.axis), "sigma": one.sigma,
            "plane": list(one.plane), "thickness_A": t.thickness_A or None, "search": t.search,
            "anneals": anneals,
        }  # fmt: skip
        steps = round(1.5 * n_runs * (500.0 * (t.anneal_hold_ps + 0.5) + 225))
        atoms = min(self.sizes[one.label], 1500)
        return Stage(
            f"boundary-{one.label}-{replica + 1}", "boundary", settings, site.seed + replica,
            {**site.identity, **site.crystal_input(t.crystal)}, (),
            {**site.extras, **site.crystal_extras(t.crystal)},
            Cost(atoms, steps, 0, 20.0 + (SEARCH_S if t.search else 0.0)),
        )  # fmt: skip

    def doped(self, start: Stage, x: float, name: str, within: str, replica: int) -> Stage:
        """A structure with its dopants; itself without any."""
        if x == 0 or not self.dopant:
            return start
        settings = {"rule": self.t.rule, "x": x, "mode": "random", "within": within}
        return Stage(
            name, "dope", settings, self.site.seed + replica, {}, (start,), cost=Cost(other_s=5)
        )

    def run(self, one: Named, x: float, replica: int) -> Stage:
        """Dynamics of a bicrystal: edges free at first, then at their mean."""
        start = self.doped(
            self.boundary(one, replica), x, f"dope-{one.label}-x{x:g}-{replica + 1}", GRAINS,
            replica,
        )  # fmt: skip
        atoms = self.sizes[one.label]
        return self._run(
            f"run-{one.label}-x{x:g}-{replica + 1}", start, "axes", atoms, self.t.production_ps,
            replica,
        )  # fmt: skip

    def bulk(self, x: float, replica: int) -> Stage:
        """Dynamics of the bulk crystal of the same content."""
        site, t = self.site, self.t
        crystal = Stage(
            f"crystal-{replica + 1}", "crystal",
            {"crystal": t.crystal, "supercell": list(t.bulk_supercell), "draws": 4},
            site.seed + replica, site.crystal_input(t.crystal), (),
            site.crystal_extras(t.crystal), Cost(other_s=2 + self.bulk_atoms / 100),
        )  # fmt: skip
        start = self.doped(crystal, x, f"dope-bulk-x{x:g}-{replica + 1}", "", replica)
        return self._run(
            f"bulk-x{x:g}-{replica + 1}", start, "isotropic", self.bulk_atoms,
            self.t.bulk_production_ps, replica,
        )  # fmt: skip

    def _run(
        self, name: str, start: Stage, cell: str, atoms: int, length_ps: float, replica: int
    ) -> Stage:
        site, t = self.site, self.t
        phases: list[dict[str, Any]] = [
            {"name": "settle", "duration_ps": t.settling_ps, "cell": cell, "keep": False,
             "settle_cell": True},
            {"name": "production", "duration_ps": length_ps},
        ]  # fmt: skip
        phases = [{**phase, "temperature_K": t.temperature_K} for phase in phases]
        return Stage(
            name, "simulate", site.run_settings(phases), site.seed + replica, site.identity,
            (start,), site.extras, site.run_cost(atoms, length_ps, t.settling_ps),
        )  # fmt: skip

    def analyses(self) -> list[Stage]:
        """Segregation against the bulk, and diffusion in grains and boundaries."""
        site, t, found = self.site, self.t, []
        for one in self.followed:
            for x in t.x:
                runs = tuple(self.run(one, x, r) for r in range(t.replicas))
                bulk = tuple(self.bulk(x, r) for r in range(t.bulk_replicas))
                where = {"boundary": one.title, "x": x, "temperature_K": t.temperature_K}
                options = {"half_width_A": t.half_width_A}
                if self.dopant:
                    options["element"] = self.dopant
                settings = {
                    "analysis": "boundaries", "where": where, "options": options,
                    "controls": [stage.name for stage in bulk], "max_frames": 400,
                }  # fmt: skip
                atoms = self.sizes[one.label]
                cost = Cost(other_s=10.0 + 4e-5 * atoms * 400 * (len(runs) + len(bulk)))
                name = f"segregation-{one.label}-x{x:g}"
                found.append(
                    Stage(name, "analyse", settings, site.seed, {}, (*runs, *bulk), {}, cost)
                )
                elements = ["Li", *([self.dopant] if self.dopant and x > 0 else [])]
                settings = {
                    "analysis": "diffusion", "where": where,
                    "options": {
                        "elements": elements,
                        "temperature_K": t.temperature_K,
                        "half_width_A": t.half_width_A,
                    },
                    "max_frames": site.settings.dynamics.max_frames,
                }  # fmt: skip
                cost = site.reading_cost(atoms, t.replicas, t.production_ps, 10.0)
                name = f"diffusion-{one.label}-x{x:g}"
                found.append(Stage(name, "analyse", settings, site.seed, {}, runs, {}, cost))
        return found

    def go(self) -> tuple[Stage, ...]:
        """Return the report's stage."""
        t = self.t
        energies = [self.boundary(one, 0) for one in self.boundaries]
        told = {
            "crystal": t.crystal, "rule": t.rule, "dopant": self.dopant, "x": list(t.x),
            "temperature_K": t.temperature_K, "production_ps": t.production_ps,
            "boundaries": {self.boundary(one, 0).name: one.title for one in self.boundaries},
            "axes": {one.title: list(one.axis) for one in self.boundaries},
            "sigmas": {one.title: one.sigma for one in self.boundaries},
        }  # fmt: skip
        return finish(self.site, [*energies, *self.analyses()], told)
