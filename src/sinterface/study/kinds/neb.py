"""Barriers of single hops: Li in LCO, in LLZO with Co near and far, and across an interface."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from sinterface.study.config import DynamicsTable, InterfaceTable, Table
from sinterface.study.graph import Cost, Stage
from sinterface.study.kinds.interfaces import InterfacesStudy, VariantsTable, interface_stages
from sinterface.study.kinds.site import Site, finish
from sinterface.study.kinds.tables import DriverTable, HeadTable, as_tuple
from sinterface.study.resources import ResourcesTable

BAND_STEPS: Final = 250
"""Steps of a band, about, ends and crystal included."""

Cobalt = Literal["none", "Li", "La", "Zr"]


class HopsTable(Table):
    """Which hops."""

    lco: Annotated[tuple[Literal["single", "divacancy"], ...], BeforeValidator(as_tuple)] = Field(
        default=("single", "divacancy"), description="Li along the layer of LCO, by its vacancies."
    )
    llzo_cobalt: Annotated[tuple[Cobalt, ...], BeforeValidator(as_tuple)] = Field(
        default=("none",), description="Li in LLZO with a Co on such a site; none without."
    )
    llzo_near: bool = Field(
        default=True, description="The hops nearest to Co first; false: the farthest."
    )
    llzo_hops: int = Field(
        default=1,
        ge=1,
        le=8,
        description="Hops of the cell, the roomiest first; 1: the first with a barrier both ways.",
    )
    interface: bool = Field(
        default=False,
        description="Li from a Co vacancy of the outermost CoO2 layer into the Li layer, at the "
        "interface of [interface].",
    )
    interface_ps: float = Field(
        default=0.0, ge=0, description="Dynamics of the interface before; 0: as it was built."
    )
    interface_reach_A: float = Field(
        default=10.0, gt=0, description="At the interface, atoms farther from the hop are held."
    )
    images: int = Field(default=7, ge=1, le=99, description="Images between the ends.")
    force_tolerance_eV_per_A: float = Field(
        default=0.05, gt=0, description="Largest force on the band at the end, eV/Angstrom."
    )
    max_steps: int = Field(default=1000, ge=1, description="Most steps of a band.")


class NebStudy(Table):
    """A study of hops."""

    study: HeadTable
    potential: DriverTable = DriverTable()
    hops: HopsTable = HopsTable()
    interface: InterfaceTable = InterfaceTable(electrode_plane=(0, 0, 3))
    dynamics: DynamicsTable = DynamicsTable()
    resources: ResourcesTable = ResourcesTable()


STUDY = NebStudy


def plan(site: Site) -> tuple[Stage, ...]:
    """Return the report's stage of a study of hops, everything else upstream."""
    site.one_process_a_run()
    t: HopsTable = site.settings.hops
    found = [
        _hop(site, f"lco-{which}", {"case": "lco", "vacancies": which}, 191) for which in t.lco
    ]
    for cobalt in t.llzo_cobalt:
        near = "near" if t.llzo_near else "far"
        for number in range(t.llzo_hops):
            name = "llzo" if cobalt == "none" else f"llzo-co-{cobalt}-{near}"
            settings: dict[str, Any] = {"case": "llzo", "cobalt": cobalt, "to_cobalt": near}
            if t.llzo_hops > 1:
                settings["hop"] = number + 1
            found.append(_hop(site, f"{name}-{number + 1}", settings, 192))
    if t.interface:
        found.append(_interface(site, t))
    return finish(site, found, t.model_dump(mode="json"))


def _hop(
    site: Site,
    name: str,
    case: dict[str, Any],
    n_atoms: int,
    before: tuple[Stage, ...] = (),
) -> Stage:
    t: HopsTable = site.settings.hops
    settings = {
        **case, "images": t.images, "force_tolerance_eV_per_A": t.force_tolerance_eV_per_A,
        "max_steps": t.max_steps, "where": {"hop": name},
    }  # fmt: skip
    return Stage(
        f"hop-{name}", "hop", settings, site.seed, site.identity, before, site.extras,
        Cost(n_atoms, BAND_STEPS * t.images, 0, 10.0, site.settings.resources.threads),
    )  # fmt: skip


def _interface(site: Site, t: HopsTable) -> Stage:
    """Return the hop at the interface, after its build and dynamics."""
    s: NebStudy = site.settings
    length = {"duration_ps": t.interface_ps} if t.interface_ps else {}
    excess = s.interface.li_excess_difference_per_nm2
    plane = s.interface.electrode_plane
    several = InterfacesStudy(
        study=s.study,
        potential=s.potential,
        variants=VariantsTable(
            electrode_planes=(plane,),
            li_excess_differences_per_nm2=(excess,),
            replicas=1,
            controls=False,
        ),
        interface=s.interface,
        dynamics=s.dynamics.model_copy(update=length),
        resources=s.resources,
    )
    stages = interface_stages(site, several, plane, excess)
    before = [stages["build 1"], *([stages["dynamics 1"]] if t.interface_ps else [])]
    case = {"case": "interface", "reach_A": t.interface_reach_A}
    return _hop(site, "interface", case, before[0].cost.atoms, tuple(before))
