"""Interfaces: one pair of crystals at several facets, or at several Li excesses of one facet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from sinterface.errors import InputError
from sinterface.study.config import (
    AnalysisTable,
    DynamicsTable,
    InterfaceTable,
    RelaxTable,
    Study,
    Table,
)
from sinterface.study.graph import Cost, Stage
from sinterface.study.kinds.site import Site, finish
from sinterface.study.kinds.tables import DriverTable, HeadTable, as_tuple, several
from sinterface.study.reading import StudyFile
from sinterface.study.resources import ResourcesTable
from sinterface.study.stages import CONTROLS, Task, plan_tasks

BUILD_STEPS = 150
"""Force evaluations of the search for shift and gaps, and of a relaxation step's worth besides."""

RELAX_STEPS = 400
"""Force evaluations that a relaxation usually takes."""

Facet = Annotated[tuple[int, int, int], BeforeValidator(as_tuple)]
Facets = Annotated[tuple[Facet, ...], BeforeValidator(as_tuple), AfterValidator(several)]
Excesses = Annotated[
    tuple[Annotated[float, Field(ge=0, le=50)], ...],
    BeforeValidator(as_tuple),
    AfterValidator(several),
]


class VariantsTable(Table):
    """What differs between the interfaces of the study."""

    electrode_planes: Facets = Field(
        default=((1, 0, 4),), description="Planes of the electrode, each an interface of its own."
    )
    li_excess_differences_per_nm2: Excesses = Field(
        default=(3.0,),
        description="Li excess of the Li-sufficient side over the Li-deficient one, per nm2; each "
        "an interface of its own.",
    )
    replicas: int = Field(default=3, ge=1, le=100, description="Independent builds and runs.")
    controls: bool = Field(
        default=True, description="Also run each bulk crystal at the same strain and temperature."
    )


class InterfacesStudy(Table):
    """A study of several interfaces."""

    study: HeadTable
    potential: DriverTable = DriverTable()
    variants: VariantsTable = VariantsTable()
    interface: InterfaceTable = InterfaceTable()
    relax: RelaxTable = RelaxTable()
    dynamics: DynamicsTable = DynamicsTable()
    analysis: AnalysisTable = AnalysisTable()
    resources: ResourcesTable = ResourcesTable()


STUDY = InterfacesStudy


def plan(site: Site) -> tuple[Stage, ...]:
    """Return the report's stage of a study of interfaces, everything else upstream."""
    settings = site.settings
    assert isinstance(settings, InterfacesStudy)
    site.one_process_a_run()
    if settings.potential.calculator:
        raise InputError(
            "The interfaces of a study are built and run with a potential so far; leave out "
            "calculator, or build one interface and run it with 'sinterface simulate --calculator'."
        )
    parts: list[Stage] = []
    for plane in settings.variants.electrode_planes:
        for excess in settings.variants.li_excess_differences_per_nm2:
            parts += _interface(site, settings, plane, excess)
    told = {
        "electrolyte": settings.interface.electrolyte,
        "electrode": settings.interface.electrode,
        "temperature_K": settings.dynamics.temperature_K,
        "duration_ps": settings.dynamics.duration_ps,
        "replicas": settings.variants.replicas,
        "controls": settings.variants.controls,
        "size": settings.interface.size,
    }
    return finish(site, parts, told)


def label_of(plane: tuple[int, ...], excess: float) -> str:
    """Return what the stages of an interface begin with, such as ``"104-li3"``."""
    return "".join(str(k).replace("-", "m") for k in plane) + f"-li{excess:g}"


def _interface(
    site: Site, settings: InterfacesStudy, plane: tuple[int, int, int], excess: float
) -> list[Stage]:
    """Return the stages of one interface that the results read."""
    known = interface_stages(site, settings, plane, excess)
    builds = [known[f"build {r}"] for r in range(1, settings.variants.replicas + 1)]
    return [known["analysis"], known["report"], *builds]


def interface_stages(
    site: Site, settings: InterfacesStudy, plane: tuple[int, int, int], excess: float
) -> dict[str, Stage]:
    """Return the stages of one interface by the names of their tasks, such as ``"build 1"``."""
    from sinterface.study.pipeline import count_atoms, identify

    file = StudyFile(site.path, plain_study(site, settings, plane, excess))
    identities, atoms = identify(file), count_atoms(file)
    known: dict[str, Stage] = {}
    for task in plan_tasks(file, identities):
        known[task.name] = _stage(file, task, label_of(plane, excess), identities, atoms, known)
    return known


def plain_study(
    site: Site, settings: InterfacesStudy, plane: tuple[int, int, int], excess: float
) -> Study:
    """Return the study of one interface."""
    head, variants = settings.study, settings.variants
    interface = {"electrode_plane": plane, "li_excess_difference_per_nm2": excess}
    threads = {"threads": settings.resources.threads}
    driver = site.driver["potential"]
    title = f"{head.title or head.name}: {label_of(plane, excess)}"
    return Study.model_validate(
        {
            "study": {
                "name": head.name, "seed": head.seed, "replicas": variants.replicas,
                "controls": variants.controls,
            },
            "potential": {"name": driver},
            "interface": settings.interface.model_dump() | interface,
            "relax": settings.relax.model_dump(),
            "dynamics": settings.dynamics.model_dump() | threads,
            "analysis": settings.analysis.model_dump(),
            "report": {"title": title[:200]},
        }
    )  # fmt: skip


def _stage(
    file: StudyFile,
    task: Task,
    label: str,
    identities: Mapping[str, str],
    atoms: Mapping[str, int],
    known: Mapping[str, Stage],
) -> Stage:
    """Return a task of the plain study as a stage of this one."""
    if task.part in CONTROLS:  # they don't know the Li excess: one pair for a plane
        label = label.rpartition("-li")[0]
    inputs = {name: value for name, value in task.inputs.items() if name in identities}
    return Stage(
        f"{label}-{task.name.replace(' ', '-')}",
        f"sub-{task.stage}",
        {"part": task.part, **task.settings},
        task.seed,
        inputs,
        tuple(known[other.name] for other in task.upstream),
        {"study": file.study.model_dump(mode="json")},
        _cost(file, task, atoms.get(task.part, atoms["interface"])),
    )


def _cost(file: StudyFile, task: Task, n_atoms: int) -> Cost:
    table = file.study.dynamics
    if task.stage == "build":
        return Cost(n_atoms, BUILD_STEPS + RELAX_STEPS, 0, 10.0 + n_atoms / 100, table.threads or 1)
    if task.stage == "control":
        return Cost(n_atoms, RELAX_STEPS, 0, 5.0, table.threads or 1)
    if task.stage == "dynamics":
        counts = table.counts()
        steps = (counts.production + counts.equilibration) * counts.steps_a_frame
        return Cost(n_atoms, steps, counts.production + 1, 2.0, table.threads or 1)
    if task.stage == "analysis":
        wanted, n_runs = file.study.analysis, file.study.study.replicas + 2
        read = float(n_atoms) * wanted.max_frames * n_runs
        return Cost(other_s=10.0 + 2e-5 * read * (2 + len(wanted.observables)))
    return Cost(other_s=20.0)
